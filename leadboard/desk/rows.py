"""Rows of the team, the sources and the weights: read, written and noted in the journal."""

from collections.abc import Mapping, Sequence

from peewee import Expression

from leadboard.allocation.journal import Journal, subject_of
from leadboard.allocation.names import is_taken, odd_names
from leadboard.common.errors import Missing, Refused, Taken
from leadboard.common.validation import plain
from leadboard.database.compiled import chunks
from leadboard.database.connection import rows
from models import Appeal, EventChange, Operator, OperatorSource, Source


def operator_row(operator_id: int) -> Operator:
    """Return an operator; raises Refused when there is none with this id."""
    row: Operator | None = Operator.get_or_none(Operator.id == operator_id)
    if row is None:
        raise Missing(f"There is no operator #{operator_id}.", "operator")
    return row


def source_name(source_id: int) -> str:
    """Return a source's name; raises Refused when there is none with this id."""
    name = Source.select(Source.name).where(Source.id == source_id).scalar()
    if name is None:
        raise Missing(f"There is no source #{source_id}.", "source")
    return str(name)


def refuse_taken(
    journal: Journal, table: type[Operator] | type[Source], name: str, but: int | None = None
) -> None:
    """Raise Refused when the table has a row, other than `but`, whose name looks like this one."""
    key = table._meta.table_name
    if key not in journal.odd_names:
        journal.odd_names[key] = odd_names(table)
    if is_taken(table, name, journal.odd_names[key], but):
        raise Taken(f"The name {name} is taken.", "name")
    if plain(name) != name:
        # Undo brings back a name that an earlier version stored: what comes next must see it.
        del journal.odd_names[key]


def insert_operator(journal: Journal, **columns: object) -> int:
    """Add an operator, with `id` too when one is brought back, and return the id."""
    refuse_taken(journal, Operator, str(columns["name"]))
    operator_id: int = Operator.insert(columns).execute()
    columns.pop("id", None)
    journal.note(subject_of("operator", operator_id), None, columns)
    return operator_id


def rewrite_operator(row: Operator, journal: Journal, **columns: object) -> None:
    """Change columns of an operator; raises Refused when another has the new name."""
    if "name" in columns and columns["name"] != row.name:
        refuse_taken(journal, Operator, str(columns["name"]), row.id)
    Operator.update(columns).where(Operator.id == row.id).execute()
    before = {column: getattr(row, column) for column in columns}
    journal.note(subject_of("operator", row.id), before, columns)


def delete_operator_row(row: Operator, journal: Journal) -> None:
    """Delete an operator with his weights; raises Refused when he ever had an appeal."""
    if _has_served(row.id):
        raise Refused(f"{row.name} has had appeals: switch the operator off instead.")
    _unlink_all(OperatorSource.operator == row.id, journal)
    Operator.delete().where(Operator.id == row.id).execute()
    before = {"name": row.name, "max_load": row.max_load, "is_active": row.is_active}
    journal.note(subject_of("operator", row.id), before, None)


def insert_source(journal: Journal, **columns: object) -> int:
    """Add a source, with `id` too when one is brought back, and return the id."""
    refuse_taken(journal, Source, str(columns["name"]))
    source_id: int = Source.insert(columns).execute()
    columns.pop("id", None)
    journal.note(subject_of("source", source_id), None, columns)
    return source_id


def rewrite_source(source_id: int, journal: Journal, *, name: str) -> None:
    """Rename a source; raises Refused when another has the name."""
    before = source_name(source_id)
    if before == name:
        return
    refuse_taken(journal, Source, name, source_id)
    Source.update(name=name).where(Source.id == source_id).execute()
    journal.note(subject_of("source", source_id), {"name": before}, {"name": name})


def delete_source_row(source_id: int, journal: Journal) -> None:
    """Delete a source with its weights; raises Refused when an appeal came from it."""
    name = source_name(source_id)
    if Appeal.select().where(Appeal.source == source_id).exists():
        raise Refused(f"Source {name} has appeals and stays: unlink its operators instead.")
    _unlink_all(OperatorSource.source == source_id, journal)
    Source.delete().where(Source.id == source_id).execute()
    journal.note(subject_of("source", source_id), {"name": name}, None)


def weight_of(operator_id: int, source_id: int) -> int | None:
    """Return a weight, None where the operator does not serve the source."""
    weight: int | None = (
        OperatorSource.select(OperatorSource.weight)
        .where(OperatorSource.operator == operator_id, OperatorSource.source == source_id)
        .scalar()
    )
    return weight


def weights_of(source_id: int) -> dict[int, int]:
    """Return the weight of each operator of a source."""
    weights = OperatorSource.select(OperatorSource.operator, OperatorSource.weight).where(
        OperatorSource.source == source_id
    )
    return dict(rows(weights))


def write_weight(operator_id: int, source_id: int, weight: int | None, journal: Journal) -> None:
    """Set a weight, or with None remove the link."""
    before = weight_of(operator_id, source_id)
    pair = (OperatorSource.operator == operator_id) & (OperatorSource.source == source_id)
    if weight is None:
        OperatorSource.delete().where(pair).execute()
    elif before is None:
        OperatorSource.insert(operator=operator_id, source=source_id, weight=weight).execute()
    else:
        OperatorSource.update(weight=weight).where(pair).execute()
    journal.note(subject_of("weight", operator_id, source_id), _cell(before), _cell(weight))


def write_weights(
    wanted: Mapping[tuple[int, int], int | None], journal: Journal
) -> dict[tuple[int, int], int | None]:
    """Set the weights of (operator, source) pairs; return those before of all that changed."""
    before = {source_id: weights_of(source_id) for source_id in {each for _, each in wanted}}
    moved: dict[tuple[int, int], int | None] = {}
    for (operator_id, source_id), weight in wanted.items():
        was = before[source_id].get(operator_id)
        if was != weight:
            moved[operator_id, source_id] = was
            subject = subject_of("weight", operator_id, source_id)
            journal.note(subject, _cell(was), _cell(weight))
    _unlink_pairs([pair for pair in moved if wanted[pair] is None])
    _link_pairs([(*pair, weight) for pair in moved if (weight := wanted[pair]) is not None])
    return moved


def _unlink_pairs(pairs: Sequence[tuple[int, int]]) -> None:
    by_source: dict[int, list[int]] = {}
    for operator_id, source_id in pairs:
        by_source.setdefault(source_id, []).append(operator_id)
    for source_id, operator_ids in by_source.items():
        for chunk in chunks(operator_ids):
            OperatorSource.delete().where(
                OperatorSource.source == source_id, OperatorSource.operator.in_(chunk)
            ).execute()


def _link_pairs(links: Sequence[tuple[int, int, int]]) -> None:
    columns = [OperatorSource.operator, OperatorSource.source, OperatorSource.weight]
    for start in range(0, len(links), 500):
        OperatorSource.insert_many(links[start : start + 500], columns).on_conflict(
            conflict_target=columns[:2], preserve=[OperatorSource.weight]
        ).execute()


def _cell(weight: int | None) -> dict[str, object] | None:
    return None if weight is None else {"weight": weight}


def _unlink_all(links: Expression, journal: Journal) -> None:
    pairs = OperatorSource.select(OperatorSource.operator, OperatorSource.source).where(links)
    write_weights(dict.fromkeys(rows(pairs)), journal)


def _has_served(operator_id: int) -> bool:
    """Tell whether an appeal is his, or was before somebody moved it."""
    if Appeal.select().where(Appeal.operator == operator_id).exists():
        return True
    moved = EventChange.select().where(
        EventChange.subject.startswith("appeal:"),
        EventChange.before.contains(f'"operator_id":{operator_id},')
        | EventChange.before.contains(f'"operator_id":{operator_id}}}'),
    )
    return bool(moved.exists())

"""Rows of the team, the sources and the weights: read, written and noted in the journal."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from peewee import Expression

from leadboard.allocation.journal import Journal, subject_of
from leadboard.allocation.ledger import Columns
from leadboard.allocation.ledger_reading import has_served
from leadboard.allocation.names import is_taken, odd_names
from leadboard.common.errors import Missing, Refused, Taken
from leadboard.common.language import _
from leadboard.common.validation import plain
from leadboard.database.compiled_queries import chunks
from leadboard.database.connection import rows
from leadboard.entities import OPERATOR, SOURCE, Entity
from models import Appeal, OperatorSource


def columns_of(entity: Entity, row_id: int) -> dict[str, Any] | None:
    """Return the columns of a row that people edit; None where there is none with this id."""
    found = rows(entity.select().where(entity.table.id == row_id))
    return dict(zip(entity.names, found[0][1:], strict=True)) if found else None


def row_of_id(entity: Entity, row_id: int) -> dict[str, Any]:
    """Return the columns of a row; raises Missing when there is none with this id."""
    found = columns_of(entity, row_id)
    if found is None:
        raise Missing(entity.says.missing.format(id=row_id), entity.word)
    return found


def operator_name(operator_id: int) -> str:
    """Return an operator's name; raises Missing when there is none with this id."""
    return str(row_of_id(OPERATOR, operator_id)["name"])


def source_name(source_id: int) -> str:
    """Return a source's name; raises Missing when there is none with this id."""
    return str(row_of_id(SOURCE, source_id)["name"])


def refuse_taken(journal: Journal, entity: Entity, name: str, but: int | None = None) -> None:
    """Raise Taken when the table has a row, other than `but`, whose name looks like this one."""
    # Once per act: it passes over the whole table, and an import names thousands of rows.
    if entity.word not in journal.odd_names:
        journal.odd_names[entity.word] = odd_names(entity.table)
    if is_taken(entity.table, name, journal.odd_names[entity.word], but):
        raise Taken(_("The name {name} is taken.", name=name), "name")
    if plain(name) != name:
        # Undo can bring back a name as an earlier version stored it: the next check must see it.
        del journal.odd_names[entity.word]


def insert(entity: Entity, journal: Journal, columns: Columns, row_id: int | None = None) -> int:
    """Add a row, with its old id where one is brought back, and return the id."""
    refuse_taken(journal, entity, str(columns["name"]))
    key = {} if row_id is None else {"id": row_id}
    new_id: int = entity.table.insert({**columns, **key}).execute()
    journal.note(subject_of(entity.word, new_id), None, columns)
    return new_id


def rewrite(entity: Entity, row_id: int, journal: Journal, columns: Columns) -> Columns:
    """Change columns of a row and return all of them as they were.

    Raises Missing where there is no such row, Taken when another has the new name.
    """
    before = row_of_id(entity, row_id)
    if columns.get("name", before["name"]) != before["name"]:
        refuse_taken(journal, entity, str(columns["name"]), row_id)
    if columns:
        entity.table.update(columns).where(entity.table.id == row_id).execute()
    journal.note(subject_of(entity.word, row_id), {name: before[name] for name in columns}, columns)
    return before


def delete(entity: Entity, row_id: int, journal: Journal) -> Columns:
    """Delete a row with its weights and return what it was; raises Refused for one with history."""
    before = row_of_id(entity, row_id)
    refuse_if_used, links = _LINKED[entity.word]
    refuse_if_used(row_id, str(before["name"]))
    # First, because the foreign keys of the weights forbid deleting the row that they point at.
    _unlink_all(links == row_id, journal)
    entity.table.delete().where(entity.table.id == row_id).execute()
    journal.note(subject_of(entity.word, row_id), before, None)
    return before


def _refuse_if_served(operator_id: int, name: str) -> None:
    if has_served(operator_id):
        raise Refused(_("{name} has had appeals: switch the operator off instead.", name=name))


def _refuse_if_written_to(source_id: int, name: str) -> None:
    if Appeal.select().where(Appeal.source == source_id).exists():
        raise Refused(
            _("Source {name} has appeals and stays: unlink its operators instead.", name=name)
        )


_LINKED: Mapping[str, tuple[Callable[[int, str], None], Any]] = {
    OPERATOR.word: (_refuse_if_served, OperatorSource.operator),
    SOURCE.word: (_refuse_if_written_to, OperatorSource.source),
}
"""What keeps a row from being deleted, and the column of the weights that go with it."""


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
    before = {source_id: weights_of(source_id) for source_id in {each for _unused, each in wanted}}
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

"""Reversing one recorded event: every row back to what it was, or a reason and no change at all."""

from collections.abc import Iterable, Sequence

from desk.rows import (
    delete_operator_row,
    delete_source_row,
    insert_operator,
    insert_source,
    operator_row,
    rewrite_operator,
    rewrite_source,
    source_name,
    weight_of,
    write_weight,
)
from journal import Change, Columns, Journal, changes_of, row_of
from models import Operator, Source
from places import (
    AppealState,
    claim_over,
    claim_room,
    name_of,
    numbered,
    release,
    rewrite,
    state_of,
)
from store import Refused, now, rows, stamp


def reverse(event_id: int, journal: Journal, *, force: bool = False) -> None:
    """Put back every row that the event changed, in the transaction under way.

    Raises Refused when a row is no longer as the event left it, or when a place that an appeal
    would go back to is taken; `force` lets it go back all the same.
    """
    changes = changes_of(event_id)
    for change in changes:
        _refuse_if_changed(change)
    by_table: dict[str, list[Change]] = {"operator": [], "source": [], "weight": [], "appeal": []}
    for change in changes:
        by_table[row_of(change.subject)[0]].append(change)
    moves = [_move(change) for change in by_table["appeal"]]
    _release_all(moves)
    _restore_team(by_table["operator"], by_table["source"], by_table["weight"], journal)
    for state, wanted in moves:
        _bring_back(state, wanted, journal, force=force)


# --- is the world still as the event left it? -------------------------------------------------


def _refuse_if_changed(change: Change) -> None:
    current = _current(change.subject)
    if change.after is None or current is None:
        is_same = current is None and change.after is None
    else:
        is_same = all(current[name] == value for name, value in change.after.items())
    if not is_same:
        raise Refused(f"{_named(change.subject)} was changed since: nothing was undone.")


def _current(subject: str) -> Columns | None:
    """Return the row as it is now, as the journal writes rows."""
    table, key = row_of(subject)
    if table == "appeal":
        return state_of(key[0]).columns()
    if table == "weight":
        weight = weight_of(*key)
        return None if weight is None else {"weight": weight}
    if table == "source":
        names = rows(Source.select(Source.name).where(Source.id == key[0]))
        return {"name": names[0][0]} if names else None
    found: Operator | None = Operator.get_or_none(Operator.id == key[0])
    if found is None:
        return None
    return {"name": found.name, "max_load": found.max_load, "is_active": found.is_active}


def _named(subject: str) -> str:
    table, key = row_of(subject)
    if table == "appeal":
        return f"Appeal {numbered(key[0])}"
    if table == "weight":
        source = Source.get_or_none(Source.id == key[1])
        operator = name_of(key[0]) or "somebody deleted"
        return f"The weight of {operator} for {source.name if source else 'a deleted source'}"
    return f"{table.capitalize()} #{key[0]}"


# --- appeals ----------------------------------------------------------------------------------

Move = tuple[AppealState, Columns]
"""An appeal as it is, and the columns it goes back to."""


def _move(change: Change) -> Move:
    """Return where an appeal goes back to; one that was only just entered is withdrawn."""
    state = state_of(row_of(change.subject)[1][0])
    if change.before is None:
        return state, {"closed_at": stamp(now()), "withdrawn": True}
    return state, change.before


def _holder(state: AppealState, wanted: Columns) -> int | None:
    columns = {**state.columns(), **wanted}
    operator_id = columns["operator_id"]
    return operator_id if isinstance(operator_id, int) and not columns["closed_at"] else None


def _release_all(moves: Iterable[Move]) -> None:
    for state, wanted in moves:
        if state.holder is not None and state.holder != _holder(state, wanted):
            release(state.holder)


def _bring_back(state: AppealState, wanted: Columns, journal: Journal, *, force: bool) -> None:
    holder = _holder(state, wanted)
    if holder is not None and holder != state.holder:
        take = claim_over if force else claim_room
        if not take(holder):
            name, appeal = name_of(holder), numbered(state.id)
            raise Refused(f"{name} has no room for appeal {appeal} any more.")
    rewrite(state, journal, **wanted)


# --- operators, sources, weights --------------------------------------------------------------


def _restore_team(
    operators: Sequence[Change],
    sources: Sequence[Change],
    weights: Sequence[Change],
    journal: Journal,
) -> None:
    """Bring rows back before the weights that link them, and drop them after."""
    for change in (*operators, *sources):
        if change.before is not None:
            _restore_row(change, journal)
    for change in weights:
        _, (operator_id, source_id) = row_of(change.subject)
        weight = None if change.before is None else change.before["weight"]
        if weight is not None:
            operator_row(operator_id)
            source_name(source_id)
        write_weight(operator_id, source_id, weight if isinstance(weight, int) else None, journal)
    for change in (*operators, *sources):
        if change.before is None:
            _drop_row(change.subject, journal)


def _restore_row(change: Change, journal: Journal) -> None:
    table, (row_id,) = row_of(change.subject)
    columns = dict(change.before or {})
    if table == "operator" and change.after is None:
        insert_operator(journal, id=row_id, **columns)
    elif table == "operator":
        rewrite_operator(operator_row(row_id), journal, **columns)
    elif change.after is None:
        insert_source(journal, id=row_id, **columns)
    else:
        rewrite_source(row_id, journal, name=str(columns["name"]))


def _drop_row(subject: str, journal: Journal) -> None:
    table, (row_id,) = row_of(subject)
    if table == "operator":
        delete_operator_row(operator_row(row_id), journal)
    else:
        source_name(row_id)
        delete_source_row(row_id, journal)

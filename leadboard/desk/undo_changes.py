"""Undo row by row: each back to what it was, or a reason and no change at all."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadboard.allocation.appeals import AppealState, Rewriting, numbered, rewrite_all, states_of
from leadboard.allocation.journal import Change, Columns, Journal, changes_of, row_of
from leadboard.allocation.limits import claim_over, claim_room, name_of, release, room_of
from leadboard.common.errors import Refused
from leadboard.database.compiled_queries import chunks
from leadboard.database.connection import rows
from leadboard.desk.rows import (
    columns_of,
    delete,
    insert,
    rewrite,
    row_of_id,
    weights_of,
    write_weights,
)
from leadboard.entities import OPERATOR, SOURCE, Entity
from models import Source

_ENTITIES = {entity.word: entity for entity in (OPERATOR, SOURCE)}


def reverse(event_id: int, journal: Journal, *, force: bool = False) -> None:
    """Put back every row that the event and its parts changed, in the transaction under way.

    Raises Refused when a row is no longer as the event left it, or when a place that an appeal
    would go back to is taken; `force` lets it go back anyway.
    """
    changes = changes_of(event_id)
    by_table: dict[str, list[Change]] = {"operator": [], "source": [], "weight": [], "appeal": []}
    for change in changes:
        by_table[row_of(change.subject)[0]].append(change)
    states = states_of([row_of(change.subject)[1][0] for change in by_table["appeal"]])
    current = _Current(states, _weights_now(by_table["weight"]))
    for change in changes:
        _refuse_if_changed(change, current.of(change.subject))
    moves = sorted(
        (_move(change, states, journal.at) for change in by_table["appeal"]),
        key=lambda move: move[0].id,
    )
    # Places are freed before any is taken, or two full operators could not swap appeals back. The
    # team lies between: an appeal may go back to an operator, or a limit, that comes back as well.
    _release_all(moves)
    _restore_team(by_table["operator"], by_table["source"], by_table["weight"], journal)
    _bring_back(moves, journal, force=force)


# --- is the world still as the event left it? -------------------------------------------------


def _refuse_if_changed(change: Change, current: Columns | None) -> None:
    if change.after is None or current is None:
        is_same = current is None and change.after is None
    else:
        # Only what the event wrote: other columns may have changed since, and stay.
        is_same = all(current[name] == value for name, value in change.after.items())
    if not is_same:
        raise Refused(f"{_named(change.subject)} was changed since: nothing was undone.")


@dataclass(frozen=True, slots=True)
class _Current:
    """The rows as they are now; appeals and weights, of which there may be many, read at once."""

    appeals: Mapping[int, AppealState]
    weights: Mapping[tuple[int, ...], int]

    def of(self, subject: str) -> Columns | None:
        """Return a row as the journal writes rows."""
        table, key = row_of(subject)
        if table == "appeal":
            return self.appeals[key[0]].columns()
        if table == "weight":
            return {"weight": self.weights[key]} if key in self.weights else None
        return columns_of(_ENTITIES[table], key[0])


def _weights_now(changes: Iterable[Change]) -> dict[tuple[int, ...], int]:
    sources = {row_of(change.subject)[1][1] for change in changes}
    return {
        (operator_id, source_id): weight
        for source_id in sources
        for operator_id, weight in weights_of(source_id).items()
    }


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


def _move(change: Change, states: Mapping[int, AppealState], at: datetime) -> Rewriting:
    """Return where an appeal goes back to; one that the act entered is withdrawn."""
    state = states[row_of(change.subject)[1][0]]
    if change.before is None:
        return state, {"closed_at": at, "withdrawn": True}
    return state, change.before


def _holder(state: AppealState, wanted: Columns) -> int | None:
    columns = {**state.columns(), **wanted}
    operator_id = columns["operator_id"]
    return operator_id if isinstance(operator_id, int) and not columns["closed_at"] else None


def _release_all(moves: Iterable[Rewriting]) -> None:
    left = Counter(
        state.holder
        for state, wanted in moves
        if state.holder is not None and state.holder != _holder(state, wanted)
    )
    for operator_id, count in sorted(left.items()):
        release(operator_id, count)


def _bring_back(moves: Sequence[Rewriting], journal: Journal, *, force: bool) -> None:
    coming: dict[int, list[int]] = {}
    for state, wanted in moves:
        holder = _holder(state, wanted)
        if holder is not None and holder != state.holder:
            coming.setdefault(holder, []).append(state.id)
    for operator_id, appeal_ids in sorted(coming.items()):
        if not (claim_over if force else claim_room)(operator_id, len(appeal_ids)):
            first = appeal_ids[max(0, room_of(operator_id))]
            name, appeal = name_of(operator_id), numbered(first)
            raise Refused(f"{name} has no room for appeal {appeal} any more.")
    rewrite_all(moves, journal)


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
    _restore_weights(weights, journal)
    for change in (*operators, *sources):
        if change.before is None:
            _drop_row(change.subject, journal)


def _restore_weights(changes: Iterable[Change], journal: Journal) -> None:
    wanted: dict[tuple[int, int], int | None] = {}
    for change in changes:
        _, (operator_id, source_id) = row_of(change.subject)
        weight = None if change.before is None else change.before["weight"]
        wanted[operator_id, source_id] = weight if isinstance(weight, int) else None
    linked = [pair for pair, weight in wanted.items() if weight is not None]
    _refuse_if_gone(OPERATOR, {operator_id for operator_id, _ in linked})
    _refuse_if_gone(SOURCE, {source_id for _, source_id in linked})
    write_weights(wanted, journal)


def _refuse_if_gone(entity: Entity, ids: set[int]) -> None:
    """Raise Missing when one of the rows that weights link does not exist any more."""
    table = entity.table
    # Many at once: an import may have linked thousands.
    there = {
        row_id
        for chunk in chunks(sorted(ids))
        for (row_id,) in rows(table.select(table.id).where(table.id.in_(chunk)))
    }
    for row_id in sorted(ids - there):
        row_of_id(entity, row_id)


def _restore_row(change: Change, journal: Journal) -> None:
    table, (row_id,) = row_of(change.subject)
    if change.after is None:
        insert(_ENTITIES[table], journal, change.before or {}, row_id)
    else:
        rewrite(_ENTITIES[table], row_id, journal, change.before or {})


def _drop_row(subject: str, journal: Journal) -> None:
    table, (row_id,) = row_of(subject)
    delete(_ENTITIES[table], row_id, journal)

"""Undo row by row: each back to what it was, or a reason and no change at all."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain

from leadboard.allocation.appeal_state import AppealState
from leadboard.allocation.appeals import Rewriting, numbered, rewrite_all, states_of
from leadboard.allocation.journal import Journal, TeamChange, row_of, team_changes_of
from leadboard.allocation.ledger import Columns
from leadboard.allocation.ledger_reading import Span, has_served, spans_of
from leadboard.allocation.limits import claim_over, claim_room, name_of, release, room_of
from leadboard.common.errors import Refused
from leadboard.common.language import _
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


def reverse(
    event_id: int, journal: Journal, *, force: bool = False, keeps_served: bool = False
) -> None:
    """Put back every row that the event and its parts changed, in the transaction under way.

    Raises Refused when a row is no longer as the event left it, or when a place that an appeal
    would go back to is taken; `force` lets it go back anyway. An operator whom the event added and
    who has had appeals cannot go: with `keeps_served` they are switched off instead.
    """
    by_table: dict[str, list[TeamChange]] = {"operator": [], "source": [], "weight": []}
    for change in team_changes_of(event_id):
        by_table[row_of(change.subject)[0]].append(change)
    _refuse_if_team_changed(by_table)
    moves = _moves(spans_of(event_id), journal.at)
    # Places are freed before any is taken, or two full operators could not swap appeals back. The
    # team lies between: an appeal may go back to an operator, or a limit, that comes back as well.
    _release_all(moves)
    served = _served(by_table["operator"]) if keeps_served else []
    dropped = [each for each in by_table["operator"] if each.subject not in served]
    _restore_team(dropped, by_table["source"], by_table["weight"], journal)
    for subject in served:
        rewrite(OPERATOR, row_of(subject)[1][0], journal, {"is_active": False})
    _bring_back(moves, journal, force=force)


# --- is the world still as the event left it? -------------------------------------------------


def _refuse_if_team_changed(by_table: Mapping[str, Sequence[TeamChange]]) -> None:
    weights = _weights_now(by_table["weight"])
    for change in chain.from_iterable(by_table.values()):
        table, key = row_of(change.subject)
        if table == "weight":
            current: Columns | None = {"weight": weights[key]} if key in weights else None
        else:
            current = columns_of(_ENTITIES[table], key[0])
        if not _is_left(current, change.after):
            raise _changed_since(_named(change.subject))


def _is_left(current: Columns | None, after: Columns | None) -> bool:
    """Tell whether a row is still as the event left it."""
    if after is None or current is None:
        return current is None and after is None
    # Only what the event wrote: other columns may have changed since, and stay.
    return all(current[name] == value for name, value in after.items())


def _changed_since(name: str) -> Refused:
    return Refused(_("{name} has changed since: nothing was undone.", name=name))


def _weights_now(changes: Iterable[TeamChange]) -> dict[tuple[int, ...], int]:
    sources = {row_of(change.subject)[1][1] for change in changes}
    return {
        (operator_id, source_id): weight
        for source_id in sources
        for operator_id, weight in weights_of(source_id).items()
    }


def _named(subject: str) -> str:
    table, key = row_of(subject)
    if table == "weight":
        source = Source.get_or_none(Source.id == key[1])
        return _(
            "The weight of {operator} for {source}",
            operator=name_of(key[0]) or _("somebody deleted"),
            source=source.name if source else _("a deleted source"),
        )
    return _ENTITIES[table].says.numbered.format(id=key[0])


# --- appeals ----------------------------------------------------------------------------------


def _moves(spans: Sequence[Span], at: datetime) -> list[Rewriting]:
    """Return where appeals go back to; those that the act entered are withdrawn.

    Raises Refused when one is no longer as the event left it.
    """
    states = states_of([span.appeal_id for span in spans])
    moves: list[Rewriting] = []
    for span in spans:
        state = states[span.appeal_id]
        if state.columns() != span.after:
            raise _changed_since(_("Appeal {numbered}", numbered=numbered(span.appeal_id)))
        moves.append((state, span.before or {"closed_at": at, "withdrawn": True}))
    return moves


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
            raise Refused(
                _("{name} has no room for appeal {appeal} any more.", name=name, appeal=appeal)
            )
    rewrite_all(moves, journal)


# --- operators, sources, weights --------------------------------------------------------------


def _restore_team(
    operators: Sequence[TeamChange],
    sources: Sequence[TeamChange],
    weights: Sequence[TeamChange],
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


def _served(changes: Iterable[TeamChange]) -> list[str]:
    """Return which operators were added and have had appeals since."""
    return [
        change.subject
        for change in changes
        if change.before is None and has_served(row_of(change.subject)[1][0])
    ]


def _restore_weights(changes: Iterable[TeamChange], journal: Journal) -> None:
    wanted: dict[tuple[int, int], int | None] = {}
    for change in changes:
        _unused, (operator_id, source_id) = row_of(change.subject)
        weight = None if change.before is None else change.before["weight"]
        wanted[operator_id, source_id] = weight if isinstance(weight, int) else None
    linked = [pair for pair, weight in wanted.items() if weight is not None]
    _refuse_if_gone(OPERATOR, {operator_id for operator_id, _unused in linked})
    _refuse_if_gone(SOURCE, {source_id for _unused, source_id in linked})
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


def _restore_row(change: TeamChange, journal: Journal) -> None:
    table, (row_id,) = row_of(change.subject)
    if change.after is None:
        insert(_ENTITIES[table], journal, change.before or {}, row_id)
    else:
        rewrite(_ENTITIES[table], row_id, journal, change.before or {})


def _drop_row(subject: str, journal: Journal) -> None:
    table, (row_id,) = row_of(subject)
    delete(_ENTITIES[table], row_id, journal)

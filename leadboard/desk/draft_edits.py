"""What acts on the team do to a draft instead of the database: each to the same effect."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.common.validation import checked_factor, checked_limit, checked_weight, plain
from leadboard.common.weighing import even, scaled, stepped
from leadboard.desk.operators import add_operator, delete_operator, step_limit, toggle_active
from leadboard.desk.weights import (
    scale,
    scale_row,
    set_weight,
    set_weights,
    spread,
    spread_row,
    step_weight,
    unlink,
)
from leadboard.entities import OPERATOR, OperatorRow
from leadboard.foresight.draft import Newcomer, TeamDraft
from leadboard.queries.board import Board

Edit = Callable[..., TeamDraft]
"""Takes the draft, the board under it, and the arguments of the act; returns the new draft."""


def edited(
    draft: TeamDraft, board: Board, act: Callable[..., Any], *arguments: Any, **options: Any
) -> TeamDraft:
    """Return the draft after what an act would do; raises Refused where it cannot be drafted."""
    edit = EDITS.get(act)
    if edit is None:
        raise Refused(_("This cannot be drafted: apply or discard the draft first."))
    return edit(draft, board, *arguments, **options)


def _set_weight(
    draft: TeamDraft, board: Board, operator_id: int, source_id: int, weight: object
) -> TeamDraft:
    wanted = None if weight is None else checked_weight(weight)
    was = board.weights.get(source_id, {}).get(operator_id)
    return draft.with_weight((operator_id, source_id), was, wanted)


def _unlink(draft: TeamDraft, board: Board, operator_id: int, source_id: int) -> TeamDraft:
    return _set_weight(draft, board, operator_id, source_id, None)


def _step_weight(
    draft: TeamDraft, board: Board, operator_id: int, source_id: int, step: int
) -> TeamDraft:
    was = board.weights.get(source_id, {}).get(operator_id)
    return _set_weight(draft, board, operator_id, source_id, stepped(was, step))


def _set_weights(
    draft: TeamDraft, board: Board, changes: Sequence[tuple[int, int, object]]
) -> TeamDraft:
    for operator_id, source_id, weight in changes:
        draft = _set_weight(draft, board, operator_id, source_id, weight)
    return draft


def _column(board: Board, source_id: int) -> dict[tuple[int, int], int]:
    weights = board.weights.get(source_id, {})
    if not weights:
        raise Refused(_("Nobody serves this source yet: type a weight first."))
    return {(operator_id, source_id): weight for operator_id, weight in weights.items()}


def _row(board: Board, operator_id: int) -> dict[tuple[int, int], int]:
    found = {
        (operator_id, source_id): column[operator_id]
        for source_id, column in board.weights.items()
        if operator_id in column
    }
    if not found:
        raise Refused(_("This operator serves no source yet: type a weight first."))
    return found


def _reweighed(
    draft: TeamDraft, weights: Mapping[tuple[int, int], int], wanted: Callable[[int], int]
) -> TeamDraft:
    for pair, weight in weights.items():
        draft = draft.with_weight(pair, weight, wanted(weight))
    return draft


def _spread(draft: TeamDraft, weights: Mapping[tuple[int, int], int]) -> TeamDraft:
    alike = even(weights.values())
    return _reweighed(draft, weights, lambda _unused: alike)


def _scale(draft: TeamDraft, weights: Mapping[tuple[int, int], int], factor: object) -> TeamDraft:
    by: Fraction = checked_factor(factor)
    return _reweighed(draft, weights, lambda weight: scaled(weight, by))


def _hand(board: Board, operator_id: int) -> OperatorRow:
    found = next((row for row in board.operators if row.id == operator_id), None)
    if found is None:
        raise Refused(_("This operator is gone."))
    return found


def _step_limit(draft: TeamDraft, board: Board, operator_id: int, step: int) -> TeamDraft:
    was = _hand(board, operator_id).max_load
    return draft.with_limit(operator_id, was, checked_limit(max(0, was + step)))


def _toggle_active(draft: TeamDraft, board: Board, operator_ids: Sequence[int]) -> TeamDraft:
    hands = [_hand(board, each) for each in operator_ids]
    is_on = not all(hand.is_active for hand in hands)
    for hand in hands:
        if hand.is_active != is_on:
            draft = draft.with_switch(hand.id, hand.is_active, is_on)
    return draft


def _add_operator(draft: TeamDraft, board: Board, **values: Any) -> TeamDraft:
    columns = OPERATOR.completed(OPERATOR.checked(values))
    if plain(columns["name"]) in {plain(row.name) for row in board.operators}:
        raise Refused(_("The name {name} is taken.", name=columns["name"]), "name")
    return draft.with_newcomer(Newcomer(draft.next_id, **columns))


def _delete_operator(draft: TeamDraft, board: Board, operator_id: int) -> TeamDraft:
    if operator_id >= 0:
        raise Refused(_("Nobody is deleted by a draft: it switches operators off."))
    return draft.without_newcomer(operator_id)


EDITS: Mapping[Callable[..., Any], Edit] = {
    set_weight: _set_weight,
    set_weights: _set_weights,
    step_weight: _step_weight,
    unlink: _unlink,
    spread: lambda draft, board, source_id: _spread(draft, _column(board, source_id)),
    spread_row: lambda draft, board, operator_id: _spread(draft, _row(board, operator_id)),
    scale: lambda draft, board, source_id, by: _scale(draft, _column(board, source_id), by),
    scale_row: lambda draft, board, operator_id, by: _scale(draft, _row(board, operator_id), by),
    step_limit: _step_limit,
    toggle_active: _toggle_active,
    add_operator: _add_operator,
    delete_operator: _delete_operator,
}
"""The acts that can be drafted."""

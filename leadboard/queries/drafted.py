"""The board as it would be with a draft applied, before anything waiting is handed out."""

from collections.abc import Sequence
from dataclasses import replace

from leadboard.entities import OperatorRow
from leadboard.foresight.draft import TeamDraft
from leadboard.queries.board import Board, WeightTable


def drafted(board: Board, draft: TeamDraft) -> Board:
    """Return the board with the weights, limits, activity and newcomers of a draft."""
    newcomers = [
        OperatorRow(each.id, each.name, each.is_active, each.max_load, 0, each.note, each.contact)
        for each in draft.newcomers
    ]
    rows = (*(_changed(row, draft) for row in board.operators), *newcomers)
    return replace(board, operators=rows, weights=_weights(board, draft, rows))


def _changed(row: OperatorRow, draft: TeamDraft) -> OperatorRow:
    limit, switch = draft.limits.get(row.id), draft.switches.get(row.id)
    if limit is None and switch is None:
        return row
    return replace(
        row,
        max_load=row.max_load if limit is None else limit.wanted,
        is_active=row.is_active if switch is None else switch.wanted,
    )


def _weights(board: Board, draft: TeamDraft, rows: Sequence[OperatorRow]) -> WeightTable:
    # The very same table where none is drafted: panes compare by identity whether one differs.
    if not draft.weights:
        return board.weights
    weights = {source: dict(column) for source, column in board.weights.items()}
    people, sources = {row.id for row in rows}, {row.id for row in board.sources}
    for (operator_id, source_id), change in draft.weights.items():
        if operator_id not in people or source_id not in sources:
            continue  # somebody deleted it meanwhile: applying the draft will say so
        column = weights.setdefault(source_id, {})
        column.pop(operator_id, None)
        if change.wanted is not None:
            column[operator_id] = change.wanted
    return weights

"""What a desk needs before it can give appeals away, and how much of that a board has."""

from enum import Enum

from leadboard.queries.board import Board


class FirstStep(Enum):
    """The first things to do, in order."""

    SOURCE = "source"
    OPERATOR = "operator"
    WEIGHTS = "weights"
    APPEAL = "appeal"


def is_bare(board: Board) -> bool:
    """Tell whether there is neither an operator nor a source, and so no appeal either."""
    return not board.operators and not board.sources


def missing(board: Board) -> list[FirstStep]:
    """Return what has not been done yet; appeals nobody has counted are taken to be there."""
    counts = board.counts
    has = {
        FirstStep.SOURCE: bool(board.sources),
        FirstStep.OPERATOR: bool(board.operators),
        FirstStep.WEIGHTS: any(any(table.values()) for table in board.weights.values()),
        FirstStep.APPEAL: bool(board.sources) and (counts is None or counts.appeals > 0),
    }
    return [step for step in FirstStep if not has[step]]


def possible(board: Board) -> frozenset[FirstStep]:
    """Return what can be done by now: weights link what there is, an appeal has a source."""
    lacking = missing(board)
    needs = {
        FirstStep.SOURCE: (),
        FirstStep.OPERATOR: (),
        FirstStep.WEIGHTS: (FirstStep.SOURCE, FirstStep.OPERATOR),
        FirstStep.APPEAL: (FirstStep.SOURCE,),
    }
    return frozenset(step for step in FirstStep if not set(needs[step]) & set(lacking))

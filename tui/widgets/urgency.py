"""How urgent a wait is: quiet, amber or red, in colour and as a sign."""

from collections.abc import Callable
from datetime import datetime, timedelta

from leadboard.entities import SourceRow
from leadboard.queries.board import Board

Thresholds = Callable[[str], tuple[timedelta, timedelta]]
"""Returns by the name of a source from which wait on an appeal is amber, and from which red."""

QUIET, AMBER, RED = "", "warn", "bad"
"""The pens of the three."""
SIGNS = {QUIET: "", AMBER: "!", RED: "!!"}
"""What says the same without colour."""


def urgency(waits: timedelta | None, thresholds: tuple[timedelta, timedelta]) -> str:
    """Return the pen for a wait; one of unknown length is quiet."""
    amber, red = thresholds
    if waits is None or waits < amber:
        return QUIET
    return AMBER if waits < red else RED


def urgency_of_source(
    board: Board, source: SourceRow, thresholds: Thresholds, now: datetime
) -> str:
    """Return the pen for the oldest wait of a source."""
    since = board.oldest_waits.get(source.id)
    return urgency(None if since is None else now - since, thresholds(source.name))


def urgency_of_all(board: Board, thresholds: Thresholds, now: datetime) -> str:
    """Return the pen for the most urgent wait; sources differ, so it need not be the oldest."""
    found = {urgency_of_source(board, each, thresholds, now) for each in board.sources}
    return next((each for each in (RED, AMBER) if each in found), QUIET)

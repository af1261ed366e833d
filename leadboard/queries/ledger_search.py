"""Where a time begins in the ledger: its lines are in the order of commits, nearly that of time."""

from datetime import datetime, timedelta

from leadboard.database.compiled_queries import Compiled, Param
from models import Change

DISORDER = timedelta(minutes=5)
"""By how much two writers' clocks and transactions differ at most, for a line to be found."""

_AT = Compiled(
    lambda: (
        Change.select(Change.at)
        .where(Change.seq >= Param(Change.seq))
        .order_by(Change.seq)
        .limit(1)
    )
)


def moment_at(seq: int) -> datetime | None:
    """Return the moment of the line at a place, or of the next one; None behind the last."""
    found: datetime | None = _AT.scalar(seq=seq)
    return found


def first_since(since: datetime, low: int, high: int) -> int:
    """Return the place of the first line of a time, by binary search on the moments of lines.

    The lines up to the place `low` are older, those from `high` on are not.
    """
    while high - low > 1:
        middle = (low + high) // 2
        moment = moment_at(middle)
        if moment is None or moment >= since:
            high = middle
        else:
            low = middle
    return high

"""The latest lines of the ledger: where a time begins in it, and what a line did to a load."""

from datetime import datetime
from typing import Any

from peewee import SQL, fn

from leadboard.allocation.ledger import IMPORTED, REOPENED, bounds, last_seq
from leadboard.database.compiled_queries import Compiled, Param
from leadboard.database.connection import engine
from leadboard.queries.ledger_search import DISORDER, first_since, moment_at
from models import AppealStep, Change, PendingChange


def _counting_those_without_place() -> Any:
    some = PendingChange.select(PendingChange.id).limit(Param(PendingChange.id, "most"))
    return PendingChange.select(fn.COUNT(SQL("1"))).from_(some)


_WITHOUT_PLACE = Compiled(_counting_those_without_place)


def first_line(moment: datetime, most: int) -> int | None:
    """Return a place before which no line is as late as a moment.

    None if there are more than `most` lines from there on, or some of them were pruned.
    """
    since, last = moment - DISORDER, last_seq()
    # The lines up to `low` are older than that, those from `high` on are not.
    low, high = max(0, last - most), last + 1
    if low and (moment_at(low) or since) >= since:
        return None
    high = first_since(since, low, high)
    further = _WITHOUT_PLACE.scalar(most=most + 1) if engine().is_server else 0
    is_whole = bounds().pruned < high and last - low + further <= most
    return high if is_whole else None


def ledger() -> tuple[Any, Any]:
    """Return the table of lines and the column of their places."""
    # The view has lines that wait for their place as well; on SQLite none ever does.
    return (AppealStep, AppealStep.place) if engine().is_server else (Change, Change.seq)


def has_gained(line: Any) -> Any:
    """Return the condition that the operator of a line got the appeal by it."""
    # A repair notes an appeal as it was found: nothing happened to it.
    is_repair = (line.kind == IMPORTED) & line.was_operator_id.is_null(False)
    return line.operator_id.is_null(False) & line.closed_at.is_null() & ~is_repair


def has_lost(line: Any) -> Any:
    """Return the condition that the operator before a line lost the appeal by it."""
    # Whatever else happens to an appeal, it was open before: only those can be closed or moved.
    return line.was_operator_id.is_null(False) & line.kind.not_in([REOPENED, IMPORTED])

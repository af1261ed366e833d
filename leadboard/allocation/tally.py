"""The tally: how often each operator was drawn, or got an appeal by hand, counted from the ledger.

It is counted line by line as the ledger grows, so that shares of millions of draws are there at
once, also of lines that were pruned since. What an upgrade made of older tables is not counted:
nothing proves that it is all there was.
"""

from typing import NamedTuple

from peewee import EXCLUDED, JOIN, SQL, Case, Expression, ModelSelect, fn

from leadboard.allocation.ledger import CLOSED, IMPORTED, WITHDRAWN, settle
from leadboard.common.errors import Uncertain
from leadboard.database.connection import engine, rows
from leadboard.database.transactions import reading, transact
from models import Appeal, AppealStep, Change, Event, LedgerBounds, Roster, Tally

DRAWN, BY_HAND, FORCED = "drawn", "hand", "forced"
"""The ways in which an operator gets an appeal."""

BATCH = 20_000
"""Lines that one transaction counts, so that nobody has to wait for long."""

_NOT_GIVEN = (CLOSED, WITHDRAWN, IMPORTED)
"""Kinds of lines that give nobody an appeal; what is imported was given elsewhere."""


class Cursor(NamedTuple):
    """Up to which place lines are counted, and the place of the last one."""

    counted: int
    last: int

    @property
    def left(self) -> int:
        """Return how many lines are not counted yet, at most."""
        return self.last - self.counted


def cursor() -> Cursor:
    """Return how far the ledger is counted; raises Trouble."""
    return reading(_cursor)


def _cursor() -> Cursor:
    last = Change.select(fn.MAX(Change.seq)).scalar() or 0
    return Cursor(counted_up_to(), last)


def counted_up_to() -> int:
    """Return the place after which lines are still to be counted.

    What an upgrade made is never counted, and of lines that were pruned before, those that stayed
    were chosen by what became of their appeals.
    """
    found = rows(LedgerBounds.select(*_EDGES))
    return max(found[0]) if found else 0


_EDGES = (LedgerBounds.counted, LedgerBounds.rebuilt, LedgerBounds.pruned)


def count_on() -> None:
    """Count the lines of the ledger that are new, each once, whoever else counts; raises Trouble.

    All that was committed before the call is counted when it returns.
    """
    settle()
    while reading(_cursor).left > 0 and _count_some():
        pass


def _count_some() -> bool:
    """Count the oldest lines that are not counted; tell whether there may be more."""
    try:
        return transact(_count_batch)
    except Uncertain:
        # Counted or not, they are not counted twice.
        return True


def _count_batch() -> bool:
    # Whoever counts holds this row to the end, so that the next one begins where this one ends.
    if engine().is_server:
        rows(LedgerBounds.select().for_update())
    start = _cursor()
    end = min(start.last, start.counted + BATCH)
    if start.left <= 0:
        return False
    _add(given(Change, Change.seq).where(Change.seq > start.counted, Change.seq <= end))
    LedgerBounds.update(counted=end).execute()
    return end < start.last


def _add(found: "ModelSelect[Change]") -> None:
    count = Tally.count + EXCLUDED.count
    Tally.insert_from(found, Tally._meta.sorted_fields).on_conflict(
        conflict_target=Tally._meta.sorted_fields[:-1], update={Tally.count: count}
    ).execute()


def given(
    step: type[Change] | type[AppealStep], place: object
) -> "ModelSelect[Change]":
    """Return the query that counts lines as the tally does, in the order of its columns."""
    ...

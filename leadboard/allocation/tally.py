"""The tally: how often each operator was drawn, or got an appeal by hand, counted from the ledger.

It is counted line by line as the ledger grows, so that shares of millions of draws are there at
once, also of lines that were pruned since. What an upgrade made of older tables is not counted:
nothing proves that it is all there was.
"""

from typing import Any, NamedTuple

from peewee import EXCLUDED, JOIN, SQL, Case, Expression, ModelSelect, fn

from leadboard.allocation.journal import REDO, UNDO
from leadboard.allocation.ledger import ASSIGNED, MOVED, RECEIVED, settle
from leadboard.common.errors import Uncertain
from leadboard.database.connection import engine, rows
from leadboard.database.proof_tables import LedgerBounds, Tally
from leadboard.database.transactions import reading, transact
from models import Appeal, Change, Event

DRAWN, BY_HAND, FORCED = "drawn", "hand", "forced"
"""The ways in which an operator gets an appeal."""

BATCH = 20_000
"""Lines that one transaction counts, so that nobody has to wait for long."""


def day_of(moment: Any) -> Any:
    """Return the expression for the day of UTC of a column that holds a moment, as text."""
    # Not coerced: the field would read it as a moment again.
    return fn.SUBSTR(moment, 1, len("2026-11-23"), coerce=False)


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
    _add(given(Change).where(Change.seq > start.counted, Change.seq <= end))
    LedgerBounds.update(counted=end).execute()
    return end < start.last


def _add(found: "ModelSelect[Any]") -> None:
    count = Tally.count + EXCLUDED.count
    Tally.insert_from(found, Tally._meta.sorted_fields).on_conflict(
        conflict_target=Tally._meta.sorted_fields[:-1], update={Tally.count: count}
    ).execute()


def given(step: Any) -> "ModelSelect[Any]":
    """Return the query that counts lines as the tally does, in the order of its columns.

    `step` is the table of lines, or the view that has what waits for its place as well.
    """
    roster = Case(None, [(step.drawn, fn.COALESCE(step.roster, 0))], 0)
    by_force = Case(None, [(Event.forced, FORCED)], BY_HAND)
    way = Case(None, [(step.drawn, DRAWN)], by_force)
    found: ModelSelect[Any] = (
        step.select(
            day_of(step.at), Appeal.source, roster, step.operator_id, way, fn.COUNT(SQL("*"))
        )
        .join(Appeal)
        .switch(step)
        .join(Event, JOIN.LEFT_OUTER)
        .where(_is_given(step))
        # By position: a server takes the expression with other parameters for another one.
        .group_by(*(SQL(str(place)) for place in range(1, 6)))
    )
    return found


def _is_given(step: Any) -> Expression:
    """Return the condition for lines in which somebody got an appeal."""
    # Who has it again because it was reopened, or because an act was undone, did not get it anew.
    is_undo = Event.act.in_([UNDO, REDO]) & ~step.drawn
    is_new: Expression = step.kind.in_([RECEIVED, ASSIGNED, MOVED])
    found: Expression = is_new & step.operator_id.is_null(False) & ~fn.COALESCE(is_undo, False)
    return found

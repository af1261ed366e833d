"""Pruning the ledger: lines older than a moment go for good, but for what undo still needs."""

from datetime import datetime
from functools import partial

from peewee import Expression, fn

from leadboard.allocation.journal import PRUNE, Journal
from leadboard.allocation.ledger import last_seq, settle
from leadboard.allocation.tally import count_on
from leadboard.common.language import _
from leadboard.common.progress import Advance
from leadboard.common.validation import storable
from leadboard.database.connection import rows
from leadboard.database.fields import stamp
from leadboard.database.program_tables import Hook
from leadboard.database.proof_tables import LedgerBounds
from leadboard.database.transactions import reading, transact
from models import Appeal, Change

BATCH = 5_000
"""Lines that one transaction looks at, so that nobody has to wait for long."""


def edge_of(before: datetime) -> int:
    """Return the place ahead of which all lines are older than a moment; raises Trouble.

    Ahead of the newest line of all at most, so that places never begin anew.
    """
    settle()
    young = Change.select(Change.seq).where(Change.at >= before).order_by(Change.seq).limit(1)
    return reading(lambda: int(young.scalar() or last_seq()))


def edge_for_hooks(edge: int) -> tuple[int, int | None]:
    """Return how far towards a place pruning may go, and the id of the hook that keeps it back.

    A hook that is on has yet to get what follows its own place. Raises Trouble.
    """
    last = Hook.select(Hook.seq, Hook.id).where(Hook.off_because.is_null(), Hook.seq < edge - 1)
    found = reading(lambda: rows(last.order_by(Hook.seq).limit(1)))
    return (found[0][0] + 1, found[0][1]) if found else (edge, None)


def count_ahead(edge: int) -> int:
    """Return how many lines are ahead of a place, also those that pruning keeps."""
    return reading(lambda: Change.select().where(Change.seq < edge).count())


def prune(edge: int, before: datetime, actor: str, advance: Advance) -> int:
    """Delete the lines ahead of a place, as a recorded act, and return how many; raises Trouble.

    An appeal that is open, or has later lines, keeps its last line: undo goes back to what it was.
    """
    # Before they go: the shares need every draw.
    count_on()
    first = reading(lambda: Change.select(fn.MIN(Change.seq)).scalar() or edge)
    transact(lambda: _begin(edge, before, actor))
    deleted = 0
    for low in range(first, edge, BATCH):
        high = min(edge, low + BATCH)
        deleted += transact(partial(_prune, low, high, edge))
        advance(high - first, deleted)
    return deleted


def _begin(edge: int, before: datetime, actor: str) -> None:
    # First, so that nobody takes for a whole ledger one whose pruning was cut off.
    is_new = LedgerBounds.pruned < edge - 1
    LedgerBounds.update(pruned=edge - 1).where(is_new).execute()
    Journal().write(
        storable(actor), PRUNE, _("Ledger pruned of lines before {moment}", moment=stamp(before))
    )


def _prune(low: int, high: int, edge: int) -> int:
    here = (Change.seq >= low, Change.seq < high)
    return int(Change.delete().where(*here, ~_is_needed(edge)).execute())


def _is_needed(edge: int) -> Expression:
    """Return the condition for the last old line of an appeal that may still change."""
    other = Change.alias()
    later = other.select(other.seq).where(other.appeal == Change.appeal, other.seq > Change.seq)
    of_it = Appeal.select(Appeal.id).where(Appeal.id == Change.appeal, Appeal.closed_at.is_null())
    is_last_old = ~fn.EXISTS(later.where(other.seq < edge))
    may_change = fn.EXISTS(later.where(other.seq >= edge)) | fn.EXISTS(of_it)
    needed: Expression = is_last_old & may_change
    return needed

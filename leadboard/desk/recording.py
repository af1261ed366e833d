"""How every act runs: one transaction that checks, writes, drains and records."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, TypeVar

from leadboard.allocation.backlog import DRAIN_BATCH
from leadboard.allocation.handouts import (
    close_what_ended,
    hand_out_batch,
    is_open,
    leave_open,
    record_parts,
    record_shared,
    with_given,
    words_of,
)
from leadboard.allocation.journal import Journal
from leadboard.allocation.locks import take_turn
from leadboard.common.errors import Trouble
from leadboard.common.validation import storable
from leadboard.database.transactions import transact

Note = str | Callable[[], str]
"""A sentence about what an act did, or a function that returns it after the drain."""

R = TypeVar("R")

Work = Callable[[Journal], tuple[Note, R]]
"""The body of an act: it writes, notes each change, and returns what it did and its result."""


@dataclass(frozen=True, slots=True)
class Done(Generic[R]):
    """An act that is stored: its sentence, its event and its result.

    There is no event when nothing had to change. The result of an act on one row is its id.
    """

    note: str
    event_id: int | None
    result: R


HOLD = 0.03
"""Seconds that a batch of waiting appeals should keep other writers waiting."""

PAUSE = 0.003
"""Seconds between two batches; longer than the naps of others between their tries."""

SMALLEST_BATCH = 100


def record(
    actor: str, act: str, work: Work[R], *, forced: bool = False, target: int | None = None
) -> Done[R]:
    """Run `work` as one recorded act of `actor`; places that it frees go to waiting appeals.

    What is handed out belongs to the act, so that undoing it takes that back too. Raises Refused
    and Trouble, and then nothing was changed.
    """

    def store(journal: Journal, note: str) -> int:
        return journal.write(storable(actor), act, note, forced=forced, target=target)

    done, has_more = transact(lambda: _do(work, store))
    return _handed_out(done) if has_more else done


def _do(work: Work[R], store: Callable[[Journal, str], int]) -> tuple[Done[R], bool]:
    """Do an act and hand out a first batch; return whether more can be handed out."""
    take_turn()
    # Before the work: an act that is over must not claim what this one lets through.
    close_what_ended()
    journal = Journal()
    words, result = work(journal)
    batch = hand_out_batch()
    note = words() if callable(words) else words
    # The act did nothing and has no event; what was handed out must be recorded all the same.
    if journal.is_empty:
        record_shared(batch.parts, batch.rest)
        return Done(note, None, result), batch.has_more
    given = len(batch.rest.appeals)
    told = with_given(note, given)
    # A copy: `leave_open` looks at what the act itself changed, without the batch.
    whole = replace(journal, appeals=[*journal.appeals, *batch.rest.appeals])
    event_id = store(whole, told)
    record_parts(batch.parts)
    if batch.has_more:
        leave_open(event_id, note, given, journal)
    return Done(told, event_id, result), batch.has_more


def _handed_out(done: Done[R]) -> Done[R]:
    """Hand out the rest of what an act lets through; return it with words about all of it."""
    try:
        _drain_on(done.event_id)
        return done if done.event_id is None else replace(done, note=words_of(done.event_id))
    except Trouble:
        # The act itself is stored and must be answered as done. Appeals that still wait are handed
        # out with the next act or arrival; until then `leadboard check` reports them.
        return done


def _drain_on(event_id: int | None) -> None:
    """Hand out batch by batch, each in a transaction of its own, until nothing more can be.

    Ends sooner if the act was undone meanwhile.
    """
    size, has_more = DRAIN_BATCH, True
    while has_more:
        leave_a_turn()
        seconds, has_more = transact(partial(_further, event_id, size))
        size = max(SMALLEST_BATCH, min(DRAIN_BATCH, int(size * HOLD / max(seconds, 1e-4))))


def leave_a_turn() -> None:
    """Let others write between two batches."""
    time.sleep(PAUSE)


def _further(event_id: int | None, size: int) -> tuple[float, bool]:
    """Hand out a further batch; return the seconds it took, and whether more can be."""
    take_turn()
    # After the turn: what others took says nothing about the size of a batch.
    begun = time.monotonic()
    # Asked inside the transaction: an undo closes the act in its own.
    if event_id is not None and not is_open(event_id):
        return 0.0, False
    batch = hand_out_batch(size)
    record_shared(batch.parts, batch.rest)
    return time.monotonic() - begun, batch.has_more

"""How every act runs: one transaction that checks, writes, drains what waits, and records."""

from collections.abc import Callable
from dataclasses import dataclass

from allocator import drain
from checks import storable
from journal import Journal
from store import Trouble, transact

Note = str | Callable[[], str]
"""A sentence about what an act did, or a function that words it once waiting appeals flowed."""

Work = Callable[[Journal], Note]
"""The body of an act: it writes, notes each change, and returns what it did."""


@dataclass(frozen=True, slots=True)
class Done:
    """An act that is stored: its sentence and its event; no event when nothing had to change."""

    note: str
    event_id: int | None


def record(
    actor: str, act: str, work: Work, *, forced: bool = False, target: int | None = None
) -> Done:
    """Run `work` as one recorded act of `actor`; whatever place it frees goes to who waits.

    What the waiting appeals got belongs to the act, so that undoing it takes that back too. Raises
    Refused and Trouble, and then nothing was changed.
    """

    def run() -> tuple[Done, bool]:
        journal = Journal()
        words = work(journal)
        drained = drain(journal)
        note = words() if callable(words) else words
        if drained.given:
            note += f"; {drained.given} waiting handed out"
        event_id = None
        if any(journal):
            event_id = journal.write(storable(actor), act, note, forced=forced, target=target)
        return Done(note, event_id), drained.has_more

    done, has_more = transact(run)
    while has_more:
        has_more = _drain_on()
    return done


def _drain_on() -> bool:
    """Hand out the next batch in a transaction of its own."""
    try:
        return transact(lambda: drain(Journal())).has_more
    except Trouble:
        # The act itself is stored and must be answered as done; who still waits flows with the
        # next act or arrival, and `leadboard check` names him until then.
        return False

"""How every act runs: one transaction that checks, writes, drains what waits, and records."""

from collections.abc import Callable
from dataclasses import dataclass

from allocator import drain
from journal import Journal
from store import Trouble, transact

Work = Callable[[Journal], str]
"""The body of an act: it writes, notes each change, and returns a sentence about what it did."""


@dataclass(frozen=True, slots=True)
class Done:
    """An act that is stored: its sentence and its event; no event when nothing had to change."""

    note: str
    event_id: int | None


def record(
    actor: str, act: str, work: Work, *, forced: bool = False, target: int | None = None
) -> Done:
    """Run `work` as one recorded act of `actor`; whatever place it frees goes to who waits.

    Raises Refused and Trouble, and then nothing was changed.
    """

    def run() -> tuple[Done, bool]:
        journal = Journal()
        note = work(journal)
        more = drain(journal)
        if not any(journal):
            return Done(note, None), more
        event_id = journal.write(actor, act, note, forced=forced, target=target)
        return Done(note, event_id), more

    done, more = transact(run)
    while more:
        more = _drain_on()
    return done


def _drain_on() -> bool:
    """Hand out the next batch in a transaction of its own."""
    try:
        return transact(lambda: drain(Journal()))
    except Trouble:
        # The act itself is stored and must be answered as done; who still waits flows with the
        # next act or arrival, and `leadboard check` names him until then.
        return False

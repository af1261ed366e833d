"""How every act runs: one transaction that checks, writes, drains what waits, and records."""

from collections.abc import Callable
from dataclasses import dataclass

from checks import storable
from draining import Drained, drain
from holding import take_turn
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
    appeal_ids: tuple[int, ...] = ()
    """The appeals that an act on several was done to, without those that it passed over."""


def record(
    actor: str, act: str, work: Work, *, forced: bool = False, target: int | None = None
) -> Done:
    """Run `work` as one recorded act of `actor`; whatever place it frees goes to who waits.

    What the waiting appeals got belongs to the act, so that undoing it takes that back too. Raises
    Refused and Trouble, and then nothing was changed.
    """

    def run() -> tuple[Done, Drained]:
        take_turn()
        journal = Journal()
        words = work(journal)
        drained = drain(journal)
        note = words() if callable(words) else words
        event_id = None
        if any(journal):
            told = _with_given(note, drained.given)
            event_id = journal.write(storable(actor), act, told, forced=forced, target=target)
        return Done(note, event_id), drained

    done, drained = transact(run)
    given = drained.given
    while drained.has_more:
        drained = _drain_on(done, given)
        given += drained.given
    return Done(_with_given(done.note, given), done.event_id)


def _drain_on(done: Done, given: int) -> Drained:
    """Hand out the next batch in a transaction of its own, as a part of the same act."""

    def run() -> Drained:
        take_turn()
        journal = Journal()
        drained = drain(journal)
        if done.event_id is not None and drained.given:
            journal.extend(done.event_id, _with_given(done.note, given + drained.given))
        return drained

    try:
        return transact(run)
    except Trouble:
        # The act itself is stored and must be answered as done; who still waits flows with the
        # next act or arrival, and `leadboard check` names him until then.
        return Drained(0, has_more=False)


def _with_given(note: str, given: int) -> str:
    return f"{note}; {given} waiting handed out" if given else note

"""How the hooks stand: what is held, what was given up, and how far behind the ledger each is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, ModelSelect, fn

from leadboard.allocation.ledger import last_seq, settle
from leadboard.common.text import clean
from leadboard.database.connection import rows
from leadboard.database.program_tables import HeldEvent, Hook
from leadboard.database.transactions import at_one_moment
from models import Source


@dataclass(frozen=True, slots=True)
class HookState:
    """A hook without its secrets, with texts that are safe for a terminal."""

    id: int
    address: str
    kinds: tuple[str, ...]
    source: str | None
    has_messages: bool
    may_be_private: bool
    seq: int
    behind: int
    """Lines of the ledger that it has yet to go through."""
    held: int
    """Events that failed, or wait behind one that did, and will be sent."""
    dead: int
    """Events that were given up."""
    off_because: str | None
    rests_until: datetime | None


@dataclass(frozen=True, slots=True)
class DeadEvent:
    """An event that was given up; no appeal where lines of the ledger were gone."""

    hook_id: int
    seq: int
    appeal_id: int | None
    tries: int
    failure: str
    since: datetime
    """When it failed first."""
    dead_at: datetime


def hook_states() -> list[HookState]:
    """Return all hooks; raises Trouble."""
    settle()
    return at_one_moment(_states)


def _states() -> list[HookState]:
    last = last_seq()
    dead = HeldEvent.dead_at.is_null(False)
    found = (
        Hook.select(
            *(Hook.id, Hook.address, Hook.kinds, Source.name, Hook.source_id, Hook.has_messages),
            *(Hook.may_be_private, Hook.seq, _count(~dead), _count(dead)),
            *(Hook.off_because, Hook.rests_until),
        )
        .join(Source, JOIN.LEFT_OUTER, on=Source.id == Hook.source_id)
        .order_by(Hook.id)
    )
    return [_state(row, last) for row in rows(found)]


def _count(condition: object) -> "ModelSelect[HeldEvent]":
    return HeldEvent.select(fn.COUNT(HeldEvent.id)).where(HeldEvent.hook == Hook.id, condition)


def _state(row: tuple[Any, ...], last: int) -> HookState:
    key, address, kinds, name, source_id, messages, private, seq, held, dead, off, rests = row
    return HookState(
        key,
        clean(address),
        tuple(kinds.split(",")) if kinds else (),
        # Sources without history may be deleted.
        None if source_id is None else clean(name or f"#{source_id}"),
        messages,
        private,
        seq,
        max(0, last - seq),
        held,
        dead,
        off and clean(off),
        rests,
    )


def dead_events(hook_id: int | None = None) -> list[DeadEvent]:
    """Return the events that were given up, of one hook or of all; raises Trouble."""
    found = HeldEvent.select(
        *(HeldEvent.hook, HeldEvent.seq, HeldEvent.appeal_id, HeldEvent.attempts),
        *(HeldEvent.failure, HeldEvent.first_at, HeldEvent.dead_at),
    ).where(HeldEvent.dead_at.is_null(False))
    if hook_id is not None:
        found = found.where(HeldEvent.hook == hook_id)
    dead = at_one_moment(lambda: rows(found.order_by(HeldEvent.hook, HeldEvent.seq)))
    return [
        DeadEvent(hook, seq, appeal_id or None, tries, clean(failure), since, at)
        for hook, seq, appeal_id, tries, failure, since, at in dead
    ]

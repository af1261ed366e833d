"""What hooks have yet to send, as the tables have it: leases, cursors, and events that are held.

An event is held when it failed, or when an earlier one of its appeal is: the first of an appeal is
sent when it is due, those behind it follow. A hook is written to by whoever has its lease.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from peewee import Expression, fn

from leadboard.common.errors import Trouble
from leadboard.common.language import _
from leadboard.database.compiled_queries import Compiled, Param, chunks
from leadboard.database.connection import rows
from leadboard.database.program_tables import HeldEvent, Hook
from leadboard.database.transactions import reading, transact
from leadboard.hooks import schedule
from leadboard.queries.chosen_lines import ChosenLines
from leadboard.queries.hook_alarms import undelivered

LEASE = timedelta(seconds=30)
"""For how long a sender has a hook to itself; longer than a try may take."""

MOST_APPEALS, MOST_ROWS = 1_000, 10_000
"""Appeals with held events, and held events, from which on the cursor of a hook rests."""
MOST_DEAD = 10_000
"""Events given up from which on a hook is switched off."""
AT_ONCE, MOST_OF_ROUND = 64, 500
"""Held appeals, and their events, that one round takes."""


class LeaseLost(Exception):
    """Another sender has the hook, or it was set to another place; nothing was written."""


class HookRow(NamedTuple):
    """A hook as its sender needs it: what to send to where, from which place on."""

    id: int
    address: str
    chosen: ChosenLines
    has_messages: bool
    may_be_private: bool
    secret: str
    old_secret: str | None
    old_until: datetime | None
    seq: int
    rests_until: datetime | None
    off_because: str | None

    def secrets_at(self, now: datetime) -> Sequence[str]:
        """Return the secrets to sign with, the newest first."""
        is_old_known = self.old_secret and self.old_until and self.old_until > now
        return [self.secret, self.old_secret] if is_old_known and self.old_secret else [self.secret]


class HeldRow(NamedTuple):
    """An event that is held; its id is None until it is stored."""

    id: int | None
    seq: int
    appeal_id: int
    body: str
    attempts: int
    first_at: datetime
    due_at: datetime
    failure: str = ""
    is_unreachable: bool = False
    dead_at: datetime | None = None


@dataclass(slots=True)
class Settlement:
    """What a round has come to, to be stored at once: where the hook is, and what it still owes."""

    seq: int
    rests_until: datetime | None = None
    off_because: str | None = None
    done: list[int] = field(default_factory=list)
    """Ids of held events that have arrived."""
    owed: list[HeldRow] = field(default_factory=list)
    """Events that are held from now on, or differently than before."""
    back_since: datetime | None = None
    """What did not reach the receiver, and failed for the first time later, is due: it is back."""


_COLUMNS = (
    *(Hook.id, Hook.address, Hook.kinds, Hook.source_id, Hook.has_messages, Hook.may_be_private),
    *(Hook.secret, Hook.old_secret, Hook.old_until, Hook.seq, Hook.rests_until, Hook.off_because),
)
_HOOK = Compiled(lambda: Hook.select(*_COLUMNS).where(Hook.id == Param(Hook.id)))
_ON = Compiled(lambda: Hook.select(Hook.id).where(Hook.off_because.is_null()).order_by(Hook.id))


def hook_of(hook_id: int) -> HookRow | None:
    """Return a hook, None where there is none; raises Trouble."""
    found = reading(lambda: _HOOK.first(id=hook_id))
    if found is None:
        return None
    key, address, kinds, source_id, *rest = found
    chosen = ChosenLines(source_id, kinds=frozenset(kinds.split(",")) if kinds else frozenset())
    return HookRow(key, address, chosen, *rest)


def hooks_on() -> list[int]:
    """Return the ids of the hooks that are on; raises Trouble."""
    return reading(lambda: [key for (key,) in _ON.rows()])


# --- leases -----------------------------------------------------------------------------------


class Lease:
    """The right to send for a hook, for a while; `sender` is who has it."""

    def __init__(self, hook_id: int, sender: str) -> None:
        self.hook_id = hook_id
        self.sender = sender
        self._until: datetime | None = None

    def take(self, now: datetime) -> bool:
        """Take it, or keep it for longer; return False if another sender has it; raises Trouble."""
        until = now + LEASE
        is_free = Hook.sender.is_null() | (Hook.sender == self.sender) | (Hook.leased_until < now)
        mine = Hook.update(sender=self.sender, leased_until=until).where(
            Hook.id == self.hook_id, Hook.off_because.is_null(), is_free
        )
        is_taken = transact(lambda: int(mine.execute())) == 1
        self._until = until if is_taken else None
        return is_taken

    def keep(self, now: datetime) -> bool:
        """Tell whether it lasts for one more answer, after taking it for longer if need be."""
        if not self._lasts(now + LEASE * 2 / 3):
            # While the database is out of reach it goes on with what it has.
            with suppress(Trouble):
                self.take(now)
        return self._lasts(now + timedelta(seconds=schedule.TIMEOUT))

    def _lasts(self, moment: datetime) -> bool:
        return self._until is not None and moment < self._until

    def release(self) -> None:
        """Let others have it at once; raises Trouble."""
        free = Hook.update(sender=None, leased_until=None).where(
            Hook.id == self.hook_id, Hook.sender == self.sender
        )
        transact(lambda: free.execute())


# --- what is held -----------------------------------------------------------------------------

_BEFORE = HeldEvent.alias()


def _is_alive(hook_id: int) -> Expression:
    alive: Expression = (HeldEvent.hook == hook_id) & HeldEvent.dead_at.is_null()
    return alive


def _is_first() -> Expression:
    """Return the condition for the event that those of its appeal wait behind."""
    before = _BEFORE.select(_BEFORE.id).where(
        _BEFORE.hook == HeldEvent.hook,
        _BEFORE.appeal_id == HeldEvent.appeal_id,
        _BEFORE.seq < HeldEvent.seq,
        _BEFORE.dead_at.is_null(),
    )
    first: Expression = ~fn.EXISTS(before)
    return first


_PARTS = (
    *(HeldEvent.id, HeldEvent.seq, HeldEvent.appeal_id, HeldEvent.body, HeldEvent.attempts),
    *(HeldEvent.first_at, HeldEvent.due_at, HeldEvent.failure, HeldEvent.is_unreachable),
)


def due(hook_id: int, now: datetime) -> list[list[HeldRow]]:
    """Return what is due, by appeal and in order, those that are due longest first."""
    firsts = (
        HeldEvent.select(HeldEvent.appeal_id)
        .where(_is_alive(hook_id), HeldEvent.due_at <= now, _is_first())
        .order_by(HeldEvent.due_at, HeldEvent.seq)
        .limit(AT_ONCE)
    )
    appeals = [appeal_id for (appeal_id,) in rows(firsts)]
    return _in_order(hook_id, appeals) if appeals else []


def unreachable_after(hook_id: int, seq: int) -> list[list[HeldRow]]:
    """Return the first appeal behind a place, or of all, whose event did not reach the receiver."""
    lost = (
        HeldEvent.select(HeldEvent.appeal_id)
        .where(_is_alive(hook_id), HeldEvent.is_unreachable, _is_first())
        .order_by(HeldEvent.seq <= seq, HeldEvent.seq)
        .limit(1)
    )
    appeals = [appeal_id for (appeal_id,) in rows(lost)]
    return _in_order(hook_id, appeals) if appeals else []


def _in_order(hook_id: int, appeals: Sequence[int]) -> list[list[HeldRow]]:
    found = (
        HeldEvent.select(*_PARTS)
        .where(_is_alive(hook_id), HeldEvent.appeal_id.in_(appeals))
        .order_by(HeldEvent.appeal_id, HeldEvent.seq)
        .limit(MOST_OF_ROUND)
    )
    groups: dict[int, list[HeldRow]] = {each: [] for each in appeals}
    for row in rows(found):
        groups[row[2]].append(HeldRow(*row))
    return [group for group in groups.values() if group]


_ALIVE = Compiled(
    lambda: (
        HeldEvent.select(HeldEvent.appeal_id, fn.COUNT(HeldEvent.id))
        .where(HeldEvent.hook == Param(HeldEvent.hook), HeldEvent.dead_at.is_null())
        .group_by(HeldEvent.appeal_id)
    )
)


def held_by_appeal(hook_id: int) -> dict[int, int]:
    """Return how many events are held of each appeal that has some."""
    return dict(reading(lambda: _ALIVE.rows(hook_id=hook_id)))


def is_full(held: dict[int, int]) -> bool:
    """Tell whether so much is held that the ledger had better keep the rest for now."""
    return len(held) >= MOST_APPEALS or sum(held.values()) >= MOST_ROWS


# --- what came of a round ---------------------------------------------------------------------


def settle(lease: Lease, hook: HookRow, settlement: Settlement, now: datetime) -> None:
    """Store what a round has come to, in one transaction; raises LeaseLost, and Trouble.

    It may be called again with the same when it is not known whether it was stored.
    """
    transact(lambda: _settle(lease, hook, settlement, now))


def _settle(lease: Lease, hook: HookRow, settlement: Settlement, now: datetime) -> None:
    # By the place as well: somebody may have set the hook back while the round was on its way.
    moved = Hook.update(
        seq=settlement.seq,
        rests_until=settlement.rests_until,
        off_because=fn.COALESCE(Hook.off_because, settlement.off_because),
    ).where(Hook.id == hook.id, Hook.sender == lease.sender, Hook.seq == hook.seq)
    if moved.execute() != 1:
        raise LeaseLost
    _delete(settlement.done)
    # Before what has failed just now: that is not due again at once.
    if settlement.back_since:
        waiting = (HeldEvent.due_at > now, HeldEvent.first_at > settlement.back_since)
        due = HeldEvent.update(due_at=now).where(HeldEvent.is_unreachable, *waiting)
        due.where(_is_alive(hook.id)).execute()
    _hold(hook.id, settlement.owed)
    if any(each.dead_at for each in settlement.owed):
        _switch_off_if_useless(hook.id)


def _delete(ids: Sequence[int]) -> None:
    for chunk in chunks(ids):
        HeldEvent.delete().where(HeldEvent.id.in_(chunk)).execute()


def _hold(hook_id: int, owed: Sequence[HeldRow]) -> None:
    new = [{"hook": hook_id, **_without_id(each)} for each in owed if each.id is None]
    for chunk in chunks(new):
        # It is there already if this is stored for the second time.
        HeldEvent.insert_many(chunk).on_conflict_ignore().execute()
    for each in owed:
        if each.id is not None:
            HeldEvent.update(**_without_id(each)).where(HeldEvent.id == each.id).execute()


def _without_id(row: HeldRow) -> dict[str, object]:
    columns: dict[str, object] = row._asdict()
    del columns["id"]
    return columns


def _switch_off_if_useless(hook_id: int) -> None:
    dead = HeldEvent.select().where(HeldEvent.hook == hook_id, HeldEvent.dead_at.is_null(False))
    if dead.count() >= MOST_DEAD:
        Hook.update(off_because=undelivered(MOST_DEAD)).where(Hook.id == hook_id).execute()


GAP = 0
"""The appeal of an entry in the list of failures that stands for lines that are gone."""


def behind_gap(hook: HookRow, oldest: int, now: datetime) -> Settlement:
    """Return that a hook goes on from the oldest line, with what is gone among its failures."""
    gone = _(
        "the ledger was pruned: the lines from {first} to {last} were not sent",
        first=hook.seq + 1,
        last=oldest,
    )
    gap = HeldRow(None, oldest, GAP, "", 0, now, now, gone, False, now)
    return Settlement(oldest, hook.rests_until, owed=[gap])

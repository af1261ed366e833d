"""The sender of one hook: it takes the lease when there is something to send, and sends rounds."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from leadboard.common.errors import Trouble
from leadboard.database import fields
from leadboard.database.transactions import reading
from leadboard.hooks import outbox
from leadboard.hooks.complaints import Complaints
from leadboard.hooks.outbox import HeldRow, HookRow, Lease, LeaseLost, Settlement
from leadboard.hooks.results import settlement_of, was_failure
from leadboard.hooks.rounds import Round, Tried
from leadboard.hooks.schedule import Reach
from leadboard.hooks.sending import Letter, Outcome, Poster
from leadboard.queries.ledger_lines import LedgerLine, Pruned, fields_of, lines_after, present

PAUSE = 0.5
"""Seconds between two looks for something to send."""
RETRY = 1.0
"""Seconds between two tries to reach the database."""
LINES = 200
"""Lines of the ledger that one round sends."""


@dataclass(slots=True)
class Surroundings:
    """What a sender needs to know of the program that it runs in."""

    name: str
    """Its name as a sender, unlike that of any other."""
    is_stopping: Callable[[], bool]
    wait: Callable[[float], object]
    """Sleeps for some seconds, or until it must stop."""
    complaints: Complaints
    now: Callable[[], datetime] = fields.now


class HookSender:
    """Sends what one hook has yet to get; it belongs to one thread."""

    def __init__(self, hook_id: int, around: Surroundings, poster: Poster | None = None) -> None:
        self.hook_id = hook_id
        self.failures = 0
        """Events that could not be delivered when they were tried."""
        self._around = around
        self._runner = asyncio.Runner()
        self._poster = poster
        self._reach = Reach(around.now())
        self._probed = 0
        self._read: deque[LedgerLine] = deque()
        self._read_after = -1

    def close(self) -> None:
        """Close the connections."""
        if self._poster is not None:
            self._runner.run(self._poster.close())
        self._runner.close()

    def turn(self) -> bool:
        """Send all that can be sent now; return False when the hook is off or gone.

        Raises Trouble when the database cannot be used; it may be called again.
        """
        hook = outbox.hook_of(self.hook_id)
        if hook is None or hook.off_because is not None:
            return False
        if not self._has_work(hook):
            return True
        lease = Lease(self.hook_id, self._around.name)
        if lease.take(self._around.now()):
            try:
                while self._round(lease):
                    pass
            finally:
                # Else it ends by itself.
                with suppress(Trouble):
                    lease.release()
        return True

    def _has_work(self, hook: HookRow) -> bool:
        now = self._around.now()
        if _rests(hook, now):
            return False
        if self._held(now):
            return True
        may_read = not self._reach.is_down or self._reach.is_probe_due(now)
        return may_read and hook.seq != present() and not self._is_full()

    def _is_full(self) -> bool:
        return outbox.is_full(outbox.held_by_appeal(self.hook_id))

    def _held(self, now: datetime) -> list[list[HeldRow]]:
        """Return the held events to be tried: those that are due, else one as a probe."""
        due = reading(lambda: outbox.due(self.hook_id, now))
        if due or not self._reach.is_probe_due(now):
            return due
        return reading(lambda: outbox.unreachable_after(self.hook_id, self._probed))

    # --- one round ----------------------------------------------------------------------------

    def _round(self, lease: Lease) -> bool:
        """Send a round of events; return whether there may be more to send at once."""
        hook, now = outbox.hook_of(self.hook_id), self._around.now()
        if hook is None or hook.off_because is not None or _rests(hook, now):
            return False
        stuck = outbox.held_by_appeal(self.hook_id)
        held = self._held(now)
        try:
            lines = [] if outbox.is_full(stuck) else self._lines(hook, now)
        except Pruned as gone:
            return self._skip(lease, hook, gone)
        if not held and not lines:
            return False
        groups, behind = _sorted(hook, stuck, lines, now)
        tried = self._send(lease, hook, [*held, *groups])
        if held and self._reach.is_probe_due(now):
            self._probed = held[0][0].seq
        place = lines[-1].seq if lines else hook.seq
        settlement = settlement_of(self._reach, place, tried, self._around.now())
        settlement.owed += behind
        self.failures += sum(was_failure(each) for each in tried)
        return self._store(lease, hook, settlement)

    def _lines(self, hook: HookRow, now: datetime) -> list[LedgerLine]:
        """Return the next lines of the ledger; while the receiver is down one as a probe.

        One that is new, since what is held may be what nobody could take.
        """
        if self._reach.is_down and not self._reach.is_probe_due(now):
            return []
        if self._read_after != hook.seq or not self._read:
            present()
            self._read = deque(lines_after(hook.seq, messages=hook.has_messages))
        taken: list[LedgerLine] = []
        while self._read and len(taken) < LINES:
            taken.append(self._read.popleft())
            if self._reach.is_down and taken[-1] in hook.chosen:
                break
        self._read_after = taken[-1].seq if taken else hook.seq
        return taken

    def _skip(self, lease: Lease, hook: HookRow, gone: Pruned) -> bool:
        """Go on behind a gap in the ledger; a place that never was switches the hook off."""
        if hook.seq < gone.oldest:
            gap = outbox.behind_gap(hook, gone.oldest, self._around.now())
            return self._store(lease, hook, gap)
        return self._store(lease, hook, Settlement(hook.seq, off_because=str(gone)))

    def _send(self, lease: Lease, hook: HookRow, groups: list[list[HeldRow]]) -> list[Tried]:
        around = self._around

        def may_go_on() -> bool:
            return not around.is_stopping() and lease.keep(around.now())

        async def send(event: HeldRow) -> Outcome:
            self._poster = self._poster or Poster()
            now = around.now()
            return await self._poster.send(letter_of(hook, event, now), now)

        return self._runner.run(Round(groups, send, may_go_on).run())

    def _store(self, lease: Lease, hook: HookRow, settlement: Settlement) -> bool:
        """Store what came of a round; return False if others have taken over.

        It is repeated while the database is out of reach: what has arrived would be sent again.
        """
        while True:
            try:
                outbox.settle(lease, hook, settlement, self._around.now())
                self._around.complaints.clear()
                return not self._around.is_stopping() and settlement.off_because is None
            except LeaseLost:
                return False
            except Trouble as trouble:
                if self._around.is_stopping():
                    raise
                self._around.complaints.add(trouble)
            self._around.wait(RETRY)


def _rests(hook: HookRow, now: datetime) -> bool:
    return hook.rests_until is not None and now < hook.rests_until


def _sorted(
    hook: HookRow, stuck: Collection[int], lines: Sequence[LedgerLine], now: datetime
) -> tuple[list[list[HeldRow]], list[HeldRow]]:
    """Return what is to be sent, by appeal, and the lines that must wait behind a held one."""
    fresh: dict[int, list[HeldRow]] = {}
    behind: list[HeldRow] = []
    for line in lines:
        if line in hook.chosen:
            event = HeldRow(None, line.seq, line.appeal_id, body_of(line), 0, now, now)
            waits = line.appeal_id in stuck
            (behind if waits else fresh.setdefault(line.appeal_id, [])).append(event)
    return list(fresh.values()), behind


def body_of(line: LedgerLine) -> str:
    """Return a line of the ledger as it is sent: the object that followers get, as JSON."""
    return json.dumps(fields_of(line), ensure_ascii=False, separators=(",", ":"))


def letter_of(hook: HookRow, event: HeldRow, now: datetime) -> Letter:
    """Return an event as a hook's receiver gets it; its id is the same at each try."""
    return Letter(
        hook.address, hook.may_be_private, hook.secrets_at(now), f"evt_{event.seq}", event.body
    )

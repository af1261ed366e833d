"""One round of a hook: events of several appeals are sent at once, those of each in their order."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from leadboard.hooks.outbox import HeldRow
from leadboard.hooks.sending import Outcome, Verdict

AT_ONCE = 8
"""Appeals of which events are on their way at the same time."""
TICK = 0.2
"""Seconds between two looks whether the round must end."""
GRACE = 5.0
"""Seconds that answers have to come in when the round must end."""


class Tried(NamedTuple):
    """An event and what came of it; None for one that was not sent, or had no answer in the end."""

    event: HeldRow
    outcome: Outcome | None


@dataclass(slots=True)
class Round:
    """Sends groups of events, one appeal each: what follows a failure in its group is not sent."""

    groups: Sequence[Sequence[HeldRow]]
    send: Callable[[HeldRow], Awaitable[Outcome]]
    may_go_on: Callable[[], bool]
    """Asked before each event, and now and then while answers are awaited."""
    _outcomes: dict[int, Outcome] = field(default_factory=dict)
    _is_over: bool = False

    async def run(self) -> list[Tried]:
        """Send all that can be sent, and return what came of every event."""
        waiting = deque(self.groups)
        count = min(AT_ONCE, len(waiting))
        tasks = [asyncio.create_task(self._work(waiting)) for _ in range(count)]
        working = set(tasks)
        try:
            while working and self.may_go_on():
                done, working = await asyncio.wait(working, timeout=TICK)
                for task in done:
                    task.result()  # raises what no receiver can have caused
        finally:
            self._is_over = True
            await _end(tasks)
        return [
            Tried(event, self._outcomes.get(event.seq)) for group in self.groups for event in group
        ]

    async def _work(self, waiting: "deque[Sequence[HeldRow]]") -> None:
        while waiting and not self._is_over:
            for event in waiting.popleft():
                if self._is_over or not self.may_go_on():
                    break
                outcome = self._outcomes[event.seq] = await self.send(event)
                if outcome.verdict is Verdict.GONE or outcome.rest:
                    self._is_over = True
                if outcome.verdict is not Verdict.DELIVERED:
                    break


async def _end(tasks: "Sequence[asyncio.Task[None]]") -> None:
    """Wait a little for the answers that are due, then no longer."""
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=GRACE)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

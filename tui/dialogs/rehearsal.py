"""A replay beside the screen: in slices with rests between them, so that no key has to wait."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from leadboard.common.language import _
from leadboard.foresight.draft import TeamDraft
from leadboard.foresight.outcome import Deviations, ReplayOutcome, spread_of
from leadboard.foresight.replay import Replay
from leadboard.foresight.replay_state import Ground
from leadboard.queries.past import TimeWindow, past_of

REPEATS = 20
"""Replays with other random numbers, for the error bars."""
TELL = 0.1
"""Seconds between reports of how far it is."""
TURN = 0.0005
"""Seconds after which the threads of this program take turns, instead of Python's 0.005."""
REST = 0.5
"""How long this thread rests after a slice, as a multiple of it."""
QUIET = 0.15
"""Seconds without a key after which it goes on."""


class RehearsalStopped(Exception):
    """Somebody has stopped the replay, or closed the sheet."""


@dataclass(frozen=True, slots=True)
class Report:
    """How far a rehearsal is, and what it knows so far."""

    words: str
    done: int
    total: int
    outcome: ReplayOutcome | None = None
    spread: Deviations | None = None


class Rehearsal:
    """One window replayed under one draft, again and again; run on a thread of its own."""

    def __init__(
        self,
        window: TimeWindow,
        draft: TeamDraft,
        tell: Callable[[Report], object],
        is_typing: Callable[[], bool],
    ) -> None:
        self._window = window
        self._draft = draft
        self._tell = tell
        self._is_typing = is_typing
        self._is_stopped = threading.Event()
        self._outcomes: list[ReplayOutcome] = []
        self._told = self._slice_begun = 0.0

    def stop(self) -> None:
        """Let it end after the slice under way."""
        self._is_stopped.set()

    def run(self) -> Report:
        """Return the last report; raises Trouble and RehearsalStopped."""
        with _short_turns():
            self._slice_begun = time.monotonic()
            history = past_of(self._window, self._has_read)
            ground = Ground.of(history)
            for seed in range(REPEATS):
                self._replay(ground, seed)
        return self._report("", REPEATS, REPEATS)

    def _has_read(self, done: int, total: int) -> None:
        self._rest()
        self._tell_now_and_then(_("reading the ledger"), done, total)

    def _replay(self, ground: Ground, seed: int) -> None:
        self._rest()
        replay = Replay(ground, self._draft, seed=seed)
        done, total = 0, len(ground.history.steps)
        while replay.go_on():
            done += 1
            self._rest()
            if not self._outcomes:
                self._tell_now_and_then(_("replaying"), min(total, done * 300), total)
        self._outcomes.append(replay.outcome())
        self._tell(self._report(_("repeating for the ± values"), seed + 1, REPEATS))

    def _tell_now_and_then(self, words: str, done: int, total: int) -> None:
        if time.monotonic() - self._told > TELL:
            self._told = time.monotonic()
            self._tell(self._report(words, done, total))

    def _report(self, words: str, done: int, total: int) -> Report:
        first = self._outcomes[0] if self._outcomes else None
        return Report(words, done, total, first, spread_of(self._outcomes))

    def _rest(self) -> None:
        """Rest after a slice, and as long as somebody types; raises RehearsalStopped."""
        time.sleep(REST * (time.monotonic() - self._slice_begun))
        while self._is_typing() and not self._is_stopped.is_set():
            time.sleep(QUIET / 3)
        if self._is_stopped.is_set():
            raise RehearsalStopped
        self._slice_begun = time.monotonic()


@contextmanager
def _short_turns() -> Iterator[None]:
    """Let the screen's thread have its turn soon after it asks."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)

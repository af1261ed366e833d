"""A replay: the same arrivals and acts once more, as they were and under a draft, side by side.

Two worlds go through one history. In the one everything happens as the ledger says. In the other
each draw is made under the draft, and an appeal is closed as long after it got its operator as it
was. Where nothing sets the two apart the second follows the first draw by draw, whatever the
reasons of what happened; so a draft that changes nothing changes nothing. Elsewhere waiting appeals
are handed out as the allocator does it, oldest first, whenever there may be room.
"""

import heapq
import math
from itertools import islice

from leadboard.foresight.couplings import Coupling
from leadboard.foresight.draft import TeamDraft
from leadboard.foresight.happenings import Happenings
from leadboard.foresight.history import PastSpan
from leadboard.foresight.outcome import ReplayOutcome, outcome_of
from leadboard.foresight.replay_state import Ground, ReplayState
from leadboard.foresight.worlds import MARKS

SLICE = 300
"""Steps of a history that are done at a time."""


class Replay:
    """One replay, which goes on in slices."""

    def __init__(
        self, ground: Ground, draft: TeamDraft, coupling: Coupling = "keep", seed: int = 0
    ) -> None:
        self.state = ReplayState(ground, draft, coupling, seed)
        self._history = ground.history
        self._steps = iter(self._history.steps)
        self._act = 0
        begun, ended = self._history.begun, self._history.ended
        between = ((ended - begun) * at / (MARKS - 1) for at in range(MARKS - 1))
        self._marks = iter([*(begun + each for each in between), ended])
        self._next_mark: float = next(self._marks)
        self._at = begun
        self._do = Happenings(self.state).handlers()

    def go_on(self, count: int = SLICE) -> bool:
        """Do some more steps; return False at the end."""
        done, state = 0, self.state
        for step in islice(self._steps, count):
            done += 1
            # What one act did is settled as a whole; each arrival is one of its own.
            if step[2] != self._act or not step[2]:
                if state.has_room:
                    self._settle()
                self._act = step[2]
            self._come_to(step[1])
            self._do[step[0]](step)
        if done < count:
            self._settle()
            self._come_to(self._history.ended)
        return done == count

    def finish(self) -> ReplayOutcome:
        """Do all that is left, and return what came of it."""
        while self.go_on():
            pass
        return self.outcome()

    def outcome(self) -> ReplayOutcome:
        """Return what came of the replay."""
        return outcome_of(self.state)

    # Time.

    def _come_to(self, at: float) -> None:
        """Let time go on; it never goes back, though clocks of two writers may differ."""
        closings = self.state.closings
        while closings and closings[0][0] <= at:
            self._close_due(*heapq.heappop(closings))
        if self._next_mark <= at:
            self._pass_marks(at)
        if at > self._at:
            self._at = at

    def _pass_marks(self, at: float) -> None:
        while self._next_mark <= at:
            self.state.was.sample()
            self.state.now.sample()
            self._next_mark = next(self._marks, math.inf)

    def _close_due(self, at: float, stamp: int, appeal: int) -> None:
        fate = self.state.own.get(appeal)
        if fate is not None and fate.stamp == stamp:
            self._pass_marks(at)
            self._at = max(self._at, at)
            self.state.let_go_now(appeal, at)
            self._settle()

    def _settle(self) -> None:
        """Hand out what waits under the draft, as far as there may be room for it."""
        state = self.state
        if not state.has_room:
            return
        state.has_room = False
        front = [
            (oldest, source)
            for source, waiting in state.now.waiting.items()
            if waiting
            and not state.is_alike(source)
            and (oldest := state.now.oldest(source)) is not None
        ]
        heapq.heapify(front)
        while front:
            appeal, source = heapq.heappop(front)
            if not state.is_open_to(source):
                continue  # with nobody left for one there is nobody for the rest
            place = state.by_team(source, state.next_drawn(appeal))
            assert place is not None, "somebody is left"
            self._hand_out(appeal, source, place)
            if (oldest := state.now.oldest(source)) is not None:
                heapq.heappush(front, (oldest, source))

    def _hand_out(self, appeal: int, source: int, place: int) -> None:
        state = self.state
        state.now.stop_waiting(appeal, source, self._at)
        state.give_now(appeal, place, self._at)
        state.keep_pace(appeal, source, self._at)
        state.compare(appeal, source)


def replayed(
    history: PastSpan, draft: TeamDraft, coupling: Coupling = "keep", seed: int = 0
) -> ReplayOutcome:
    """Return what would have come of a history under a draft."""
    return Replay(Ground.of(history), draft, coupling, seed).finish()

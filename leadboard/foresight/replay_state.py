"""The state of a replay: two worlds side by side, where they differ, and draws under the draft."""

import heapq
import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from leadboard.allocation.lottery import BY_LOTTERY, Candidates
from leadboard.foresight.couplings import COUPLINGS, Coupling, Drawn
from leadboard.foresight.draft import TeamDraft
from leadboard.foresight.handling import Handling
from leadboard.foresight.history import HANDED_OUT, SENT_HOME, PastLine, PastSpan
from leadboard.foresight.rosters import Base, DraftRosters, RecordedRoster, RecordedRosters
from leadboard.foresight.strategic import Credit, choice_of, owes
from leadboard.foresight.team_then import TeamThen
from leadboard.foresight.worlds import World

Later = Mapping[int, list[PastLine]]
"""By appeal, the draws that were made for it while it waited."""


class Ground(NamedTuple):
    """What all replays of one history share."""

    history: PastSpan
    ids: Sequence[int]
    """Every operator, also those who were deleted since, in the order of the wheel."""
    rosters: RecordedRosters
    handling: Handling
    later: Later
    sources: Mapping[int, int]
    """The source of each appeal, if anybody was sent home."""

    @classmethod
    def of(cls, history: PastSpan) -> "Ground":
        """Return what replays of a history share."""
        later: dict[int, list[PastLine]] = {}
        lines = [step for step in history.steps if isinstance(step, PastLine)]
        for line in lines:
            if line.kind == HANDED_OUT:
                later.setdefault(line.appeal, []).append(line)
        goes_home = any(line.kind == SENT_HOME for line in lines)
        sources = {line.appeal: line.source for line in lines} if goes_home else {}
        ids = sorted(_ids(history))
        rosters = RecordedRosters(history.rosters, {each: at for at, each in enumerate(ids)})
        return cls(history, ids, rosters, Handling(history), later, sources)


def _ids(history: PastSpan) -> set[int]:
    ids = set(history.hands)
    ids |= {each for column in history.weights.values() for each in column}
    for roster in history.rosters.values():
        ids.update([each.operator_id for each in roster.entries])
    for step in history.steps:
        ids.add(step.operator or 0)
        ids.add((step.was if isinstance(step, PastLine) else None) or 0)
    return ids - {0}


class Fate(NamedTuple):
    """When an appeal is closed in the world of the draft, if it is not when it was."""

    stamp: int
    source: int


class ReplayState:
    """Two worlds, the team then, and what makes draws under the draft."""

    def __init__(self, ground: Ground, draft: TeamDraft, coupling: Coupling, seed: int) -> None:
        self.ground, self.history = ground, ground.history
        self.rng = random.Random(seed)
        self.couple = COUPLINGS[coupling]
        self.team = TeamThen(self.history, ground.ids, draft)
        self.rosters = DraftRosters(draft, self.team.places, ground.rosters)
        loads, begun = self.team.loads, self.history.begun
        self.was = World(loads, self.team.limits, begun)
        self.now = World(loads, self.team.drafted_limits, begun)
        self.gaps = [0] * len(loads)
        """By how much the loads differ."""
        self.apart = self.team.fixed
        """Whose load, limit or activity differs, as the bits of a number."""
        self.odd: dict[int, set[int]] = {source: set() for source in self.team.sources}
        """By source, the appeals that wait in one of the worlds alone."""
        self.drafted = self.rosters.drafted
        self.own: dict[int, Fate] = {}
        self.closings: list[tuple[float, int, int]] = []
        self.got_at: dict[int, float] = {}
        self.drawn_before: dict[int, int] = {}
        self.spare: dict[int, list[Drawn]] = {}
        self.credit = Credit(self.team.places)
        self.stamps = 0
        self.has_room = False
        self._begin()

    def _begin(self) -> None:
        """Put both worlds into the state in which the time began."""
        for source, appeals in self.history.waiting.items():
            for appeal in appeals:
                self.was.wait(appeal, source, self.history.begun)
                self.now.wait(appeal, source, self.history.begun)
        for appeal, operator_id in self.history.held.items():
            place = self.team.places[operator_id]
            self.was.held[appeal] = self.now.held[appeal] = place
        self.has_room = True

    # Loads and queues, and where they differ.

    def shift(self, place: int, by: int) -> None:
        """Move how far the load under the draft is above the one that was."""
        gap = self.gaps[place] = self.gaps[place] + by
        if gap or self.team.fixed >> place & 1:
            self.apart |= 1 << place
        else:
            self.apart &= ~(1 << place)

    def give_was(self, appeal: int, place: int, at: float) -> None:
        """Let an operator have an appeal, as it was."""
        self.was.give(appeal, place, at)
        self.got_at[appeal] = at
        self.shift(place, -1)

    def let_go_was(self, appeal: int, at: float) -> None:
        """Take an appeal from its operator, as it was."""
        if (place := self.was.let_go(appeal, at)) is not None:
            self.shift(place, 1)

    def give_now(self, appeal: int, place: int, at: float) -> None:
        """Let an operator have an appeal under the draft."""
        self.now.give(appeal, place, at)
        self.shift(place, 1)

    def let_go_now(self, appeal: int, at: float) -> bool:
        """Take an appeal from its operator under the draft, whose place is free then."""
        place = self.now.let_go(appeal, at)
        if place is None:
            return False
        self.own.pop(appeal, None)
        self.shift(place, -1)
        self.has_room = True
        return True

    def compare(self, appeal: int, source: int) -> None:
        """Note whether an appeal waits in one of the worlds alone."""
        if self.was.is_waiting(appeal, source) != self.now.is_waiting(appeal, source):
            self.odd[source].add(appeal)
        else:
            self.odd[source].discard(appeal)

    def is_alike(self, source: int) -> bool:
        """Tell whether nothing that decides about a source differs between the worlds."""
        if source in self.drafted or self.odd[source] or self.credit.is_apart(source):
            return False
        return not self.apart & self.team.serving(source)

    # Draws.

    def drawn(self, line: PastLine) -> Drawn | None:
        """Return the draw of a line, None if it has none that can be made again."""
        if line.roster is None or line.draw is None or line.operator is None:
            return None
        roster = self.ground.rosters.of(line.roster)
        base, place = self.rosters.as_drawn(roster), self.team.places[line.operator]
        if not base.weight(place, roster.closed):
            return None
        return Drawn(base, roster.closed, line.draw, place)

    def next_drawn(self, appeal: int) -> Drawn | None:
        """Return the next draw that was made for an appeal and not used yet."""
        if spare := self.spare.get(appeal):
            return spare.pop(0)
        lines, used = self.ground.later.get(appeal, ()), self.drawn_before.get(appeal, 0)
        if used >= len(lines):
            return None
        self.drawn_before[appeal] = used + 1
        return self.drawn(lines[used])

    def by_roster(self, line: PastLine, drawn: Drawn | None) -> int | None:
        """Draw from the roster of a line under the draft; None if nobody is left."""
        if line.roster is None:
            return self.by_team(line.source, drawn)
        roster = self.ground.rosters.of(line.roster)
        base = self.rosters.of_roster(roster, line.source, self.team.off)
        if roster.strategy != BY_LOTTERY:
            return self._by_strategy_of(line, base, roster, drawn)
        return self.couple(drawn, base, self._full(base, roster), self.rng)

    def _full(self, base: Base, roster: RecordedRoster) -> int:
        # Of those who are no different the roster tells best whether they were full.
        model = self.apart | base.new
        return (roster.full & ~model) | (self.now.full & model)

    def _by_strategy_of(
        self, line: PastLine, base: Base, roster: RecordedRoster, drawn: Drawn | None
    ) -> int | None:
        """Draw as the strategy of a roster would: where all is alike, as it did."""
        assert line.roster is not None, "a strategy is told by a roster"
        content = self.ground.rosters.content(line.roster)
        is_alike = self.is_alike(line.source)
        if line.operator is not None:
            self.credit.note(line.source, content, line.operator)
        if is_alike:
            return self.couple(drawn, base, roster.closed, self.rng)
        full = self._full(base, roster)
        return self._by_strategy(line.source, base, full, roster.strategy, content, drawn)

    def _by_strategy(
        self,
        source: int,
        base: Base,
        full: int,
        name: str,
        content: Candidates | None,
        drawn: Drawn | None,
    ) -> int | None:
        owed = self.credit.before(source, content)
        choice = choice_of(source, base, full, name, (self.now.loads, self.now.limits, owed))
        if choice is None:
            return self.couple(drawn, base, full, self.rng)
        place = self.couple(drawn, base, choice.closed, self.rng)
        if place is not None and owes(choice.strategy):
            self.credit.give(choice, owed, place)
        return place

    def by_team(self, source: int, drawn: Drawn | None) -> int | None:
        """Draw from the team as it was then, under the draft; None if nobody is left."""
        base, full = self.team.base(source, self.rosters), self.now.full
        name = self.history.strategies.get(source, BY_LOTTERY)
        if name != BY_LOTTERY:
            return self._by_strategy(source, base, full, name, None, drawn)
        return self.couple(drawn, base, full, self.rng)

    def is_open_to(self, source: int) -> bool:
        """Tell whether anybody could take an appeal of a source under the draft."""
        return bool(self.team.base(source, self.rosters).total(self.now.full))

    # Closings.

    def keep_pace(self, appeal: int, source: int, at: float) -> None:
        """Let an appeal be closed when it was if it was got at the same moment, else on its own."""
        if appeal in self.was.held and self.got_at.get(appeal) == at:
            return
        self.stamps += 1
        self.own[appeal] = Fate(self.stamps, source)
        seconds = self.ground.handling.of(appeal, source, self.rng)
        if seconds is not None:
            heapq.heappush(self.closings, (at + seconds, self.stamps, appeal))

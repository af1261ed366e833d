"""Floors of operators, in numbers alone: fair and bent lotteries, and all that changes rosters."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from leadboard.allocation.fairness import DrawCounts
from leadboard.allocation.lottery import FULL, Candidate, Candidates, Wheel

RUSH = 200
"""Arrivals of a rush, and between two."""
FRIEND = 1
"""The operator whom a bent lottery favours, and a dishonest hand."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What else happens, as chances beside each arrival; `lost` is that of a claim to be late."""

    returns: float = 0.0
    moves: float = 0.0
    lost: float = 0.0
    homes: float = 0.0


@dataclass(frozen=True, slots=True)
class Floor:
    """A floor: weights go up to `heaviest`; `busy` is how many appeals are open, by places.

    With a `rush` they are that many in every second RUSH arrivals.
    """

    operators: int
    limit: int = 1_000_000
    busy: float = 1e-6
    heaviest: int = 9
    sources: int = 1
    hands: Hands = Hands()
    rush: float | None = None


HANDS = Hands(returns=0.1, moves=0.05, lost=0.05, homes=0.01)
FLOORS = {
    "steady, 2": Floor(2),
    "steady, 6": Floor(6),
    "steady, 40": Floor(40),
    "equal, 6": Floor(6, heaviest=1),
    "equal, 40": Floor(40, heaviest=1),
    "steep, 6": Floor(6, heaviest=1_000_000, hands=HANDS),
    "saturating, 2": Floor(2, 3, 0.8, hands=HANDS),
    "saturating, 6": Floor(6, 3, 0.8, hands=HANDS),
    "saturating, 40": Floor(40, 3, 0.85, hands=HANDS),
    "overloaded, 6": Floor(6, 3, 1.5, hands=HANDS),
    "three sources, 12": Floor(12, 4, 0.7, sources=3, hands=HANDS),
}
"""Floors by a name and the number of operators."""

SHAPES = {
    "steady": Floor(6, heaviest=1),
    "bursty": Floor(6, 4, 0.4, rush=1.3),
    "saturating": Floor(6, 4, 0.8),
    "overloaded": Floor(6, 3, 1.5),
    "breaks": Floor(6, 20, 0.3, hands=Hands(homes=0.02)),
    "tiny": Floor(3, 2, 0.5),
    "two operators": Floor(2, 10, 0.6),
    "many": Floor(40, 3, 0.85),
}
"""The floors that the tests are measured on, by what they are like."""
MEDDLING = Hands(returns=0.35, moves=0.1, lost=0.02, homes=0.02)
"""Half of the appeals are returned, moved, or sent home with their operator."""
SHAPES |= {f"{name}, meddled": replace(floor, hands=MEDDLING) for name, floor in SHAPES.items()}


class Day:
    """What a seed makes happen on a floor; the tally has every draw, whatever became of it."""

    def __init__(self, floor: Floor, seed: int, bend: float = 0.0) -> None:
        self._floor, self._bend = floor, bend
        self._rng = rng = random.Random(seed)
        everybody = range(1, floor.operators + 1)
        self._weights = [
            {each: rng.randint(1, floor.heaviest) for each in everybody if self._serves(each, at)}
            for at in range(floor.sources)
        ]
        self._loads = dict.fromkeys(everybody, 0)
        self._away: set[int] = set()
        self._open: list[tuple[int, int]] = []
        self._wheels: dict[tuple[int, frozenset[int]], tuple[int, Wheel]] = {}
        self.rosters: list[Candidates] = []
        self._tally, self._draws, self._arrivals = DrawCounts(self.rosters.__getitem__), 0, 0

    def run(self, draws: int) -> DrawCounts:
        """Let appeals arrive until there are so many draws; return them counted."""
        floor = self._floor
        while self._draws < draws:
            self._arrivals += 1
            self._place(self._rng.randrange(floor.sources))
            self._perhaps(floor.hands.returns, self._return)
            self._perhaps(floor.hands.moves, self._move)
            self._perhaps(floor.hands.homes, self._come_or_go)
            self._close()
        return self._tally

    def _perhaps(self, chance: float, happen: Callable[[], None]) -> None:
        if chance and self._rng.random() < chance:
            happen()

    def _serves(self, operator_id: int, source: int) -> bool:
        """Tell who serves a source: of three, the first two share nobody with the third."""
        return self._floor.sources == 1 or operator_id % 2 == (source == 2)

    def _has_room(self, operator_id: int) -> bool:
        return operator_id not in self._away and self._loads[operator_id] < self._floor.limit

    def _wheel(self, source: int, lost: set[int]) -> tuple[int, Wheel]:
        weights = self._weights[source]
        full = frozenset(each for each in weights if each in lost or not self._has_room(each))
        if (source, full) not in self._wheels:
            entries = (Candidate(k, w, FULL if k in full else None) for k, w in weights.items())
            self.rosters.append(Candidates(tuple(entries)))
            self._wheels[source, full] = len(self.rosters) - 1, Wheel.of(self.rosters[-1])
        return self._wheels[source, full]

    def _place(self, source: int) -> None:
        """Draw until a claim is not lost to somebody else; an appeal that nobody can take goes."""
        lost: set[int] = set()
        while True:
            roster_id, wheel = self._wheel(source, lost)
            if (operator_id := self._turn(wheel)) is None:
                break
            self._tally.add(roster_id, operator_id)
            self._draws += 1
            if self._rng.random() >= self._floor.hands.lost:
                self._take(operator_id, source)
                break
            lost.add(operator_id)

    def _turn(self, wheel: Wheel) -> int | None:
        if (turned := wheel.turn(self._rng)) is None:
            return None
        if not self._bend or FRIEND not in wheel.ids:
            return turned[0]
        # So that the friend's chance grows by exactly the bend; the friend comes first of all.
        rest = 1 - wheel.edges[0] / wheel.edges[-1]
        return FRIEND if self._rng.random() * rest < self._bend else turned[0]

    def _take(self, operator_id: int, source: int) -> None:
        self._loads[operator_id] += 1
        self._open.append((operator_id, source))

    def _give_up(self, at: int) -> tuple[int, int]:
        self._open[at], self._open[-1] = self._open[-1], self._open[at]
        self._loads[self._open[-1][0]] -= 1
        return self._open.pop()

    def _any(self) -> int:
        return self._rng.randrange(len(self._open))

    def _close(self) -> None:
        floor = self._floor
        is_rush = self._arrivals // RUSH % 2
        busy = floor.rush if floor.rush and is_rush else floor.busy
        closings = len(self._open) / (busy * floor.limit * floor.operators)
        for _ in range(int(closings + self._rng.random())):
            if self._open:
                self._give_up(self._any())

    def _return(self) -> None:
        """Return an appeal to the lottery, but not the friend's."""
        if self._open and self._open[at := self._any()][0] != FRIEND:
            self._place(self._give_up(at)[1])

    def _move(self) -> None:
        """Give an appeal to somebody by hand."""
        to = self._rng.randint(1, self._floor.operators)
        if self._open and self._has_room(to):
            self._take(to, self._give_up(self._any())[1])

    def _come_or_go(self) -> None:
        """Send somebody home, with a new draw for each of their appeals, or call them back."""
        if self._away:
            self._away.clear()
            return
        leaves = self._rng.randint(1, self._floor.operators)
        theirs = [each for each in self._open if each[0] == leaves]
        self._open = [each for each in self._open if each[0] != leaves]
        self._away, self._loads[leaves] = {leaves}, 0
        for _, source in theirs:
            self._place(source)

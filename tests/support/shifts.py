"""Floors that live on their own clock, written without the forecasts that are tried on them.

Appeals come by Poisson processes whose rates may change; each is held for a time of its own, drawn
when somebody takes it. What the last hour counted is kept as the ledger would have it.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp

from leadboard.foresight.floor import Floor, Places, Rate, Stream, faded, pooled
from leadboard.foresight.staffing import places_for

HOUR = 60.0
HANDLING = 30.0
"""Minutes for which an appeal is held on average."""

Pace = Callable[[float], float]
"""Returns the arrivals per minute at a minute."""


@dataclass(slots=True)
class Operator:
    """One operator of a simulated floor."""

    limit: int
    is_active: bool = True
    load: int = 0


@dataclass(slots=True)
class Source:
    """One source: how fast its appeals come, at the most, and who takes them."""

    pace: Pace
    fastest: float
    weights: Mapping[int, int]
    handling: float = HANDLING
    came: deque[float] = field(default_factory=deque)
    """When appeals of the last hour arrived."""
    closed: deque[tuple[float, float]] = field(default_factory=deque)
    """When appeals of the last hour were taken, and closed."""
    taken: dict[int, float] = field(default_factory=dict)
    """Since when each open appeal is held."""


class SimulatedFloor:
    """A floor that goes on for as long as it is told to."""

    def __init__(
        self, operators: Mapping[int, Operator], sources: Mapping[int, Source], seed: int
    ) -> None:
        self.operators, self.sources = dict(operators), dict(sources)
        self.minute = 0.0
        self._rng = random.Random(seed)
        self._ends: list[tuple[float, int, int, int]] = []
        self._waiting: list[int] = []
        self._number = 0
        self._next = {key: self._after(0.0, each) for key, each in self.sources.items()}

    def _after(self, minute: float, source: Source) -> float:
        """Return when the next appeal comes: some of a faster process, by the pace of then."""
        while True:
            minute += self._rng.expovariate(source.fastest)
            if self._rng.random() * source.fastest < source.pace(minute):
                return minute

    def has_somebody(self, source_id: int) -> bool:
        """Tell whether anybody can take the next appeal of a source."""
        return bool(self._eligible(source_id))

    def _eligible(self, source_id: int) -> Sequence[int]:
        weights = self.sources[source_id].weights
        return [
            key
            for key, each in self.operators.items()
            if each.is_active and each.load < each.limit and weights.get(key)
        ]

    def step(self) -> None:
        """Let the next thing happen."""
        source_id = min(self._next, key=self._next.__getitem__)
        if self._ends and self._ends[0][0] < self._next[source_id]:
            self._close(*heapq.heappop(self._ends))
            return
        self.minute = self._next[source_id]
        source = self.sources[source_id]
        self._next[source_id] = self._after(self.minute, source)
        source.came.append(self.minute)
        self._place(source_id)

    def _place(self, source_id: int) -> None:
        source, eligible = self.sources[source_id], self._eligible(source_id)
        if not eligible:
            self._waiting.append(source_id)
            return
        weights = [source.weights[key] for key in eligible]
        [operator_id] = self._rng.choices(eligible, weights)
        self._take(operator_id, source_id)

    def _take(self, operator_id: int, source_id: int) -> None:
        source = self.sources[source_id]
        self._number += 1
        self.operators[operator_id].load += 1
        source.taken[self._number] = self.minute
        end = self.minute + self._rng.expovariate(1 / source.handling)
        heapq.heappush(self._ends, (end, self._number, operator_id, source_id))

    def _close(self, minute: float, number: int, operator_id: int, source_id: int) -> None:
        self.minute = minute
        source, operator = self.sources[source_id], self.operators[operator_id]
        source.closed.append((source.taken.pop(number), minute))
        operator.load -= 1
        for place, waits in enumerate(self._waiting):
            if operator_id in self._eligible(waits):
                del self._waiting[place]
                self._take(operator_id, waits)
                return

    def go_to(self, minute: float) -> None:
        """Let everything happen up to a minute."""
        while min([*self._next.values(), *(each[0] for each in self._ends[:1])]) <= minute:
            self.step()
        self.minute = minute

    def until_nobody(self, source_id: int, most: float) -> float | None:
        """Go on until a source has nobody; return the minutes it took, None if more than `most`."""
        start = self.minute
        while self.has_somebody(source_id):
            self.step()
            if self.minute > start + most:
                return None
        return self.minute - start

    # What is known of it.

    def seen(self, *, is_known: bool) -> Floor:
        """Return what a forecast gets: the true rates, or those counted in the last hour."""
        counted = {key: self._counted(each) for key, each in self.sources.items()}
        rates = pooled(counted)
        held: dict[tuple[int, int], int] = {}
        for _, _, operator_id, source_id in self._ends:
            held[operator_id, source_id] = held.get((operator_id, source_id), 0) + 1
        streams = {
            key: Stream(
                Rate.known(each.pace(self.minute)) if is_known else self._arrivals(each),
                Rate.known(1 / each.handling) if is_known else rates[key],
                each.weights,
                self._waiting.count(key),
            )
            for key, each in self.sources.items()
        }
        places = {
            key: Places(each.limit, each.load, each.is_active)
            for key, each in self.operators.items()
        }
        return Floor(places, streams, held)

    def _arrivals(self, source: Source) -> Rate:
        return faded([(self.minute - came, 1) for came in source.came], HOUR)

    def _counted(self, source: Source) -> tuple[int, float]:
        """Return the closings of the last hour, and the minutes for which appeals were held."""
        start = self.minute - HOUR
        while source.came and source.came[0] <= start:
            source.came.popleft()
        while source.closed and source.closed[0][1] <= start:
            source.closed.popleft()
        ended = sum(end - max(start, since) for since, end in source.closed)
        under_way = sum(self.minute - max(start, since) for since in source.taken.values())
        return len(source.closed), ended + under_way


# --- floors -------------------------------------------------------------------------------------


def change_of_shift(places: int, busy: float, seed: int, sources: int = 1) -> SimulatedFloor:
    """Return a floor where a shift with room for all has just gone, and one without has come.

    The new shift has so many places; appeals come at `busy` times the pace it can keep up with.
    Those of several sources share two thirds of the operators of each.
    """
    number = max(3, places // 10)
    operators = {key: Operator(places // number, is_active=False) for key in range(number)}
    operators |= {key: Operator(10 * places) for key in range(number, 2 * number)}
    pace = busy * places / HANDLING / sources
    streams = {
        source: Source(
            lambda _: pace,
            pace,
            {key: 1 + key % 4 for key in operators if sources == 1 or key % 3 != source % 3},
        )
        for source in range(sources)
    }
    floor = SimulatedFloor(operators, streams, seed)
    floor.go_to(4 * HANDLING)
    for key, each in floor.operators.items():
        each.is_active = key < number
    return floor


DAY = 24 * HOUR
PEAKS = (11 * HOUR, 16 * HOUR)
WIDTH = 1.3 * HOUR
"""The standard deviation of a peak."""
QUIETEST = 0.1
"""The pace of the night, as a part of what the floor can keep up with."""


SHORT = (0.7, 1.3)
"""The heights of peaks on a floor that has too few places for half of them."""
RUSH, RUSHES = (1.1, 1.4), 0.15
"""The heights of peaks that nobody has planned for, and how often there is one."""


def _planned(places: int, rng: random.Random) -> float:
    """Return the height of a peak on a floor that has the places its usual peaks need."""
    if rng.random() < RUSHES:
        return rng.uniform(*RUSH)
    enough = max(each for each in range(places) if places_for(each) <= places)
    return rng.uniform(0.5, 1.0) * enough / places


def whole_day(places: int, seed: int, *, is_short: bool = False) -> SimulatedFloor:
    """Return a floor at midnight of a day with two peaks, some of which are more than it can do."""
    rng = random.Random(seed)
    heights = [rng.uniform(*SHORT) if is_short else _planned(places, rng) for _ in PEAKS]
    most = places / HANDLING

    def pace(minute: float) -> float:
        peaks = zip(PEAKS, heights, strict=True)
        rises = (height * exp(-(((minute - at) / WIDTH) ** 2) / 2) for at, height in peaks)
        return most * max(QUIETEST, *rises)

    number = max(3, places // 10)
    operators = {key: Operator(places // number) for key in range(number)}
    source = Source(pace, most * max(heights), {key: 1 + key % 4 for key in operators})
    return SimulatedFloor(operators, {0: source}, seed)

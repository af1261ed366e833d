"""One course that a floor may take: arrivals and closings by chance until somebody is missing.

Every event takes three numbers of the path's own generator, so that two paths of one seed that
differ in a single place stay side by side, and their difference is that of the place.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import log
from random import Random

from leadboard.foresight.floor import Floor

SLICE = 1_500
"""Events after which a path rests, some two milliseconds."""
TRIES = 3
"""Draws from all who serve a source until those who have room get a wheel of their own."""

Wheel = tuple[Sequence[int], Sequence[int]]
"""The running sums of the eligible weights of a source, and the operators they belong to."""


class Layout:
    """A floor as paths need it: by place in a list, without those who take no appeals."""

    def __init__(self, floor: Floor) -> None:
        self.source_ids = list(floor.sources)
        serving = [floor.serving(key) for key in self.source_ids]
        self.operator_ids = sorted({key for each in serving for key in each})
        place = {key: at for at, key in enumerate(self.operator_ids)}
        self.streams = [floor.sources[key] for key in self.source_ids]
        self.takers = [[place[key] for key in each] for each in serving]
        self.weights = [
            [stream.weights[key] for key in each]
            for stream, each in zip(self.streams, serving, strict=True)
        ]
        self.serves: list[list[int]] = [[] for _ in self.operator_ids]
        for at, takers in enumerate(self.takers):
            for taker in takers:
                self.serves[taker].append(at)
        self.wheels = [
            _wheel(list(zip(*each, strict=True)))
            for each in zip(self.takers, self.weights, strict=True)
        ]
        self.room = [floor.operators[key].room for key in self.operator_ids]
        self.holders = [
            [place[key] for key in self.operator_ids for _ in range(floor.held.get((key, each), 0))]
            for each in self.source_ids
        ]
        self.queue = [at for at, each in enumerate(self.streams) for _ in range(each.waiting)]


def _wheel(takers: Sequence[tuple[int, int]]) -> Wheel:
    """Return the wheel of operators and their weights."""
    return list(accumulate(weight for _, weight in takers)), [taker for taker, _ in takers]


class Path:
    """The floor as it changes; `hits` has by source the first minute with nobody, None so far."""

    def __init__(self, layout: Layout, seed: int, extra: int | None = None) -> None:
        """Begin a path; the operator at `extra` has one place more than the floor knows."""
        rng = Random(seed)
        self._random = rng.random
        self._layout = layout
        self.minute = 0.0
        self._edges = list(accumulate(each.arrivals.draw(rng) for each in layout.streams))
        self._arriving = self._edges[-1] if self._edges else 0.0
        self._paces = [each.closings.draw(rng) for each in layout.streams]
        self._room = list(layout.room)
        self._holders = [list(each) for each in layout.holders]
        self._closing = sum(
            pace * len(each) for pace, each in zip(self._paces, self._holders, strict=True)
        )
        self._queue = list(layout.queue)
        self._turns: list[Wheel | None] = [None] * len(layout.streams)
        self._eligible = [sum(self._room[at] > 0 for at in each) for each in layout.takers]
        if extra is not None:
            self._give(extra)
        self.hits = [None if each else 0.0 for each in self._eligible]
        self.filled = {at for at, room in enumerate(self._room) if room <= 0}
        """The operators who were full at any time."""
        self._missed: set[int] = set()
        """The watched sources that always had somebody so far."""

    def run(self, watched: set[int], until: float) -> Iterator[None]:
        """Go on until all watched sources had nobody, or for so long; rest every SLICE events."""
        rng = self._random
        self._missed = {at for at in watched if self.hits[at] is None}
        while True:
            for _ in range(SLICE):
                if not self._missed:
                    return
                total = self._arriving + self._closing
                if total <= 0:
                    return
                # Not of random() itself, which may be 0.
                self.minute -= log(1.0 - rng()) / total
                if self.minute > until:
                    return
                which, whom = rng() * total, rng()
                if which < self._arriving:
                    self._arrive(bisect_right(self._edges, which), whom)
                else:
                    self._close(which - self._arriving, whom)
            yield

    def _arrive(self, source: int, whom: float) -> None:
        if not self._eligible[source]:
            self._queue.append(source)
            return
        taker = self._drawn(source, whom)
        self._take(taker, source)
        if not self._room[taker]:
            self._fill(taker)

    def _drawn(self, source: int, whom: float) -> int:
        """Return who gets the next appeal of a source by the lottery of those who have room."""
        room, (edges, takers) = self._room, self._layout.wheels[source]
        for _ in range(TRIES):
            # Without the last edge, which a rounded product may reach.
            place = bisect_right(edges, at := whom * edges[-1], 0, len(edges) - 1)
            if room[takers[place]] > 0:
                return takers[place]
            # Where in the stretch it lies is as random as the number itself.
            start = edges[place - 1] if place else 0
            whom = (at - start) / (edges[place] - start)
        edges, takers = self._turns[source] or self._turned(source)
        return takers[bisect_right(edges, whom * edges[-1], 0, len(edges) - 1)]

    def _turned(self, source: int) -> Wheel:
        room, layout = self._room, self._layout
        pairs = zip(layout.takers[source], layout.weights[source], strict=True)
        turned = self._turns[source] = _wheel([pair for pair in pairs if room[pair[0]] > 0])
        return turned

    def _take(self, taker: int, source: int) -> None:
        self._room[taker] -= 1
        self._holders[source].append(taker)
        self._closing += self._paces[source]

    def _fill(self, taker: int) -> None:
        """Take an operator who has no room left off the wheels."""
        self.filled.add(taker)
        for source in self._layout.serves[taker]:
            self._turns[source] = None
            self._eligible[source] -= 1
            if not self._eligible[source] and self.hits[source] is None:
                self.hits[source] = self.minute
                self._missed.discard(source)

    def _close(self, at: float, whom: float) -> None:
        """Close one appeal of the source whose part of all closings holds `at`."""
        found = 0
        for source, held in enumerate(self._holders):
            if held:
                found = source
                at -= self._paces[source] * len(held)
                if at < 0:
                    break
        held = self._holders[found]
        if not held:
            return  # what is left of sums of fractions
        place = int(whom * len(held))
        taker, held[place] = held[place], held[-1]
        held.pop()
        self._closing -= self._paces[found]
        self._give(taker)

    def _give(self, taker: int) -> None:
        """Give an operator a place more: for the first who waits, or to be drawn again."""
        self._room[taker] += 1
        if self._room[taker] != 1:
            return
        serves = self._layout.serves[taker]
        for place, source in enumerate(self._queue):
            if source in serves:
                del self._queue[place]
                self._take(taker, source)
                return
        for source in serves:
            self._turns[source] = None
            self._eligible[source] += 1

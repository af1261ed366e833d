"""A course of things: who has which appeal, who is full, what waits; and what is measured of it."""

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MARKS = 60
"""Moments at which the loads are noted, evenly over the time."""

UNLIMITED = 1 << 62


@dataclass(frozen=True, slots=True)
class Waited:
    """Appeals that had to wait: how many, how many still do, and seconds that they waited."""

    count: int
    still: int
    median: float
    p90: float


@dataclass(frozen=True, slots=True)
class Course:
    """What is known of an operator afterwards: appeals they got, loads over time, times full."""

    got: int
    loads: Sequence[int]
    full_share: float
    first_full: float | None
    """The first moment at which they had no place left."""


class World:
    """Loads, limits, holders and queues; operators are known by their places in the team."""

    def __init__(self, loads: Sequence[int], limits: Sequence[int], begun: float) -> None:
        self.loads = list(loads)
        self.limits = list(limits)
        self.full = 0
        """Who has no place left, as the bits of a number."""
        self.held: dict[int, int] = {}
        """The operator of each open appeal."""
        self.first: dict[int, int] = {}
        """The first operator of each appeal."""
        self.waiting: dict[int, set[int]] = defaultdict(set)
        """The appeals that wait, by source."""
        self._queues: dict[int, list[int]] = defaultdict(list)
        self._since: dict[int, float] = {}
        self._waited: list[float] = []
        self._got = [0] * len(self.loads)
        self._full_since: dict[int, float] = {}
        self._full_for = [0.0] * len(self.loads)
        self._first_full: dict[int, float] = {}
        self._samples: list[list[int]] = []
        for place in range(len(self.loads)):
            self._look_at(place, begun)

    # Places.

    def take(self, place: int, by: int, at: float) -> None:
        """Move the load of an operator."""
        load = self.loads[place] = self.loads[place] + by
        if (load >= self.limits[place]) != self.full >> place & 1:
            self._look_at(place, at)

    def limit(self, place: int, limit: int, at: float) -> None:
        """Give an operator another limit."""
        self.limits[place] = limit
        self._look_at(place, at)

    def _look_at(self, place: int, at: float) -> None:
        """Note whether an operator is full now."""
        if self.loads[place] >= self.limits[place]:
            self.full |= 1 << place
            self._full_since.setdefault(place, at)
            self._first_full.setdefault(place, at)
        else:
            self.full &= ~(1 << place)
            if (since := self._full_since.pop(place, None)) is not None:
                self._full_for[place] += at - since

    # Appeals.

    def give(self, appeal: int, place: int, at: float) -> None:
        """Let an operator have an appeal that nobody has."""
        self.held[appeal] = place
        self.first.setdefault(appeal, place)
        self._got[place] += 1
        self.take(place, 1, at)

    def let_go(self, appeal: int, at: float) -> int | None:
        """Take an appeal from its operator, if it has one, and return them."""
        place = self.held.pop(appeal, None)
        if place is not None:
            self.take(place, -1, at)
        return place

    def wait(self, appeal: int, source: int, at: float) -> None:
        """Let an appeal wait."""
        self.waiting[source].add(appeal)
        heapq.heappush(self._queues[source], appeal)
        self._since[appeal] = at

    def is_waiting(self, appeal: int, source: int) -> bool:
        """Tell whether an appeal waits."""
        return appeal in self.waiting[source]

    def stop_waiting(self, appeal: int, source: int, at: float) -> bool:
        """End the wait of an appeal; return False if it does not wait."""
        if appeal not in self.waiting[source]:
            return False
        self.waiting[source].remove(appeal)
        # What is given again in the act that took it has not waited.
        if (waited := at - self._since.pop(appeal)) > 0:
            self._waited.append(waited)
        return True

    def oldest(self, source: int) -> int | None:
        """Return the appeal that waits longest for a source, None if none does."""
        queue, waiting = self._queues[source], self.waiting[source]
        while queue and queue[0] not in waiting:
            heapq.heappop(queue)
        return queue[0] if queue else None

    # What is measured.

    def sample(self) -> None:
        """Note the loads as they are."""
        self._samples.append(self.loads.copy())

    def waits(self, ended: float) -> Waited:
        """Return what waited; those that still do have waited up to the end."""
        still = [ended - since for since in self._since.values()]
        waited = sorted([*self._waited, *still])
        return Waited(len(waited), len(still), _at(waited, 0.5), _at(waited, 0.9))

    def course(self, place: int, begun: float, ended: float) -> Course:
        """Return what is known of an operator."""
        full = self._full_for[place]
        if (since := self._full_since.get(place)) is not None:
            full += ended - since
        return Course(
            self._got[place],
            [sample[place] for sample in self._samples],
            full / max(ended - begun, 1e-9),
            self._first_full.get(place),
        )

    def totals(self) -> Mapping[int, int]:
        """Return how many appeals each operator got."""
        return dict(enumerate(self._got))


def _at(values: Sequence[float], share: float) -> float:
    """Return the value that a share of the sorted ones does not exceed, 0 of none."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0

"""When a source will have nobody who can take its next appeal, by simulated paths.

Forecasts are generators that yield after each slice of work and return what was asked for, so that
a thread beside the screen's can rest in between; `finished` runs one at a stretch.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import TypeVar

from leadboard.foresight.floor import SURELY, Floor
from leadboard.foresight.paths import Layout, Path

T = TypeVar("T")

Slices = Generator[None, None, T]

SEED = 1
"""The seed of what is shown: with another each time a forecast would change while nothing does."""
HORIZON = 180.0
"""Minutes that are looked ahead."""
SOON = 60.0
"""Minutes within which it is worth a warning."""
PATHS, FEWEST = 200, 60
"""Paths of a forecast, and of one for a floor so busy that as many would take too long."""
EVENTS = 400_000
"""Events from which paths are left out: half a second's work."""
LOW, HIGH = 0.1, 0.9
"""The ends of the band."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """When a source has nobody, in minutes from now; None is beyond the horizon.

    The band from `low` to `high` holds four of five moments; `soon` is the chance within SOON.
    Whether it is worth a warning, as `is_near`, or as urgent as `is_close`, the lookout says.
    """

    median: float | None = None
    low: float | None = None
    high: float | None = None
    soon: float = 0.0
    is_near: bool = False
    is_close: bool = False

    @classmethod
    def of(cls, hits: Sequence[float | None]) -> "Outlook":
        """Return the outlook from the moments of as many paths."""
        moments = sorted(inf if each is None else each for each in hits)

        def at(share: float) -> float | None:
            place = min(len(moments), max(1, round(share * (len(moments) + 1)))) - 1
            return None if moments[place] == inf else moments[place]

        soon = sum(each <= SOON for each in moments) / len(moments)
        return cls(at(0.5), at(LOW), at(HIGH), soon)


FAR = Outlook()
"""The outlook of a source that cannot have nobody within the horizon."""


def finished(slices: Slices[T]) -> T:
    """Return what a forecast returns, without resting."""
    while True:
        try:
            next(slices)
        except StopIteration as end:
            result: T = end.value
            return result


def forecast(
    floor: Floor, seed: int, horizon: float = HORIZON, paths: int = PATHS
) -> Slices[dict[int, Outlook]]:
    """Return by id the outlook of every source that somebody serves."""
    layout = Layout(floor)
    served = {at for at, takers in enumerate(layout.takers) if takers}
    watched = {at for at in served if _may_fill(layout, at, horizon)}
    number = _affordable(layout, horizon, paths)
    hits: list[list[float | None]] = [[] for _ in layout.source_ids]
    for count in range(number if watched else 0):
        path = Path(layout, _seed(seed, count))
        yield from path.run(watched, horizon)
        for at in watched:
            hits[at].append(path.hits[at])
        yield
    return {
        layout.source_ids[at]: Outlook.of(hits[at]) if at in watched else FAR
        for at in sorted(served)
    }


def _seed(seed: int, count: int) -> int:
    return seed * 1_000_003 + count


def _may_fill(layout: Layout, at: int, horizon: float) -> bool:
    """Tell whether arrivals could take all room of a source even if nothing were closed."""
    takers = set(layout.takers[at])
    rivals = [
        stream.arrivals.highest
        for stream, others in zip(layout.streams, layout.takers, strict=True)
        if not takers.isdisjoint(others)
    ]
    expected = sum(rivals) * horizon
    room = sum(max(0, layout.room[taker]) for taker in takers)
    return room <= expected + SURELY * (1 + sqrt(expected)) + len(layout.queue)


def _affordable(layout: Layout, horizon: float, paths: int) -> int:
    """Return how many paths a floor is given: fewer, the more happens on it."""
    closings = sum(
        len(held) * stream.closings.mean
        for held, stream in zip(layout.holders, layout.streams, strict=True)
    )
    arrivals = sum(stream.arrivals.mean for stream in layout.streams)
    events = horizon * max(2 * arrivals, arrivals + closings)
    return max(min(paths, FEWEST), min(paths, int(EVENTS / max(events, 1.0))))


# --- whose place helps most ---------------------------------------------------------------------

HELP_PATHS = 100
"""Paths on which a place is tried: the same for each, so that fewer tell the difference."""


@dataclass(frozen=True, slots=True)
class Gain:
    """How many minutes later a source has nobody if an operator has one place more.

    A mean over the paths on which it has nobody; as they end at the horizon, it is at least that.
    """

    operator_id: int
    minutes: float


def gains(
    floor: Floor, source_id: int, seed: int, horizon: float = HORIZON, paths: int = HELP_PATHS
) -> Slices[list[Gain]]:
    """Return who would help a source by one place more, the most helpful first."""
    layout = Layout(floor)
    at = layout.source_ids.index(source_id)
    number = _affordable(layout, horizon, paths)
    sums, hit = [0.0] * len(layout.operator_ids), 0
    for count in range(number):
        path = Path(layout, _seed(seed, count))
        yield from path.run({at}, horizon)
        if path.hits[at] is None:
            continue
        hit += 1
        # A place more changes nothing for who was never full.
        for taker in sorted(path.filled):
            other = Path(layout, _seed(seed, count), taker)
            yield from other.run({at}, horizon)
            sums[taker] += _until(other, at, horizon) - _until(path, at, horizon)
            yield
    found = [
        Gain(layout.operator_ids[taker], total / hit)
        for taker, total in enumerate(sums)
        if total > 0
    ]
    return sorted(found, key=lambda each: -each.minutes)


def _until(path: Path, at: int, horizon: float) -> float:
    hit = path.hits[at]
    return horizon if hit is None else min(hit, horizon)

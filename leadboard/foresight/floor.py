"""What is known of a floor at one moment: who has how many places, and what comes and goes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import exp, sqrt
from random import Random

HALF = 0.5
"""What an unknown rate counts beside what was counted: Jeffreys' prior of a Poisson process."""
SURELY = 5.0
"""Standard deviations beyond which nothing is expected."""
FADING = 30.0
"""Minutes after which an arrival counts a third of what it counted first."""
LEANING = 2.0
"""Closings at the rate of all sources that are added to those counted of one."""
UNKNOWN = 60.0
"""Minutes of one appeal in which half a closing is expected where nothing was ever held."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate, and how well it is known: so many events were counted in so many minutes.

    Of closings the minutes are those of all appeals added up: two held for ten are twenty.
    """

    count: float
    minutes: float
    is_known: bool = False

    @classmethod
    def known(cls, per_minute: float) -> "Rate":
        """Return a rate without uncertainty."""
        return cls(per_minute, 1.0, is_known=True)

    @property
    def mean(self) -> float:
        """Return the expected rate per minute."""
        return (self.count if self.is_known else self.count + HALF) / self.minutes

    @property
    def highest(self) -> float:
        """Return a rate that the true one hardly exceeds: five deviations above the mean."""
        spread = 0.0 if self.is_known else SURELY * sqrt(self.count + HALF) / self.minutes
        return self.mean + spread

    def draw(self, rng: Random) -> float:
        """Return a rate that may be the true one, by what was counted."""
        return self.mean if self.is_known else rng.gammavariate(self.count + HALF, 1 / self.minutes)


def faded(came: Iterable[tuple[float, int]], window: float) -> Rate:
    """Return the rate of arrivals as it is now, by their ages in minutes and their numbers.

    The older they are, the less they count: half an hour ago a third as much as now. So a rush is
    noticed earlier than by a plain count of the window, and its end as well. What is counted is as
    uncertain as a plain count of fewer minutes, and that is what is returned.
    """
    weight = sum(count * exp(-age / FADING) for age, count in came)
    whole = FADING * (1 - exp(-window / FADING))
    squares = FADING / 2 * (1 - exp(-2 * window / FADING))
    minutes = whole * whole / squares
    return Rate(weight / whole * minutes, minutes)


def pooled(counted: Mapping[int, tuple[int, float]]) -> dict[int, Rate]:
    """Return the rates of closings by source, each leaning a little on that of all together.

    `counted` has the closings of each source and the minutes for which its appeals were held. Where
    nothing is known at all, one appeal in two hours is taken to be closed.
    """
    closings = sum(count for count, _ in counted.values()) + HALF
    minutes = sum(held for _, held in counted.values()) or UNKNOWN
    return {
        key: Rate(count + LEANING, held + (LEANING + HALF) * minutes / closings)
        for key, (count, held) in counted.items()
    }


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one operator, and how many of them are taken."""

    limit: int
    load: int
    is_active: bool = True

    @property
    def room(self) -> int:
        """Return the free places, fewer than none over the limit."""
        return self.limit - self.load


@dataclass(frozen=True, slots=True)
class Stream:
    """What one source brings, how long its appeals are held, and who takes them by what weight.

    `closings` is the rate at which each of its open appeals is closed.
    """

    arrivals: Rate
    closings: Rate
    weights: Mapping[int, int]
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Floor:
    """All operators and sources by id, and who has how many open appeals of which source."""

    operators: Mapping[int, Places]
    sources: Mapping[int, Stream]
    held: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """By operator and source."""

    def serving(self, source_id: int) -> list[int]:
        """Return the operators who would take appeals of a source if they had room."""
        weights = self.sources[source_id].weights
        return [key for key, each in self.operators.items() if each.is_active and weights.get(key)]

    def has_somebody(self, source_id: int) -> bool:
        """Tell whether anybody can take the next appeal of a source."""
        return any(self.operators[key].room > 0 for key in self.serving(source_id))

"""Forecasts tried on simulated floors: single moments, and the warnings of whole days."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from leadboard.foresight.forecast import HORIZON, PATHS, SEED, SOON, Outlook, finished, forecast
from leadboard.foresight.lookout import Lookout
from tests.support.shifts import DAY, SimulatedFloor, change_of_shift


@dataclass(frozen=True, slots=True)
class Trial:
    """What was forecast, and the moment at which it came true, None if not within the horizon."""

    outlook: Outlook
    moment: float | None

    @property
    def says_something(self) -> bool:
        """Tell whether either of them lies within the horizon."""
        return self.outlook.low is not None or self.moment is not None

    @property
    def is_held(self) -> bool:
        """Tell whether the band holds the moment; beyond the horizon everything is one moment."""
        low, high, moment = (
            HORIZON + 1 if each is None else each
            for each in (self.outlook.low, self.outlook.high, self.moment)
        )
        return low <= moment <= high

    @property
    def error(self) -> float | None:
        """Return how far off the median was, as a part of the true moment."""
        if self.moment is None or not self.moment:
            return None
        said = HORIZON if self.outlook.median is None else self.outlook.median
        return abs(said - self.moment) / self.moment


def trials(
    places: int, busy: float, seeds: Sequence[int], *, is_known: bool, sources: int = 1
) -> Iterator[Trial]:
    """Yield for each seed a trial of every source of a floor after a change of shift."""
    for seed in seeds:
        floor = change_of_shift(places, busy, seed, sources)
        outlooks = finished(forecast(floor.seen(is_known=is_known), seed))
        for key in floor.sources:
            # A source apart from the others: each needs the same floor anew.
            again = floor if sources == 1 else change_of_shift(places, busy, seed, sources)
            yield Trial(outlooks[key], again.until_nobody(key, HORIZON))


def share_held(tried: Sequence[Trial]) -> float:
    """Return how many of the bands hold their moments, of those that say something."""
    told = [each.is_held for each in tried if each.says_something]
    return sum(told) / len(told)


def median_error(tried: Sequence[Trial]) -> float:
    """Return the median of the errors."""
    return median(each.error for each in tried if each.error is not None)


# --- whole days ---------------------------------------------------------------------------------


@dataclass(slots=True)
class Warnings:
    """What a day's warnings came to: each as the minutes it came ahead, None where nothing came."""

    ahead: list[float | None] = field(default_factory=list)
    unwarned: int = 0
    """Times that nobody was there without a warning, at least an hour after the last such time."""

    @property
    def true(self) -> list[float]:
        """Return the minutes ahead of those that came true."""
        return [each for each in self.ahead if each is not None]

    @property
    def false(self) -> int:
        """Return how many warnings did not come true within an hour."""
        return len(self.ahead) - len(self.true)


def warnings_of_day(
    floor: SimulatedFloor, *, start: float = 0, end: float = DAY, paths: int = PATHS
) -> Warnings:
    """Return what was warned of on a whole day, by a forecast a minute from the last hour alone."""
    lookout, day = Lookout(), Warnings()
    floor.go_to(start)
    raised_at: float | None = None
    was, last_gone = False, -DAY
    while floor.minute < end:
        if (gone := _gone_within_a_minute(floor)) is not None:
            if raised_at is not None:
                day.ahead.append(gone - raised_at)
            elif not was and gone - last_gone > SOON:
                day.unwarned += 1
            raised_at, last_gone = None, gone
        elif raised_at is not None and floor.minute - raised_at > SOON:
            day.ahead.append(None)
            raised_at = None
        slices = forecast(floor.seen(is_known=False), SEED, SOON, paths)
        is_near = lookout.look(floor.minute, finished(slices))[0].is_near
        if is_near and not was and floor.has_somebody(0):
            raised_at = floor.minute
        was = is_near
    return day


def _gone_within_a_minute(floor: SimulatedFloor) -> float | None:
    """Let a minute pass; return when the floor had nobody first, None if somebody all the time."""
    minute = floor.minute + 1
    gone = floor.until_nobody(0, 1)
    floor.go_to(max(minute, floor.minute))
    return None if gone is None else minute - 1 + gone

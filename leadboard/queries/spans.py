"""Spans of time for statistics: whole local days, cut at marks that suit their length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from leadboard.common.language import _
from leadboard.queries.moments import start_of_day

DAY = timedelta(days=1)
OLDEST = 36_525
"""Days that a span reaches back at most: a line may bear any moment."""


class TimeSpan(StrEnum):
    """A span that began at a fixed local midnight and is not over."""

    TODAY, WEEK, MONTH, ALL = "today", "week", "month", "all"

    @property
    def words(self) -> str:
        """Return the span as part of a sentence."""
        return _WORDS[self]


_WORDS = {
    TimeSpan.TODAY: _("today"),
    TimeSpan.WEEK: _("this week"),
    TimeSpan.MONTH: _("this month"),
    TimeSpan.ALL: _("all time"),
}


class _Cut(NamedTuple):
    """How finely a span is cut: `unit` names its parts, `step` lies between the marks of a day."""

    unit: str
    step: timedelta | None = None
    """None for one mark at the beginning of each part."""


_CUTS = {
    TimeSpan.TODAY: _Cut("hour", timedelta(minutes=15)),
    TimeSpan.WEEK: _Cut("day", timedelta(hours=1)),
    TimeSpan.MONTH: _Cut("day", timedelta(hours=3)),
}
_BY_DAYS = (
    (2, _CUTS[TimeSpan.TODAY]),
    (31, _CUTS[TimeSpan.MONTH]),
    (92, _Cut("day", timedelta(hours=6))),
    (731, _Cut("week", DAY)),
    (OLDEST + 1, _Cut("month")),
)
"""The cut of a span by the days that it has at most."""


@dataclass(frozen=True, slots=True)
class SpanMarks:
    """The moments at which a span is cut, the first of them its start.

    Those at the places `parts` begin its parts, each a `unit` long: hours, days, weeks or months.
    From `end` on the span is another one.
    """

    starts: tuple[datetime, ...]
    parts: tuple[int, ...]
    unit: str
    end: datetime


def marks_of(span: TimeSpan, now: datetime, first: datetime | None = None) -> SpanMarks:
    """Return the marks of the span that a moment lies in; `first` is where all time began."""
    today = now.astimezone().date()
    start, end = _days(span, today, first)
    cut = _CUTS.get(span) or next(
        each for most, each in _BY_DAYS if (end - start).days <= most or most > OLDEST
    )
    starts: list[datetime] = []
    parts: list[int] = []
    for day in _each(start, end):
        marks = list(_marks_of_day(day, cut, is_first=day == start))
        parts += [len(starts) + at for at, (_at, is_part) in enumerate(marks) if is_part]
        starts += [moment for moment, _is_part in marks]
    return SpanMarks(tuple(starts), tuple(parts), cut.unit, start_of_day(end))


def _days(span: TimeSpan, today: date, first: datetime | None) -> tuple[date, date]:
    """Return the first day of a span, and the day after its last."""
    if span is TimeSpan.WEEK:
        monday = today - timedelta(days=today.weekday())
        return monday, monday + timedelta(days=7)
    if span is TimeSpan.MONTH:
        return today.replace(day=1), (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    oldest = today - timedelta(days=OLDEST)
    begun = today
    if span is TimeSpan.ALL and first is not None:
        # A bound first: the ends of the calendar have no local time.
        begun = oldest if first.date() <= oldest else min(today, first.astimezone().date())
    return begun, today + DAY


def _each(start: date, end: date) -> Iterator[date]:
    return (start + timedelta(days=back) for back in range((end - start).days))


def _marks_of_day(day: date, cut: _Cut, *, is_first: bool) -> Iterator[tuple[datetime, bool]]:
    """Yield the marks of a day, and whether a part begins there."""
    begins = is_first or _begins(day, cut.unit)
    if cut.step is None:
        yield from [(start_of_day(day), True)] if begins else []
        return
    start = moment = start_of_day(day)
    end = start_of_day(day + DAY)  # a day may have 23 hours, or 25
    while moment < end:
        is_hour = cut.unit == "hour" and not (moment - start) % timedelta(hours=1)
        yield moment, is_hour or (moment == start and begins)
        moment += cut.step


def _begins(day: date, unit: str) -> bool:
    """Tell whether a part begins with a day."""
    return unit in ("hour", "day") or (day.weekday() == 0 if unit == "week" else day.day == 1)


def within(marks: Sequence[datetime], now: datetime) -> int:
    """Return how many marks there are up to a moment, at least one."""
    return max(1, sum(1 for each in marks if each <= now))

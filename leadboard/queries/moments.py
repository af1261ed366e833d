"""Moments as people write them: `10:00`, `2026-07-01T10:00+03:00`, `01.07.26`."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from leadboard.common.case_folding import fold

_DATE = (
    r"(?P<y>\d{4})-(?P<m>\d\d?)-(?P<d>\d\d?)|(?P<d2>\d\d?)\.(?P<m2>\d\d?)(\.(?P<y2>\d{4}|\d\d))?"
)
_TIME = r"(?P<hour>\d\d?):(?P<minute>\d\d)(:(?P<second>\d\d)(\.\d+)?)?"
_UTC = "z|utc|gmt"
_ZONE = rf"(?P<zone>{_UTC}|[+-]\d\d?(:?\d\d)?)"
_MOMENT = re.compile(rf"({_DATE})?((?(y)[t_]|(?(d2)[t_]|)){_TIME}{_ZONE}?)?")

DAY = timedelta(days=1)


def moment_of(text: str, now: datetime) -> datetime | None:
    """Return the moment in UTC that a text names, None where it names none.

    Without a zone it is that of this machine, by the rules of the named day: a time that a clock
    change skips is the moment of the change, one that occurs twice is the first. Without a date
    it is the last such time, without a year the last such day.
    """
    written = _MOMENT.fullmatch(fold(text))
    # Every part of the pattern is optional, so that it matches an empty text as well.
    if not text or written is None:
        return None
    try:
        zone, clock = _zone(written["zone"]), _clock(written)
        today = now.astimezone(zone).date()
        if written["y"] or written["d2"]:
            return _in_utc(datetime.combine(_day(written, today), clock), zone)
        moment = _in_utc(datetime.combine(today, clock), zone)
        return moment if moment <= now else _in_utc(datetime.combine(today - DAY, clock), zone)
    except (ValueError, OverflowError):
        return None


def start_of_day(day: date) -> datetime:
    """Return the moment in UTC at which a day begins on this machine."""
    return _in_utc(datetime.combine(day, time.min), None)


def _zone(text: str | None) -> tzinfo | None:
    """Return the zone that is named, None for that of this machine."""
    if text is None:
        return None
    if text in _UTC.split("|"):
        return UTC
    digits = text[1:].replace(":", "")
    digits = digits.zfill(len(digits) + len(digits) % 2)  # +3 is +03
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-offset if text[0] == "-" else offset)


def _clock(written: re.Match[str]) -> time:
    hour, minute, second = (int(written[part] or 0) for part in ("hour", "minute", "second"))
    return time(hour, minute, second)


def _day(written: re.Match[str], today: date) -> date:
    if written["y"]:
        return date(int(written["y"]), int(written["m"]), int(written["d"]))
    day, month, year = int(written["d2"]), int(written["m2"]), written["y2"]
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    this_year = date(today.year, month, day)
    return this_year if this_year <= today else date(today.year - 1, month, day)


def _in_utc(wall: datetime, zone: tzinfo | None) -> datetime:
    """Return the first moment at which clocks in the zone show a time or a later one."""
    if zone is not None:
        return wall.replace(tzinfo=zone).astimezone(UTC)
    earliest, latest = sorted(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if earliest.astimezone().replace(tzinfo=None) == wall:
        return earliest
    # The clocks skip it. Python cannot be asked for the changes of the local zone, so search.
    while latest - earliest > timedelta(seconds=1):
        middle = earliest + (latest - earliest) / 2
        if middle.astimezone().replace(tzinfo=None) >= wall:
            latest = middle
        else:
            earliest = middle
    return latest.replace(microsecond=0)

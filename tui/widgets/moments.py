"""Moments as the screen shows them, in local time; any that a table can hold."""

from datetime import datetime

from leadboard.common.language import pgettext
from leadboard.common.text import clean
from leadboard.database.fields import NoMoment, now

TICK = 5
"""Seconds after which ages are looked at again, and those that read differently painted."""
_IN_FULL = pgettext("moment", "%d.%m.%Y %H:%M:%S")
_DATE, _TIME = pgettext("moment", "%d.%m.%y"), pgettext("moment", "%H:%M:%S")


def shown(moment: datetime, pattern: str) -> str:
    """Return a moment in local time, or the stored text if it is no moment."""
    if isinstance(moment, NoMoment):
        return clean(moment.text)
    return local(moment).strftime(pattern)


def local(moment: datetime) -> datetime:
    """Return a moment in local time, or in its own zone at the very ends of the calendar."""
    try:
        return moment.astimezone()
    except (OverflowError, ValueError, OSError):
        return moment


def in_full(moment: datetime) -> str:
    """Return the local date and time to the second."""
    return shown(moment, _IN_FULL)


def short(moment: datetime) -> str:
    """Return the local time of a moment of today, the date of any other."""
    is_today = local(moment).date() == local(now()).date()
    return shown(moment, _TIME if is_today else _DATE)

"""Forecasts in words: beside a number, on a border, and in sentences."""

from leadboard.foresight.forecast import Outlook
from leadboard.queries.odds import minutes_worded, rounded
from tui.widgets.border_remarks import Remark
from tui.widgets.cells import shortened
from tui.widgets.urgency import AMBER, RED, SIGNS

NAME = 24
"""Cells of a source's name on a border."""


def note_of_outlook(outlook: Outlook) -> str:
    """Return when a source has nobody in as few cells as stand beside a number.

    `~40m` is quiet, `40m!` a warning, `9m!!` an urgent one; empty beyond the horizon.
    """
    if outlook.median is None:
        return ""
    minutes = rounded(outlook.median)
    length = f"{minutes}m" if minutes < 100 else f"{round(minutes / 60)}h"
    sign = SIGNS[tone_of_outlook(outlook)]
    return f"{length}{sign}" if sign else f"~{length}"


def tone_of_outlook(outlook: Outlook) -> str:
    """Return the pen of a forecast, an empty one while it is no warning."""
    if outlook.is_close:
        return RED
    return AMBER if outlook.is_near else ""


def remark_on(name: str, outlook: Outlook) -> Remark | None:
    """Return what a border says of a source, None if it will hardly have nobody."""
    if outlook.median is None:
        return None
    brief = f"nobody in ~{minutes_worded(outlook.median)}"
    shorter = Remark(brief, 2)
    return Remark(f"{shortened(name, NAME)}: {brief} ({band_of(outlook)})", 3, shorter)


def band_of(outlook: Outlook) -> str:
    """Return the band in words: `25 m to 1 h 30 m`."""
    return f"{minutes_worded(outlook.low)} to {minutes_worded(outlook.high)}"


def sentences_on(outlook: Outlook) -> list[str]:
    """Return what a forecast says, in a line or two."""
    if outlook.low is None:
        return ["Somebody will be available for the next 3 h."]
    if outlook.median is None:
        return [
            "Somebody will probably be available for the next 3 h.",
            f"9 times out of 10 for the next {minutes_worded(outlook.low)}.",
        ]
    return [
        f"In ~{minutes_worded(outlook.median)} nobody can take the next appeal.",
        f"4 times out of 5: {band_of(outlook)}; within an hour: {_percent(outlook.soon)}.",
    ]


def _percent(chance: float) -> str:
    """Return a chance in percent; that of some paths out of many is never quite 0 or all."""
    return f"{min(99, max(1, round(100 * chance)))}%"

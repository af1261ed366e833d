"""Forecasts in words: beside a number, on a border, and in sentences."""

from leadboard.common.language import _
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
    length = _("{n}m", n=minutes) if minutes < 100 else _("{n}h", n=round(minutes / 60))
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
    length = minutes_worded(outlook.median)
    said = _(
        "{source}: nobody in ~{length} ({band})",
        source=shortened(name, NAME),
        length=length,
        band=band_of(outlook),
    )
    return Remark(said, 3, Remark(_("nobody in ~{length}", length=length), 2))


def band_of(outlook: Outlook) -> str:
    """Return the band in words: `25 m to 1 h 30 m`."""
    low, high = map(minutes_worded, (outlook.low, outlook.high))
    return _("{low} to {high}", low=low, high=high)


def sentences_on(outlook: Outlook) -> list[str]:
    """Return what a forecast says, in a line or two."""
    if outlook.low is None:
        return [_("Somebody will be available for the next 3 h.")]
    if outlook.median is None:
        return [
            _("Somebody will probably be available for the next 3 h."),
            _("9 times out of 10 for the next {length}.", length=minutes_worded(outlook.low)),
        ]
    return [
        _(
            "In ~{length} nobody can take the next appeal.",
            length=minutes_worded(outlook.median),
        ),
        _(
            "4 times out of 5: {band}; within an hour: {chance}.",
            band=band_of(outlook),
            chance=_percent(outlook.soon),
        ),
    ]


def _percent(chance: float) -> str:
    """Return a chance in percent; that of some paths out of many is never quite 0 or all."""
    return f"{min(99, max(1, round(100 * chance)))}%"

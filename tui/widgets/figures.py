"""Numbers as people read them: digits in groups, chances, meters, and loads over time."""

from collections.abc import Sequence

from leadboard.allocation.lottery import FULL, INACTIVE, ZERO_WEIGHT
from leadboard.common.language import _, figure, pgettext
from leadboard.queries.odds import Standing

REASONS = {
    FULL: pgettext("note", "full"),
    INACTIVE: pgettext("note", "off"),
    ZERO_WEIGHT: pgettext("note", "none"),
}
"""Why an operator is left out, in as few letters as fit next to a weight."""

NEARLY_FULL = 0.8
"""The share of the limit from which a bar warns."""

_TINY = _("<.1%")
_UNGROUPED = 10_000
"""Below this a number is read at a glance."""
_WHOLE, _HALF, _REST = "━╸─"
# Not U+25B6, which some terminals draw as a picture two cells wide.
_BEYOND = "►"
_HEIGHTS = "▁▂▃▄▅▆▇█"


def grouped(number: int) -> str:
    """Return a number with its digits in groups: `1 000 000`, but `9999`."""
    return str(number) if abs(number) < _UNGROUPED else f"{number:,}".replace(",", " ")


def bar(load: int, limit: int, width: int) -> tuple[str, str]:
    """Return the filled and the empty part of a load's meter, together `width` cells.

    It is filled to the end only at the limit, and ends with an arrow beyond it.
    """
    if load > limit and width > 0:
        return _WHOLE * (width - 1) + _BEYOND, ""
    return meter(load, limit, width)


def meter(part: int, whole: int, width: int) -> tuple[str, str]:
    """Return the filled and the empty part of a thin meter, together `width` cells.

    Anything above nothing shows, and nothing short of the whole fills the meter.
    """
    most = width * 2
    halves = most if part >= whole else min(most - 1, max(part * most // whole, int(part > 0)))
    full, rest = divmod(max(0, halves), 2)
    filled = _WHOLE * full + _HALF * rest
    return filled, _REST * (width - len(filled))


def spark(samples: Sequence[int], limit: int) -> str:
    """Return one block per sample, the lowest for 0 and the tallest from the limit on."""
    return "".join(_HEIGHTS[_height(sample, limit)] for sample in samples)


def _height(sample: int, limit: int) -> int:
    top = len(_HEIGHTS) - 1
    if sample <= 0:
        return 0
    return top if sample >= limit else 1 + sample * (top - 1) // limit


def tone(load: int, limit: int) -> str:
    """Return what the headroom means: `good`, `warn` or `bad` (full or over)."""
    if load >= limit:
        return "bad"
    return "warn" if load >= limit * NEARLY_FULL else "good"


def note_of(standing: Standing) -> str:
    """Return the chance of the next appeal, or why the operator is left out of it."""
    if standing.reason:
        return REASONS[standing.reason]
    if standing.is_passed_over:
        return chance(0, standing.between)
    return chance(standing.weight, standing.between)


def chance(weight: int, total: int) -> str:
    """Return a share in percent, in about four cells; 100% and 0% only where they are exact."""
    percent = 100 * weight / total if total else 0.0
    if weight in (0, total):
        return f"{percent:.0f}%"
    if percent < 0.1:
        return _TINY
    # A whole number would say that nobody else can be drawn.
    if percent >= 99.5:
        return ">99%"
    return f"{figure(percent, '.1f')}%" if percent < 0.95 else f"{percent:.0f}%"

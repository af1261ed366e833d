"""Load bars: how full an operator is, as blocks and in numbers."""

from leadboard.allocation.lottery import FULL, INACTIVE, ZERO_WEIGHT
from leadboard.queries.odds import Standing

REASONS = {FULL: "full", INACTIVE: "off", ZERO_WEIGHT: "none"}
"""Why an operator is left out, in as few letters as fit next to a weight."""

_EIGHTHS = " ▏▎▍▌▋▊▉"
NEARLY_FULL = 0.8
"""The share of the limit from which a bar warns."""


def bar(load: int, limit: int, width: int) -> tuple[str, str]:
    """Return the filled and the empty part of a bar, together `width` cells."""
    eighths = width * 8 if load >= limit else load * width * 8 // limit
    if load > 0:
        # One appeal under a limit of thousands must not look like none.
        eighths = max(1, eighths)
    full, rest = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[rest] if rest else "")
    return filled, "░" * (width - len(filled))


def tone(load: int, limit: int) -> str:
    """Return what the headroom means: `good`, `warn` or `bad` (full or over)."""
    if load >= limit:
        return "bad"
    return "warn" if load >= limit * NEARLY_FULL else "good"


def note_of(standing: Standing) -> str:
    """Return the chance of the next appeal, or why the operator is left out of it."""
    if standing.reason:
        return REASONS[standing.reason]
    percent = standing.share * 100
    # 0% would read as no chance at all.
    return f"{percent:.0f}%" if percent >= 1 else "<1%"

"""Load bars: how full an operator is, as blocks and in numbers."""

_EIGHTHS = " ▏▎▍▌▋▊▉"
NEARLY_FULL = 0.8
"""The share of the limit from which a bar warns."""


def bar(load: int, limit: int, width: int) -> tuple[str, str]:
    """Return the filled and the empty part of a bar, together `width` cells."""
    eighths = width * 8 if load >= limit else load * width * 8 // limit
    if load > 0:
        eighths = max(1, eighths)
    full, rest = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[rest] if rest else "")
    return filled, "░" * (width - len(filled))


def tone(load: int, limit: int) -> str:
    """Return what the headroom means: `good`, `warn` or `bad` (full or over)."""
    if load >= limit:
        return "bad"
    return "warn" if load >= limit * NEARLY_FULL else "good"

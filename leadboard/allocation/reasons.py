"""Why somebody is left out of a draw, and why nobody could be drawn, in words."""

from collections import Counter
from collections.abc import Mapping

from leadboard.allocation.lottery import FULL, INACTIVE, ZERO_WEIGHT, Candidates
from leadboard.allocation.strategies.registry import strategy_of
from leadboard.common.language import _

_WORDS: Mapping[str, str] = {
    INACTIVE: _("inactive"),
    FULL: _("full"),
    ZERO_WEIGHT: _("zero weight"),
}


def reason_words(reason: str, strategy: str) -> str:
    """Return a reason of a recorded roster in words, itself if this Leadboard does not know it."""
    found = strategy_of(strategy)
    return _WORDS.get(reason) or (found.reasons.get(reason, reason) if found else reason)


def why_nobody(candidates: Candidates) -> str:
    """Return in a few words why an appeal with this roster waits."""
    if not candidates.entries:
        return _("nobody serves this source")
    if candidates.total:
        return _("older appeals go first")
    reasons = Counter(each.reason or "" for each in candidates.entries)
    return ", ".join(
        _("{n} {reason}", n=number, reason=reason_words(reason, candidates.strategy))
        for reason, number in reasons.items()
    )

"""Quota: whoever is owed most, so that shares follow the weights appeal by appeal.

With each appeal of a source everybody eligible is owed their share of it, weight / total, and who
gets it is owed one appeal less. Whoever is owed a whole one goes first. Else, of those to whom at
least 1 / (2K - 2) is owed, K being how many are eligible, it is whoever would be owed a whole one
soonest (Tijdeman, The chairman assignment problem, 1980): while the same operators are eligible by
the same weights, nobody is ever a whole appeal away from their share. Who is not eligible is owed
nothing for it, and keeps what was owed before.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from leadboard.allocation.lottery import Candidate, Candidates
from leadboard.allocation.strategies.strategy import Strategy
from leadboard.common.language import _

WHOLE = 1 << 40
"""The credit of one appeal: credits are whole numbers, which add up without rounding."""

LESS = "owed less"
"""Why somebody is left out when another is owed more."""


def _owed(eligible: Sequence[Candidate]) -> dict[int, int]:
    """Return what is owed to each once one more appeal is to be given away."""
    if not eligible:
        return {}
    total = sum(each.weight for each in eligible)
    parts = [each.weight * WHOLE // total for each in eligible]
    # What division leaves over goes to the first ones, so that the parts are one whole appeal.
    rest = WHOLE - sum(parts)
    return {
        each.operator_id: each.standing[0] + part + (at < rest)
        for at, (each, part) in enumerate(zip(eligible, parts, strict=True))
    }


def _chosen(eligible: Sequence[Candidate]) -> int:
    owed = _owed(eligible)
    most = max(owed, key=lambda each: (owed[each], -each))
    if owed[most] >= WHOLE or len(eligible) < 2:
        return most
    least = WHOLE // (2 * len(eligible) - 2)
    soonest = {
        each.operator_id: Fraction(WHOLE - least - owed[each.operator_id], each.weight)
        for each in eligible
        if owed[each.operator_id] >= least
    }
    return min(soonest, key=lambda each: (soonest[each], each)) if soonest else most


def leave_out(eligible: Sequence[Candidate]) -> Mapping[int, str]:
    """Leave out all but the one whose turn it is."""
    if not eligible:
        return {}
    chosen = _chosen(eligible)
    return {each.operator_id: LESS for each in eligible if each.operator_id != chosen}


def credits_after(candidates: Candidates, operator_id: int) -> Mapping[int, int]:
    """Return what is owed to all who were eligible, after one of them got the appeal."""
    owed = _owed([each for each in candidates.entries if each.reason in (None, LESS)])
    # As a record may say that somebody has altered.
    if operator_id not in owed:
        return {}
    return owed | {operator_id: owed[operator_id] - WHOLE}


def _words(candidate: Candidate) -> str:
    return _("owed {owed:.2f}", owed=candidate.standing[0] / WHOLE)


STRATEGY = Strategy(
    _("quota"),
    _("Each appeal goes to whoever is owed most by weight: no luck, and no streaks."),
    lambda standing: (standing.credit,),
    leave_out,
    credits_after,
    _words,
    {LESS: _("owed less")},
)

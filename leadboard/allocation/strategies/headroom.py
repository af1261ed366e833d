"""Headroom: whoever would be filled least by one more appeal; ties are drawn by weight."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from leadboard.allocation.lottery import Candidate
from leadboard.allocation.strategies.strategy import Strategy, no_credits
from leadboard.common.language import _

FULLER = "fuller"
"""Why somebody is left out of whom another has more room."""


def _filled(candidate: Candidate) -> Fraction:
    load, max_load = candidate.standing
    # Nobody eligible has a limit of 0, but a record that was altered may say so.
    return Fraction(load + 1, max(max_load, 1))


def leave_out(eligible: Sequence[Candidate]) -> Mapping[int, str]:
    """Leave out all but those with the least (load + 1) / limit."""
    filled = {each.operator_id: _filled(each) for each in eligible}
    least = min(filled.values(), default=None)
    return {operator_id: FULLER for operator_id, share in filled.items() if share != least}


def _words(candidate: Candidate) -> str:
    load, max_load = candidate.standing
    return _("load {load}/{max_load}", load=load, max_load=max_load)


STRATEGY = Strategy(
    _("headroom"),
    _("Each appeal goes to whoever has most room for their limit; ties are drawn by weight."),
    lambda standing: (standing.load, standing.max_load),
    leave_out,
    no_credits,
    _words,
    {FULLER: _("fuller")},
)

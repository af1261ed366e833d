"""Evidence against the lottery that may be looked at after every draw, and is honest each time.

A test at 5 % accuses 5 of 100 fair floors if it is made once, and 42 if it is made a hundred times.
Here the draws are weighed against bends of the lottery: how many times as likely would a bent one
have made them? A bend multiplies the odds of one operator by e^tilt, so that with the chance p, of
n draws of a roster,

    log ratio = tilt got - n log(1 + p (e^tilt - 1))

The roster is known before each draw, and then the expected ratio of the next draw is 1, whatever
came before. So is that of a mean of such ratios with weights that were known beforehand; and what
begins at 1 and is expected to stay there ever reaches 20 with a probability of 1/20 at most (Ville,
1939). Nobody need decide when to look, or how often.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import exp, expm1, fsum, log, log1p
from operator import mul
from typing import NamedTuple

from leadboard.allocation.lottery import Candidates
from leadboard.common.language import _

TILTS = tuple(sign * 2.0**power for power in range(-8, 3) for sign in (1, -1))
"""Bends from 0.1 points at equal odds to 48. One between two of them is found with the nearer tilt,
whose log ratio grows by a ninth less at most."""
MOST_TOLD = 1_000_000
"""Evidence above which only words differ."""
MOST = 1e300
"""The largest evidence that is told, also of draws that no weights allow."""


class CountedDraws(NamedTuple):
    """What was drawn from one roster, and the day (YYYY-MM-DD) of the first of these draws."""

    day: str
    candidates: Candidates
    got: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much the draws speak against the weights, and against whom they do.

    `value` is how many times as likely bent draws are: 1 says nothing. It points to `operator_id`,
    who got more than was due with `is_more`, else less. `priors` are the weights of the operators.
    """

    value: float = 1.0
    operator_id: int | None = None
    is_more: bool = False
    priors: Mapping[int, float] = field(default_factory=dict)

    def accuses(self, level: float = 0.05) -> bool:
        """Tell whether it reaches what fair draws ever reach with a probability of `level`."""
        return self.value * level >= 1

    @property
    def odds(self) -> str:
        """Return the value in words: `34 to 1`."""
        if self.value >= MOST_TOLD:
            return _("more than {odds:,} to 1", odds=MOST_TOLD)
        # Rounded down, so that it never reads as if it accused.
        return (
            _("{odds:,} to 1", odds=int(self.value))
            if self.value >= 10
            else _("{odds:.2g} to 1", odds=self.value)
        )

    def needed(self, operator_id: int, level: float = 0.05) -> float:
        """Return the log ratio at the best tilt with which bends of one operator alone accuse.

        The prior of each tilt comes off it, and a ninth of it, if that tilt is between two.
        """
        return log(len(TILTS) / (level * self.priors[operator_id])) * 9 / 8


def evidence(counted: Iterable[CountedDraws]) -> Evidence:
    """Return what draws say together, from each roster once."""
    rosters = list(counted)
    priors, rest = _priors(rosters)
    chances, impossible = _chances(rosters)
    if impossible is not None:
        return Evidence(MOST, impossible, True, priors)
    # By operator and direction, the logarithm of their part in the mean.
    parts: dict[tuple[int, bool], float] = {}
    for operator_id, mine in sorted(chances.items()):
        prior = log(priors[operator_id] / len(TILTS))
        ratios = [(tilt, prior + mine.log_ratio(tilt)) for tilt in TILTS]
        for is_more in (False, True):
            parts[operator_id, is_more] = _log_sum(
                ratio for tilt, ratio in ratios if (tilt > 0) == is_more
            )
    if not parts:
        return Evidence(priors=priors)
    total = _log_sum([log(rest), *parts.values()])
    # Of two operators one gets what the other loses: then the one who gains is named.
    operator_id, is_more = max(parts, key=lambda part: (round(parts[part], 6), part[1]))
    return Evidence(exp(min(total, log(MOST))), operator_id, is_more, priors)


@dataclass(slots=True)
class _Chances:
    """What one operator got where others might have, and how many draws gave them which chance."""

    got: int = 0
    draws: dict[float, int] = field(default_factory=dict)

    def log_ratio(self, tilt: float) -> float:
        growth = expm1(tilt)
        logs = map(log1p, [growth * chance for chance in self.draws])
        return tilt * self.got - fsum(map(mul, self.draws.values(), logs))


def _chances(rosters: Iterable[CountedDraws]) -> tuple[dict[int, _Chances], int | None]:
    """Return the chances by operator, and somebody who was drawn without having one."""
    found: defaultdict[int, _Chances] = defaultdict(_Chances)
    for _unused, candidates, got in rosters:
        eligible = {
            each.operator_id: each.weight
            for each in candidates.entries
            if each.reason is None and each.weight > 0
        }
        if not got.keys() <= eligible.keys():
            return {}, min(got.keys() - eligible.keys())
        # Whoever is alone gets everything, however the lottery draws.
        if len(eligible) < 2:
            continue
        draws, total = sum(got.values()), sum(eligible.values())
        for operator_id, weight in eligible.items():
            mine, chance = found[operator_id], weight / total
            mine.got += got.get(operator_id, 0)
            mine.draws[chance] = mine.draws.get(chance, 0) + draws
    return found, None


def _priors(rosters: Iterable[CountedDraws]) -> tuple[dict[int, float], float]:
    """Return the weight of each operator in the mean, and what is left for those to come.

    The first roster, the next one that lists somebody new, and so on: the g-th of them gives those
    who are new to it 1 / (g (g + 1)) in equal parts. That needs no knowledge of the future and
    never adds up to more than 1, however many come later; whose first roster is still to come have
    the ratio 1. Counts tell the order of days alone. Of a day whose rosters list new people in
    several ways each gets what is the least in any order, so that the mean is too small rather
    than too large.
    """
    by_day: defaultdict[str, set[frozenset[int]]] = defaultdict(set)
    for day, candidates, _unused in rosters:
        by_day[day].add(frozenset(each.operator_id for each in candidates.entries))
    priors: dict[int, float] = {}
    steps = 0
    for _day, teams in sorted(by_day.items()):
        newcomers = {team.difference(priors) for team in teams} - {frozenset()}
        if newcomers:
            steps += len(newcomers)
            least = 1 / (steps * (steps + 1) * max(map(len, newcomers)))
            priors |= dict.fromkeys(frozenset().union(*newcomers), least)
    return priors, 1 / (steps + 1)


def _log_sum(logs: Iterable[float]) -> float:
    """Return log Σ e^log without overflow."""
    known = list(logs)
    most = max(known)
    return most + log(fsum(exp(each - most) for each in known))

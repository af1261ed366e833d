"""Rosters under a draft: who could have been drawn, prepared so that a draw costs a look-up."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from leadboard.allocation.lottery import FULL, INACTIVE, Candidates
from leadboard.foresight.draft import Draft

KEPT = 50_000
"""Wheels that are kept for further draws."""

Weights = Mapping[int, int]
"""Weights by operator."""


class DraftWheel:
    """The operators among whom a draw is made, with their stretches of the wheel."""

    __slots__ = ("edges", "operators", "total", "weights")

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.operators = tuple(weights)
        self.edges = tuple(accumulate(weights.values()))
        self.total = self.edges[-1] if self.edges else 0

    def at(self, position: int) -> int:
        """Return the operator whose stretch of [0, total) holds a position."""
        return self.operators[bisect_right(self.edges, position)]


class Base:
    """A roster under the draft, whoever is full: the weights of those who are on.

    Operators are known by their places in the team, and sets of them are the bits of a number.
    """

    __slots__ = ("_wheels", "full", "mask", "new", "weights")

    def __init__(self, weights: Weights, full: int = 0, new: int = 0) -> None:
        self.weights = weights
        self.full = full
        """Who was full when the roster was recorded."""
        self.new = new
        """Who was not on the recorded roster, so that it does not tell whether they were full."""
        self.mask = sum(1 << each for each in weights)
        self._wheels: dict[int, DraftWheel] = {}

    def wheel(self, full: int) -> DraftWheel:
        """Return the wheel of those who are not full."""
        full &= self.mask
        wheel = self._wheels.get(full)
        if wheel is None:
            if len(self._wheels) > KEPT:
                self._wheels.clear()
            free = {each: weight for each, weight in self.weights.items() if not full >> each & 1}
            wheel = self._wheels[full] = DraftWheel(free)
        return wheel


@dataclass(slots=True)
class DraftRosters:
    """The rosters of a history under a draft; `places` are those of the operators, by id."""

    draft: Draft
    places: Mapping[int, int]
    rosters: Mapping[int, Candidates]
    _drafted: dict[int, dict[int, int | None]] = field(default_factory=dict)
    _bases: dict[tuple[int, int], Base] = field(default_factory=dict)
    _recorded: dict[int, DraftWheel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for (operator_id, source), change in self.draft.weights.items():
            self._drafted.setdefault(source, {})[self.places[operator_id]] = change.wanted

    @property
    def sources(self) -> frozenset[int]:
        """Return the sources with weights in the draft."""
        return frozenset(self._drafted)

    def recorded(self, roster: int) -> DraftWheel:
        """Return the wheel of a recorded roster as it was drawn from."""
        wheel = self._recorded.get(roster)
        if wheel is None:
            entries = self.rosters[roster].entries
            drawn = {self.places[e.operator_id]: e.weight for e in entries if e.reason is None}
            wheel = self._recorded[roster] = DraftWheel(drawn)
        return wheel

    def of_roster(self, roster: int, source: int, off: int) -> Base:
        """Return a recorded roster under the draft; `off` are the operators that are off.

        That matters only for those who were not on the roster, for it tells of all others.
        """
        is_widened = source in self._drafted
        key = (roster, off if is_widened else 0)
        base = self._bases.get(key)
        if base is None:
            base = self._bases[key] = self._under_draft(roster, source, off)
        return base

    def _under_draft(self, roster: int, source: int, off: int) -> Base:
        weights: dict[int, int | None] = {}
        was_full = was_off = 0
        for each in self.rosters[roster].entries:
            place = self.places[each.operator_id]
            weights[place] = each.weight
            was_full |= (each.reason == FULL) << place
            was_off |= (each.reason == INACTIVE) << place
        drafted = self._drafted.get(source, {})
        new = sum(1 << place for place in drafted if place not in weights)
        is_off = self.switched(was_off | (off & new))
        return Base(_on_wheel(weights, drafted, is_off), was_full, new)

    def of_team(self, source: int, weights: Weights, off: int) -> Base:
        """Return the roster of a source with weights as they were, under the draft."""
        drafted = self._drafted.get(source, {})
        return Base(_on_wheel(weights, drafted, self.switched(off)))

    def switched(self, off: int) -> int:
        """Return which operators are off once the draft has switched its own."""
        for operator_id, change in self.draft.switches.items():
            bit = 1 << self.places[operator_id]
            off = off & ~bit if change.wanted else off | bit
        return off


def _on_wheel(
    weights: Mapping[int, int | None], drafted: Mapping[int, int | None], off: int
) -> dict[int, int]:
    """Return the weights of those who are on, in the order of the wheel."""
    merged: Iterable[tuple[int, int | None]] = sorted({**weights, **drafted}.items())
    return {place: weight for place, weight in merged if weight and not off >> place & 1}

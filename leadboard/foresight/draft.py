"""A draft: changes of weights, limits and activity, and new operators, that nobody has made yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

K = TypeVar("K")
C = TypeVar("C", bound=tuple[object, object])

Pair = tuple[int, int]
"""An operator and a source by their ids."""


class WeightChange(NamedTuple):
    """A weight as it was when it was drafted, and as it is wanted; None is no link."""

    was: int | None
    wanted: int | None


class LimitChange(NamedTuple):
    """A limit as it was when it was drafted, and as it is wanted."""

    was: int
    wanted: int


class SwitchChange(NamedTuple):
    """Whether an operator was on when that was drafted, and whether they are to be."""

    was: bool
    wanted: bool


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An operator who is in the draft alone, known there by an id below 0."""

    id: int
    name: str
    max_load: int
    is_active: bool = True
    note: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class TeamDraft:
    """What is to change, and what it was: an act can tell whether others changed it meanwhile.

    A change back to what was there leaves the draft.
    """

    weights: Mapping[Pair, WeightChange] = field(default_factory=dict)
    limits: Mapping[int, LimitChange] = field(default_factory=dict)
    switches: Mapping[int, SwitchChange] = field(default_factory=dict)
    newcomers: Sequence[Newcomer] = ()

    @property
    def size(self) -> int:
        """Return how many changes there are."""
        parts = (self.weights, self.limits, self.switches, self.newcomers)
        return sum(len(each) for each in parts)

    def with_weight(self, pair: Pair, was: int | None, wanted: int | None) -> "TeamDraft":
        """Return the draft with another weight; `was` counts where the pair is not in it yet."""
        known = self.weights.get(pair, WeightChange(was, wanted))
        changed = {**self.weights, pair: WeightChange(known.was, wanted)}
        return replace(self, weights=_without_idle(changed))

    def with_limit(self, operator_id: int, was: int, wanted: int) -> "TeamDraft":
        """Return the draft with another limit of an operator, or of a newcomer."""
        if operator_id < 0:
            return self._with_newcomer(operator_id, max_load=wanted)
        known = self.limits.get(operator_id, LimitChange(was, wanted))
        changed = {**self.limits, operator_id: LimitChange(known.was, wanted)}
        return replace(self, limits=_without_idle(changed))

    def with_switch(self, operator_id: int, was: bool, wanted: bool) -> "TeamDraft":
        """Return the draft with an operator, or a newcomer, on or off."""
        if operator_id < 0:
            return self._with_newcomer(operator_id, is_active=wanted)
        known = self.switches.get(operator_id, SwitchChange(was, wanted))
        changed = {**self.switches, operator_id: SwitchChange(known.was, wanted)}
        return replace(self, switches=_without_idle(changed))

    def with_newcomer(self, newcomer: Newcomer) -> "TeamDraft":
        """Return the draft with one more operator."""
        return replace(self, newcomers=(*self.newcomers, newcomer))

    def without_newcomer(self, operator_id: int) -> "TeamDraft":
        """Return the draft without a newcomer and their weights."""
        rest = tuple(each for each in self.newcomers if each.id != operator_id)
        weights = {pair: each for pair, each in self.weights.items() if pair[0] != operator_id}
        return replace(self, newcomers=rest, weights=weights)

    @property
    def next_id(self) -> int:
        """Return the id of the next newcomer."""
        return min((each.id for each in self.newcomers), default=0) - 1

    def _with_newcomer(self, operator_id: int, **columns: Any) -> "TeamDraft":
        changed = tuple(
            replace(each, **columns) if each.id == operator_id else each for each in self.newcomers
        )
        return replace(self, newcomers=changed)


def _without_idle(changes: Mapping[K, C]) -> dict[K, C]:
    return {key: each for key, each in changes.items() if each[0] != each[1]}

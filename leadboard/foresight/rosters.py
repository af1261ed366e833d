"""Rosters as they were recorded and under a draft, prepared so that a draw costs a look-up.

Operators are known by their places in the team, and sets of them are the bits of a number.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from leadboard.allocation.lottery import FULL, INACTIVE, Candidates
from leadboard.foresight.draft import TeamDraft

KEPT = 4_000
"""Wheels of one base that are kept for further draws."""

Weights = Mapping[int, int]
"""Weights by operator, in the order of the wheel."""


class DraftWheel:
    """The operators among whom a draw is made, with their stretches of [0, total)."""

    __slots__ = ("_edges", "operators", "total")

    def __init__(self, free: Weights) -> None:
        self.operators = tuple(free)
        self._edges = tuple(accumulate(free.values()))
        self.total = self._edges[-1] if self._edges else 0

    def at(self, position: int) -> int:
        """Return the operator whose stretch holds a position."""
        return self.operators[bisect_right(self._edges, position)]


class Base:
    """The weights of those who are on, whoever of them is full."""

    def __init__(self, weights: Weights, new: int = 0) -> None:
        self.weights = weights
        self.new = new
        """Who was not on the recorded roster, so that it does not tell whether they were full."""
        self._bits = [(1 << each, weight) for each, weight in weights.items()]
        self._mask = sum(bit for bit, _ in self._bits)
        self._sum = sum(weights.values())
        self._wheels: dict[int, DraftWheel] = {}

    def total(self, full: int) -> int:
        """Return the sum of the weights of those who are not full."""
        full &= self._mask
        if not full:
            return self._sum
        return sum([weight for bit, weight in self._bits if not full & bit])

    def weight(self, operator: int, full: int) -> int:
        """Return the weight of an operator, 0 if they are full or not on the wheel."""
        return 0 if full >> operator & 1 else self.weights.get(operator, 0)

    def wheel(self, full: int) -> DraftWheel:
        """Return the wheel of those who are not full."""
        full &= self._mask
        wheel = self._wheels.get(full)
        if wheel is None:
            if len(self._wheels) >= KEPT:
                self._wheels.clear()
            free = {each: weight for each, weight in self.weights.items() if not full >> each & 1}
            wheel = self._wheels[full] = DraftWheel(free)
        return wheel


class RecordedRoster(NamedTuple):
    """A recorded roster: which weights it had, who was off or full, and who was not drawn from."""

    kind: int
    off: int
    full: int
    closed: int
    """Who was full, or left out by the strategy."""
    strategy: str


class RecordedRosters:
    """The rosters of a history; most differ only in who was full, and share their weights."""

    def __init__(self, rosters: Mapping[int, Candidates], places: Mapping[int, int]) -> None:
        self._rosters, self._places = rosters, places
        self._known: dict[int, RecordedRoster] = {}
        self._kinds: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
        self.weights: list[Weights] = []
        """The weights of each kind of roster, also of those who were left out."""
        self._bits: list[Sequence[int]] = []

    def of(self, roster: int) -> RecordedRoster:
        """Return a roster by its id."""
        found = self._known.get(roster)
        if found is None:
            found = self._known[roster] = self._read(self._rosters[roster])
        return found

    def content(self, roster: int) -> Candidates:
        """Return a roster as it was recorded."""
        return self._rosters[roster]

    def _read(self, roster: Candidates) -> RecordedRoster:
        entries = roster.entries
        kind = self._kind_of(
            tuple([each.operator_id for each in entries]), tuple([each.weight for each in entries])
        )
        left = zip(self._bits[kind], [each.reason for each in entries], strict=True)
        full = off = others = 0
        for bit, reason in left:
            if reason is None:
                continue
            if reason == FULL:
                full |= bit
            elif reason == INACTIVE:
                off |= bit
            else:
                others |= bit
        return RecordedRoster(kind, off, full, full | others, roster.strategy)

    def _kind_of(self, ids: tuple[int, ...], weights: tuple[int, ...]) -> int:
        kind = self._kinds.get((ids, weights))
        if kind is None:
            kind = self._kinds[ids, weights] = len(self.weights)
            places = [self._places[each] for each in ids]
            self.weights.append(dict(sorted(zip(places, weights, strict=True))))
            self._bits.append([1 << place for place in places])
        return kind


@dataclass
class DraftRosters:
    """The rosters of a history under a draft; `places` are those of the operators, by id."""

    draft: TeamDraft
    places: Mapping[int, int]
    recorded: RecordedRosters
    _bases: dict[tuple[int, int, int, int], Base] = field(default_factory=dict)
    _plain: dict[tuple[int, int], Base] = field(default_factory=dict)

    @cached_property
    def drafted(self) -> Mapping[int, Mapping[int, int | None]]:
        """Return the weights of the draft by source and operator."""
        found: dict[int, dict[int, int | None]] = {}
        for (operator_id, source), change in self.draft.weights.items():
            found.setdefault(source, {})[self.places[operator_id]] = change.wanted
        return found

    def as_drawn(self, roster: RecordedRoster) -> Base:
        """Return the weights that a roster was drawn from."""
        base = self._plain.get(roster[:2])
        if base is None:
            weights = _on_wheel(self.recorded.weights[roster.kind], {}, roster.off)
            base = self._plain[roster[:2]] = Base(weights)
        return base

    def of_roster(self, roster: RecordedRoster, source: int, off: int) -> Base:
        """Return a recorded roster under the draft; `off` are the operators that are off.

        That matters only for those who were not on the roster, for it tells of all others.
        """
        if not self.draft.switches and source not in self.drafted:
            return self.as_drawn(roster)
        key = (roster.kind, roster.off, source, off)
        base = self._bases.get(key)
        if base is None:
            weights, drafted = self.recorded.weights[roster.kind], self.drafted.get(source, {})
            new = sum(1 << place for place in drafted if place not in weights)
            is_off = self.switched(roster.off | (off & new))
            base = self._bases[key] = Base(_on_wheel(weights, drafted, is_off), new)
        return base

    def of_team(self, source: int, weights: Weights, off: int) -> Base:
        """Return the roster of a source with weights as they were, under the draft."""
        return Base(_on_wheel(weights, self.drafted.get(source, {}), self.switched(off)))

    def switched(self, off: int) -> int:
        """Return which operators are off once the draft has switched its own."""
        for operator_id, change in self.draft.switches.items():
            bit = 1 << self.places[operator_id]
            off = off & ~bit if change.wanted else off | bit
        return off


def _on_wheel(weights: Weights, drafted: Mapping[int, int | None], off: int) -> dict[int, int]:
    """Return the weights of those who are on, in the order of the wheel."""
    merged: Iterable[tuple[int, int | None]] = sorted({**weights, **drafted}.items())
    return {place: weight for place, weight in merged if weight and not off >> place & 1}

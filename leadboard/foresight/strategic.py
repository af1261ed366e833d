"""Draws by another strategy than the lottery: whom it leaves out under the draft, and credits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from leadboard.allocation.lottery import BY_LOTTERY, Candidate, Candidates
from leadboard.allocation.strategies.registry import narrowed, strategy_of
from leadboard.allocation.strategies.strategy import Footing, Strategy, no_credits
from leadboard.foresight.rosters import Base

Credits = Mapping[int, int]
"""What a source owes, by operator; here operators are known by their places."""


@dataclass(slots=True)
class StrategyDraw:
    """One draw of a source by a strategy: who of its base is full, as the bits of a number."""

    source: int
    base: Base
    full: int
    candidates: Candidates
    strategy: Strategy

    @property
    def closed(self) -> int:
        """Return who cannot be drawn: full, or left out by the strategy."""
        chosen = (e.operator_id for e in self.candidates.entries if e.reason is not None)
        return self.full | sum(1 << place for place in chosen)


@dataclass(slots=True)
class Credit:
    """What sources owe under the draft: as they did, until a draw differs from the record."""

    places: Mapping[int, int]
    owed: dict[int, dict[int, int]] = field(default_factory=dict)
    """By source, once it is apart."""
    _last: dict[int, tuple[Candidates, int]] = field(default_factory=dict)

    def is_apart(self, source: int) -> bool:
        """Tell whether a source owes other than it did."""
        return source in self.owed

    def note(self, source: int, roster: Candidates, operator_id: int) -> None:
        """Note a recorded draw, from which follows what was owed after it."""
        self._last[source] = (roster, operator_id)

    def before(self, source: int, roster: Candidates | None) -> Credits:
        """Return what a source owes before a draw, of which the record has a roster or has not."""
        if source in self.owed:
            return self.owed[source]
        if roster is not None:
            return {
                self.places[each.operator_id]: each.standing[0]
                for each in roster.entries
                if each.standing
            }
        last = self._last.get(source)
        strategy = None if last is None else strategy_of(last[0].strategy)
        if last is None or strategy is None:
            return {}
        credits = self.before(source, last[0])
        after = strategy.credits(*last)
        return {**credits, **{self.places[key]: credit for key, credit in after.items()}}

    def give(self, choice: StrategyDraw, before: Credits, place: int) -> None:
        """Let a source owe what it does after a draw that the record does not have."""
        after = choice.strategy.credits(choice.candidates, place)
        self.owed[choice.source] = {**before, **after}


def owes(strategy: Strategy) -> bool:
    """Tell whether a strategy goes by what is owed."""
    return strategy.credits is not no_credits


def choice_of(
    source: int,
    base: Base,
    full: int,
    name: str,
    standing: tuple[Sequence[int], Sequence[int], Credits],
) -> StrategyDraw | None:
    """Return a draw as a strategy would make it, None for the lottery or an unknown one.

    `standing` are the loads, the limits and what is owed.
    """
    strategy = strategy_of(name)
    if name == BY_LOTTERY or strategy is None:
        return None
    loads, limits, credits = standing
    entries = (
        Candidate(place, weight, None, _numbers(strategy, loads, limits, credits, place))
        for place, weight in base.weights.items()
        if not full >> place & 1
    )
    candidates = narrowed(Candidates(tuple(entries), name), strategy)
    return StrategyDraw(source, base, full, candidates, strategy)


def _numbers(
    strategy: Strategy, loads: Sequence[int], limits: Sequence[int], credits: Credits, place: int
) -> tuple[int, ...]:
    return strategy.numbers(Footing(loads[place], limits[place], credits.get(place, 0)))

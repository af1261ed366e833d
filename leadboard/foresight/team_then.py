"""The team as it was at a moment of a history, and what of it a draft holds fast."""

from collections.abc import Sequence

from leadboard.foresight.draft import TeamDraft
from leadboard.foresight.history import PastLine, PastSpan
from leadboard.foresight.rosters import Base, DraftRosters
from leadboard.foresight.worlds import UNLIMITED


class TeamThen:
    """Limits, switches and weights, which change as the history goes on.

    Operators have places in the order of their ids, newcomers behind all others, as on the wheel.
    """

    def __init__(self, history: PastSpan, known: Sequence[int], draft: TeamDraft) -> None:
        newcomers = {each.id: each for each in draft.newcomers}
        # Newcomers have ids below 0: the first of them is -1 and would have the lowest new id.
        ids = [*known, *sorted(newcomers, reverse=True)]
        self.places = {operator_id: place for place, operator_id in enumerate(ids)}
        self.ids = ids
        hands = [history.hands.get(each) for each in ids]
        self.loads = [0 if hand is None else hand.load for hand in hands]
        self.limits = [UNLIMITED if hand is None else hand.max_load for hand in hands]
        self.drafted_limits = list(self.limits)
        self.fixed = 0
        """Whose limit or activity the draft holds fast, and who is in the draft alone."""
        self.off = sum(1 << at for at, hand in enumerate(hands) if hand and not hand.is_active)
        self._hold_fast(draft)
        self._weights = {
            source: {self.places[each]: weight for each, weight in column.items()}
            for source, column in history.weights.items()
        }
        sources = {step.source for step in history.steps if isinstance(step, PastLine)}
        self.sources = sources | set(self._weights) | set(history.waiting)
        self.sources |= {source for _, source in draft.weights}
        self._serving: dict[int, int] = {}
        self._bases: dict[int, Base] = {}

    def _hold_fast(self, draft: TeamDraft) -> None:
        for operator_id, change in draft.limits.items():
            self.drafted_limits[self.places[operator_id]] = change.wanted
            self.fixed |= 1 << self.places[operator_id]
        for operator_id in draft.switches:
            self.fixed |= 1 << self.places[operator_id]
        self._limited = sum(1 << self.places[each] for each in draft.limits)
        for newcomer in draft.newcomers:
            place = self.places[newcomer.id]
            self.drafted_limits[place] = newcomer.max_load
            self.fixed |= 1 << place
            if not newcomer.is_active:
                self.off |= 1 << place

    def holds_limit(self, place: int) -> bool:
        """Tell whether the draft gives an operator a limit."""
        return bool(self._limited >> place & 1)

    def switch(self, place: int, is_on: bool) -> None:
        """Switch an operator on or off."""
        self.off = self.off & ~(1 << place) if is_on else self.off | 1 << place
        self._bases.clear()

    def weigh(self, place: int, source: int, weight: int | None) -> None:
        """Give an operator another weight, or with None none."""
        column = self._weights.setdefault(source, {})
        if weight is None:
            column.pop(place, None)
        else:
            column[place] = weight
        self._serving.pop(source, None)
        self._bases.pop(source, None)

    def serving(self, source: int) -> int:
        """Return who serves a source, as the bits of a number."""
        found = self._serving.get(source)
        if found is None:
            found = sum(1 << place for place in self._weights.get(source, ()))
            self._serving[source] = found
        return found

    def base(self, source: int, rosters: DraftRosters) -> Base:
        """Return the roster of a source as it is now, under the draft."""
        found = self._bases.get(source)
        if found is None:
            found = rosters.of_team(source, self._weights.get(source, {}), self.off)
            self._bases[source] = found
        return found

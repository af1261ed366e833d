"""The odds: who would get the next appeal of a source, and with what chance."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from leadboard.allocation.lottery import BY_LOTTERY, Candidate, left_out
from leadboard.allocation.strategies.registry import strategy_of
from leadboard.allocation.strategies.strategy import Footing, credits_in
from leadboard.common.durations import worded
from leadboard.common.language import _, ngettext
from leadboard.entities import OperatorRow, SourceRow
from leadboard.queries.board import Board
from leadboard.queries.hook_alarms import HookAlarm

if TYPE_CHECKING:
    from leadboard.foresight.forecast import Outlook

UNSERVED = _("nobody serves it")
BEYOND = _("beyond 3 h")
"""What is said of a moment that no forecast reaches."""
LONGEST_OPERATOR = 20
"""Cells of an operator's name in an alarm."""
SHORTEST_NAME = 6
"""Cells to which the name of a source may be cut in an alarm."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One operator of a source in the next draw; `reason` says why they are not eligible.

    `total` is the sum of the eligible weights, `between` that of those between whom is drawn: the
    strategy of the source may pass some of the eligible over.
    """

    operator: OperatorRow
    weight: int
    reason: str | None
    total: int
    between: int
    is_passed_over: bool = False

    @property
    def share(self) -> float:
        """Return the chance of getting the next appeal, 0..1."""
        is_out = self.reason or self.is_passed_over or not self.between
        return 0.0 if is_out else self.weight / self.between


def standings(
    board: Board, source_id: int, changed: Mapping[int, int] | None = None
) -> dict[int, Standing]:
    """Return every operator of a source in the next draw, by id, in the order of the board.

    With `changed`, it is the draw as it would be if operators had these weights.
    """
    weights = board.weights.get(source_id, {})
    if changed:
        weights = {**weights, **changed}
    linked = [
        (operator, weights[operator.id], _reason(operator, weights[operator.id]))
        for operator in board.operators
        if operator.id in weights
    ]
    total = sum(weight for _row, weight, reason in linked if reason is None)
    passed = _passed_over(board.source(source_id), linked)
    between = total - sum(weight for operator, weight, _why in linked if operator.id in passed)
    return {
        operator.id: Standing(operator, weight, reason, total, between, operator.id in passed)
        for operator, weight, reason in linked
    }


Linked = Sequence[tuple[OperatorRow, int, str | None]]
"""Operators of a source with their weights, and why they are not eligible."""


def _passed_over(source: SourceRow | None, linked: Linked) -> Collection[int]:
    """Return the eligible whom the strategy of a source leaves out of the next draw."""
    strategy = None if source is None else strategy_of(source.strategy)
    if source is None or strategy is None or source.strategy == BY_LOTTERY:
        return ()
    owed = credits_in(source.credits)
    eligible = [
        Candidate(
            operator.id,
            weight,
            standing=strategy.numbers(
                Footing(operator.load, operator.max_load, owed.get(operator.id, 0))
            ),
        )
        for operator, weight, reason in sorted(linked, key=lambda each: each[0].id)
        if reason is None
    ]
    return strategy.leave_out(eligible)


def _reason(operator: OperatorRow, weight: int) -> str | None:
    return left_out(operator.is_active, operator.load, operator.max_load, weight)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong with a source: its next appeal has nobody to go to, or only one."""

    source_id: int
    name: str
    what: str
    is_grave: bool
    stranded: int = field(default=0, compare=False)
    """Appeals that wait with nobody to serve their source; no freed place helps them."""

    @property
    def key(self) -> tuple[str, int]:
        """Return what tells it from all other alarms."""
        return "source", self.source_id

    @property
    def sentence(self) -> str:
        """Return the name of the source and what is wrong with it."""
        return f"{self.name}: {self.what}"

    @property
    def order(self) -> tuple[int, bool]:
        """Return what sorts alarms, the gravest first."""
        return -self.stranded, not self.is_grave

    @property
    def short(self) -> str:
        """Return what is wrong where the number of waiting appeals is said already."""
        return UNSERVED if self.stranded else self.what

    def within(self, width: int) -> str:
        """Return the sentence in `width` cells, if the names in it can be cut that far."""
        what = self.what
        if self.stranded and cell_len(what) + SHORTEST_NAME > width:
            what = UNSERVED
        room = max(SHORTEST_NAME, width - cell_len(what) - 2)
        return f"{_cut(self.name, room)}: {what}"


def _cut(name: str, width: int) -> str:
    return name if cell_len(name) <= width else set_cell_size(name, width - 1).rstrip() + "…"


AnyAlarm = Alarm | HookAlarm
"""What is wrong with a source or a hook."""


def alarms(board: Board) -> dict[int, Alarm]:
    """Return the alarms of sources that are served or have appeals waiting, by source id."""
    operators = {operator.id: operator for operator in board.operators}
    found = (
        _alarm(
            source,
            board.weights.get(source.id, {}),
            operators,
            board.outlooks.get(source.id),
        )
        for source in board.sources
    )
    return {alarm.source_id: alarm for alarm in found if alarm is not None}


def every_alarm(board: Board) -> list[AnyAlarm]:
    """Return the alarms of sources and of hooks, the gravest first."""
    found: list[AnyAlarm] = [*alarms(board).values(), *board.hooks]
    return sorted(found, key=lambda alarm: alarm.order)


def _alarm(
    source: SourceRow,
    weights: Mapping[int, int],
    operators: Mapping[int, OperatorRow],
    outlook: "Outlook | None",
) -> Alarm | None:
    linked = [(operators[key], weight) for key, weight in weights.items() if key in operators]
    serving = [(each, weight) for each, weight in linked if weight]
    if source.waiting and not any(each.is_active for each, _weight in serving):
        what = ngettext(
            "{n:,} waiting, nobody serves it", "{n:,} waiting, nobody serves it", source.waiting
        )
        return Alarm(source.id, source.name, what, True, source.waiting)
    if not weights:
        return None
    if not serving:
        return Alarm(source.id, source.name, _("all weights are 0"), True)
    eligible = [each for each, weight in serving if _reason(each, weight) is None]
    if not eligible:
        return Alarm(source.id, source.name, _("nobody available"), True)
    if outlook is not None and outlook.is_near:
        return Alarm(source.id, source.name, _coming(outlook), outlook.is_close)
    # A source that one operator serves all day long is no news.
    if len(eligible) == 1 < len(serving):
        only = _cut(eligible[0].name, LONGEST_OPERATOR)
        what = _("only {operator} available", operator=only)
        return Alarm(source.id, source.name, what, False)
    return None


def _coming(outlook: "Outlook") -> str:
    time = minutes_worded(outlook.median)
    # The words differ as the colours do, which not every terminal has.
    if outlook.is_close:
        return _("soon nobody, in ~{time}", time=time)
    return _("nobody in ~{time}", time=time)


def minutes_worded(minutes: float | None) -> str:
    """Return minutes from now in words, without more exactness than a forecast has."""
    if minutes is None:
        return BEYOND
    return worded(timedelta(minutes=rounded(minutes)), 2)


def rounded(minutes: float) -> int:
    """Return minutes to the minute, and from twenty on to five."""
    return max(1, round(minutes)) if minutes < 20 else 5 * round(minutes / 5)

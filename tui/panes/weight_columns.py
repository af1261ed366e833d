"""What the weight grid shows: column widths, cells and totals, computed from one board."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len

from leadboard.entities import OperatorRow, SourceRow
from leadboard.queries.board import Board
from leadboard.queries.odds import Alarm, Standing, alarms, standings
from leadboard.queries.terms import is_named
from tui.widgets.figures import REASONS, grouped, note_of

WIDEST_SOURCE = 16
WIDEST_NAME = 20
NARROWEST_NAME = 8
NOTE = max(cell_len("100%"), *map(cell_len, REASONS.values()))
"""Cells for the chance or the reason next to a weight."""
TRIAL_NOTE = NOTE + cell_len("→100")
"""Cells for the chance of now and that of a weight that is being typed."""
EDGE = 1
"""Cells left of the columns where the names stand in the pane beside the grid."""
MARK = 2
"""Cells right of the columns for the sign that there are more."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A weight that is being typed, and what the next draw of its source would be with it."""

    source_id: int
    operator_id: int
    standings: Mapping[int, Standing]


@dataclass(slots=True)
class WeightColumns:
    """The sources of a board as columns: their widths, and the standing of each operator."""

    board: Board
    words: Sequence[str] = ()
    """Only sources whose names contain all of these are columns."""
    has_names: bool = True
    """Whether the names of the operators stand left of the columns."""
    before: Board | None = None
    """The board without the draft, None if there is no draft."""
    trial: Trial | None = None
    _before: dict[int, dict[int, Standing]] = field(default_factory=dict)
    _changed: dict[int, bool] = field(default_factory=dict)
    _standings: dict[int, dict[int, Standing]] = field(default_factory=dict)
    _digits: dict[int, int] = field(default_factory=dict)
    alarms: Mapping[int, Alarm] = field(default_factory=dict)
    _longest_name: int = 0
    _sources: tuple[SourceRow, ...] = ()

    def __post_init__(self) -> None:
        self.alarms = alarms(self.board)
        names = (cell_len(operator.name) for operator in self.board.operators)
        self._sources = tuple(
            source for source in self.board.sources if is_named(source.name, self.words)
        )
        self._longest_name = min(max(names, default=0), WIDEST_NAME)

    @property
    def sources(self) -> "tuple[SourceRow, ...]":
        """Return the sources, one per column."""
        return self._sources

    def standing(self, operator: OperatorRow, source: SourceRow) -> Standing | None:
        """Return the standing of an operator for a source, None if they do not serve it."""
        return self.column(source).get(operator.id)

    def column(self, source: SourceRow) -> dict[int, Standing]:
        """Return the standings for a source, computed only for columns that are seen."""
        if source.id not in self._standings:
            self._standings[source.id] = standings(self.board, source.id)
        return self._standings[source.id]

    def total(self, source: SourceRow) -> int:
        """Return the sum of the eligible weights, with the one that is being typed."""
        found: Mapping[int, Standing] = self.column(source)
        if self.trial is not None and self.is_tried(source):
            found = self.trial.standings
        return next((each.total for each in found.values()), 0)

    # A weight that is being typed.

    def try_weight(self, source: SourceRow, operator: OperatorRow, weight: int) -> None:
        """Show beside the chances of a column those that a weight would give."""
        found = standings(self.board, source.id, {operator.id: weight})
        self.trial = Trial(source.id, operator.id, found)

    def is_tried(self, source: SourceRow) -> bool:
        """Tell whether a weight of a column is being typed."""
        return self.trial is not None and self.trial.source_id == source.id

    def note(self, operator: OperatorRow, source: SourceRow) -> str:
        """Return what stands next to a weight: `58%`, `full`, or `58→63%` while one is typed."""
        now = _noted(self._column_before(source), operator)
        if self.before is None and not self.is_tried(source):
            return now
        then = _noted(self._column_wanted(source), operator)
        return now if then == now else f"{now.removesuffix('%')}→{then}"

    def _column_wanted(self, source: SourceRow) -> Mapping[int, Standing]:
        if self.trial is not None and self.is_tried(source):
            return self.trial.standings
        return self.column(source)

    # A draft.

    def _column_before(self, source: SourceRow) -> Mapping[int, Standing]:
        """Return the standings for a source without the draft."""
        if self.before is None:
            return self.column(source)
        if source.id not in self._before:
            self._before[source.id] = standings(self.before, source.id)
        return self._before[source.id]

    def is_changed(self, source: SourceRow) -> bool:
        """Tell whether the draft changes what stands beside a weight of a column."""
        if self.before is None:
            return False
        if source.id not in self._changed:
            was, now = self._column_before(source), self.column(source)
            self._changed[source.id] = any(
                _noted(was, row) != _noted(now, row) for row in self.board.operators
            )
        return self._changed[source.id]

    def is_drafted(self, operator: OperatorRow, source: SourceRow) -> bool:
        """Tell whether the draft changes a weight."""
        if self.before is None:
            return False
        was, now = (each.weights.get(source.id, {}) for each in (self.before, self.board))
        return was.get(operator.id) != now.get(operator.id)

    # Widths.

    def digits(self, source: SourceRow) -> int:
        """Return the cells that the longest number of a column takes, at least three."""
        if source.id not in self._digits:
            weights = self.board.weights.get(source.id, {}).values()
            longest = max((*weights, sum(weights), source.waiting))
            self._digits[source.id] = max(3, len(grouped(longest)))
        return self._digits[source.id]

    def width(self, source: SourceRow) -> int:
        """Return the cells of a column: a number between brackets, its note, and a gap."""
        cell = self.digits(source) + (TRIAL_NOTE if self._is_wide(source) else NOTE) + 3
        return max(cell, min(cell_len(source.name), WIDEST_SOURCE) + 2)

    def _is_wide(self, source: SourceRow) -> bool:
        return self.is_tried(source) or self.is_changed(source)

    def names_width(self, width: int) -> int:
        """Return the cells left of the columns: the operators' names, if they stand there."""
        if not self.has_names:
            return EDGE
        return max(NARROWEST_NAME, min(self._longest_name, width // 3)) + 2

    def seen_from(self, first: int, room: int) -> range:
        """Return the columns that fit in full into `room` cells from `first` on, at least one."""
        last, used = first, 0
        while last < len(self.sources):
            used += self.width(self.sources[last])
            # The last column may stand where otherwise the sign for more would.
            spare = 0 if last == len(self.sources) - 1 else MARK
            if used + spare > room and last > first:
                break
            last += 1
        return range(first, last)

    def seen_up_to(self, last: int, room: int) -> range:
        """Return the columns that fit in full into `room` cells and end with `last`."""
        first = last
        while first > 0 and last in self.seen_from(first - 1, room):
            first -= 1
        return self.seen_from(first, room)


def _noted(column: Mapping[int, Standing], operator: OperatorRow) -> str:
    standing = column.get(operator.id)
    return "" if standing is None else note_of(standing)

"""What the weight grid shows: column widths, cells and totals, computed from one board."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len

from leadboard.entities import OperatorRow, SourceRow
from leadboard.queries.board import Board
from leadboard.queries.odds import Alarm, Standing, alarms, standings
from leadboard.queries.terms import is_named

WIDEST_SOURCE = 16
WIDEST_NAME = 20
NARROWEST_NAME = 8
NOTE = 4
"""Cells for the chance or the reason next to a weight."""


@dataclass(slots=True)
class WeightColumns:
    """The sources of a board as columns: their widths, and the standing of each operator."""

    board: Board
    words: Sequence[str] = ()
    """Only sources whose names contain all of these are columns."""
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
        """Return the sum of the eligible weights."""
        return next((each.total for each in self.column(source).values()), 0)

    def digits(self, source: SourceRow) -> int:
        """Return the cells that the longest number of a column takes, at least three."""
        if source.id not in self._digits:
            weights = self.board.weights.get(source.id, {}).values()
            longest = max((*weights, sum(weights), source.waiting))
            self._digits[source.id] = max(3, len(str(longest)))
        return self._digits[source.id]

    def width(self, source: SourceRow) -> int:
        """Return the cells of a column: brackets, number, note, and a space on either side."""
        cell = self.digits(source) + NOTE + 4
        return max(cell, min(cell_len(source.name), WIDEST_SOURCE) + 2)

    def names_width(self, width: int) -> int:
        """Return the cells for the operators' names at the left edge."""
        return max(NARROWEST_NAME, min(self._longest_name, width // 3)) + 2

    def seen_from(self, first: int, room: int) -> range:
        """Return the columns that fit in full into `room` cells from `first` on, at least one."""
        last, used = first, 0
        while last < len(self.sources):
            used += self.width(self.sources[last])
            if used > room and last > first:
                break
            last += 1
        return range(first, last)

"""Operators as lines: on or off, name, load bar, numbers, and a note if there is one."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from leadboard.allocation import lottery
from leadboard.entities import OperatorRow
from tui.widgets.cells import fit
from tui.widgets.figures import REASONS, bar, grouped, tone
from tui.widgets.line_view import LineView

WIDEST_NAME = 24
NARROWEST_BAR = 6
NARROWEST_REST = 19
"""Cells of a line that even long numbers leave to the name, the bar and the gaps."""
WIDEST_BAR = 24
MARGIN = 3
"""Cells before a name: a mark, whether the operator is on, and a space."""
SPARK = 12
ROOM_FOR_SPARK = 52
"""Cells of a line from which there is room for the loads of the last hour."""
FULL = REASONS[lottery.FULL]
"""The note of operators at their limit; it has the colour of their bar."""


class Widths(NamedTuple):
    """The cells of each part of a line."""

    name: int
    spark: int
    bar: int
    numbers: int
    note: int


class OperatorList(LineView[OperatorRow]):
    """One line per operator, with a bar whose colour shows the headroom."""

    flashing: frozenset[int] = frozenset()
    """Operators who have just got an appeal."""
    marked: frozenset[int] = frozenset()
    drafted: frozenset[int] = frozenset()
    """Operators whom a draft changes, or adds."""
    notes: Mapping[int, str] = {}
    """The text at the end of an operator's line, by operator id."""
    sparks: Mapping[int, str] = {}
    """The loads of the last hour as blocks, by operator id."""

    def measure_columns(self, rows: Sequence[OperatorRow]) -> tuple[int, ...]:
        """Return the widths of the names, of the numbers and of the notes."""
        widest = max((cell_len(row.name) for row in rows), default=0)
        numbers = max((len(numbers_of(row.load, row.max_load)) for row in rows), default=0)
        return min(widest, WIDEST_NAME), numbers, max(map(len, self.notes.values()), default=0)

    def widths(self, width: int) -> Widths:
        """Return the parts of a line of `width` cells; the bar takes what the others leave."""
        name, numbers, note = self.columns
        numbers = max(0, min(numbers, width - note - NARROWEST_REST))
        spark = SPARK + 1 if self.sparks and width >= ROOM_FOR_SPARK else 0
        taken = MARGIN + numbers + 4 + (note + 2 if note else 0) + spark
        name = max(4, min(name, width - NARROWEST_BAR - taken))
        bar = max(0, min(WIDEST_BAR, width - name - taken))
        return Widths(max(name, width - bar - taken), spark, bar, numbers, note)

    def draw_row(self, row: OperatorRow, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `● Anna  ━━━╸──  4/9  58%`."""
        plain, dim = self.pen(is_cursor=is_cursor), self.pen("dim", is_cursor=is_cursor)
        pen, widths = plain if row.is_active else dim, self.widths(width)
        color = self.pen(tone(row.load, row.max_load), is_cursor=is_cursor)
        accent = self.pen("accent", is_cursor=is_cursor)
        return [
            Segment(self._sign(row), accent),
            Segment(f"{self._state(row)} ", color if row.is_active else dim),
            Segment(fit(row.name, widths.name) + " ", pen),
            Segment(fit(self.sparks.get(row.id, ""), widths.spark), dim),
            *self._bar(row.load, row.max_load, widths, color if row.is_active else dim, is_cursor),
            *self._note(row, widths.note, color, dim),
        ]

    def bar_line(self, name: str, load: int, limit: int, width: int, pen: Style) -> list[Segment]:
        """Return a line with a bar that is about several operators."""
        widths = self.widths(width)
        before = MARGIN + widths.name + 1 + widths.spark
        return [
            Segment(fit(f" {name}", before), pen),
            *self._bar(load, limit, widths, self.pen(tone(load, limit)), False),
        ]

    def text_line(self, name: str, numbers: str, width: int, pen: Style) -> list[Segment]:
        """Return a line with words where names are, and words that end where the numbers do."""
        widths = self.widths(width)
        room = width - (widths.note + 2 if widths.note else 0) - cell_len(name) - 1
        return [Segment(f"{name}{fit(numbers, room, right=True)} ", pen)]

    def _bar(
        self, load: int, limit: int, widths: Widths, color: Style, is_cursor: bool
    ) -> list[Segment]:
        filled, rest = bar(load, limit, widths.bar)
        numbers = fit(numbers_of(load, limit), widths.numbers + 1, right=True)
        return [
            Segment(filled, color),
            Segment(f"{rest} ", self.pen("rail", is_cursor=is_cursor)),
            Segment(f"{numbers} ", self.pen(is_cursor=is_cursor)),
        ]

    def _note(self, row: OperatorRow, width: int, color: Style, dim: Style) -> list[Segment]:
        if not width:
            return []
        note = self.notes.get(row.id, "")
        return [Segment(fit(note, width + 1, right=True) + " ", color if note == FULL else dim)]

    def _sign(self, row: OperatorRow) -> str:
        if row.id in self.marked:
            return "▪"
        return "*" if row.id in self.drafted else " "

    def _state(self, row: OperatorRow) -> str:
        if row.id in self.flashing:
            return "◉"
        return "●" if row.is_active else "○"


def numbers_of(load: int, limit: int) -> str:
    """Return a load and its limit as one text."""
    return f"{grouped(load)}/{grouped(limit)}"

"""Operators as lines: on or off, name, load bar, numbers, and a note if there is one."""

from collections.abc import Mapping, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from leadboard.entities import OperatorRow
from tui.widgets.cells import fit
from tui.widgets.figures import bar, tone
from tui.widgets.line_view import LineView

WIDEST_NAME = 24
NARROWEST_BAR = 6
NARROWEST_REST = 19
"""Cells of a line that even long numbers leave to the name, the bar and the gaps."""
FULL = "full"
"""The note of operators at their limit; it has the colour of their bar."""


class OperatorList(LineView[OperatorRow]):
    """One line per operator, with a bar whose colour shows the headroom."""

    flashing: frozenset[int] = frozenset()
    """Operators who have just got an appeal."""
    notes: Mapping[int, str] = {}
    """The text at the end of an operator's line, by operator id."""

    def measure_columns(self, rows: Sequence[OperatorRow]) -> tuple[int, ...]:
        """Return the widths of the names and of the numbers."""
        widest = max((cell_len(row.name) for row in rows), default=0)
        numbers = max((len(_numbers(row)) for row in rows), default=0)
        return min(widest, WIDEST_NAME), numbers, max(map(len, self.notes.values()), default=0)

    def draw_row(self, row: OperatorRow, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `● Anna  ████░░  4/9  58%`."""
        plain, dim = self.pen(is_cursor=is_cursor), self.pen("dim", is_cursor=is_cursor)
        name_width, number_width, note_width = self.columns
        number_width = max(0, min(number_width, width - note_width - NARROWEST_REST))
        taken = number_width + 7 + (note_width + 2 if note_width else 0)
        name_width = max(4, min(name_width, width - NARROWEST_BAR - taken))
        bar_width = max(0, width - name_width - taken)
        filled, rest = bar(row.load, row.max_load, bar_width)
        color = self.pen(tone(row.load, row.max_load), is_cursor=is_cursor)
        return [
            Segment(f" {self._mark(row)} ", color if row.is_active else dim),
            Segment(fit(row.name, name_width) + " ", plain if row.is_active else dim),
            Segment(filled, color if row.is_active else dim),
            Segment(rest + " ", dim),
            Segment(fit(_numbers(row), number_width + 1, right=True) + " ", plain),
            *self._note(row, note_width, color, dim),
        ]

    def _note(self, row: OperatorRow, width: int, color: Style, dim: Style) -> list[Segment]:
        if not width:
            return []
        note = self.notes.get(row.id, "")
        return [Segment(fit(note, width + 1, right=True) + " ", color if note == FULL else dim)]

    def _mark(self, row: OperatorRow) -> str:
        if row.id in self.flashing:
            return "◉"
        return "●" if row.is_active else "○"


def _numbers(row: OperatorRow) -> str:
    return f"{row.load}/{row.max_load}"

"""Operators as lines: on or off, name, load bar, numbers."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment

from tui.bars import bar, tone
from tui.lines import LineView, fit
from views import OperatorRow

WIDEST_NAME = 24
NARROWEST_BAR = 6


class OperatorList(LineView[OperatorRow]):
    """One line an operator, with a bar whose colour means headroom."""

    flashing: frozenset[int] = frozenset()
    """Operators who have just got an appeal."""

    def measure_columns(self, rows: Sequence[OperatorRow]) -> tuple[int, ...]:
        """Return the widths of the names and of the numbers."""
        widest = max((cell_len(row.name) for row in rows), default=0)
        return min(widest, WIDEST_NAME), max((len(_numbers(row)) for row in rows), default=0)

    def draw_row(self, row: OperatorRow, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `● Anna  ████░░  4/9`."""
        plain, dim = self.pen(is_cursor=is_cursor), self.pen("dim", is_cursor=is_cursor)
        name_width, number_width = self.columns
        name_width = max(4, min(name_width, width - number_width - NARROWEST_BAR - 7))
        bar_width = max(0, width - name_width - number_width - 7)
        filled, rest = bar(row.load, row.max_load, bar_width)
        color = self.pen(tone(row.load, row.max_load), is_cursor=is_cursor)
        return [
            Segment(f" {self._mark(row)} ", color if row.is_active else dim),
            Segment(fit(row.name, name_width) + " ", plain if row.is_active else dim),
            Segment(filled, color if row.is_active else dim),
            Segment(rest + " ", dim),
            Segment(fit(_numbers(row), number_width + 1, right=True) + " ", plain),
        ]

    def _mark(self, row: OperatorRow) -> str:
        if row.id in self.flashing:
            return "◉"
        return "●" if row.is_active else "○"


def _numbers(row: OperatorRow) -> str:
    return f"{row.load}/{row.max_load}"

"""The list of appeals that wait: the oldest first, and how long each has waited before all else."""

from collections.abc import Sequence

from rich.segment import Segment
from textual.widget import Widget

from leadboard.database.fields import now
from leadboard.queries.appeals import AppealRow
from leadboard.queries.terms import AppealFilter
from tui.panes.appeal_columns import (
    LEAD,
    MESSAGE_HEAD,
    MOMENT,
    NARROW,
    SOURCE,
    WAITS,
    Columns,
    signed_age,
)
from tui.panes.appeals import Appeals
from tui.widgets.cells import fit
from tui.widgets.moments import short


class Waiting(Appeals):
    """One line per waiting appeal: age, lead, source, message, and when it came."""

    above: Widget | None = None
    """The lines of the sources, to which the cursor goes on above the first row."""

    def __init__(self, *, id: str | None = None, base: AppealFilter) -> None:
        super().__init__(id=id, base=base)
        # The one who has waited longest is the first to care for.
        self.is_oldest_first = True

    def columns_in(self, width: int) -> Columns:
        """Return the columns: nobody has these appeals, and the age comes first."""
        lead, source, _ = self.columns
        return Columns(min(lead, width // 4), source if width >= NARROW else 0)

    def heads_in(self, width: int) -> Sequence[str]:
        """Return the heads, the first of which sorts the rows."""
        return (
            f"{WAITS[0]} {'↓' if self.is_oldest_first else '↑'}",
            LEAD,
            SOURCE,
            "",
            "",
            MESSAGE_HEAD,
        )

    def draw_row(self, row: AppealRow, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `!! 14 m  tg_77  vk  Хочу купить`."""
        tone = self.urgency_of(row)
        plain, dim = self.pen(is_cursor=is_cursor), self.pen("dim", is_cursor=is_cursor)
        has_time = width >= 2 * NARROW
        room = width - (MOMENT + 2 if has_time else 0)
        texts = (
            signed_age(row.times.waits(now()), tone),
            row.external_id,
            row.source,
            "",
            "",
            row.message,
        )
        pens = (self.pen(tone, is_cursor=is_cursor), plain, dim, dim, dim, plain)
        cells = self.columns_in(width).cells(room, texts)
        time = f"  {fit(short(row.timestamp), MOMENT)}" if has_time else ""
        return [
            self._mark(row, is_cursor),
            *(Segment(text, pen) for text, pen in zip(cells, pens, strict=True) if text),
            *([Segment(time, dim)] if time else []),
        ]

    def action_cursor(self, step: int) -> None:
        """Move the cursor; above the first row it goes on to the lines of the sources."""
        above = self.above
        if step == -1 and not self.cursor and above is not None and above.display:
            above.focus()
        else:
            super().action_cursor(step)

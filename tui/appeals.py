"""The appeals, newest first, read page by page however many there are."""

from datetime import datetime
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import BindingType
from textual.reactive import reactive

import desk
import views
from tui.keys import bind
from tui.lines import LineView, fit
from tui.messages import Act
from views import AppealRow

PAGE = 100
MOST_ROWS = 3 * PAGE
"""Rows kept at once: a window that moves over the table, so that memory stays flat."""

WAITING = "waiting"
MOMENT = 8
WIDEST = {"lead": 18, "source": 14, "operator": 16}


class Appeals(LineView[AppealRow]):
    """One line an appeal: when, whose, from where, who has it, what it says."""

    HELP = (
        "The newest appeal is on top. One that nobody has is marked waiting; a closed one is "
        "dimmed, and its operator has the place free again."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("c", "close", "Close", id="appeals.close"),
    ]
    empty = "No appeals yet: press n to enter one."

    version = reactive(0, repaint=False, init=False)
    """Differs whenever the appeals may have changed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._is_at_newest = True

    # The window over the table.

    def watch_version(self) -> None:
        """Read again what the window holds."""
        size = max(PAGE, len(self.rows))
        if self._is_at_newest or not self.rows:
            self.show(views.newest_appeals(size))
        else:
            self.show(views.newest_appeals(size, before=self.rows[0].id + 1))

    def go_to(self, row: int) -> None:
        """Move the cursor, and the window with it when it comes near an end."""
        super().go_to(row)
        if not self.rows:
            return
        if self.cursor + self.page_size >= len(self.rows):
            self._read_older()
        elif self.cursor < self.page_size and not self._is_at_newest:
            self._read_newer()

    def _read_older(self) -> None:
        older = views.newest_appeals(PAGE, before=self.rows[-1].id)
        if older:
            window = [*self.rows, *older]
            self._is_at_newest = self._is_at_newest and len(window) <= MOST_ROWS
            self.show(window[-MOST_ROWS:])

    def _read_newer(self) -> None:
        newer = views.appeals_after(PAGE, after=self.rows[0].id)
        self._is_at_newest = len(newer) < PAGE
        self.show([*newer, *self.rows][:MOST_ROWS])

    def action_first(self) -> None:
        """Go to the newest appeal."""
        self._is_at_newest = True
        self.show(views.newest_appeals(PAGE))
        super().action_first()

    def action_last(self) -> None:
        """Go to the oldest appeal."""
        oldest = views.appeals_after(PAGE, after=0)
        self._is_at_newest = len(oldest) < PAGE
        self.show(oldest)
        super().action_last()

    # Painting.

    def measure_columns(self, rows: "list[AppealRow]") -> tuple[int, ...]:  # type: ignore[override]
        """Return the widths of lead, source and operator."""
        return (
            _widest((row.lead for row in rows), WIDEST["lead"]),
            _widest((row.source for row in rows), WIDEST["source"]),
            _widest((row.operator or WAITING for row in rows), WIDEST["operator"]),
        )

    def draw_row(self, row: AppealRow, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `10:42:07  tg_77  vk  Anna  Хочу купить`."""
        tone = "dim" if row.is_closed else ""
        plain, dim = self.pen(tone, is_cursor=is_cursor), self.pen("dim", is_cursor=is_cursor)
        lead, source, operator = self._squeezed(width)
        used = 2 + MOMENT + sum(each + 2 for each in (lead, source, operator) if each)
        is_waiting = row.operator is None and not row.is_closed
        operator_pen = self.pen("bad", is_cursor=is_cursor) if is_waiting else plain
        segments = [
            Segment(f" {moment(row.timestamp):{MOMENT}} ", dim),
            Segment(" " + fit(row.lead, lead) + " ", plain),
            Segment(f" {fit(row.source, source)} " if source else "", dim),
            Segment(" " + fit(_holder(row), operator) + " ", operator_pen),
            Segment(" " + fit(row.message, max(0, width - used - 2)), plain),
        ]
        return [segment for segment in segments if segment.text]

    def _squeezed(self, width: int) -> tuple[int, int, int]:
        """Return the column widths, narrower where the pane is."""
        lead, source, operator = self.columns
        if width >= 60:
            return lead, source, operator
        return min(lead, width // 4), 0, min(operator, width // 4)

    # Acts.

    def action_close(self) -> None:
        """Close the appeal under the cursor."""
        if self.current:
            self.post_message(Act(desk.close, [self.current.id]))


def moment(at: datetime) -> str:
    """Return the local time of today's moments, the date of older ones."""
    local = at.astimezone()
    is_today = local.date() == datetime.now().astimezone().date()
    return local.strftime("%H:%M:%S" if is_today else "%d.%m.%y")


def _holder(row: AppealRow) -> str:
    if row.operator is not None:
        return row.operator
    if row.is_withdrawn:
        return "withdrawn"
    return "nobody" if row.is_closed else WAITING


def _widest(texts: "object", most: int) -> int:
    return min(most, max((cell_len(text) for text in texts), default=0))  # type: ignore[attr-defined]

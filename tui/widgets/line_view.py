"""The base of all lists and of the grid: rows of one line, painted only where visible."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip

from leadboard.common.crashlog import surprise_once
from leadboard.common.language import _
from tui.base import app_of
from tui.keys import bind
from tui.widgets.cells import fit
from tui.widgets.pen_view import PenView

if TYPE_CHECKING:
    from leadboard.transfer.list_export import Shown

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class StateHints:
    """What keys do in the state a list is in: each by a binding's id, or a word such as `0-9`."""

    hints: Sequence[tuple[str, str]] = ()
    is_all: bool = False
    """Whether no other keys of the pane are worth naming."""


NO_MATCH = _("No matches: {desk.clear-filter} clears the filter.")


# Inherited, ScrollView's bindings would go on scrolling with the keys not bound here.
class LineView(PenView, Generic[Row], can_focus=True, inherit_bindings=False):
    """Rows with a cursor that stays on its row, and pinned lines above and below.

    A subclass says how to draw one row and, if it has them, the pinned lines. Only visible lines
    are drawn, and of those only the ones that differ.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("up,k", "cursor(-1)", _("Up"), id="list.up", show=False),
        bind("down,j", "cursor(1)", _("Down"), id="list.down", show=False),
        bind("pageup", "page(-1)", _("Page up"), id="list.page-up", show=False),
        bind("pagedown", "page(1)", _("Page down"), id="list.page-down", show=False),
        bind("home,g", "first", _("First"), id="list.first", show=False),
        bind("end,G", "last", _("Last"), id="list.last", show=False),
    ]

    head = 0
    foot = 0
    state_hints = StateHints()
    on_a_row: frozenset[str] = frozenset()
    """The actions that need a row under the cursor."""
    file_name = ""
    """The name for a file of its rows, if it differs from that of the pane."""
    is_entered_by_mouse = False
    """Whether a double click on a row does what enter does."""
    empty = ""
    """What an empty list says: which key brings the first row, by ids as `{operators.add}`."""

    # repaint would paint all rows; the watcher paints the two that differ.
    cursor = reactive(0, repaint=False, init=False)
    """The row under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Sequence[Row] = ()
        self.columns: tuple[int, ...] = ()

    # What a subclass fills in.

    def whole(self) -> "Callable[[], Shown] | None":
        """Return a function that reads the whole list, visible or not; None if it is empty."""
        return None

    def key_of(self, row: Row) -> Hashable:
        """Return what identifies a row when its content changes."""
        return getattr(row, "id", row)

    def measure_columns(self, rows: Sequence[Row]) -> tuple[int, ...]:
        """Return the widths that depend on all rows; kept in `columns`."""
        return ()

    def draw_row(self, row: Row, width: int, is_cursor: bool) -> list[Segment]:
        """Return the segments of one row."""
        raise NotImplementedError

    def draw_head(self, y: int, width: int) -> list[Segment]:
        """Return the segments of pinned line `y` above the rows."""
        return []

    def draw_foot(self, y: int, width: int) -> list[Segment]:
        """Return the segments of pinned line `y` below the rows."""
        return []

    # Data.

    def show(self, rows: Sequence[Row]) -> None:
        """Replace the rows; the cursor stays on its row, and only lines that differ are painted."""
        old, place, columns = self.rows, self._place_of_cursor(rows), self.measure_columns(rows)
        has_moved = (len(old), self.cursor, self.columns) != (len(rows), place, columns)
        self.rows, self.columns = rows, columns
        if len(old) != len(rows):
            self._measure()
        if bool(old) != bool(rows):
            # Keys that need a row are dimmed in an empty list.
            self.refresh_bindings()
        if has_moved:
            self.refresh()
            # The row keeps its line on the screen; only at the top do new rows come into view.
            if self.top > 0:
                self.scroll_to(y=self.top + place - self.cursor, animate=False, force=True)
            self.cursor = place
        else:
            self._refresh_changed(old)

    def _place_of_cursor(self, rows: Sequence[Row]) -> int:
        current = self.current
        if current is not None:
            wanted = self.key_of(current)
            for index, row in enumerate(rows):
                if self.key_of(row) == wanted:
                    return index
        return max(0, min(self.cursor, len(rows) - 1))

    def _refresh_changed(self, old: Sequence[Row]) -> None:
        for index in self.visible_rows():
            if old[index] != self.rows[index]:
                self.refresh_row(index)

    @property
    def current(self) -> Row | None:
        """Return the row under the cursor, None in an empty list."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def is_lacking(self) -> bool:
        """Tell whether some keys are dimmed."""
        return not self.rows

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim actions that need a row while there is none."""
        return None if action in self.on_a_row and not self.rows else True

    # Geometry: `top` is the first visible row.

    @property
    def top(self) -> int:
        """Return the first visible row."""
        return self.scroll_offset.y

    @property
    def page_size(self) -> int:
        """Return how many rows can be seen at once."""
        return max(1, self.size.height - self.head - self.foot)

    @property
    def foot_start(self) -> int:
        """Return the line of the first pinned line below: after the last row or at the bottom."""
        return min(self.size.height - self.foot, self.head + max(1, len(self.rows)))

    def visible_rows(self) -> range:
        """Return the rows that can be seen."""
        return range(self.top, min(self.top + self.page_size, len(self.rows)))

    def _measure(self) -> None:
        height = len(self.rows) + self.head + self.foot
        self.virtual_size = Size(max(1, self.size.width), height)

    def on_resize(self, event: events.Resize) -> None:
        """Keep the cursor in view when the size changes."""
        self._measure()
        self.call_after_refresh(self.keep_in_sight)

    def refresh_row(self, row: int) -> None:
        """Paint one row again, if it can be seen."""
        self.refresh_line_at(self.head + row - self.top)

    # Painting.

    def render_line(self, y: int) -> Strip:
        """Return visible line `y`."""
        width = self.size.width
        if y < self.head:
            segments = self.draw_head(y, width)
        elif 0 <= y - self.foot_start < self.foot:
            segments = self.draw_foot(y - self.foot_start, width)
        else:
            segments = self._row_at(self.top + y - self.head, y, width)
        return Strip(segments).adjust_cell_length(width, self.pen())

    def _row_at(self, row: int, y: int, width: int) -> list[Segment]:
        if row < len(self.rows):
            is_cursor = row == self.cursor
            segments = self._drawn(self.rows[row], width, is_cursor)
            used = sum(segment.cell_length for segment in segments)
            return [*segments, Segment(" " * (width - used), self.pen(is_cursor=is_cursor))]
        if not self.rows and y == self.head + (0 if self.foot else 1):
            return [Segment(fit(f" {self.hint}", width), self.pen("dim"))]
        return []

    def _drawn(self, row: Row, width: int, is_cursor: bool) -> list[Segment]:
        try:
            return self.draw_row(row, width, is_cursor)
        except Exception as error:  # one unforeseen row must not close the desk
            return [Segment(fit(f" {surprise_once(error)}", width), self.pen("bad"))]

    @property
    def is_narrowed(self) -> bool:
        """Tell whether a filter leaves rows out."""
        return False

    @property
    def hint(self) -> str:
        """Return the sentence for an empty list."""
        return app_of(self).with_keys(NO_MATCH if self.is_narrowed else self.empty)

    # Moving.

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaint the row that the cursor left and the one it came to."""
        self.refresh_row(old)
        self.refresh_row(new)
        if self.has_focus:
            self.keep_in_sight()

    def on_focus(self) -> None:
        """Show the selected row."""
        self.show_selected()
        self.refresh_row(self.cursor)

    def show_selected(self) -> None:
        """Move the cursor into view, if new rows have pushed it out."""
        is_laid_out = self.size.height > 0
        if self.rows and is_laid_out and self.cursor not in self.visible_rows():
            self.go_to(self.top)

    def on_blur(self) -> None:
        """Paint the cursor as one without the focus."""
        self.refresh_row(self.cursor)

    def keep_in_sight(self) -> None:
        """Scroll as little as needed to show the cursor."""
        if self.cursor < self.top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= self.top + self.page_size:
            self.scroll_to(y=self.cursor - self.page_size + 1, animate=False, force=True)

    def go_to(self, row: int) -> None:
        """Put the cursor on a row, or on the nearest that exists."""
        self.cursor = max(0, min(row, len(self.rows) - 1))

    def action_cursor(self, step: int) -> None:
        """Move the cursor by rows."""
        self.go_to(self.cursor + step)

    def action_page(self, step: int) -> None:
        """Move the cursor by pages."""
        self.go_to(self.cursor + step * self.page_size)

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self.go_to(0)

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self.go_to(len(self.rows) - 1)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse was clicked."""
        if (offset := event.get_content_offset(self)) is None:
            return
        if offset.y < self.head:
            self.click_head(offset.x)
        elif offset.y < self.foot_start:
            row = self.top + offset.y - self.head
            self.click_at(row, offset.x)
            if event.chain == 2 and self.is_entered_by_mouse and row < len(self.rows):
                self.app.simulate_key("enter")
        elif offset.y < self.foot_start + self.foot:
            self.click_foot(offset.y - self.foot_start, offset.x)

    def click_head(self, x: int) -> None:
        """Take a click on the pinned lines above the rows."""

    def click_foot(self, y: int, x: int) -> None:
        """Take a click on pinned line `y` below the rows."""

    def click_at(self, row: int, x: int) -> None:
        """Take a click on a row."""
        if row < len(self.rows):
            self.go_to(row)

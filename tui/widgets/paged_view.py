"""A list that moves a window of rows over a table of any size, page by page."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from textual import events
from textual.message import Message
from textual.reactive import reactive

from leadboard.common.language import _
from leadboard.queries.terms import EVERYTHING, AppealFilter
from tui.base import app_of
from tui.keys import key_label, keys_of, without_twins
from tui.messages import Acted
from tui.widgets.border_remarks import Remark
from tui.widgets.figures import grouped
from tui.widgets.line_view import LineView
from tui.widgets.list_reader import Job, ListReader
from tui.widgets.paging import MOST_NEWER, Page, PagedView

PAGE = 100
MOST_ROWS = 3 * PAGE
"""Rows kept at a time, so that memory stays flat."""
LOOKING = _("Searching…")

Row = TypeVar("Row")


class Window(PagedView[Row]):
    """Newest rows first or oldest first, each with an `id`; a subclass reads the pages.

    What is selected stays selected: the cursor keeps to the id of its row, wherever in the table
    that is. It follows the newest row only while it is on the first one and another widget has
    the focus.
    """

    class Shown(Message):
        """Rows matching `wanted` have been read."""

        def __init__(self, wanted: AppealFilter) -> None:
            super().__init__()
            self.wanted = wanted

    version = reactive(0, repaint=False, init=False)
    """Changes whenever the rows may have changed."""
    remark: reactive[tuple[Remark, ...]] = reactive((), repaint=False, init=False)
    """What the border says about rows out of view."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.base: AppealFilter = EVERYTHING
        """What the list shows without a filter."""
        self.wanted: AppealFilter = EVERYTHING
        self.lost: Row | None = None
        """The row that left from under the cursor; None once a key has moved the cursor."""
        self.sent: set[int] = set()
        """The ids of one's own last act, which may remove their rows from the list."""
        self.reader = ListReader(self)
        self._is_at_start = True
        self._is_following = True
        """Whether the cursor is on the first row because nobody has moved it away."""
        self._newer = 0

    def count(self, most: int) -> tuple[int, bool]:
        """Return how many rows are wanted, up to `most`, and whether that is all."""
        raise NotImplementedError

    def watch_version(self) -> None:
        """Read again what the window holds."""
        self.read_again()

    def read_again(self) -> None:
        """Read the window again; at the start of the list, including rows that are new there."""
        self.reader.ask(self._again, is_again=True)

    def _again(self) -> Job:
        size = max(PAGE, len(self.rows))
        edge = None
        if self.rows and not self._is_at_start:
            edge = self._above(self._id_of(self.rows[0]))
        held = None if self.current is None or self.is_resting else self._id_of(self.current)
        return Job(partial(self._read_held, size, edge, held), self._show_page)

    @property
    def is_narrowed(self) -> bool:
        """Tell whether a filter leaves rows out."""
        return self.wanted != self.base

    @property
    def holds_all(self) -> bool:
        """Tell whether there are no more rows than those in the window."""
        return self._is_at_start and len(self.rows) < PAGE and not self.reader.is_looking

    @property
    def hint(self) -> str:
        """Return the sentence for a list that is empty, or for which rows are still looked for."""
        return LOOKING if self.reader.is_looking else super().hint

    @property
    def is_slow(self) -> bool:
        """Tell whether a page may take long enough to be noticed."""
        return self.wanted.is_slow

    # What is shown.

    def _show_page(self, page: Page[Row]) -> None:
        self._is_at_start, self._newer = page.is_at_start, page.newer
        self.show(page.rows)

    def show(self, rows: Sequence[Row]) -> None:
        """Replace the rows, note if the one under the cursor is gone, and tell the pane."""
        was = self.current
        super().show(rows)
        now = self.current
        if was is not None and (now is None or self.key_of(now) != self.key_of(was)):
            self._lose(was)
        self.tell()
        self.post_message(self.Shown(self.wanted))

    def _lose(self, row: Row) -> None:
        """Remember the row that left: the next key may still be meant for it."""
        # A row that left by one's own act surprises nobody.
        if self._id_of(row) not in self.sent and not self.is_resting:
            self.lost = self.lost or row

    def _place_of_cursor(self, rows: Sequence[Row]) -> int:
        """Return the place of the row under the cursor, or of the next one if it is gone."""
        if self.current is None or self.is_resting:
            return 0
        held = self._id_of(self.current)
        below = (
            place for place, row in enumerate(rows) if not self._is_above(self._id_of(row), held)
        )
        return next(below, max(0, len(rows) - 1))

    @property
    def is_resting(self) -> bool:
        """Tell whether the cursor follows the first row: no key can reach this list now."""
        return self._is_following and not self.cursor and self.is_left

    @property
    def is_left(self) -> bool:
        """Tell whether another widget of the desk has the focus; an open dialog does not count."""
        screen = self.screen
        return screen.is_current and screen.focused not in (None, self)

    def remarks(self) -> list[Remark]:
        """Return what the border says: how many newer rows are out of view, and the order."""
        order = [Remark(self.order, 7)] if self.rows else []
        if self.is_oldest_first:
            hidden = max(0, len(self.rows) - self.top - self.page_size)
        else:
            hidden = min(self.top, len(self.rows))
        if not (newer := self._newer + hidden):
            return order
        count = f"{grouped(MOST_NEWER)}+" if self._newer >= MOST_NEWER else grouped(newer)
        sign, key = _towards_newest(self)
        said = _("{sign} {count} newer · {key}", sign=sign, count=count, key=key)
        return [Remark(said, 3, Remark(f"{sign} {count} · {key}", 1)), *order]

    def tell(self) -> None:
        """Update what the border says about rows out of view."""
        # Before the first layout every row would count as out of view.
        self.remark = tuple(self.remarks()) if self.size.height else ()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Keep the border up to date while the list is scrolled."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.tell()

    def on_resize(self, event: events.Resize) -> None:
        """Keep the border up to date when the size changes."""
        self.call_after_refresh(self.tell)

    def show_selected(self) -> None:
        """Scroll to the selected row, wherever it is now."""
        # Later, because a click selects another row first, and that one must not move.
        self.call_later(self._keep_selected_in_sight)

    def _keep_selected_in_sight(self) -> None:
        if self.rows and self.size.height:
            self.keep_in_sight()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the cursor where the mouse is pressed, before the list moves."""
        offset = event.get_content_offset(self)
        if offset is not None and self.head <= offset.y < self.foot_start:
            self.click_at(self.top + offset.y - self.head, offset.x)

    def on_blur(self) -> None:
        """Follow the newest rows again, if nobody has moved the cursor from the first."""
        if self._is_following and self.is_left and self.rows and (self.cursor or self.top):
            self.start_over()

    # Moving.

    def start_over(self) -> None:
        """Show the first rows with the cursor on the first: the list has different rows now."""
        self.rows = ()
        self.lost = None
        self._is_at_start = self._is_following = True
        self._newer = 0
        # Without its watcher, which would scroll and paint rows that are gone.
        self.set_reactive(LineView.cursor, 0)
        self.scroll_to(y=0, animate=False, force=True)
        self.reader.begin(self._again)
        self.refresh()

    def widen(self) -> None:
        """Show the rows around the selected one that the list has in addition now."""
        if self._is_following or not self.rows:
            self.start_over()
            return
        self._is_at_start = False
        self.reader.begin(self._around)

    def _around(self) -> Job:
        if self.current is None:
            return self._again()
        held = self._id_of(self.current)

        def read() -> Page[Row]:
            above = self._read_up(PAGE, held)
            below = self._read_down(PAGE, self._above(held))
            return self._page([*above, *below], is_at_start=len(above) < PAGE)

        return Job(read, self._show_page)

    def action_sort(self) -> None:
        """Reverse the list: oldest first, or newest first again."""
        self.is_oldest_first = not self.is_oldest_first
        self.start_over()
        self.post_message(Acted(self.order.capitalize()))

    def go_to(self, row: int) -> None:
        """Move the cursor, and the window with it near either end."""
        super().go_to(row)
        self.lost = None
        self._is_following = not self.cursor and self._is_at_start
        if not self.rows:
            return
        if self.cursor + self.page_size >= len(self.rows):
            self.reader.ask(self._further_down)
        elif self.cursor < self.page_size and not self._is_at_start:
            self.reader.ask(self._further_up)

    def _further_down(self) -> Job:
        last = self._id_of(self.rows[-1]) if self.rows else None
        then: Callable[[Page[Row]], None] = self._append if self.rows else self._show_page
        return Job(lambda: self._next_page(self._read_down(PAGE, last), self.is_oldest_first), then)

    def _further_up(self) -> Job:
        first = self._id_of(self.rows[0]) if self.rows else None
        then: Callable[[Page[Row]], None] = self._prepend if self.rows else self._show_end
        return Job(
            lambda: self._next_page(self._read_up(PAGE, first), not self.is_oldest_first), then
        )

    def _next_page(self, rows: Sequence[Row], is_newer: bool) -> Page[Row]:
        """Return a page at an end of the window; at the newer end, count what is newer still."""
        is_last = len(rows) < PAGE
        return self._page(rows, is_at_start=is_last) if is_newer else Page(rows, is_last, 0)

    def _append(self, below: Page[Row]) -> None:
        if not below.rows:
            return
        window = [*self.rows, *below.rows]
        gone = max(0, len(window) - MOST_ROWS)
        self._is_at_start = self._is_at_start and not gone
        self._newer = below.newer if self.is_oldest_first else self._newer + gone
        self.show(window[gone:])

    def _prepend(self, above: Page[Row]) -> None:
        window = [*above.rows, *self.rows]
        gone = max(0, len(window) - MOST_ROWS)
        self._is_at_start = above.is_at_start
        self._newer = self._newer + gone if self.is_oldest_first else above.newer
        self.show(window[:MOST_ROWS])

    def action_first(self) -> None:
        """Go to the first row of the table."""
        self.start_over()

    def action_last(self) -> None:
        """Go to the last row of the table."""
        self.reader.ask(self._to_the_end)

    def _to_the_end(self) -> Job:
        def read() -> Page[Row]:
            last = self._read_up(PAGE, None)
            return (
                Page(last, len(last) < PAGE, 0)
                if self.is_oldest_first
                else self._page(last, is_at_start=len(last) < PAGE)
            )

        return Job(read, self._show_end)

    def _show_end(self, last: Page[Row]) -> None:
        self.lost = None
        self._is_at_start, self._newer = last.is_at_start, last.newer
        # Past this class's show(), which would take the jump for a row that left.
        super().show(last.rows)
        self.post_message(self.Shown(self.wanted))
        super().action_last()
        self._is_following = False
        self.tell()


def _towards_newest(window: Window[Any]) -> tuple[str, str]:
    """Return the sign and the key of the end of a list where the newest rows are."""
    sign, id = ("▼", "list.last") if window.is_oldest_first else ("▲", "list.first")
    # The letters of these bindings come after keys with names.
    return sign, key_label(without_twins(keys_of(id, app_of(window).keymap))[-1])

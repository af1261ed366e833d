"""A list that moves a window of rows over a table of any size, page by page."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from textual.reactive import reactive

from tui.lines import LineView

PAGE = 100
MOST_ROWS = 3 * PAGE
"""Rows kept at once, so that memory stays flat."""

Row = TypeVar("Row")


class Window(LineView[Row]):
    """Newest rows first, each with an `id`; a subclass reads the pages."""

    version = reactive(0, repaint=False, init=False)
    """Differs whenever the rows may have changed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._is_at_newest = True

    def read_before(self, limit: int, before: int | None) -> Sequence[Row]:
        """Return the newest rows, or those before an id."""
        raise NotImplementedError

    def read_after(self, limit: int, after: int) -> Sequence[Row]:
        """Return the rows just newer than an id, newest first."""
        raise NotImplementedError

    def watch_version(self) -> None:
        """Read again what the window holds, unless nobody sees it."""
        if self.display:
            self.read_again()

    def read_again(self) -> None:
        """Read what the window holds; at the newest end also what has come since."""
        size = max(PAGE, len(self.rows))
        before = None
        if self.rows and not self._is_at_newest:
            before = self._id_of(self.rows[0]) + 1
        self.fetch(lambda: self.read_before(size, before), self.show)

    def fetch(
        self, read: Callable[[], Sequence[Row]], then: Callable[[Sequence[Row]], None]
    ) -> None:
        """Read a page and go on with it; a subclass may do the reading elsewhere."""
        then(read())

    def start_over(self) -> None:
        """Show the newest rows with the cursor on the first: the list holds other rows now."""
        self.rows = ()
        self._is_at_newest = True
        self.set_reactive(LineView.cursor, 0)
        self.scroll_to(y=0, animate=False, force=True)
        self.read_again()
        self.refresh()

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
        oldest = self._id_of(self.rows[-1])
        self.fetch(lambda: self.read_before(PAGE, oldest), self._append)

    def _append(self, older: Sequence[Row]) -> None:
        if older and (not self.rows or self._id_of(older[0]) < self._id_of(self.rows[-1])):
            window = [*self.rows, *older]
            self._is_at_newest = self._is_at_newest and len(window) <= MOST_ROWS
            self.show(window[-MOST_ROWS:])

    def _read_newer(self) -> None:
        newest = self._id_of(self.rows[0])
        self.fetch(lambda: self.read_after(PAGE, newest), self._prepend)

    def _prepend(self, newer: Sequence[Row]) -> None:
        self._is_at_newest = len(newer) < PAGE
        self.show([*newer, *self.rows][:MOST_ROWS])

    def action_first(self) -> None:
        """Go to the newest row."""
        self.start_over()

    def action_last(self) -> None:
        """Go to the oldest row."""
        self.fetch(lambda: self.read_after(PAGE, 0), self._show_oldest)

    def _show_oldest(self, oldest: Sequence[Row]) -> None:
        self._is_at_newest = len(oldest) < PAGE
        self.show(oldest)
        super().action_last()

    def _id_of(self, row: Row) -> int:
        key = self.key_of(row)
        assert isinstance(key, int)
        return key

"""A list that moves a window of rows over a table of any size, page by page."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from textual import work
from textual.message import Message
from textual.reactive import reactive

from store import Trouble, engine
from tui.lane import Lane
from tui.lines import LineView
from tui.messages import Acted
from wanted import EVERYTHING, Wanted

PAGE = 100
MOST_ROWS = 3 * PAGE
"""Rows kept at once, so that memory stays flat."""

LOOKING = "Looking…"

Row = TypeVar("Row")


class Window(LineView[Row]):
    """Newest rows first or oldest first, each with an `id`; a subclass reads the pages."""

    class Shown(Message):
        """Rows of what is wanted have been read."""

        def __init__(self, wanted: Wanted) -> None:
            super().__init__()
            self.wanted = wanted

    version = reactive(0, repaint=False, init=False)
    """Differs whenever the rows may have changed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.base: Wanted = EVERYTHING
        """What the list shows without a filter."""
        self.wanted: Wanted = EVERYTHING
        self._lookings = 0
        self.is_oldest_first = False
        self._is_at_start = True

    def read_before(self, limit: int, before: int | None) -> Sequence[Row]:
        """Return the newest rows, or those before an id; newest first."""
        raise NotImplementedError

    def read_after(self, limit: int, after: int) -> Sequence[Row]:
        """Return the rows just newer than an id, newest first."""
        raise NotImplementedError

    def count(self, most: int) -> tuple[int, bool]:
        """Return how many rows are wanted, up to `most`, and whether that is all."""
        raise NotImplementedError

    def _read_down(self, limit: int, row_id: int | None) -> Sequence[Row]:
        """Return the first rows of the list, or those below an id."""
        if self.is_oldest_first:
            return self.read_after(limit, row_id or 0)[::-1]
        return self.read_before(limit, row_id)

    def _read_up(self, limit: int, row_id: int | None) -> Sequence[Row]:
        """Return the last rows of the list, or those above an id."""
        if self.is_oldest_first:
            return self.read_before(limit, row_id)[::-1]
        return self.read_after(limit, row_id or 0)

    def watch_version(self) -> None:
        """Read again what the window holds."""
        self.read_again()

    def read_again(self) -> None:
        """Read what the window holds; at the start of the list also what has come there since."""
        size = max(PAGE, len(self.rows))
        above = None
        if self.rows and not self._is_at_start:
            above = self._id_of(self.rows[0]) + (-1 if self.is_oldest_first else 1)
        self.fetch(lambda: self._read_down(size, above), self.show)

    def fetch(
        self, read: Callable[[], Sequence[Row]], then: Callable[[Sequence[Row]], None]
    ) -> None:
        """Read a page and go on with it; what may take its time, beside the screen's own thread."""
        if self.is_slow or engine().is_server:
            self.search(self.wanted, read, then)
            return
        with suppress(Trouble):  # the header tells of a database that cannot be read
            then(read())

    def show(self, rows: Sequence[Row]) -> None:
        """Replace the rows, and tell the pane that there may be more or fewer in all."""
        super().show(rows)
        self.post_message(self.Shown(self.wanted))

    @property
    def is_narrowed(self) -> bool:
        """Tell whether a filter leaves rows out."""
        return self.wanted != self.base

    @property
    def holds_all(self) -> bool:
        """Tell whether there are no more rows than those in the window."""
        return self._is_at_start and len(self.rows) < PAGE and not self._lookings

    @property
    def hint(self) -> str:
        """Return what is said where no rows are, or are not found yet."""
        return LOOKING if self._lookings else super().hint

    @property
    def is_slow(self) -> bool:
        """Tell whether a page may take long enough to be noticed."""
        return self.wanted.is_slow

    @work(exclusive=True, group="search", exit_on_error=False)
    async def search(
        self,
        wanted: Wanted,
        read: Callable[[], Sequence[Row]],
        then: Callable[[Sequence[Row]], None],
    ) -> None:
        """Read a page beside the screen's own thread, unless something else is wanted meanwhile."""
        searcher: Lane = self.app.searcher  # type: ignore[attr-defined]
        if self.is_slow:
            searcher.interrupt()
        self._lookings += 1
        try:
            found = await searcher.do(read)
        except Trouble:
            return  # the header tells of a database that cannot be read
        finally:
            self._lookings -= 1
        if wanted == self.wanted:
            then(found)
            self.refresh_empty()

    def refresh_empty(self) -> None:
        """Paint what is said where no rows are."""
        if not self.rows:
            self.refresh()

    def start_over(self) -> None:
        """Show the first rows with the cursor on the first: the list holds other rows now."""
        self.rows = ()
        self._is_at_start = True
        self.set_reactive(LineView.cursor, 0)
        self.scroll_to(y=0, animate=False, force=True)
        self.read_again()
        self.refresh()

    def action_sort(self) -> None:
        """Turn the list over: oldest first, or newest first again."""
        self.is_oldest_first = not self.is_oldest_first
        self.start_over()
        self.post_message(Acted(f"{'Oldest' if self.is_oldest_first else 'Newest'} first"))

    def go_to(self, row: int) -> None:
        """Move the cursor, and the window with it when it comes near an end."""
        super().go_to(row)
        if not self.rows:
            return
        if self.cursor + self.page_size >= len(self.rows):
            last = self._id_of(self.rows[-1])
            self.fetch(lambda: self._read_down(PAGE, last), self._append)
        elif self.cursor < self.page_size and not self._is_at_start:
            first = self._id_of(self.rows[0])
            self.fetch(lambda: self._read_up(PAGE, first), self._prepend)

    def _append(self, below: Sequence[Row]) -> None:
        if below and (not self.rows or self._follows(below[0], self.rows[-1])):
            window = [*self.rows, *below]
            self._is_at_start = self._is_at_start and len(window) <= MOST_ROWS
            self.show(window[-MOST_ROWS:])

    def _follows(self, row: Row, other: Row) -> bool:
        """Tell whether a row comes below another in this list."""
        return (self._id_of(row) > self._id_of(other)) == self.is_oldest_first

    def _prepend(self, above: Sequence[Row]) -> None:
        self._is_at_start = len(above) < PAGE
        self.show([*above, *self.rows][:MOST_ROWS])

    def action_first(self) -> None:
        """Go to the first row of all."""
        self.start_over()

    def action_last(self) -> None:
        """Go to the last row of all."""
        self.fetch(lambda: self._read_up(PAGE, None), self._show_end)

    def _show_end(self, last: Sequence[Row]) -> None:
        self._is_at_start = len(last) < PAGE
        self.show(last)
        super().action_last()

    def _id_of(self, row: Row) -> int:
        key = self.key_of(row)
        assert isinstance(key, int)
        return key

"""Rows of a table of any size in the order of their ids, read in pages from either end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from leadboard.common.language import _
from leadboard.database.connection import BEYOND
from tui.widgets.line_view import LineView

MOST_NEWER = 1_000
"""The highest number of newer rows that is counted; more are shown as a plus sign."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of a list, whether they include its first, and how many are newer than all of them."""

    rows: Sequence[Row]
    is_at_start: bool
    newer: int


class PagedView(LineView[Row]):
    """Newest rows first or oldest first, each with an `id`; a subclass reads the pages."""

    is_oldest_first = False

    @property
    def order(self) -> str:
        """Return the order of the rows in words."""
        return _("oldest first") if self.is_oldest_first else _("newest first")

    @property
    def sort_mark(self) -> str:
        """Return the mark of the column that the rows go by: whether it grows or falls."""
        return "↑" if self.is_oldest_first else "↓"

    @property
    def is_on_show(self) -> bool:
        """Tell whether the list is the visible one of its pane; others need no rows."""
        return self.is_attached and self.display

    @property
    def is_slow(self) -> bool:
        """Tell whether a page may take long enough to be noticed."""
        raise NotImplementedError

    def read_again(self) -> None:
        """Read again what is shown."""
        raise NotImplementedError

    def refresh_empty(self) -> None:
        """Paint the sentence for an empty list."""
        if not self.rows:
            self.refresh()

    def read_before(self, limit: int, before: int | None) -> Sequence[Row]:
        """Return the newest rows, or those before an id; newest first."""
        raise NotImplementedError

    def read_after(self, limit: int, after: int) -> Sequence[Row]:
        """Return the rows just newer than an id, newest first."""
        raise NotImplementedError

    def count_after(self, most: int, after: int) -> int:
        """Return how many rows are newer than an id, or `most` if there are more."""
        return len(self.read_after(most, after))

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

    def _page(self, rows: Sequence[Row], *, is_at_start: bool) -> Page[Row]:
        """Return a page of rows with the number of newer ones, which is 0 at the newest end."""
        if not rows or (is_at_start and not self.is_oldest_first):
            return Page(rows, is_at_start, 0)
        newest = max(self._id_of(rows[0]), self._id_of(rows[-1]))
        return Page(rows, is_at_start, self.count_after(MOST_NEWER, newest))

    def _read_held(self, size: int, edge: int | None, held: int | None) -> Page[Row]:
        """Read the window from its edge, or around the held row if that is no longer in it."""
        rows = self._read_down(size, edge)
        if not rows and edge is not None:
            # All rows below the edge are gone: the list begins again at its start.
            rows, edge = self._read_down(size, None), None
        if held is None or not rows or len(rows) < size or self._id_of(rows[-1]) == held:
            return self._page(rows, is_at_start=edge is None)
        if self._is_above(held, self._id_of(rows[-1])):
            return self._page(rows, is_at_start=edge is None)
        above = self._read_up(size // 2, held)
        below = self._read_down(size - len(above), self._above(held))
        return self._page([*above, *below], is_at_start=len(above) < size // 2)

    def _above(self, row_id: int) -> int:
        """Return the id to read down from to begin with a row."""
        # 2**63 does not fit into 64 bits: sqlite3 raises OverflowError for it.
        return row_id - 1 if self.is_oldest_first else min(row_id + 1, BEYOND)

    def _is_above(self, row_id: int, other: int) -> bool:
        """Tell whether a row is above another in this list."""
        return (row_id < other) == self.is_oldest_first and row_id != other

    def _id_of(self, row: Row) -> int:
        key = self.key_of(row)
        assert isinstance(key, int)
        return key

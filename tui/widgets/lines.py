"""Lines of text that take as many rows as they need, or as few as there is room for."""

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static


class Lines(Static):
    """A text whose lines depend on the width, and which are left out on the rows."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__("", id=id)
        self._text = Content("")
        self._rows = -1

    def lines(self, width: int, most: int) -> Sequence[Content]:
        """Return the lines to show in `width` cells, for `most` rows at least one."""
        raise NotImplementedError

    def fit(self, width: int, most: int, least: int = 0) -> int:
        """Show the first `most` lines, in no fewer than `least` rows; return how many it takes."""
        lines = self.lines(width, most)[:most]
        text = Content("\n").join(lines)
        if not text.is_same(self._text):
            self._text = text
            self.update(text, layout=False)
        rows = max(least, len(lines))
        if rows != self._rows:
            self._rows = self.styles.height = rows
            self.display = rows > 0
        return rows

"""The preview beside the appeals: what the details would say of the one under the cursor."""

from dataclasses import replace
from functools import partial

from textual.content import Content
from textual.widgets import Static

from leadboard.common.language import _
from leadboard.database.fields import now
from leadboard.queries.appeals import AppealRow, newest_appeals
from leadboard.queries.explanation import Explanation
from leadboard.queries.leads import LeadRow
from leadboard.queries.terms import AppealFilter
from tui.base import app_of
from tui.dialogs.details_text import Found, lines_of, look_up
from tui.panes.appeals_pane import AppealsPane
from tui.widgets.line_view import LineView
from tui.widgets.moments import TICK
from tui.widgets.pause import Pause

Row = AppealRow | LeadRow

PAUSE = 0.08
"""Seconds without a key after which the appeal is read."""


class Preview(Static):
    """The appeal under the cursor of the visible list, of a lead the newest; it takes no keys.

    It reads only while it is shown, and only once the cursor rests.
    """

    def __init__(self, pane: AppealsPane, *, id: str | None = None) -> None:
        super().__init__("", id=id)
        self._pane = pane
        self._followed: set[LineView[AppealRow] | LineView[LeadRow]] = set()
        self._found: Found | None = None
        self._text = Content("")
        self._pause = Pause(self, PAUSE, self._look)

    def on_mount(self) -> None:
        """Follow what the pane shows, and let ages go on."""
        self.watch(self._pane, "reads", self.follow)
        self.set_interval(TICK, self._draw)

    def follow(self) -> None:
        """Show what is selected now: in another list, of other rows, or as it is by now."""
        if (shown := self._pane.list) not in self._followed:
            self._followed.add(shown)
            self.watch(shown, "cursor", self._wait, init=False)
        self._wait()

    def on_show(self) -> None:
        """Catch up after a time in which nothing was read."""
        self.follow()

    def on_resize(self) -> None:
        """Fit the text to the new size."""
        self._draw()

    def _wait(self) -> None:
        if self.display:
            self._pause.restart()

    def _look(self) -> None:
        row = self._pane.list.current
        if row is None or not self.display:
            self._take(row, None)
            return
        # If nothing can be read the header says so, and this is empty rather than wrong.
        then = partial(self._take, row)
        app_of(self).reader.run(self, partial(_read, row), then, lambda _error: then(None))

    def _take(self, row: Row | None, found: Found | None) -> None:
        """Take what was read, unless the cursor has gone on in the meantime."""
        if _key(row) == _key(self._pane.list.current):
            self._found = found
            self._draw()

    def _draw(self) -> None:
        text = Content("\n").join(self._lines())
        if not text.is_same(self._text):
            self._text = text
            self.update(text, layout=False)

    def _lines(self) -> list[Content]:
        """Return as many lines as can be seen, however long the message is."""
        width, height = self.size
        if self._found is None:
            return []
        found, lead = self._found
        lines = lines_of(_shortened(found, width * height), lead, now(), width, has_keys=False)
        return [Content.styled(_("Appeal #{id}", id=found.appeal.id), "bold"), *lines][:height]


def _key(row: Row | None) -> tuple[type, int] | None:
    return None if row is None else (type(row), row.id)


def _read(row: Row) -> Found | None:
    """Read the appeal of a row: itself, or the newest of a lead; None for a lead without one."""
    if isinstance(row, AppealRow):
        return look_up(row.id)
    newest = newest_appeals(1, wanted=AppealFilter(lead_id=row.id))
    return look_up(newest[0].id) if newest else None


def _shortened(found: Explanation, room: int) -> Explanation:
    return replace(found, appeal=replace(found.appeal, message=found.appeal.message[:room]))

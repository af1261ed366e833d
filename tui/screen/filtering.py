"""Filtering the focused pane: one line for all of them."""

from textual import on

from leadboard.common.text import clean
from leadboard.database.fields import now
from tui.panes.appeals_pane import AppealsPane
from tui.screen.footer import Notice
from tui.screen.navigating import NavigatingScreen
from tui.widgets.filter import Filtered, FilterLine


class FilteringScreen(NavigatingScreen):
    """A screen whose panes can be filtered."""

    _filtered_pane: Filtered | None = None

    def action_filter(self) -> None:
        """Type a filter for the focused pane."""
        pane = self.filtered
        if pane is not None:
            # From here on the focus is in the filter line and no longer tells which pane is meant.
            self._filtered_pane = pane
            self.query_one(FilterLine).start(pane.filter_text, pane.offer)

    def action_clear_filter(self) -> None:
        """Show everything in the focused pane again."""
        if self.filtered is not None and self.filtered.filter_text:
            self._filter(self.filtered, "")
        elif isinstance(self.filtered, AppealsPane):
            self.filtered.unmark()

    @property
    def filtered(self) -> Filtered | None:
        """Return the focused pane, None if it has no filter."""
        widget = self.widget_of(self.pane) if self.pane else None
        return widget if isinstance(widget, Filtered) else None

    @on(FilterLine.Typed)
    def filter_pane(self, message: FilterLine.Typed) -> None:
        """Filter the pane from which the line was opened."""
        pane = self._filtered_pane
        assert pane is not None, "the line is started for a pane"
        self._filter(pane, message.text)
        if message.is_over:
            self.query_one(FilterLine).display = False
            self.action_pane(str(pane.id))

    def _filter(self, pane: Filtered, text: str) -> None:
        """Filter a pane, and say which terms of the filter have no meaning in it."""
        had_faults = bool(pane.faults)
        pane.take_filter(text)
        # Not said, which would keep a sentence for each letter of a term that is still typed.
        notice = self.query_one(Notice)
        if pane.faults:
            notice.tell(" ".join(map(clean, pane.faults)), now(), is_bad=True)
        elif had_faults:
            notice.fade()

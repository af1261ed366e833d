"""What the desk asks of each pane: its stops for the tab key, and the list it shows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from textual.widget import Widget

from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    # A Widget only for mypy, for the reason given in tui.widgets.filter.
    from textual.widget import Widget as Base
else:
    Base = object


class PaneWidget(Base):
    """A pane of the desk; one that is more than a list says what in it takes the focus."""

    heading = ""
    """Its number and title, as the border shows them."""

    @property
    def stops(self) -> Sequence[Widget]:
        """Return the stops of the tab key, in order."""
        return [cast(Widget, self)]

    @property
    def entry(self) -> Widget:
        """Return the widget that takes the focus when the pane is entered."""
        return self.stops[0]

    @property
    def shown(self) -> LineView[Any] | None:
        """Return the list that is shown, None if there is none."""
        return self if isinstance(self, LineView) else None

    def show_heading(self) -> None:
        """Write the heading into the border."""
        self.border_title = self.heading

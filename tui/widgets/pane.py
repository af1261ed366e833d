"""What the desk asks of each pane: where the keys go in it, and which list it shows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from textual.widget import Widget

from tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from textual.widget import Widget as Base
else:
    Base = object


class PaneWidget(Base):
    """A pane of the desk; one that is no single list says what is to be focused in it."""

    heading = ""
    """Its number and its title, as its border shows them."""

    @property
    def stops(self) -> Sequence[Widget]:
        """Return what the tab key visits, in its order."""
        return [cast(Widget, self)]

    @property
    def entry(self) -> Widget:
        """Return what has the focus when one goes to the pane."""
        return self.stops[0]

    @property
    def shown(self) -> LineView[Any] | None:
        """Return the list on show, None where there is none."""
        return self if isinstance(self, LineView) else None

    def show_heading(self) -> None:
        """Write the heading into the border."""
        self.border_title = self.heading

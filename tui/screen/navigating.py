"""Going from pane to pane: by key, by strip, and to some appeals and back."""

from textual import events, on
from textual.widget import Widget

from tui.messages import AppealsWanted, SourceWanted
from tui.panes.appeals_pane import AppealsPane
from tui.panes.new_appeal import NewAppeal
from tui.panes.registry import BY_ID, PANES, Pane
from tui.panes.weights import Weights
from tui.screen.following import FollowingScreen
from tui.screen.pane_strip import PaneStrip
from tui.widgets.pane import PaneWidget

SIDES = ("left", "right")
ROWS = ("team", "lower")


class NavigatingScreen(FollowingScreen):
    """A screen of panes, of which one has the focus."""

    def __init__(self, *, classes: str) -> None:
        super().__init__(classes=classes)
        self._came_from = "operators"
        self._drilled_from: str | None = None
        """The pane from which only some appeals were asked for."""

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show the half of the desk that has the focus, if there is no room for both."""
        pane = self.pane_of(event.widget)
        if pane is None:
            return
        for side in SIDES:
            self.set_class(side == pane.side, f"-{side}", update=False)
        for row in ROWS:
            self.set_class(row == pane.row, f"-{row}", update=False)
        for each in PANES:
            self.widget_of(each).set_class(each is pane, "-on", update=False)
        # Styling everything takes longer than a frame, and changes nothing while all is in sight.
        if any(map(self.has_class, ("-narrow", "-short", "-one"))):
            self.update_node_styles()
        self.query_one(PaneStrip).active = pane.id
        if pane.id != "new-appeal":
            self._came_from = pane.id

    def pane_of(self, widget: Widget | None) -> Pane | None:
        """Return the pane that holds a widget."""
        nodes = widget.ancestors_with_self if widget is not None else ()
        return next((BY_ID[node.id] for node in nodes if node.id in BY_ID), None)

    def widget_of(self, pane: Pane) -> PaneWidget:
        """Return the widget of a pane."""
        return self.query_one(f"#{pane.id}", pane.widget)

    @property
    def pane(self) -> Pane | None:
        """Return the pane that has the focus."""
        return self.pane_of(self.focused)

    def stops(self) -> list[Widget]:
        """Return the stops of the tab key: the lists, then the fields of the form."""
        panes = sorted(PANES, key=lambda pane: not pane.is_filterable)
        return [stop for pane in panes for stop in self.widget_of(pane).stops]

    def action_pane(self, pane: str) -> None:
        """Go to a pane."""
        self.widget_of(BY_ID[pane]).entry.focus()

    @on(NewAppeal.Left)
    def leave_form(self) -> None:
        """Go back to the pane from which the form was entered."""
        self.action_pane(self._came_from)

    @on(PaneStrip.Chosen)
    def enter_pane(self, message: PaneStrip.Chosen) -> None:
        """Go to the pane that was clicked in the strip."""
        self.action_pane(message.pane_id)

    @on(AppealsWanted)
    def show_appeals(self, message: AppealsWanted) -> None:
        """Show in the pane of appeals what another pane asks for, until escape comes back."""
        self._drilled_from = self.pane.id if self.pane else None
        self.query_one(AppealsPane).show_wanted(message)
        self.action_pane("appeals")

    @on(AppealsPane.CameBack)
    def come_back(self) -> None:
        """Go back to the pane from which only some appeals were asked for."""
        pane, self._drilled_from = self._drilled_from, None
        if pane is not None:
            self.action_pane(pane)

    def action_next_field(self, step: int) -> None:
        """Go to the next pane, or in the form to its next field."""
        stops = self.stops()
        place = stops.index(self.focused) if self.focused in stops else -1
        stops[(place + step) % len(stops)].focus()

    @on(SourceWanted)
    def show_source(self, message: SourceWanted) -> None:
        """Go to the column of a source."""
        self.action_pane("weights")
        self.query_one(Weights).show_source(message.source_id)

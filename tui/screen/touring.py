"""What only the demo has: its tour, and the way to one's own database."""

from textual.binding import Binding

from leadboard.common.elsewhere import Elsewhere
from leadboard.common.language import _
from tui.keys import bind
from tui.screen.following import FollowingScreen

IN_DEMO: tuple[Binding, ...] = (
    # The keys without a letter work in the form and in the grid as well.
    bind("T,f7", "tour", _("Demo: tour, next step"), id="demo.tour", show=False),
    bind("X,f8", "leave_tour", _("Demo: leave the tour"), id="demo.leave-tour", show=False),
    bind("O,f9", "own", _("Demo: open my own database"), id="demo.own", show=False),
)
"""The bindings of the demo, which no other desk hears."""
ACTIONS = frozenset(binding.action for binding in IN_DEMO)
OF_DEMO = frozenset(str(binding.id) for binding in IN_DEMO)


class TouringScreen(FollowingScreen):
    """A screen that, in the demo, can be toured and left for one's own database."""

    async def offer_tour(self) -> None:
        """Offer the tour, in the demo."""
        if self.desk_app.is_demo:
            from tui.screen.tour import Tour

            await self.mount(Tour(), before="#notice")

    def action_tour(self) -> None:
        """Begin the tour, or go on to its next step."""
        from tui.screen.tour import Tour

        for tour in self.query(Tour):
            tour.go_on()

    def action_leave_tour(self) -> None:
        """Leave the tour, or close its offer."""
        from tui.screen.tour import Tour

        for tour in self.query(Tour):
            tour.leave()

    def action_own(self) -> None:
        """End the demo and open one's own database."""
        self.desk_app.leave_for(Elsewhere.OWN)

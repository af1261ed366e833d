"""Leaving the desk: acts under way are stored first, and what is not stored is asked about."""

import asyncio
from collections.abc import Iterator
from time import monotonic

from textual import on, work

from tui.messages import Posted
from tui.panes.new_appeal import NewAppeal
from tui.panes.weights import Weights
from tui.screen.following import FollowingScreen

LAST_WAIT = 1.0
"""Seconds that leaving waits for the acts under way before it asks."""
SOON = 0.02


class LeavingScreen(FollowingScreen):
    """A screen that is left in order."""

    def action_quit(self) -> None:
        """Leave, once acts under way are stored; ask first when something is not."""
        if self.query_one(Weights).save():
            self.leave_in_order()

    @work(group="quit", exclusive=True, exit_on_error=False)
    async def leave_in_order(self) -> None:
        """Give acts a second, then leave or ask."""
        await self.posted()
        if self.acts_under_way:
            self.say("Saving, then the desk closes…")
        give_up = monotonic() + LAST_WAIT
        while self.acts_under_way and monotonic() < give_up:
            await asyncio.sleep(SOON)
        if reasons := " ".join(self._unsaved()):
            from tui.dialogs.forms import Quit

            self.app.push_screen(Quit(reasons))
        else:
            self.desk_app.leave()

    async def posted(self) -> None:
        """Wait until what the grid has posted has come up to the screen."""
        has_come = asyncio.Event()
        grid = self.query_one(Weights)
        if grid.post_message(Posted(has_come)):
            await has_come.wait()

    @on(Posted)
    def has_come(self, message: Posted) -> None:
        """Tell whoever waits that all messages before this one are handled."""
        message.has_come.set()

    def _unsaved(self) -> Iterator[str]:
        if self.query_one(NewAppeal).has_text:
            yield "The form holds an appeal that is not saved."
        if self.lost:
            yield f"Not saved: {self.losses}."
        if count := self.acts_under_way:
            yield f"{count} act{'s' if count > 1 else ''} still waiting for the database."

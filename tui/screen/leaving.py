"""Leaving the desk: acts in progress are stored first, and unsaved work is asked about."""

import asyncio
from collections.abc import Iterator
from time import monotonic

from textual import on, work

from leadboard.common.language import _, ngettext
from tui.messages import Posted
from tui.panes.new_appeal import NewAppeal
from tui.panes.weights import Weights
from tui.screen.drafting import DraftingScreen

LAST_WAIT = 1.0
"""Seconds to wait for acts in progress before asking."""
SOON = 0.02


class LeavingScreen(DraftingScreen):
    """A screen that loses nothing when it is left."""

    def action_quit(self) -> None:
        """Leave once acts in progress are stored; ask first if something is not."""
        if self.query_one(Weights).save():
            self.leave_in_order()

    @work(group="quit", exclusive=True, exit_on_error=False)
    async def leave_in_order(self) -> None:
        """Give acts in progress a second, then leave or ask."""
        # The edit just saved counts in acts_under_way only once its message has arrived.
        await self.posted()
        if self.acts_under_way:
            self.say(_("Saving, then the desk closes…"))
        give_up = monotonic() + LAST_WAIT
        while self.acts_under_way and monotonic() < give_up:
            await asyncio.sleep(SOON)
        if reasons := self.unsaved:
            from tui.dialogs.forms import Quit

            self.app.push_screen(Quit(reasons))
        else:
            self.desk_app.leave()

    async def posted(self) -> None:
        """Wait until the messages that the grid has posted have reached the screen."""
        has_come = asyncio.Event()
        grid = self.query_one(Weights)
        # It returns False while the grid is closing, and the event would then never be set.
        if grid.post_message(Posted(has_come)):
            await has_come.wait()

    @on(Posted)
    def has_come(self, message: Posted) -> None:
        """Report that all messages before this one are handled."""
        message.has_come.set()

    @property
    def unsaved(self) -> str:
        """Return what would be lost on leaving now, empty if nothing would."""
        return " ".join(self._unsaved())

    def _unsaved(self) -> Iterator[str]:
        if self.query_one(NewAppeal).has_text:
            yield _("The form holds an appeal that is not saved.")
        if self.draft is not None and self.draft.size:
            yield _("There is a draft that is not applied.")
        if self.lost:
            yield _("Not saved: {acts}.", acts=self.losses)
        if count := self.acts_under_way:
            yield ngettext(
                "{n} act still waiting for the database.",
                "{n} acts still waiting for the database.",
                count,
            )

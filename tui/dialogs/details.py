"""One appeal in full: its message, why it went where it went, and how to get it assigned."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from leadboard import desk
from leadboard.allocation.appeals import worded
from leadboard.common.language import _
from leadboard.database.fields import now
from leadboard.queries.explanation import Explanation, Way
from tui.dialogs.base import BETWEEN, ActDialog, Body, Bottom
from tui.dialogs.details_text import MOST_REMEDIES, Found, lines_of, look_up
from tui.keys import bind
from tui.widgets.marks import Chosen
from tui.widgets.moments import TICK
from tui.widgets.paged_view import LOOKING


def _switch_on(operator_id: int, *, actor: str) -> desk.Done[int]:
    return desk.change_operator(operator_id, is_active=True, actor=actor)


REMEDIES: dict[Way, Callable[..., desk.Done[Any]]] = {
    Way.RAISE_LIMIT: desk.step_limit,
    Way.SWITCH_ON: _switch_on,
    Way.LINK: desk.set_weight,
}
"""The act for each way to get a waiting appeal assigned."""
NARROWEST, WIDEST = 32, 110
"""Cells of a line at least, and of the widest sheet, as the style sheet has it."""
KEYS = _(
    "{details.close} close · {details.reopen} reopen · {details.move} move"
    " · {details.return} return · {dialog.cancel} back"
)


class Details(ActDialog):
    """A sheet over the desk; a digit applies the remedy with that number."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("q", "dismiss_dialog", _("Back"), id="details.back"),
        bind("c", "close", _("Close"), id="details.close"),
        bind("o", "reopen", _("Reopen"), id="details.reopen"),
        bind("r", "return", _("Return"), id="details.return"),
        bind("m", "move", _("Move"), id="details.move"),
    ]

    def __init__(self, appeal_id: int) -> None:
        super().__init__()
        self._appeal_id = appeal_id
        self._explanation: Explanation | None = None
        self._found: Found | None = None
        self._text = ""

    def compose(self) -> ComposeResult:
        """Lay out the text, which scrolls, above the keys."""
        with Vertical(classes="dialog sheet wide") as box:
            box.border_title = Content(_("Appeal #{id}", id=self._appeal_id))
            with Body():
                yield Static(LOOKING, id="details", markup=False)
            yield Bottom(KEYS)

    def on_mount(self) -> None:
        """Read the appeal."""
        self.read(partial(look_up, self._appeal_id), self._show)
        self.set_interval(TICK, self.tick)

    @property
    def _width(self) -> int:
        """Return the cells of a line: those of the sheet without its frame and its padding."""
        return max(NARROWEST, min(self.app.size.width * 9 // 10, WIDEST) - 8)

    def on_resize(self) -> None:
        """Break the lines anew."""
        self.tick()

    def tick(self) -> None:
        """Show the appeal with the times as they are by now."""
        if self._found is None:
            return
        text = Content("\n").join(lines_of(*self._found, now(), self._width))
        # Laid out anew only if it reads differently.
        if text.plain != self._text:
            self._text = text.plain
            self.query_one("#details", Static).update(text)

    def _show(self, found: Found) -> None:
        self._found, self._explanation = found, found[0]
        self.tick()
        if self._explanation.remedies:
            self.query_one(Bottom).change_hint(BETWEEN.join((_("1-9 apply"), KEYS)))

    def on_key(self, event: events.Key) -> None:
        """Apply the remedy of a digit."""
        remedies = self._explanation.remedies[:MOST_REMEDIES] if self._explanation else ()
        if event.character and event.character in "123456789":
            place = int(event.character) - 1
            if place < len(remedies):
                event.stop()
                remedy = remedies[place]
                self.perform(partial(REMEDIES[remedy.way], *remedy.arguments))

    def action_close(self) -> None:
        """Close the appeal."""
        self.perform(partial(desk.close, [self._appeal_id]))

    def action_reopen(self) -> None:
        """Reopen the appeal."""
        self.perform(partial(desk.reopen, [self._appeal_id]))

    def action_return(self) -> None:
        """Return the appeal to the lottery."""
        self.perform(partial(desk.give_back, [self._appeal_id]))

    def action_move(self) -> None:
        """Choose who gets the appeal."""
        from tui.dialogs.move import Move

        if (found := self._explanation) is None:
            return
        lead = worded(found.appeal.external_id, found.appeal.source)
        words = _("appeal #{id} of {lead}", id=self._appeal_id, lead=lead)
        chosen = Chosen([self._appeal_id], words)
        self.app.push_screen(Move(chosen), lambda done: self.go(True) if done else None)

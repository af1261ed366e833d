"""The question before a draft is discarded."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from leadboard.common.language import _
from tui.base import app_of
from tui.dialogs.base import Body, Bottom, Sheet
from tui.keys import bind
from tui.messages import ApplyWanted


class DraftEnding(Sheet):
    """Asks how to end a draft; its result is whether to discard it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("d,y", "discard", _("Discard"), id="ending.discard"),
        bind("ctrl+s,a", "apply", _("Apply"), id="ending.apply"),
        bind("escape,n,w", "stay", _("Go on"), id="ending.stay"),
    ]

    def __init__(self, words: str) -> None:
        super().__init__()
        self._question = _("Drafted: {changes}. Discard the draft?", changes=words)

    def compose(self) -> ComposeResult:
        """Show the question and its keys."""
        with Vertical(classes="dialog") as box:
            box.border_title = _("Draft")
            with Body():
                yield Static(Content(self._question))
            yield Bottom(
                _(
                    "{ending.discard}: discard · {ending.apply}: apply"
                    " · {ending.stay}: go on with it"
                )
            )

    def action_discard(self) -> None:
        """Discard it."""
        self.go(True)

    def action_apply(self) -> None:
        """Apply it instead."""
        self.go()
        app_of(self).home.post_message(ApplyWanted())

    def action_stay(self) -> None:
        """Go on with it."""
        self.go()

"""A field for free text of several lines, from which enter submits."""

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.widgets import TextArea

from leadboard.common.language import _
from tui.keys import bind
from tui.messages import TextEntered


class FreeText(TextArea):
    """Some lines of text: enter submits, another key breaks the line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("ctrl+j", "new_line", _("New line"), id="text.new-line", show=False),
    ]

    def on_mount(self) -> None:
        """Start with the cursor after the existing text."""
        self.move_cursor(self.document.end)

    # TextArea inserts a line break here, before any binding for enter is looked up.
    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(TextEntered())
            return
        await super()._on_key(event)

    def action_new_line(self) -> None:
        """Break the line."""
        self.insert("\n")

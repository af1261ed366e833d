"""The panes on one line, where there is no room to see all of them."""

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.base import app_of
from tui.keys import key_label, keys_of
from tui.panes.registry import PANES


class PaneStrip(Widget):
    """`1 Operators  2 Weights  3 Appeals  4 New`; a click on one goes there."""

    ALLOW_SELECT = False

    active: reactive[str] = reactive("")
    """The id of the pane that has the focus."""

    @dataclass
    class Chosen(Message):
        """A pane was clicked."""

        pane_id: str

    def names(self) -> list[tuple[str, str]]:
        """Return the id and the words of each pane; short ones where all of them do not fit."""
        keymap = app_of(self).keymap
        keys = [key_label(keys_of(f"desk.{pane.id}", keymap)[0]) for pane in PANES]
        titles = [f"{key} {pane.title}" for key, pane in zip(keys, PANES, strict=True)]
        words = [f" {title} " for title in titles]
        if sum(map(len, words)) > self.size.width:
            words = [f" {' '.join(title.split()[:2])}" for title in titles]
        return [(pane.id, each) for pane, each in zip(PANES, words, strict=True)]

    def render(self) -> Content:
        """Return the line."""
        parts = [
            (words, "bold reverse" if key == self.active else "") for key, words in self.names()
        ]
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        """Go to the pane that was clicked."""
        edge = 0
        for key, words in self.names():
            edge += len(words)
            if event.x < edge:
                self.post_message(self.Chosen(key))
                return

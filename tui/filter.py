"""The line in which a pane's filter is typed."""

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterLine(Input):
    """One line for all panes: live while one types, enter keeps it, escape clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear", id="filter.clear"),
    ]

    @dataclass
    class Typed(Message):
        """The filter of the pane is now this."""

        text: str
        is_over: bool
        """Whether the pane is to have the focus again."""

    def __init__(self, *, id: str) -> None:
        super().__init__(
            placeholder="words, waiting, closed, op:anna, src:tg, since:10:00", compact=True, id=id
        )

    def start(self, text: str) -> None:
        """Show the line with a pane's filter, ready to type."""
        with self.prevent(Input.Changed):
            self.value = text
        self.display = True
        self.focus()

    @on(Input.Changed)
    def follow(self, event: Input.Changed) -> None:
        """Filter while one types."""
        event.stop()
        self.post_message(self.Typed(self.value, is_over=False))

    @on(Input.Submitted)
    def keep(self, event: Input.Submitted) -> None:
        """Go back to the pane with the filter on."""
        event.stop()
        self.post_message(self.Typed(self.value, is_over=True))

    def action_clear(self) -> None:
        """Go back to the pane with no filter."""
        self.post_message(self.Typed("", is_over=True))

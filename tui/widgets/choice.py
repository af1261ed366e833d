"""A field in which one of a few words is chosen, with a sentence about it."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from leadboard.common.language import _
from tui.keys import bind
from tui.messages import TextEntered


class ChoiceField(Static, can_focus=True):
    """One of a few words: space and the arrows go on to the next, enter submits.

    `called` returns what people call a word, where that is not the word itself.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("space,right", "turn(1)", _("Next"), id="choice.next", show=False),
        bind("left", "turn(-1)", _("Previous"), id="choice.previous", show=False),
        bind("enter", "submit", _("Save"), id="choice.save", show=False),
    ]
    value = reactive("", layout=True)
    """The word that is chosen."""

    def __init__(
        self,
        value: str,
        words: Sequence[str],
        sentence_of: Callable[[str], str],
        called: Callable[[str], str] = str,
        *,
        id: str,
    ) -> None:
        super().__init__(id=id)
        # A word that another program has written is kept until another is chosen.
        self._words = words if value in words else (value, *words)
        self._sentence_of = sentence_of
        self._called = called
        self.set_reactive(ChoiceField.value, value)

    def render(self) -> Content:
        """Return the word between arrows, and what it means."""
        return Content.assemble(
            ("‹ ", "dim"),
            (self._called(self.value), "bold" if self.has_focus else ""),
            (" ›", "dim"),
            f"\n{self._sentence_of(self.value)}",
        )

    def action_turn(self, step: int) -> None:
        """Choose the next word, or the one before."""
        at = self._words.index(self.value)
        self.value = self._words[(at + step) % len(self._words)]

    def action_submit(self) -> None:
        """Save what the dialog holds."""
        self.post_message(TextEntered())

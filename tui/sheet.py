"""What lies over the desk for a while, and goes once."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from text import clean
from tui.keys import bind

SIZES: list[tuple[int, str]] = [(0, "-short"), (18, "-tall")]
"""Lines from which on a screen has room for more than what it is for."""


class Sheet(ModalScreen[bool]):
    """A modal screen that may be told to go more than once, as two quick keys do."""

    VERTICAL_BREAKPOINTS = SIZES
    _has_gone = False

    def go(self, result: bool = False) -> None:
        """Leave with a result; Textual fails when the same screen is left twice."""
        if not self._has_gone:
            self._has_gone = True
            self.dismiss(result)

    def say_why_not(self, sentence: str) -> None:
        """Show why something was refused, above the keys."""
        error = self.query_one("#error", Static)
        error.update(Content(clean(sentence)))
        error.add_class("said")


class Bottom(Vertical):
    """The reason of a refusal and the keys: at the bottom of the sheet, whatever scrolls above."""

    def __init__(self, hint: str) -> None:
        super().__init__()
        self._hint = hint

    def compose(self) -> ComposeResult:
        """Lay out the reason above the keys."""
        yield Static("", id="error", classes="error")
        yield Static(Content(self._hint), id="hint", classes="hint")

    def change_hint(self, hint: str) -> None:
        """Name other keys."""
        self.query_one("#hint", Static).update(Content(hint))


class Body(VerticalScroll):
    """A text that may be longer than the sheet; it scrolls by the keys of the lists."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("k", "scroll_up", "Up", id="sheet.up", show=False),
        bind("j", "scroll_down", "Down", id="sheet.down", show=False),
        bind("g", "scroll_home", "First", id="sheet.first", show=False),
        bind("G", "scroll_end", "Last", id="sheet.last", show=False),
    ]


class Fields(VerticalScroll, can_focus=False):
    """Fields that may be more than the dialog has lines for; the one in use is in sight."""

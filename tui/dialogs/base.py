"""The base of all dialogs: modal screens that close once."""

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar, TypeVar

from rich.cells import cell_len
from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.style import Style
from textual.widgets import Static

from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _
from leadboard.common.text import clean
from leadboard.desk import Done
from tui.base import SIZES, DeskApp, app_of
from tui.keys import Keymap, bind, keys_of, with_keys
from tui.mapped_keys import MappedKeys
from tui.messages import Acted

T = TypeVar("T")


class Sheet(MappedKeys, ModalScreen[bool]):
    """A modal screen that may be told to close more than once, as by two quick keys."""

    VERTICAL_BREAKPOINTS = SIZES
    _has_gone = False

    def go(self, result: bool = False) -> None:
        """Close with a result, once: Textual fails if a screen is dismissed twice."""
        if not self._has_gone:
            self._has_gone = True
            self.dismiss(result)

    def say_why_not(self, sentence: str) -> None:
        """Show why something was refused, above the keys."""
        self._say(sentence, "error")

    def say_done(self, sentence: str) -> None:
        """Show what was done, above the keys."""
        self._say(sentence, "good")

    def say_nothing(self) -> None:
        """Take back what was said."""
        self.query_one("#error", Static).set_classes("error")

    def _say(self, sentence: str, tone: str) -> None:
        line = self.query_one("#error", Static)
        line.update(Content(clean(sentence)))
        line.set_classes(f"said {tone}")


class Bottom(Vertical):
    """The reason for a refusal and the keys, at the bottom of the sheet below what scrolls.

    The line of keys names bindings by their ids in braces: `{confirm.yes}: yes`. A click on a key,
    or on what it does, presses it.
    """

    def __init__(self, hint: str) -> None:
        super().__init__()
        self._hint = hint

    def compose(self) -> ComposeResult:
        """Lay out the reason above the keys."""
        yield Static("", id="error", classes="error")
        yield Static(clickable(self._hint, app_of(self).keymap), id="hint", classes="hint")

    def change_hint(self, hint: str) -> None:
        """Replace the line of keys."""
        self.query_one("#hint", Static).update(clickable(hint, app_of(self).keymap))


BETWEEN = " · "
_ID = re.compile(r"\{([a-z]+\.[a-z-]+)}")


def clickable(hint: str, keymap: Keymap) -> Content:
    """Return a line of keys such as `{details.close} close`; a click on one presses it."""
    return Content(BETWEEN).join(_pressing(part, keymap) for part in hint.split(BETWEEN))


def _pressing(part: str, keymap: Keymap) -> Content:
    """Return a key and what it does; of several keys a click presses the first."""
    text, named = with_keys(part, keymap), _ID.match(part)
    if named is None and part.partition(" ")[0] != "enter":
        return Content(text)  # no single key, such as 1-9 or the arrows
    key = "enter" if named is None else keys_of(named[1], keymap)[0]
    return Content.styled(text, Style.from_meta({"@click": f"app.simulate_key({key!r})"}))


class Body(VerticalScroll):
    """A text that may be longer than the sheet; it scrolls with the keys of the lists."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("k", "scroll_up", _("Up"), id="sheet.up", show=False),
        bind("j", "scroll_down", _("Down"), id="sheet.down", show=False),
        bind("g", "scroll_home", _("First"), id="sheet.first", show=False),
        bind("G", "scroll_end", _("Last"), id="sheet.last", show=False),
    ]


LABEL = 10
"""Cells of the label of a field at least."""


def width_of(labels: Iterable[str]) -> int:
    """Return the cells of the labels of some fields, with a gap on both sides."""
    return max(LABEL, *(cell_len(each) + 2 for each in labels))


def labelled(words: str, width: int) -> Static:
    """Return the label of a field."""
    label = Static(Content(words), classes="label")
    label.styles.width = width
    return label


class Fields(VerticalScroll, can_focus=False):
    """Fields that may take more lines than the dialog has; the one in use stays in view."""


class ActDialog(Sheet):
    """A dialog that runs an act: it closes once that is stored, else it stays with the reason."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("escape", "dismiss_dialog", _("Cancel"), id="dialog.cancel")
    ]

    @property
    def leadboard(self) -> DeskApp:
        """Return the application, which has the writer and the actor."""
        return app_of(self)

    def action_dismiss_dialog(self) -> None:
        """Close without doing anything."""
        self.go()

    def perform(self, act: Callable[..., Done[Any]]) -> None:
        """Run the act on the writer thread; keys typed meanwhile are meant for what comes after."""
        self.leadboard.act_of_dialog = self._store(act)

    # Leaving waits for this group: tui.screen.acting.ACT, which dialogs may not import.
    @work(group="act", exit_on_error=False)
    async def _store(self, act: Callable[..., Done[Any]]) -> None:
        app = self.leadboard
        try:
            done = await app.perform(partial(act, actor=app.actor))
        except Refused as refusal:
            self.refuse(refusal)
        except Trouble as trouble:
            self.explain(str(trouble), None)
        else:
            self.succeed(done)
            app.home.post_message(Acted(done.note))

    def succeed(self, done: Done[Any]) -> None:
        """Close: the act is stored."""
        self.go(True)

    def read(self, query: Callable[[], T], then: Callable[[T], None]) -> None:
        """Read and pass the result to `then`, or say why that failed."""
        self.leadboard.reader.run(self, query, then, lambda why: self.explain(str(why), None))

    def refuse(self, refusal: Refused) -> None:
        """Take the refusal of an act."""
        self.explain(str(refusal), refusal.field)

    def explain(self, sentence: str, field: str | None) -> None:
        """Show why the act was refused."""
        self.say_why_not(sentence)

"""Help on the focused pane: what it shows, and its keys as they are bound."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.base import app_of
from tui.dialogs.base import Body, Bottom, Sheet
from tui.keys import MADE, bind, key_label, keys_of, without_twins


class Help(Sheet):
    """A sheet over the desk; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("escape,q,question_mark,f1", "go_back", "Back", id="help.back")
    ]

    def __init__(self, title: str, text: str, bindings: Iterable[ActiveBinding]) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._active = list(bindings)

    def compose(self) -> ComposeResult:
        """Lay out the text above the keys."""
        with Vertical(classes="dialog sheet") as box:
            box.border_title = Content(self._title)
            with Body():
                yield Static(Content(self._text), classes="text")
                yield Static(self._keys(), classes="keys")
            yield Bottom("↑↓ scroll · {help.back} goes back")

    def _keys(self) -> Content:
        keymap = app_of(self).keymap
        lines: dict[str, list[str]] = {}
        does: dict[str, str] = {}
        for _, binding, _, _ in sorted(self._active, key=_is_move):
            if binding.id not in MADE:
                continue  # one of Textual's own
            if binding.key in without_twins(keys_of(binding.id, keymap)):
                lines.setdefault(binding.action, []).append(key_label(binding.key))
                does[binding.action] = binding.description
        width = max((len(" ".join(keys)) for keys in lines.values()), default=0)
        return Content("\n").join(
            Content.assemble((" ".join(keys).ljust(width + 2), "$text-accent bold"), does[action])
            for action, keys in lines.items()
        )

    def action_go_back(self) -> None:
        """Go back."""
        self.go()


def _is_move(active: ActiveBinding) -> bool:
    """Sort the keys that only move after all others."""
    return (active.binding.id or "").startswith("list.")

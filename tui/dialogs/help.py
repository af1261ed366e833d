"""Help on the focused pane: what it shows, and its keys as they are bound."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from leadboard.common.keyboard_layouts import on_either_layout
from leadboard.common.language import _, pgettext
from leadboard.queries.terms import is_named
from tui.base import HomeScreen, app_of
from tui.dialogs.base import Body, Bottom, Sheet
from tui.keys import MADE, Keymap, bind, key_label, keys_of, without_twins

MOVES = frozenset({"cursor", "page", "first", "last", "column", "column_page", "column_end"})
"""The actions, by name, that only move what is selected or shown."""
HERE, MOVE, EVERYWHERE = _("This pane"), pgettext("keys", "Move"), _("Everywhere")
NO_MATCH = _("No matches: esc clears the filter.")


@dataclass(frozen=True, slots=True)
class KeyHelp:
    """A line of the help: keys, and what they do."""

    section: str
    keys: str
    does: str

    def holds(self, typed: str) -> bool:
        """Tell whether the line has every word that was typed, on either layout."""
        text = f"{self.keys}\n{self.does}"
        return any(is_named(text, each.split()) for each in on_either_layout(typed))


class Help(Sheet):
    """A sheet over the desk; what is typed leaves only the lines that have it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("escape", "go_back", _("Back"), id="help.back"),
        bind("f1", "close", _("Back"), id="help.close"),
        bind("up", "scroll('up')", _("Up"), show=False, id="help.up"),
        bind("down", "scroll('down')", _("Down"), show=False, id="help.down"),
        bind("pageup", "scroll('page_up')", _("Page up"), show=False, id="help.page-up"),
        bind("pagedown", "scroll('page_down')", _("Page down"), show=False, id="help.page-down"),
    ]

    def __init__(
        self, title: str, text: str, bindings: Iterable[ActiveBinding], *, here: str = HERE
    ) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._active = list(bindings)
        self._lines: Sequence[KeyHelp] = ()
        self._here = here

    def compose(self) -> ComposeResult:
        """Lay out a filter, and the text above the keys."""
        self._lines = list(lines_of(self._active, app_of(self).keymap))
        with Vertical(classes="dialog sheet wide typing") as box:
            box.border_title = Content(self._title)
            yield Input(placeholder=_("type to filter"), compact=True)
            with Body(can_focus=False):
                yield Static(Content(self._text), id="text")
                yield Static(id="lines")
            yield Bottom(_("{help.back} goes back · ↑↓ pgup pgdn scroll"))

    def on_mount(self) -> None:
        """Show all keys."""
        self.filter()

    def on_resize(self) -> None:
        """Take as much height as the text needs."""
        self.query_one(".dialog").styles.height = "auto"

    @on(Input.Changed)
    def filter(self) -> None:
        """Show only the lines that have what is typed."""
        typed = self.query_one(Input).value.strip()
        found = [line for line in self._lines if line.holds(typed)]
        if typed:
            # The sheet keeps its size while lines come and go.
            box = self.query_one(".dialog")
            box.styles.height = box.outer_size.height
        self.query_one("#text").display = not typed
        self.query_one("#lines", Static).update(self._keys(found, is_first=bool(typed)))
        self.query_one(Body).scroll_home(animate=False)

    def _keys(self, found: Sequence[KeyHelp], *, is_first: bool) -> Content:
        """Return the lines by section; before the first one is a gap, unless it is on top."""
        if not found:
            return Content(NO_MATCH)
        width = max(len(line.keys) for line in self._lines) + 2
        lines: list[Content] = []
        for section in (HERE, MOVE, EVERYWHERE):
            if part := [line for line in found if line.section == section]:
                title = self._here if section == HERE else section
                lines += [Content(""), Content.styled(title, "bold")]
                lines += [
                    Content.assemble((line.keys.ljust(width), "$text-accent bold"), line.does)
                    for line in part
                ]
        return Content("\n").join(lines[1:] if is_first else lines)

    def action_go_back(self) -> None:
        """Clear the filter, or else go back."""
        typed = self.query_one(Input)
        if typed.value:
            typed.value = ""
        else:
            self.go()

    def action_close(self) -> None:
        """Go back."""
        self.go()

    def action_scroll(self, way: str) -> None:
        """Scroll by a line or a page."""
        getattr(self.query_one(Body), f"scroll_{way}")(animate=False)


def lines_of(bindings: Iterable[ActiveBinding], keymap: Keymap) -> Iterator[KeyHelp]:
    """Yield a line for each action that has keys, with all of them."""
    keys: dict[str, list[Binding]] = {}
    sections: dict[str, str] = {}
    for active in bindings:
        binding = active.binding
        if binding.id not in MADE:
            continue  # one of Textual's own
        if binding.key in without_twins(keys_of(binding.id, keymap)):
            keys.setdefault(binding.action, []).append(binding)
            sections.setdefault(binding.action, _section(active))
    for action, same in keys.items():
        labels = " ".join(key_label(binding.key) for binding in same)
        yield KeyHelp(sections[action], labels, same[0].description)


def _section(active: ActiveBinding) -> str:
    if active.binding.action.partition("(")[0] in MOVES:
        return MOVE
    return EVERYWHERE if isinstance(active.node, HomeScreen) else HERE

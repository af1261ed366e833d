"""The two bottom lines: what was just done, and the keys that work now."""

from dataclasses import dataclass, replace
from datetime import datetime

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from leadboard.common.language import _, pgettext
from tui.base import app_of
from tui.keys import key_label, keys_of
from tui.widgets.line_view import StateHints
from tui.widgets.moments import shown

FADES = 10.0
"""Seconds that a sentence stays."""
EVERYWHERE = ("desk.repeat", "desk.new", "desk.undo", "desk.filter", "desk.help", "desk.quit")
"""The bindings at the right end, by id: they stay there on a line of any width."""
SHORT = {
    "desk.new": pgettext("appeal", "New"),
    "desk.repeat": _("Repeat"),
    "desk.undo": pgettext("short", "Undo"),
}
"""What some of them say where there is little room."""
_TIME = pgettext("moment", "%H:%M")
ZOOM = "desk.enlarge"
"""The binding that is named only while one pane is all there is to see."""
ROOMY, CRAMPED = 110, 60
"""Cells of a line from which they say it in full, and below which they are keys alone."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A key and what it does, as the bottom line shows them; without a key it cannot be clicked."""

    key: str | None
    label: str
    does: str
    enabled: bool = True
    id: str = ""

    @property
    def width(self) -> int:
        """Return the cells that it takes on the line."""
        return cell_len(self.label) + cell_len(self.does) + (3 if self.does else 1)


class KeyLine(Widget):
    """The keys of the focused pane on the left, on the right those that always work.

    A click on one presses it.
    """

    ALLOW_SELECT = False

    hints: reactive[tuple[Hint, ...]] = reactive(())

    def on_mount(self) -> None:
        """Follow the bindings of the focused widget."""
        self.screen.bindings_updated_signal.subscribe(self, self.read)

    def read(self, screen: Screen[object]) -> None:
        """Read the keys that work now, first those of the state the focused pane is in."""
        focused = screen.focused
        nodes = focused.ancestors_with_self if focused is not None else ()
        found = (getattr(node, "state_hints", None) for node in nodes)
        state: StateHints = next(filter(None, found), StateHints())
        seen: dict[str, Hint] = {}
        ways_out = []
        for _node, binding, enabled, _tooltip in screen.active_bindings.values():
            if binding.id == ZOOM and screen.has_class("-one"):
                ways_out.append((ZOOM, _("all panes")))
            is_wanted = binding.id in EVERYWHERE or not state.is_all
            if binding.show and is_wanted and binding.action not in seen:
                seen[binding.action] = self._hint(binding, enabled)
        named = dict((*ways_out, *state.hints))
        self.hints = (*map(self._of_state, named.items()), *seen.values())

    def _hint(self, binding: Binding, enabled: bool) -> Hint:
        label = self.app.get_key_display(binding)
        return Hint(binding.key, label, binding.description, enabled, binding.id or "")

    def _of_state(self, hint: tuple[str, str]) -> Hint:
        key, does = hint
        if "." not in key:
            return Hint(None, key, does)
        bound = keys_of(key, app_of(self).keymap)[0]
        return Hint(bound, key_label(bound), does, id=key)

    def left(self, room: int) -> list[Hint]:
        """Return the hints of the pane that fit into `room` cells in full."""
        hints = []
        for hint in self.hints:
            if hint.id in EVERYWHERE:
                continue
            room -= hint.width
            if room < 0:
                break
            hints.append(hint)
        return hints

    def right(self) -> list[Hint]:
        """Return the hints that are always shown, as long as the line has room for them."""
        known = {hint.id: hint for hint in self.hints}
        found = [known[id] for id in EVERYWHERE if id in known]
        if self.size.width >= ROOMY:
            return found
        if self.size.width >= CRAMPED:
            return [replace(each, does=SHORT.get(each.id, each.does)) for each in found]
        return [replace(each, does="") for each in found]

    def placed(self) -> list[tuple[int, Hint]]:
        """Return the hints, each with the cell it begins at."""
        right = self.right()
        edge = max(0, self.size.width - sum(hint.width for hint in right) - 1)
        placed, at = [], 0
        for hint in self.left(edge):
            placed.append((at, hint))
            at += hint.width
        for hint in right:
            placed.append((edge, hint))
            edge += hint.width
        return placed

    def render(self) -> Content:
        """Return ` a Add  e Edit        n New appeal  ? Help  q Quit`."""
        parts: list[str | tuple[str, str]] = []
        end = 0
        for at, hint in self.placed():
            key, does = ("$footer-key-foreground bold", "$footer-description-foreground")
            parts += [" " * (at - end)]
            parts += [(f" {hint.label}", key if hint.enabled else "$quiet")]
            parts += [(f" {hint.does} " if hint.does else "", does if hint.enabled else "$quiet")]
            end = at + hint.width
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        for at, hint in self.placed():
            if at <= event.x < at + hint.width and hint.key is not None:
                self.app.simulate_key(hint.key)
                return


class Notice(Static):
    """What was just done, or why it was not."""

    _fading: Timer | None = None

    def tell(self, sentence: str, at: datetime, *, is_bad: bool = False) -> None:
        """Show a sentence with its time until the next one, or until it fades."""
        self.set_class(is_bad, "bad")
        self.update(Content.assemble((f"{shown(at, _TIME)} ", "$quiet not bold"), sentence))
        self._show_that_one_is_said(True)
        if self._fading is not None:
            self._fading.stop()
        self._fading = self.set_timer(FADES, self.fade)

    def fade(self) -> None:
        """Remove the sentence: it is about something done a while ago."""
        self.update("")
        self._show_that_one_is_said(False)

    def _show_that_one_is_said(self, is_said: bool) -> None:
        # On a short screen the style sheet gives the sentence the line of the keys. On any other
        # nothing is styled anew, which takes longer than a frame.
        screen = self.screen
        screen.set_class(is_said, "-saying", update=screen.has_class("-short"))

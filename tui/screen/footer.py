"""The two bottom lines: what was just done, and the keys that work now."""

from dataclasses import dataclass
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

from tui.widgets.moments import shown

FADES = 10.0
"""Seconds that a sentence stays."""
ALWAYS = "Help"
"""The hint shown on a line of any width: it leads to all the others."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A key and what it does, as the bottom line shows them."""

    key: str
    label: str
    does: str
    enabled: bool


class KeyLine(Widget):
    """The keys of the focused pane on one line; a click on one presses it."""

    ALLOW_SELECT = False

    hints: reactive[tuple[Hint, ...]] = reactive(())

    def on_mount(self) -> None:
        """Follow the bindings of the focused widget."""
        self.screen.bindings_updated_signal.subscribe(self, self.read)

    def read(self, screen: Screen[object]) -> None:
        """Read the bindings that are active now."""
        seen: dict[str, Hint] = {}
        for _, binding, enabled, _ in screen.active_bindings.values():
            if binding.show and binding.action not in seen:
                seen[binding.action] = self._hint(binding, enabled)
        self.hints = tuple(seen.values())

    def _hint(self, binding: Binding, enabled: bool) -> Hint:
        label = self.app.get_key_display(binding)
        return Hint(binding.key, label, binding.description, enabled)

    def fitting(self) -> list[Hint]:
        """Return the hints that fit on the line in full."""
        last = [hint for hint in self.hints if hint.does == ALWAYS]
        room = self.size.width - 1 - sum(map(_width, last))
        hints = []
        for hint in self.hints:
            if hint in last:
                continue
            room -= _width(hint)
            if room < 0:
                break
            hints.append(hint)
        return [*hints, *last]

    def render(self) -> Content:
        """Return ` n New appeal  a Add  q Quit`."""
        parts: list[str | tuple[str, str]] = []
        for hint in self.fitting():
            key, does = ("$footer-key-foreground bold", "$footer-description-foreground")
            parts += [(f" {hint.label}", key if hint.enabled else "$quiet")]
            parts += [(f" {hint.does} ", does if hint.enabled else "$quiet")]
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        edge = 0
        for hint in self.fitting():
            edge += _width(hint)
            if event.x < edge:
                self.app.simulate_key(hint.key)
                return


class Notice(Static):
    """What was just done, or why it was not."""

    _fading: Timer | None = None

    def tell(self, sentence: str, at: datetime, *, is_bad: bool = False) -> None:
        """Show a sentence with its time until the next one, or until it fades."""
        self.set_class(is_bad, "bad")
        self.update(Content.assemble((f"{shown(at, '%H:%M')} ", "dim not bold"), sentence))
        # On a short screen the style sheet then gives the sentence the line of the keys.
        self.screen.add_class("-saying")
        if self._fading is not None:
            self._fading.stop()
        self._fading = self.set_timer(FADES, self.fade)

    def fade(self) -> None:
        """Remove the sentence: it is about something done a while ago."""
        self.update("")
        self.screen.remove_class("-saying")


def _width(hint: Hint) -> int:
    return cell_len(hint.label) + cell_len(hint.does) + 3

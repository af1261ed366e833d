"""The desk: four panes, one state, one loop from a key to what is shown."""

import asyncio
import gc
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from leadboard import desk
from leadboard.common.language import _
from tui.base import SIZES
from tui.keys import REPEAT, bind, key_label, keys_of
from tui.messages import ActRequest
from tui.painter import Painter
from tui.panes.appeals_pane import AppealsPane
from tui.panes.new_appeal import NewAppeal
from tui.panes.operators import Operators
from tui.panes.registry import PANES, Pane
from tui.panes.team import TeamPane
from tui.panes.weights import Weights
from tui.screen import background
from tui.screen.filtering import FilteringScreen
from tui.screen.following import POLL
from tui.screen.footer import KeyLine, Notice
from tui.screen.greeting import GreetingScreen
from tui.screen.header import Header
from tui.screen.navigating import ROWS
from tui.screen.opening import OpeningScreen
from tui.screen.pane_strip import PaneStrip
from tui.screen.saving import Read, SavingScreen
from tui.screen.touring import ACTIONS, IN_DEMO, TouringScreen
from tui.widgets.filter import FilterLine
from tui.widgets.line_view import LineView
from tui.widgets.pane import PaneWidget


class DeskScreen(FilteringScreen, OpeningScreen, GreetingScreen, TouringScreen, SavingScreen):
    """Operators, weights, the form and the appeals, all from one board."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-vast")]
    VERTICAL_BREAKPOINTS = SIZES
    HELP = _("Press a pane's number to go to it, {desk.new} for a new appeal.")
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("n", "pane('new-appeal')", _("New appeal"), id="desk.new"),
        *(
            # Digits are weights in the grid and text in the form, so f2 to f5 do the same.
            bind(
                f"{number},f{number + 1}",
                f"pane('{pane.id}')",
                pane.title,
                id=f"desk.{pane.id}",
                show=False,
            )
            for number, pane in enumerate(PANES, 1)
        ),
        # A full stop is what the slash key gives on the Russian layout, so on_key handles it.
        bind(REPEAT, "repeat", _("Repeat"), id="desk.repeat"),
        bind("slash", "filter", _("Filter"), id="desk.filter"),
        bind("escape", "clear_filter", _("Clear filter"), id="desk.clear-filter", show=False),
        bind("H", "history", _("History"), id="desk.history", show=False),
        bind("exclamation_mark", "alarms", _("Alarms"), id="desk.alarms", show=False),
        # In the grid S scales a row, so f6 does the same.
        bind("S,f6", "statistics", _("Statistics"), id="desk.statistics", show=False),
        bind("t", "triage", _("Triage"), id="desk.triage", show=False),
        bind("f", "enlarge", _("Zoom"), id="desk.enlarge", show=False),
        bind("u", "undo", _("Undo"), id="desk.undo"),
        bind("U", "redo", _("Redo"), id="desk.redo", show=False),
        bind("tab", "next_field(1)", _("Next pane"), id="desk.next", show=False),
        bind("shift+tab", "next_field(-1)", _("Previous pane"), id="desk.previous", show=False),
        bind("question_mark,f1", "help", _("Help"), id="desk.help"),
        bind("colon,ctrl+p", "palette", _("Commands"), id="desk.palette", show=False),
        bind("q", "quit", _("Quit"), id="desk.quit"),
        *IN_DEMO,
    ]

    def __init__(self, title: str) -> None:
        super().__init__(classes="-left -team")
        # A private attribute of Screen: Textual has no other way to give a screen its compositor.
        self._compositor = Painter()
        self._title = title
        self._keepers: list[asyncio.Task[None]] = []

    def compose(self) -> ComposeResult:
        """Lay out the panes and bind them to the screen's state."""
        yield Header(self._title, id="header").data_bind(DeskScreen.board)
        yield PaneStrip(id="strip")
        with Vertical(id="body"):
            for row in ROWS:
                with Horizontal(id=row):
                    panes = [pane for pane in PANES if pane.row == row]
                    yield from map(_made, sorted(panes, key=lambda pane: pane.side))
        yield Notice("", id="notice")
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        """Read the board, then poll for changes by others."""
        for pane in PANES:
            widget = self.widget_of(pane)
            key = keys_of(f"desk.{pane.id}", self.desk_app.keymap)[0]
            widget.heading = f"{key_label(key)} {pane.title}"
            widget.show_heading()
        operators, weights = self.query_one(Operators), self.query_one(Weights)
        operators.twin, weights.twin = weights, operators
        weights.show_subtitle()
        self.reload()
        self.query_one(Operators).focus()
        self.call_after_refresh(self.complete)
        # Kept, because asyncio holds only a weak reference to a task.
        self._keepers = [asyncio.create_task(keep(self)) for keep in background.KEEPERS]
        self.set_interval(POLL, self.follow)

    async def complete(self) -> None:
        """Do what could wait until after the first frame, then take keys.

        The app may end at any step; then there is nothing left to mount into.
        """
        if self.desk_app.takes_keys:
            await self.query_one(NewAppeal).fill()
        if self.desk_app.takes_keys:
            await self.mount(FilterLine(id="filter"), before="#notice")
        if self.desk_app.takes_keys:
            self.run_worker(background.count(self), exit_on_error=False)
            await self.desk_app.open_keys()
            self.greet()
            await self.offer_tour()
        if self.desk_app.takes_keys:
            await self._add_preview()
        if not gc.isenabled():
            # Once, and what is left stays for good: later collections leave it out.
            gc.collect()
            gc.freeze()
            gc.enable()

    async def _add_preview(self) -> None:
        from tui.panes.preview import Preview

        appeals = self.query_one(AppealsPane)
        await appeals.mount(Preview(appeals, id="preview"))

    # What is shown.

    def on_key(self, event: events.Key) -> None:
        """Repeat lost acts on a full stop, and say why a dimmed key does nothing."""
        stands_for_repeat = REPEAT in keys_of("desk.repeat", self.desk_app.keymap)
        if self.lost and event.key == "full_stop" and stands_for_repeat:
            event.stop()
            event.prevent_default()
            self.action_repeat()
            return
        if isinstance(self.focused, LineView) and not self.focused.is_lacking:
            return  # no key is dimmed, and active_bindings is costly to ask on each key
        active = self.active_bindings.get(event.key)
        if active is not None and not active.enabled:
            # Else a binding of the screen with the same key would still run.
            event.stop()
            event.prevent_default()
            self.say(self._why_dimmed(active.binding), is_bad=True)

    def _why_dimmed(self, binding: Binding) -> str:
        act = binding.description
        if self.draft is not None and binding.action in getattr(self.focused, "not_in_draft", ()):
            return _("{act}: not in a draft. Apply or discard it first.", act=act)
        return _("{act}: nothing is selected.", act=act)

    def action_undo(self) -> None:
        """Discard what is being typed, or else undo the latest of one's own acts.

        Among the team a draft goes first: its last change is taken back.
        """
        if self.query_one(Weights).forget_edit() or self.takes_back(-1):
            return
        self.post_message(ActRequest(desk.undo))

    def action_redo(self) -> None:
        """Redo what was undone last."""
        if self.takes_back(1):
            return
        self.post_message(ActRequest(desk.redo))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the filter where a slash is text, and repeat without lost acts."""
        if action in ACTIONS:
            return self.desk_app.is_demo
        if action == "repeat":
            return bool(self.lost)
        return action != "filter" or (self.pane is not None and self.pane.is_filterable)

    def to_save(self) -> tuple[str, Read] | None:
        """Return the name of the focused pane, and how to read everything its list shows."""
        pane = self.pane
        shown = self.widget_of(pane).shown if pane and pane.is_exportable else None
        read = shown.whole() if shown is not None else None
        if pane is None or shown is None or read is None:
            return None
        return shown.file_name or pane.id, read

    def action_enlarge(self) -> None:
        """Enlarge the focused pane to the whole desk, or restore it."""
        self.set_class(self.pane is not None and not self.has_class("-one"), "-one")
        self.refresh_bindings()


def _made(pane: Pane) -> PaneWidget:
    """Return the widget of a pane, bound to those states of the screen that it declares."""
    widget = pane.widget(id=pane.id)
    # It gets its style when it is mounted: until then there is nobody to show it to.
    widget.add_class("pane", *(["-on"] if pane is PANES[0] else []), update=False)
    given = _OF_TEAM if issubclass(pane.widget, TeamPane) else _STATES
    states = {name: state for name, state in given.items() if hasattr(pane.widget, name)}
    return widget.data_bind(**states)


_STATES: dict[str, Any] = {"board": DeskScreen.board, "version": DeskScreen.version}
_OF_TEAM: dict[str, Any] = {"board": DeskScreen.team_board, "draft": DeskScreen.draft}

"""The desk: four panes, one state, one loop from a key to what is shown."""

import asyncio
import gc
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.dom import DOMNode
from textual.widget import Widget

from leadboard import desk
from leadboard.common.text import clean
from leadboard.database.fields import now
from tui.base import SIZES
from tui.keys import REPEAT, bind, key_label, keys_of
from tui.messages import ActRequest, AppealsWanted, JumpWanted, SourceWanted
from tui.painter import Painter
from tui.panes.appeals_pane import AppealsPane
from tui.panes.new_appeal import NewAppeal
from tui.panes.operators import Operators
from tui.panes.registry import BY_ID, PANES, Pane
from tui.panes.weights import Weights
from tui.screen import background
from tui.screen.following import POLL
from tui.screen.footer import KeyLine, Notice
from tui.screen.header import Header
from tui.screen.leaving import LeavingScreen
from tui.screen.pane_strip import PaneStrip
from tui.screen.saving import Read, SavingScreen
from tui.widgets.filter import Filtered, FilterLine
from tui.widgets.line_view import LineView
from tui.widgets.pane import PaneWidget

SIDES = ("left", "right")
ROWS = ("team", "lower")


class DeskScreen(LeavingScreen, SavingScreen):
    """Operators, weights, the form and the appeals, all from one board."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (160, "-vast")]
    VERTICAL_BREAKPOINTS = SIZES
    HELP = "Press a pane's number to go to it, {desk.new} for a new appeal."
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("n", "pane('new-appeal')", "New appeal", id="desk.new"),
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
        bind(REPEAT, "repeat", "Repeat", id="desk.repeat"),
        bind("slash", "filter", "Filter", id="desk.filter"),
        bind("escape", "clear_filter", "Clear filter", id="desk.clear-filter", show=False),
        bind("H", "history", "History", id="desk.history", show=False),
        bind("exclamation_mark", "alarms", "Alarms", id="desk.alarms", show=False),
        bind("t", "triage", "Triage", id="desk.triage", show=False),
        bind("f", "enlarge", "Zoom", id="desk.enlarge", show=False),
        bind("u", "undo", "Undo", id="desk.undo"),
        bind("U", "redo", "Redo", id="desk.redo", show=False),
        bind("tab", "next_field(1)", "Next pane", id="desk.next", show=False),
        bind("shift+tab", "next_field(-1)", "Previous pane", id="desk.previous", show=False),
        bind("question_mark,f1", "help", "Help", id="desk.help"),
        bind("colon,ctrl+p", "palette", "Commands", id="desk.palette", show=False),
        bind("q", "quit", "Quit", id="desk.quit"),
    ]

    def __init__(self, title: str) -> None:
        super().__init__(classes="-left -team")
        # A private attribute of Screen: Textual has no other way to give a screen its compositor.
        self._compositor = Painter()
        self._title = title
        self._keepers: list[asyncio.Task[None]] = []
        self._came_from = "operators"
        self._filtered_pane: Filtered | None = None
        self._drilled_from: str | None = None
        """The pane from which only some appeals were asked for."""

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
        keepers = (*(background.keep_index, background.keep_settled, background.keep_sparks),)
        self._keepers = [asyncio.create_task(keep(self)) for keep in keepers]
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
            self.say(f"{active.binding.description}: nothing is selected.", is_bad=True)

    def action_undo(self) -> None:
        """Discard what is being typed, or else undo the latest of one's own acts."""
        if self.query_one(Weights).forget_edit():
            return
        self.post_message(ActRequest(desk.undo))

    def action_redo(self) -> None:
        """Redo what was undone last."""
        self.post_message(ActRequest(desk.redo))

    # Panes.

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show the half of the desk that has the focus, if there is no room for both."""
        pane = self.pane_of(event.widget)
        if pane is None:
            return
        for side in SIDES:
            self.set_class(side == pane.side, f"-{side}")
        for row in ROWS:
            self.set_class(row == pane.row, f"-{row}")
        for each in PANES:
            self.widget_of(each).set_class(each is pane, "-on")
        self.query_one(PaneStrip).active = pane.id
        if pane.id != "new-appeal":
            self._came_from = pane.id

    def pane_of(self, widget: Widget | None) -> Pane | None:
        """Return the pane that holds a widget."""
        nodes = widget.ancestors_with_self if widget is not None else ()
        return next((BY_ID[node.id] for node in nodes if node.id in BY_ID), None)

    def widget_of(self, pane: Pane) -> PaneWidget:
        """Return the widget of a pane."""
        return self.query_one(f"#{pane.id}", pane.widget)

    @property
    def pane(self) -> Pane | None:
        """Return the pane that has the focus."""
        return self.pane_of(self.focused)

    def stops(self) -> list[Widget]:
        """Return the stops of the tab key: the lists, then the fields of the form."""
        panes = sorted(PANES, key=lambda pane: not pane.is_filterable)
        return [stop for pane in panes for stop in self.widget_of(pane).stops]

    def action_pane(self, pane: str) -> None:
        """Go to a pane."""
        self.widget_of(BY_ID[pane]).entry.focus()

    @on(NewAppeal.Left)
    def leave_form(self) -> None:
        """Go back to the pane from which the form was entered."""
        self.action_pane(self._came_from)

    @on(PaneStrip.Chosen)
    def enter_pane(self, message: PaneStrip.Chosen) -> None:
        """Go to the pane that was clicked in the strip."""
        self.action_pane(message.pane_id)

    @on(AppealsWanted)
    def show_appeals(self, message: AppealsWanted) -> None:
        """Show in the pane of appeals what another pane asks for, until escape comes back."""
        self._drilled_from = self.pane.id if self.pane else None
        self.query_one(AppealsPane).show_wanted(message)
        self.action_pane("appeals")

    @on(AppealsPane.CameBack)
    def come_back(self) -> None:
        """Go back to the pane from which only some appeals were asked for."""
        pane, self._drilled_from = self._drilled_from, None
        if pane is not None:
            self.action_pane(pane)

    def action_next_field(self, step: int) -> None:
        """Go to the next pane, or in the form to its next field."""
        stops = self.stops()
        place = stops.index(self.focused) if self.focused in stops else -1
        stops[(place + step) % len(stops)].focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the filter where a slash is text, and repeat without lost acts."""
        if action == "repeat":
            return bool(self.lost)
        return action != "filter" or (self.pane is not None and self.pane.is_filterable)

    def action_filter(self) -> None:
        """Type a filter for the focused pane."""
        pane = self.filtered
        if pane is not None:
            # From here on the focus is in the filter line and no longer tells which pane is meant.
            self._filtered_pane = pane
            self.query_one(FilterLine).start(pane.filter_text, pane.offer)

    def action_clear_filter(self) -> None:
        """Show everything in the focused pane again."""
        if self.filtered is not None and self.filtered.filter_text:
            self._filter(self.filtered, "")
        elif isinstance(self.filtered, AppealsPane):
            self.filtered.unmark()

    @property
    def filtered(self) -> Filtered | None:
        """Return the focused pane, None if it has no filter."""
        widget = self.widget_of(self.pane) if self.pane else None
        return widget if isinstance(widget, Filtered) else None

    @on(FilterLine.Typed)
    def filter_pane(self, message: FilterLine.Typed) -> None:
        """Filter the pane from which the line was opened."""
        pane = self._filtered_pane
        assert pane is not None, "the line is started for a pane"
        self._filter(pane, message.text)
        if message.is_over:
            self.query_one(FilterLine).display = False
            self.action_pane(str(pane.id))

    def _filter(self, pane: Filtered, text: str) -> None:
        """Filter a pane, and say which terms of the filter have no meaning in it."""
        had_faults = bool(pane.faults)
        pane.take_filter(text)
        # Not said, which would keep a sentence for each letter of a term that is still typed.
        notice = self.query_one(Notice)
        if pane.faults:
            notice.tell(" ".join(map(clean, pane.faults)), now(), is_bad=True)
        elif had_faults:
            notice.fade()

    def action_history(self) -> None:
        """Show every recorded act."""
        from tui.dialogs.history import History

        self.app.push_screen(History())

    def action_alarms(self) -> None:
        """Show all alarms."""
        from tui.dialogs.alarms import Alarms

        self.app.push_screen(Alarms())

    def action_triage(self) -> None:
        """Place one waiting appeal after another."""
        from tui.dialogs.triage import Triage

        self.app.push_screen(Triage())

    @on(JumpWanted)
    def ask_source(self) -> None:
        """Ask for a source by name."""
        from textual.command import CommandPalette

        from tui.finder import SourceFinder

        palette = CommandPalette(providers=[SourceFinder], placeholder="Go to source…")
        self.app.push_screen(palette)

    @on(SourceWanted)
    def show_source(self, message: SourceWanted) -> None:
        """Go to the column of a source."""
        self.action_pane("weights")
        self.query_one(Weights).show_source(message.source_id)

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

    def action_help(self) -> None:
        """Show the help of the focused pane."""
        from tui.dialogs.help import Help

        title = str(self.widget_of(self.pane).border_title) if self.pane else "Leadboard"
        text = next((node.HELP for node in self._focus_path() if node.HELP), "")
        text = self.desk_app.with_keys(text)
        self.app.push_screen(Help(title, text, self.active_bindings.values()))

    def _focus_path(self) -> list[DOMNode]:
        return self.focused.ancestors_with_self if self.focused else [self]

    def action_palette(self) -> None:
        """Open the command palette."""
        self.app.action_command_palette()


def _made(pane: Pane) -> PaneWidget:
    """Return the widget of a pane, bound to those states of the screen that it declares."""
    widget = pane.widget(id=pane.id)
    # It gets its style when it is mounted: until then there is nobody to show it to.
    widget.add_class("pane", *(["-on"] if pane is PANES[0] else []), update=False)
    states = [state for name, state in _STATES.items() if hasattr(pane.widget, name)]
    return widget.data_bind(*states)


_STATES: dict[str, Any] = {"board": DeskScreen.board, "version": DeskScreen.version}

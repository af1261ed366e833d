"""The pane of appeals: All, Waiting and Leads under one border."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events, on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from leadboard.common.language import _, pgettext
from leadboard.common.validation import storable
from leadboard.database.fields import now
from leadboard.queries.board import Board
from leadboard.queries.terms import AppealFilter, parse
from tui.base import app_of
from tui.keys import bind
from tui.messages import AppealsWanted
from tui.panes.appeals import Appeals
from tui.panes.leads import Leads
from tui.panes.waiting import Waiting
from tui.panes.waiting_sources import WaitingSources
from tui.widgets.border_remarks import FRAME, Remark, cut
from tui.widgets.figures import grouped
from tui.widgets.filter import SHORT_FILTER, Filtered
from tui.widgets.hit_count import Hits
from tui.widgets.line_view import LineView
from tui.widgets.moments import TICK
from tui.widgets.paged_view import Window
from tui.widgets.pane import PaneWidget

WAITING = AppealFilter(is_waiting=True)
TITLE_EDGE = 3
"""Cells of the border before its title."""
MOST_SOURCES = 5
"""Lines of sources with appeals waiting; more are scrolled."""
TABS = {"all": pgettext("list", "All"), "waiting": pgettext("list", "Waiting"), "leads": _("Leads")}
"""The names of the usual lists, by id."""
NARROWED = "narrowed", "narrowed-waiting"
"""The lists of only some appeals: of a lead or an operator, and of what waits for a source."""


class AppealsPane(PaneWidget, Filtered, Vertical):
    """Three lists, of which one is shown, or one of only some appeals."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind(
            "left_square_bracket", "tab(-1)", _("Previous tab"), id="appeals.previous", show=False
        ),
        bind("right_square_bracket", "tab(1)", _("Next tab"), id="appeals.next"),
        bind("escape", "back", _("Back to all"), id="appeals.back", show=False),
    ]

    board: reactive[Board] = reactive(Board, repaint=False, init=False)
    version = reactive(0, repaint=False, init=False)
    tab = reactive("all", init=False)
    """The list shown, unless it is one of only some appeals."""
    narrowed: reactive[AppealsWanted | None] = reactive(None, init=False)
    """The only appeals that are shown, such as those of one lead."""
    reads = reactive(0, repaint=False, init=False)
    """How often a list has shown what it read, as the preview has to know."""

    class CameBack(Message):
        """All appeals are shown again: the focus may go back to where only some were asked for."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lists: dict[str, Appeals | Leads] = {
            "all": Appeals(id="all"),
            "waiting": Waiting(id="waiting", base=WAITING),
            "leads": Leads(id="leads"),
            NARROWED[0]: Appeals(id=NARROWED[0]),
            NARROWED[1]: Waiting(id=NARROWED[1], base=WAITING),
        }
        self._sources = WaitingSources(id="waiting-sources")
        self._words = ""
        """What the border says, without its colours."""
        self.hits = Hits(self.show_subtitle)

    def compose(self) -> ComposeResult:
        """Start with all appeals; the other lists are mounted when they are first shown."""
        yield self._lists["all"]

    def on_mount(self) -> None:
        """Let the border follow the remarks of the first list, and ages the time."""
        self._heed(self.list)
        self.set_interval(TICK, self.tick)

    def tick(self) -> None:
        """Let the ages in the visible list go on."""
        if isinstance(self.list, Appeals):
            self.list.tick()
        if self._sources.display:
            self._sources.tick()

    def _heed(self, shown: Appeals | Leads) -> None:
        self.watch(shown, "remark", self.show_subtitle, init=False)

    @property
    def list(self) -> Appeals | Leads:
        """Return the list that is shown."""
        if self.narrowed is None:
            return self._lists[self.tab]
        return self._lists[NARROWED[self.narrowed.wanted.is_waiting]]

    @property
    def stops(self) -> Sequence[Widget]:
        """Return the list that is shown."""
        return [self.list]

    @property
    def shown(self) -> LineView[Any]:
        """Return the list that is shown."""
        return self.list

    def watch_version(self, version: int) -> None:
        """Let the visible list read again."""
        self.list.version = version

    @property
    def remarks(self) -> Sequence[Remark]:
        """Return what the border says: what is out of view, and whose appeals are shown."""
        if self.narrowed is None:
            return self.list.remark
        what, name = self.narrowed.what, self.narrowed.name
        key = app_of(self).with_keys("{appeals.back}")
        short = cut(f"{what} ", name, SHORT_FILTER, f" · {key}", gives_way=1)
        whose = f"{what} {name}"
        said = _("{whose} · {key} goes back", whose=whose, key=key)
        return [*self.list.remark, Remark(said, 4, short)]

    @property
    def offer(self) -> str:
        """Return what can be typed to filter the visible list."""
        return self.list.offer

    def watch_board(self) -> None:
        """Keep the counts in the title, and the lines of what waits."""
        self.show_heading()
        self._show_sources()

    def _show_sources(self) -> None:
        """Show the lines of the sources above the list of all that waits."""
        is_wanted = self.list is self._lists["waiting"] and self.board.waiting > 0
        if is_wanted and not self._sources.is_attached:
            waiting = self._lists["waiting"]
            assert isinstance(waiting, Waiting)
            waiting.above, self._sources.below = self._sources, waiting
            self.mount(self._sources, before=0)
        if self._sources.is_attached:
            self._sources.display = is_wanted
            self._sources.take(self.board)
            self._sources.styles.height = min(len(self._sources.rows), MOST_SOURCES)

    def watch_tab(self) -> None:
        """Show the list of the tab."""
        # Without its watcher: _show_list would run twice.
        self.set_reactive(AppealsPane.narrowed, None)
        self._show_list()

    def watch_narrowed(self, narrowed: AppealsWanted | None) -> None:
        """Show only some appeals, or again the list before them."""
        if narrowed is not None:
            appeals = self.list
            assert isinstance(appeals, Appeals)
            appeals.base = appeals.wanted = narrowed.wanted
            appeals.marks.clear()
            appeals.start_over()
        self._show_list()

    def _show_list(self) -> None:
        # Asked first: Textual moves the focus away from a widget that is hidden.
        had_focus, shown = self.has_focus_within, self.list
        if not shown.is_attached:
            self.mount(shown)
            self._heed(shown)
        for each in self._lists.values():
            each.display = each is shown
            if each is not shown:
                # All lists share one thread for searches: a hidden list must not keep it busy.
                each.reader.stop()
        self.show_heading()
        self._note_faults()
        self.hits.forget()
        self.show_subtitle()
        self._show_sources()
        shown.read_again()
        if had_focus:
            shown.focus()

    def show_heading(self) -> None:
        """Write the counts of the tabs into the border."""
        counts = self.board.counts
        numbers = {"waiting": grouped(self.board.waiting)}
        if counts:
            numbers |= {"all": grouped(counts.appeals), "leads": grouped(counts.leads)}
        titles = [f"{name} {numbers.get(tab, '')}".rstrip() for tab, name in TABS.items()]
        room = self.outer_size.width - FRAME
        full = self._title(titles)
        if full.cell_length > room > 0:  # before the first layout there is no width to fit into
            # The counts give way first: without their names the tabs mean nothing.
            full = self._title(list(TABS.values()))
        self._words = full.plain
        self.border_title = full

    def _title(self, names: Sequence[str]) -> Content:
        parts = [
            (name, "reverse" if tab == self.tab else "")
            for tab, name in zip(TABS, names, strict=True)
        ]
        tabs = (item for part in parts for item in (part, " │ "))
        return Content.assemble(f"{self.heading}  ", *tabs)[:-3]

    def on_click(self, event: events.Click) -> None:
        """Go to the tab that was clicked in the border."""
        if event.screen_y != self.region.y:
            return
        at = event.screen_x - self.region.x - TITLE_EDGE
        for tab, name in TABS.items():
            start = self._words.find(name, len(self.heading))
            if start <= at < start + len(self._words[start:].partition(" │")[0]):
                self.tab = tab
                self.list.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Fit the heading to the new width."""
        self.show_heading()

    @on(AppealsWanted)
    def show_wanted(self, message: AppealsWanted) -> None:
        """Show only the appeals that are asked for, or the usual list of them."""
        message.stop()
        if message.name:
            self.narrowed = message
        elif message.wanted.is_waiting:
            self.tab = "waiting"

    def action_back(self) -> None:
        """Forget the marks, then go back to all appeals."""
        if self.narrowed is None:
            # Then escape goes on to the screen, where it clears the filter.
            raise SkipAction
        if isinstance(self.list, Appeals) and self.list.unmark():
            return
        self.narrowed = None
        self.post_message(self.CameBack())

    def unmark(self) -> None:
        """Remove the marks of the visible list."""
        if isinstance(self.list, Appeals):
            self.list.unmark()

    def apply_filter(self, text: str) -> None:
        """Filter every list by the same words, and by those terms that apply to it."""
        before = self.list.wanted
        for each in self._lists.values():
            each.filter(parse(storable(text), now(), each.terms))
        if self.list.wanted != before:
            self.hits.forget()
        self._note_faults()

    def _note_faults(self) -> None:
        self.faults = parse(self.filter_text, now(), self.list.terms).faults

    @on(Window.Shown)
    def count_hits(self, message: Window.Shown) -> None:
        """Update the number found when rows have come or gone."""
        message.stop()
        self.reads += 1
        if message.wanted == self.list.wanted:  # else the rows are those of an earlier filter
            self.hits.look(self.list)

    @property
    def found(self) -> str:
        """Return how much the filter finds in the visible list."""
        return self.hits.text

    def filter_said(self) -> Sequence[Remark]:
        """Return what the border says without a filter, then the filter and what it finds."""
        is_filtered = self.list.is_narrowed or self.narrowed is None
        filtered = super().filter_said() if is_filtered else ()
        return [*self.remarks, *filtered]

    @property
    def way_out(self) -> Sequence[Remark]:
        """Return the key that clears the filter; it goes back first, which is said already."""
        return super().way_out if self.narrowed is None else ()

    def action_tab(self, step: int) -> None:
        """Go to the next or previous list."""
        if self.narrowed is not None:
            self.narrowed = None
        else:
            tabs = list(TABS)
            self.tab = tabs[(tabs.index(self.tab) + step) % len(tabs)]

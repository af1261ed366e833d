"""The pane of appeals: All, Waiting and Leads under one border."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events, on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from leadboard.common.validation import storable
from leadboard.database.fields import now
from leadboard.queries.board import Board
from leadboard.queries.terms import AppealFilter, parse
from tui.keys import bind
from tui.panes.appeals import Appeals
from tui.panes.leads import Leads
from tui.widgets.border_remarks import Remark, cut
from tui.widgets.filter import FRAME, SHORT_FILTER, Filtered
from tui.widgets.hit_count import Hits
from tui.widgets.line_view import LineView
from tui.widgets.moments import TICK
from tui.widgets.paged_view import Window
from tui.widgets.pane import PaneWidget

TABS = ("all", "waiting", "leads")
OF_LEAD = "of-lead"


class AppealsPane(PaneWidget, Filtered, Vertical):
    """Three lists, of which one is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("left_square_bracket", "tab(-1)", "Previous tab", id="appeals.previous", show=False),
        bind("right_square_bracket", "tab(1)", "Next tab", id="appeals.next"),
        bind("escape", "back", "Back from a lead", id="appeals.back", show=False),
    ]

    board: reactive[Board] = reactive(Board, repaint=False, init=False)
    version = reactive(0, repaint=False, init=False)
    tab = reactive("all", init=False)
    """The list shown, unless it is that of one lead."""
    lead: reactive[Appeals.LeadWanted | None] = reactive(None, init=False)
    """The lead whose appeals alone are shown."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lists: dict[str, Appeals | Leads] = {
            "all": Appeals(id="all"),
            "waiting": Appeals(id="waiting", base=AppealFilter(is_waiting=True)),
            "leads": Leads(id="leads"),
            OF_LEAD: Appeals(id=OF_LEAD),
        }
        # The one who has waited longest is the first to care for.
        self._lists["waiting"].is_oldest_first = True
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

    def _heed(self, shown: Appeals | Leads) -> None:
        self.watch(shown, "remark", self.show_subtitle, init=False)

    @property
    def list(self) -> Appeals | Leads:
        """Return the list that is shown."""
        return self._lists[self.tab if self.lead is None else OF_LEAD]

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
        if self.lead is None:
            return self.list.remark
        name = self.lead.external_id
        short = cut("only ", name, SHORT_FILTER, " · esc", gives_way=1)
        return [*self.list.remark, Remark(f"only {name} · esc goes back", 4, short)]

    @property
    def offer(self) -> str:
        """Return what can be typed to filter the visible list."""
        return self.list.offer

    def watch_board(self) -> None:
        """Keep the counts in the title."""
        self.show_heading()

    def watch_tab(self) -> None:
        """Show the list of the tab."""
        # Without its watcher: _show_list would run twice.
        self.set_reactive(AppealsPane.lead, None)
        self._show_list()

    def watch_lead(self, lead: Appeals.LeadWanted | None) -> None:
        """Show the appeals of one lead, or again the list before them."""
        if lead is not None:
            appeals = self._lists[OF_LEAD]
            assert isinstance(appeals, Appeals)
            appeals.base = appeals.wanted = AppealFilter(lead_id=lead.lead_id)
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
        shown.read_again()
        if had_focus:
            shown.focus()

    def show_heading(self) -> None:
        """Write the counts of the tabs into the border."""
        counts = self.board.counts
        titles = {
            "all": f"All {counts.appeals:,}" if counts else "All",
            "waiting": f"Waiting {self.board.waiting:,}",
            "leads": f"Leads {counts.leads:,}" if counts else "Leads",
        }
        room = self.outer_size.width - FRAME
        full = self._title([titles[tab].replace(",", " ") for tab in TABS])
        if full.cell_length > room > 0:  # before the first layout there is no width to fit into
            # The counts give way first: without their names the tabs mean nothing.
            full = self._title([tab.capitalize() for tab in TABS])
        self.border_title = full

    def _title(self, names: Sequence[str]) -> Content:
        parts = [
            (name, "reverse" if tab == self.tab else "")
            for tab, name in zip(TABS, names, strict=True)
        ]
        tabs = (item for part in parts for item in (part, " │ "))
        return Content.assemble(f"{self.heading}  ", *tabs)[:-3]

    def on_resize(self, event: events.Resize) -> None:
        """Fit the heading to the new width."""
        self.show_heading()

    @on(Appeals.LeadWanted)
    def show_lead(self, message: Appeals.LeadWanted) -> None:
        """Show all appeals of one lead, until escape."""
        self.lead = message

    def action_back(self) -> None:
        """Go back from a lead to the list before it."""
        if self.lead is None:
            # Then escape goes on to the screen, where it clears the filter.
            raise SkipAction
        self.lead = None

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
        if message.wanted == self.list.wanted:  # else the rows are those of an earlier filter
            self.hits.look(self.list)

    @property
    def found(self) -> str:
        """Return how much the filter finds in the visible list."""
        return self.hits.text

    def filter_said(self) -> Sequence[Remark]:
        """Return what the border says without a filter, then the filter and what it finds."""
        filtered = super().filter_said() if self.list.is_narrowed or self.lead is None else ()
        return [*self.remarks, *filtered]

    def action_tab(self, step: int) -> None:
        """Go to the next or previous list."""
        if self.lead is not None:
            self.lead = None
        else:
            self.tab = TABS[(TABS.index(self.tab) + step) % len(TABS)]

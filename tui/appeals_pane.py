"""The pane of appeals: All, Waiting and Leads under one border."""

from typing import ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.reactive import reactive

from checks import storable
from store import now
from text import clean
from tui.appeals import Appeals
from tui.keys import bind
from tui.leads import Leads
from views import Board
from wanted import Wanted, parse

TABS = ("all", "waiting", "leads")
OF_LEAD = "of-lead"


class AppealsPane(Vertical):
    """Three lists, of which one is on show."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("left_square_bracket", "tab(-1)", "Previous tab", id="appeals.previous", show=False),
        bind("right_square_bracket", "tab(1)", "All/Waiting/Leads", id="appeals.next"),
        bind("escape", "back", "Back from a lead", id="appeals.back", show=False),
    ]

    board: reactive[Board] = reactive(Board, repaint=False, init=False)
    version = reactive(0, repaint=False, init=False)
    tab = reactive("all", init=False)
    """The list on show, unless it is that of one lead."""
    lead: reactive[Appeals.LeadWanted | None] = reactive(None, init=False)
    """The lead whose appeals alone are on show."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._filter = ""
        self._lists: dict[str, Appeals | Leads] = {
            "all": Appeals(id="all"),
            "waiting": Appeals(id="waiting", base=Wanted(is_waiting=True)),
            "leads": Leads(id="leads"),
            OF_LEAD: Appeals(id=OF_LEAD),
        }

    def compose(self) -> ComposeResult:
        """Start with all appeals; the other lists are mounted when they are first shown."""
        yield self._lists["all"]

    def on_mount(self) -> None:
        """Let the border follow what the first list says of itself."""
        self._heed(self.list)

    def _heed(self, shown: Appeals | Leads) -> None:
        self.watch(shown, "remark", self.show_subtitle, init=False)

    @property
    def list(self) -> Appeals | Leads:
        """Return the list on show."""
        return self._lists[self.tab if self.lead is None else OF_LEAD]

    def watch_version(self, version: int) -> None:
        """Let the list on show read again."""
        self.list.version = version

    @property
    def subtitle(self) -> str:
        """Return what the border says: marks, newer rows, the lead and the filter."""
        lead = f"only {self.lead.external_id} · esc goes back" if self.lead else ""
        filtered = f"filter: {clean(self._filter)}" if self._filter else ""
        return " · ".join(part for part in (self.list.remark, lead, filtered) if part)

    def show_subtitle(self) -> None:
        """Keep the border as it should be."""
        # Past the attribute, which would paint every row again on each step of scrolling.
        self._border_subtitle = Content(self.subtitle)
        self.refresh(Region(-1, self.size.height, self.outer_size.width, 1))

    def watch_board(self) -> None:
        """Keep the counts in the title."""
        self._show_title()

    def watch_tab(self) -> None:
        """Show the list of the tab."""
        self.set_reactive(AppealsPane.lead, None)
        self._show_list()

    def watch_lead(self, lead: Appeals.LeadWanted | None) -> None:
        """Show the appeals of one lead, or the list from which one came."""
        if lead is not None:
            appeals = self._lists[OF_LEAD]
            assert isinstance(appeals, Appeals)
            appeals.base = appeals.wanted = Wanted(lead_id=lead.lead_id)
            appeals.marks.clear()
            appeals.start_over()
        self._show_list()

    def _show_list(self) -> None:
        had_focus, shown = self.has_focus_within, self.list
        if not shown.is_attached:
            self.mount(shown)
            self._heed(shown)
        for each in self._lists.values():
            each.display = each is shown
            if each is not shown:
                each.reader.stop()
        self._show_title()
        self.show_subtitle()
        shown.read_again()
        if had_focus:
            shown.focus()

    def _show_title(self) -> None:
        counts = self.board.counts
        titles = {
            "all": f"All {counts.appeals:,}" if counts else "All",
            "waiting": f"Waiting {self.board.waiting:,}",
            "leads": f"Leads {counts.leads:,}" if counts else "Leads",
        }
        parts = [
            (titles[tab].replace(",", " "), "reverse" if tab == self.tab else "") for tab in TABS
        ]
        self.border_title = Content.assemble(
            "3 Appeals  ", *(item for part in parts for item in (part, " │ "))
        )[:-3]

    @on(Appeals.LeadWanted)
    def show_lead(self, message: Appeals.LeadWanted) -> None:
        """Show all appeals of one lead, until escape."""
        self.lead = message

    def action_back(self) -> None:
        """Show again what was on show before the lead."""
        if self.lead is None:
            raise SkipAction
        self.lead = None

    def unmark(self) -> None:
        """Take away the marks of the list on show."""
        if isinstance(self.list, Appeals):
            self.list.unmark()

    def apply_filter(self, text: str) -> None:
        """Filter every list by the same words and terms."""
        self._filter = text
        wanted = parse(storable(text), now())
        for each in self._lists.values():
            each.filter(wanted)
        self.show_subtitle()

    def action_tab(self, step: int) -> None:
        """Go to the next list."""
        if self.lead is not None:
            self.lead = None
        else:
            self.tab = TABS[(TABS.index(self.tab) + step) % len(TABS)]

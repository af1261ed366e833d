"""The pane of appeals: All, Waiting and Leads under one border."""

from typing import ClassVar

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive

from store import now
from tui.appeals import Appeals
from tui.keys import bind
from tui.leads import Leads
from views import Board
from wanted import EVERYTHING, Wanted, parse

TABS = ("all", "waiting", "leads")
BASES = {"all": EVERYTHING, "waiting": Wanted(is_waiting=True)}


class AppealsPane(Vertical):
    """Three lists, of which one is on show."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("left_square_bracket", "tab(-1)", "Previous tab", id="appeals.previous", show=False),
        bind("right_square_bracket", "tab(1)", "All/Waiting/Leads", id="appeals.next"),
        bind("escape", "all", "All again", id="appeals.all", show=False),
    ]

    board: reactive[Board] = reactive(Board, repaint=False, init=False)
    version = reactive(0, repaint=False, init=False)
    tab = reactive("all", init=False)
    """The list on show."""

    def compose(self) -> ComposeResult:
        """One list a tab; those not on show read nothing."""
        yield Appeals(id="all").data_bind(AppealsPane.version)
        yield Appeals(id="waiting", base=BASES["waiting"]).data_bind(AppealsPane.version)
        yield Leads(id="leads").data_bind(AppealsPane.version)

    def on_mount(self) -> None:
        """Start with all appeals."""
        self.watch_tab()

    @property
    def list(self) -> Appeals | Leads:
        """Return the list on show."""
        if self.tab == "leads":
            return self.query_one(Leads)
        return self.query_one(f"#{self.tab}", Appeals)

    def watch_board(self) -> None:
        """Keep the counts in the title."""
        self._show_title()

    def watch_tab(self) -> None:
        """Show the list of the tab, up to date."""
        had_focus = self.has_focus_within
        for tab in TABS:
            self.query_one(f"#{tab}").display = tab == self.tab
        self._show_title()
        self.list.read_again()
        if had_focus:
            self.list.focus()

    def _show_title(self) -> None:
        counts = {
            "all": f"All {self.board.appeals:,}",
            "waiting": f"Waiting {self.board.waiting:,}",
            "leads": f"Leads {self.board.leads:,}",
        }
        parts = [
            (counts[tab].replace(",", " "), "reverse" if tab == self.tab else "") for tab in TABS
        ]
        self.border_title = Content.assemble(
            "3 Appeals  ", *(item for part in parts for item in (part, " │ "))
        )[:-3]

    @on(Leads.Chosen)
    def show_lead(self, message: Leads.Chosen) -> None:
        """Show all appeals of one lead, until escape."""
        appeals = self.query_one("#all", Appeals)
        appeals.base = appeals.wanted = Wanted(lead_id=message.lead.id)
        self.border_subtitle = Content(f"only {message.lead.external_id} · esc shows all")
        appeals.start_over()
        self.tab = "all"

    def action_all(self) -> None:
        """Show the appeals of every lead again."""
        appeals = self.query_one("#all", Appeals)
        if appeals.base == EVERYTHING:
            raise SkipAction
        appeals.base = appeals.wanted = EVERYTHING
        self.border_subtitle = ""
        appeals.start_over()

    def apply_filter(self, text: str) -> None:
        """Filter all three lists by the same words and terms."""
        wanted = parse(text, now())
        for tab in ("all", "waiting"):
            self.query_one(f"#{tab}", Appeals).filter(wanted)
        leads = self.query_one(Leads)
        leads.wanted = wanted
        leads.start_over()

    def action_tab(self, step: int) -> None:
        """Go to the next list."""
        self.tab = TABS[(TABS.index(self.tab) + step) % len(TABS)]

"""The list of leads, the newest first, and the way to their appeals."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import BindingType

from leadboard.common.language import _, pgettext
from leadboard.queries import leads
from leadboard.queries.leads import LeadRow
from leadboard.queries.terms import OF_LEADS, AppealFilter
from tui.keys import bind
from tui.messages import AppealsWanted
from tui.panes.appeal_columns import LEAD, MESSAGE_HEAD, MOMENT
from tui.widgets.cells import fit
from tui.widgets.figures import grouped
from tui.widgets.moments import short
from tui.widgets.paged_view import Window

if TYPE_CHECKING:
    from leadboard.transfer.list_export import Shown

WIDEST_LEAD = 24
_OPEN, _LAST = pgettext("head", "open"), pgettext("head", "last")


class Leads(Window[LeadRow]):
    """One line per lead: id, open and all appeals, and the newest one."""

    HELP = _(
        "Each line is one lead. {leads.appeals} shows all their appeals; {appeals.back} goes back "
        "from there."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter,L", "appeals", _("Appeals"), id="leads.appeals"),
        bind("s", "sort", _("Sort"), id="leads.sort", show=False),
    ]
    file_name = "leads"
    is_entered_by_mouse = True
    on_a_row = frozenset({"appeals"})
    empty = _("No leads yet: they come with the first appeal.")
    terms = OF_LEADS
    head = 1
    offer = _("part of a lead's id")

    def whole(self) -> "Callable[[], Shown] | None":
        """Return a function that reads all leads of the list, None if it is empty."""
        from leadboard.transfer.list_export import leads_shown

        if not self.rows:
            return None
        return partial(leads_shown, self.wanted.words, is_oldest_first=self.is_oldest_first)

    def filter(self, wanted: AppealFilter) -> None:
        """Show only leads whose ids contain every word."""
        if wanted != self.wanted:
            self.wanted = wanted
            self.widen() if wanted == self.base else self.start_over()

    def read_before(self, limit: int, before: int | None) -> Sequence[LeadRow]:
        """Return the newest leads, or those before an id."""
        return leads.newest_leads(limit, before, self.wanted.words)

    def read_after(self, limit: int, after: int) -> Sequence[LeadRow]:
        """Return the leads just newer than an id."""
        return leads.leads_after(limit, after, self.wanted.words)

    def count(self, most: int) -> tuple[int, bool]:
        """Return how many leads are wanted, up to `most`, and whether that is all."""
        return leads.count_leads(most, self.wanted.words)

    def count_after(self, most: int, after: int) -> int:
        """Return how many leads are newer than an id."""
        return leads.count_leads_after(most, after, self.wanted.words)

    def measure_columns(self, rows: Sequence[LeadRow]) -> tuple[int, ...]:
        """Return the widths of the ids and of the counts."""
        ids = max((cell_len(row.external_id) for row in rows), default=0)
        counts = max((len(_counts(row)) for row in rows), default=0)
        # Room for the heads, `lead ↓` and `open`.
        return max(cell_len(LEAD) + 2, min(ids, WIDEST_LEAD)), max(cell_len(_OPEN), counts)

    def draw_head(self, y: int, width: int) -> list[Segment]:
        """Draw what the columns are; leads come in the order in which they first wrote."""
        if not self.rows:
            return []
        ids, counts = self.columns
        first = fit(f"{LEAD} {self.sort_mark}", ids)
        heads = f" {first}  {fit(_OPEN, counts, right=True)}  {fit(_LAST, MOMENT)}"
        return [Segment(fit(f"{heads}  {MESSAGE_HEAD}", width), self.pen("head"))]

    def click_head(self, x: int) -> None:
        """Turn the list over, if the head of the ids was clicked."""
        if x <= self.columns[0]:
            self.action_sort()

    def draw_row(self, row: LeadRow, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `tg_77  1/4  10:42:07  Хочу купить`, where 1/4 means one open of four."""
        plain, dim = self.pen(is_cursor=is_cursor), self.pen("dim", is_cursor=is_cursor)
        ids, counts = self.columns
        newest = short(row.newest) if row.newest else ""
        used = ids + counts + MOMENT + 7
        return [
            Segment(" " + fit(row.external_id, ids) + "  ", plain),
            Segment(fit(_counts(row), counts, right=True) + "  ", plain),
            Segment(fit(newest, MOMENT) + "  ", dim),
            Segment(fit(row.message, max(0, width - used)), plain),
        ]

    def action_appeals(self) -> None:
        """Show the appeals of the lead under the cursor."""
        if self.current:
            wanted = AppealFilter(lead_id=self.current.id)
            self.post_message(AppealsWanted(wanted, _("only"), self.current.external_id))


def _counts(row: LeadRow) -> str:
    return f"{grouped(row.open)}/{grouped(row.appeals)}"

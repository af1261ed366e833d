"""The list of appeals, and what a dispatcher can do to them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType

from leadboard import desk
from leadboard.allocation.appeals import worded
from leadboard.common.language import _
from leadboard.database.fields import now
from leadboard.queries.appeals import AppealRow
from leadboard.queries.terms import EVERYTHING, OF_APPEALS, AppealFilter
from tui.base import app_of
from tui.keys import bind
from tui.messages import Acted, ActRequest, AppealsWanted
from tui.panes.appeal_columns import (
    LEAD,
    MESSAGE_HEAD,
    MOMENT,
    OPERATOR,
    SOURCE,
    WAITING,
    Columns,
    age_of,
    holder_of,
    measured,
)
from tui.panes.appeal_window import AppealWindow
from tui.widgets.marks import seen
from tui.widgets.moments import short
from tui.widgets.urgency import urgency

_TIME, _AGE = _("time"), _("age")


class Appeals(AppealWindow):
    """One line per appeal: time, lead, source, operator, age, message."""

    HELP = _(
        "The newest appeal is on top, or the oldest among those that wait; {appeals.sort} turns "
        "the list over. Each line says how long an appeal waits, has been open with its operator, "
        "or took until it was closed. A closed one is dimmed and no longer part of the load. "
        "{appeals.details} tells why an appeal went where it went. {appeals.mark} marks appeals, "
        "{appeals.mark-all} all that match, {appeals.mark-range} from one to another, and the "
        "keys then act on all of them; those closed or moved in the meantime are passed over. "
        "{appeals.previous} and {appeals.next} go through All, Waiting and Leads; {appeals.lead} "
        "shows everything that the lead has written, {appeals.back} goes back."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter", "details", _("Details"), id="appeals.details"),
        bind("c", "close", _("Close"), id="appeals.close"),
        bind("m", "move", _("Move"), id="appeals.move"),
        bind("r", "return", _("Return"), id="appeals.return"),
        bind("o", "reopen", _("Reopen"), id="appeals.reopen"),
        bind("space", "mark", _("Mark"), id="appeals.mark"),
        bind("asterisk", "mark_all", _("Mark all shown"), id="appeals.mark-all", show=False),
        bind("V", "mark_range", _("Mark from here, to here"), id="appeals.mark-range", show=False),
        bind("shift+down", "mark_on(1)", _("Mark downwards"), id="appeals.mark-down", show=False),
        bind("shift+up", "mark_on(-1)", _("Mark upwards"), id="appeals.mark-up", show=False),
        bind("y", "copy", _("Copy"), id="appeals.copy", show=False),
        bind("s", "sort", _("Sort"), id="appeals.sort", show=False),
        bind("L", "lead", _("Lead's appeals"), id="appeals.lead", show=False),
    ]
    is_entered_by_mouse = True
    on_a_row = frozenset(
        {
            *("details", "close", "move", "return", "reopen", "copy", "lead"),
            *("mark", "mark_all", "mark_range", "mark_on"),
        }
    )
    empty = _("No appeals yet: press {desk.new} to enter one.")
    head = 1
    terms = OF_APPEALS
    offer = _("words, waiting, closed, op:anna, src:tg, since:10:00, older:15m")

    def __init__(self, *, id: str | None = None, base: AppealFilter = EVERYTHING) -> None:
        super().__init__(id=id, base=base)
        self._ticked_at = now()

    # Painting.

    def measure_columns(self, rows: Sequence[AppealRow]) -> tuple[int, ...]:
        """Return the widths of lead, source and operator."""
        columns = measured(rows)
        return columns.lead, columns.source, columns.operator

    def draw_head(self, y: int, width: int) -> list[Segment]:
        """Draw what the columns are, with a mark on the one that sorts the rows."""
        if not self.rows:
            return []
        texts = self.heads_in(width)
        return [
            Segment(" " + "".join(self.columns_in(width).cells(width, texts)), self.pen("head"))
        ]

    def heads_in(self, width: int) -> Sequence[str]:
        """Return the heads of a line of `width` cells."""
        return (f"{_TIME} {self.sort_mark}", LEAD, SOURCE, OPERATOR, _AGE, MESSAGE_HEAD)

    def columns_in(self, width: int) -> Columns:
        """Return the columns of a line of `width` cells."""
        return Columns(*self.columns).within(width)

    def draw_row(self, row: AppealRow, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `10:42:07  tg_77  vk  Anna  open 2 h  Хочу купить`."""
        columns = self.columns_in(width)
        plain, dim = (self.pen(name, is_cursor=is_cursor) for name in (_tone(row), "dim"))
        state = self.pen(self.urgency_of(row), is_cursor=is_cursor) if row.is_waiting else plain
        texts = (
            *(short(row.timestamp), row.external_id, row.source),
            *(*self._state_of(row, columns), row.message),
        )
        pens = (self._mark_pen(row, is_cursor), plain, dim, state, state, plain)
        parts = zip(columns.cells(width, texts), pens, strict=True)
        return [self._mark(row, is_cursor), *(Segment(text, pen) for text, pen in parts if text)]

    def _mark(self, row: AppealRow, is_cursor: bool) -> Segment:
        return Segment("▪" if row.id in self.marks else " ", self._mark_pen(row, is_cursor))

    def _mark_pen(self, row: AppealRow, is_cursor: bool) -> Style:
        return self.pen("accent" if row.id in self.marks else "dim", is_cursor=is_cursor)

    def urgency_of(self, row: AppealRow) -> str:
        """Return the pen for the wait of an appeal."""
        return urgency(row.times.waits(now()), app_of(self).settings.thresholds(row.source))

    def _state_of(self, row: AppealRow, columns: Columns) -> tuple[str, str]:
        """Return who has an appeal and for how long; that it waits is said only once."""
        age = age_of(row, now(), is_worded=columns.is_worded)
        if not row.is_waiting:
            return holder_of(row), age
        if columns.is_worded:
            # From a hundred days on the word does not fit any more.
            return "", age if cell_len(age) <= columns.age else age_of(row, now(), is_worded=False)
        return WAITING, age

    def click_head(self, x: int) -> None:
        """Turn the list over, if the head of the times was clicked."""
        if x <= MOMENT:
            self.action_sort()

    def tick(self) -> None:
        """Paint the rows again whose age reads differently by now."""
        was, self._ticked_at = self._ticked_at, now()
        for place in self.visible_rows():
            row = self.rows[place]
            if age_of(row, was) != age_of(row, self._ticked_at):
                self.refresh_row(place)
        if self.wanted.older is not None:
            # Time alone brings rows into such a list.
            self.read_again()

    # Acts: on the marked appeals, else on the one under the cursor.

    def _act(self, function: "Callable[..., desk.Done[Any]]") -> None:
        if chosen := self.chosen():
            self.post_message(ActRequest(chosen.telling(function), chosen.ids))

    def action_close(self) -> None:
        """Close the chosen appeals."""
        self._act(desk.close)

    def action_reopen(self) -> None:
        """Reopen the chosen appeals."""
        self._act(desk.reopen)

    def action_return(self) -> None:
        """Return the chosen appeals to the lottery."""
        self._act(desk.give_back)

    def action_move(self) -> None:
        """Ask which operator gets the chosen appeals."""
        from tui.dialogs.move import Move

        if chosen := self.chosen():
            if (
                not self.marks and self.current
            ):  # the dialog takes time, and somebody may be quicker
                chosen = replace(chosen, seen={self.current.id: seen(self.current)})
            self.app.push_screen(Move(chosen))

    def action_details(self) -> None:
        """Show the appeal in full, and why it went where it went."""
        from tui.dialogs.details import Details

        if self.current:
            self.app.push_screen(Details(self.current.id))

    def action_lead(self) -> None:
        """Show all appeals of the lead under the cursor."""
        if self.current:
            wanted = AppealFilter(lead_id=self.current.lead_id)
            self.post_message(AppealsWanted(wanted, _("only"), self.current.external_id))

    def action_copy(self) -> None:
        """Copy the line under the cursor to the clipboard."""
        if (row := self.current) is None:
            return
        line = "\t".join([str(row.id), row.external_id, row.source, holder_of(row), row.message])
        self.app.copy_to_clipboard(line)
        lead = worded(row.external_id, row.source)
        self.post_message(Acted(_("Appeal #{id} of {lead} copied", id=row.id, lead=lead)))


def _tone(row: AppealRow) -> str:
    return "dim" if row.is_closed else ""

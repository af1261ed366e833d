"""The list of appeals, and what a dispatcher can do to them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import BindingType
from textual.message import Message

from leadboard import desk
from leadboard.queries.appeals import AppealRow
from leadboard.queries.terms import OF_APPEALS
from tui.keys import bind
from tui.messages import Acted, ActRequest
from tui.panes.appeal_window import AppealWindow
from tui.widgets.cells import fit
from tui.widgets.marks import named, seen
from tui.widgets.moments import short

WAITING = "waiting"
MOMENT = 8
WIDEST = {"lead": 18, "source": 14, "operator": 16}


class Appeals(AppealWindow):
    """One line per appeal: time, lead, source, operator, message."""

    HELP = (
        "The newest appeal is on top. One that nobody has is marked waiting; a closed one is "
        "dimmed and no longer part of the load. enter tells why an appeal went where it "
        "went. space marks appeals, * all that match, V from one to another, and the keys then act "
        "on all of them; those closed or moved in the meantime are passed over. [ and ] go through "
        "All, Waiting and Leads; L shows everything that the lead has written, esc goes back."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter", "details", "Details", id="appeals.details"),
        bind("c", "close", "Close", id="appeals.close"),
        bind("m", "move", "Move", id="appeals.move"),
        bind("r", "return", "Return", id="appeals.return"),
        bind("o", "reopen", "Reopen", id="appeals.reopen"),
        bind("space", "mark", "Mark", id="appeals.mark"),
        bind("asterisk", "mark_all", "Mark all shown", id="appeals.mark-all", show=False),
        bind("V", "mark_range", "Mark from here, to here", id="appeals.mark-range", show=False),
        bind("shift+down", "mark_on(1)", "Mark downwards", id="appeals.mark-down", show=False),
        bind("shift+up", "mark_on(-1)", "Mark upwards", id="appeals.mark-up", show=False),
        bind("y", "copy", "Copy", id="appeals.copy", show=False),
        bind("s", "sort", "Oldest first", id="appeals.sort", show=False),
        bind("L", "lead", "Its lead", id="appeals.lead", show=False),
    ]
    on_a_row = frozenset(
        {
            *("details", "close", "move", "return", "reopen", "copy", "lead"),
            *("mark", "mark_all", "mark_range", "mark_on"),
        }
    )
    empty = "No appeals yet: press n to enter one."
    terms = OF_APPEALS
    offer = "words, waiting, closed, op:anna, src:tg, since:10:00"

    class LeadWanted(Message):
        """Asks to show everything that a lead has written."""

        def __init__(self, lead_id: int, external_id: str) -> None:
            super().__init__()
            self.lead_id = lead_id
            self.external_id = external_id

    # Painting.

    def measure_columns(self, rows: Sequence[AppealRow]) -> tuple[int, ...]:
        """Return the widths of lead, source and operator."""
        return (
            _widest((row.external_id for row in rows), WIDEST["lead"]),
            _widest((row.source for row in rows), WIDEST["source"]),
            _widest((_holder(row) for row in rows), WIDEST["operator"]),
        )

    def draw_row(self, row: AppealRow, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `10:42:07  tg_77  vk  Anna  Хочу купить`."""
        tone = "dim" if row.is_closed else ""
        plain, dim = self.pen(tone, is_cursor=is_cursor), self.pen("dim", is_cursor=is_cursor)
        lead, source, operator = self._squeezed(width)
        used = 2 + MOMENT + sum(each + 2 for each in (lead, source, operator) if each)
        is_waiting = row.is_waiting
        is_marked = row.id in self.marks
        mark_pen = self.pen("accent", is_cursor=is_cursor) if is_marked else dim
        segments = [
            Segment("▪" if is_marked else " ", mark_pen),
            Segment(f"{fit(short(row.timestamp), MOMENT)} ", mark_pen),
            Segment(" " + fit(row.external_id, lead) + " ", plain),
            Segment(f" {fit(row.source, source)} " if source else "", dim),
            Segment(
                " " + fit(_holder(row), operator) + " ",
                self.pen("bad", is_cursor=is_cursor) if is_waiting else plain,
            ),
            Segment(" " + fit(row.message, max(0, width - used - 2)), plain),
        ]
        return [segment for segment in segments if segment.text]

    def _squeezed(self, width: int) -> tuple[int, int, int]:
        """Return the column widths, narrower in a narrow pane."""
        lead, source, operator = self.columns
        if width >= 60:
            return lead, source, operator
        return min(lead, width // 4), 0, min(operator, width // 4)

    # Acts: on the marked appeals, else on the one under the cursor.

    def _act(self, function: Callable[..., desk.Done[Any]]) -> None:
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
            self.post_message(self.LeadWanted(self.current.lead_id, self.current.external_id))

    def action_copy(self) -> None:
        """Copy the line under the cursor to the clipboard."""
        if (row := self.current) is None:
            return
        line = "\t".join([str(row.id), row.external_id, row.source, _holder(row), row.message])
        self.app.copy_to_clipboard(line)
        # Not capitalize(), which would also lower the letters of the lead's id.
        self.post_message(Acted(f"A{named(row)[1:]} copied"))


def _holder(row: AppealRow) -> str:
    if row.withdrawn:
        return "withdrawn"
    if row.operator is not None:
        return row.operator
    return "nobody" if row.is_closed else WAITING


def _widest(texts: Iterable[str], most: int) -> int:
    return min(most, max(map(cell_len, texts), default=0))

"""The appeals, newest first, and what a dispatcher does to them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import BindingType
from textual.message import Message

import desk
import lists
from lists import AppealRow
from search import SearchIndex
from tui.keys import bind
from tui.lines import fit
from tui.messages import Act, Acted
from tui.moments import short
from tui.window import Window
from wanted import EVERYTHING, Wanted

WAITING = "waiting"
MOMENT = 8
WIDEST = {"lead": 18, "source": 14, "operator": 16}


class Appeals(Window[AppealRow]):
    """One line an appeal: when, whose, from where, who has it, what it says."""

    HELP = (
        "The newest appeal is on top. One that nobody has is marked waiting; a closed one is "
        "dimmed, and its operator has the place free again. enter tells why an appeal went where "
        "it went. space marks several, and the keys then act on all of them. [ and ] go through "
        "All, Waiting and Leads; L shows everything that the lead has written, esc comes back."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter", "details", "Details", id="appeals.details"),
        bind("c", "close", "Close", id="appeals.close"),
        bind("m", "move", "Move", id="appeals.move"),
        bind("r", "return", "Return", id="appeals.return"),
        bind("o", "reopen", "Reopen", id="appeals.reopen"),
        bind("space", "mark", "Mark", id="appeals.mark"),
        bind("y", "copy", "Copy", id="appeals.copy", show=False),
        bind("s", "sort", "Oldest first", id="appeals.sort", show=False),
        bind("L", "lead", "Its lead", id="appeals.lead", show=False),
    ]
    on_a_row = frozenset({"details", "close", "move", "return", "reopen", "mark", "copy", "lead"})
    empty = "No appeals yet: press n to enter one."

    class LeadWanted(Message):
        """Everything that a lead has written is to be shown."""

        def __init__(self, lead_id: int, external_id: str) -> None:
            super().__init__()
            self.lead_id = lead_id
            self.external_id = external_id

    def __init__(self, *, id: str | None = None, base: Wanted = EVERYTHING) -> None:
        super().__init__(id=id)
        self.base = base
        self.wanted = base
        self.marked: set[int] = set()

    def read_before(self, limit: int, before: int | None) -> Sequence[AppealRow]:
        """Return the newest appeals that are wanted, or those before an id."""
        return lists.newest_appeals(limit, before, self.wanted, self._index)

    def read_after(self, limit: int, after: int) -> Sequence[AppealRow]:
        """Return the wanted appeals just newer than an id."""
        return lists.appeals_after(limit, after, self.wanted, self._index)

    @property
    def hint(self) -> str:
        """Return what is said where no appeals are."""
        is_calm = self.base.is_waiting and not self.is_narrowed and not self._lookings
        return "Nothing is waiting." if is_calm else super().hint

    @property
    def _index(self) -> SearchIndex | None:
        index: SearchIndex | None = self.app.index  # type: ignore[attr-defined]
        return index

    def filter(self, wanted: Wanted) -> None:
        """Show only what is wanted, within what this list shows at all."""
        narrowed = replace(
            wanted,
            is_waiting=wanted.is_waiting or self.base.is_waiting,
            lead_id=self.base.lead_id,
        )
        if narrowed != self.wanted:
            self.wanted = narrowed
            self.unmark()
            self.start_over()

    # Painting.

    def measure_columns(self, rows: Sequence[AppealRow]) -> tuple[int, ...]:
        """Return the widths of lead, source and operator."""
        return (
            _widest((row.lead for row in rows), WIDEST["lead"]),
            _widest((row.source for row in rows), WIDEST["source"]),
            _widest((_holder(row) for row in rows), WIDEST["operator"]),
        )

    def draw_row(self, row: AppealRow, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `10:42:07  tg_77  vk  Anna  Хочу купить`."""
        tone = "dim" if row.is_closed else ""
        plain, dim = self.pen(tone, is_cursor=is_cursor), self.pen("dim", is_cursor=is_cursor)
        lead, source, operator = self._squeezed(width)
        used = 2 + MOMENT + sum(each + 2 for each in (lead, source, operator) if each)
        is_waiting = row.operator is None and not row.is_closed
        is_marked = row.id in self.marked
        mark_pen = self.pen("accent", is_cursor=is_cursor) if is_marked else dim
        segments = [
            Segment("▪" if is_marked else " ", mark_pen),
            Segment(f"{fit(short(row.timestamp), MOMENT)} ", mark_pen),
            Segment(" " + fit(row.lead, lead) + " ", plain),
            Segment(f" {fit(row.source, source)} " if source else "", dim),
            Segment(
                " " + fit(_holder(row), operator) + " ",
                self.pen("bad", is_cursor=is_cursor) if is_waiting else plain,
            ),
            Segment(" " + fit(row.message, max(0, width - used - 2)), plain),
        ]
        return [segment for segment in segments if segment.text]

    def _squeezed(self, width: int) -> tuple[int, int, int]:
        """Return the column widths, narrower where the pane is."""
        lead, source, operator = self.columns
        if width >= 60:
            return lead, source, operator
        return min(lead, width // 4), 0, min(operator, width // 4)

    # Acts: on the marked appeals, else on the one under the cursor.

    def chosen(self) -> list[int]:
        """Return the ids that an act is about, oldest first."""
        if self.marked:
            return sorted(self.marked)
        return [self.current.id] if self.current else []

    def _act(self, function: Callable[..., desk.Done]) -> None:
        if chosen := self.chosen():
            self.post_message(Act(function, chosen))
            self.unmark()

    def unmark(self) -> None:
        """Forget the marks."""
        self.marked = set()
        self.refresh()

    def action_mark(self) -> None:
        """Mark the appeal under the cursor, or take its mark away, and go on to the next."""
        if self.current:
            self.marked ^= {self.current.id}
            self.refresh_row(self.cursor)
            self.go_to(self.cursor + 1)

    def action_close(self) -> None:
        """Close what is chosen."""
        self._act(desk.close)

    def action_reopen(self) -> None:
        """Open what is chosen again."""
        self._act(desk.reopen)

    def action_return(self) -> None:
        """Return what is chosen to waiting."""
        self._act(desk.give_back)

    def action_move(self) -> None:
        """Ask which operator is to have what is chosen."""
        from tui.move import Move

        if chosen := self.chosen():
            self.app.push_screen(Move(chosen), lambda _: self.unmark())

    def action_details(self) -> None:
        """Show the whole appeal, and why it went where it went."""
        from tui.details import Details

        if self.current:
            self.app.push_screen(Details(self.current.id))

    def action_lead(self) -> None:
        """Show all appeals of the lead whose appeal is under the cursor."""
        if self.current:
            self.post_message(self.LeadWanted(self.current.lead_id, self.current.lead))

    def action_copy(self) -> None:
        """Copy the line under the cursor to the clipboard."""
        if (row := self.current) is None:
            return
        line = "\t".join([str(row.id), row.lead, row.source, _holder(row), row.message])
        self.app.copy_to_clipboard(line)
        self.post_message(Acted(f"Appeal #{row.id} of {row.lead} copied"))


def _holder(row: AppealRow) -> str:
    if row.is_withdrawn:
        return "withdrawn"
    if row.operator is not None:
        return row.operator
    return "nobody" if row.is_closed else WAITING


def _widest(texts: Iterable[str], most: int) -> int:
    return min(most, max(map(cell_len, texts), default=0))

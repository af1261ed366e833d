"""The history: every recorded act, to undo or redo any of them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content

from leadboard import desk
from leadboard.queries.history import EventRow, events_after, newest_events
from tui.dialogs.base import ActDialog, Bottom
from tui.keys import bind
from tui.widgets.cells import fit
from tui.widgets.moments import shown
from tui.widgets.paged_view import Window

WIDEST_ACTOR = 14
MOMENT = len("23.11 10:42:07")


class ActList(Window[EventRow]):
    """One line per act: when, who, what."""

    empty = "Nothing has been done yet."

    def read_before(self, limit: int, before: int | None) -> Sequence[EventRow]:
        """Return the newest acts, or those before an id."""
        return newest_events(limit, before)

    def read_after(self, limit: int, after: int) -> Sequence[EventRow]:
        """Return the acts just newer than an id."""
        return events_after(limit, after)

    def measure_columns(self, rows: Sequence[EventRow]) -> tuple[int, ...]:
        """Return the width of the actors."""
        return (min(WIDEST_ACTOR, max((cell_len(row.actor) for row in rows), default=0)),)

    def draw_row(self, row: EventRow, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `23.11 10:42:07  anna  Appeal #7 closed`."""
        tone = "" if row.target is None else "dim"
        when = f" {fit(shown(row.at, '%d.%m %H:%M:%S'), MOMENT)} "
        actor = f" {fit(row.actor, self.columns[0])}  "
        note = fit(row.note, max(0, width - len(when) - cell_len(actor)))
        return [
            Segment(when, self.pen("dim", is_cursor=is_cursor)),
            Segment(actor, self.pen("accent", is_cursor=is_cursor)),
            Segment(note, self.pen(tone, is_cursor=is_cursor)),
        ]


class History(ActDialog):
    """A sheet over the desk with all acts, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("u", "undo", "Undo this", id="history.undo"),
        bind("U", "redo", "Redo this", id="history.redo"),
        bind("q,H", "dismiss_dialog", "Back", id="history.back"),
    ]

    def compose(self) -> ComposeResult:
        """Lay out the list above the reason for a refusal and the keys."""
        with Vertical(classes="dialog sheet tall") as box:
            box.border_title = Content("History")
            yield ActList(id="acts")
            keys = "{history.undo} undo this · {history.redo} redo this"
            yield Bottom(f"{keys} · {{dialog.cancel}} goes back")

    def on_mount(self) -> None:
        """Show the newest acts."""
        self.query_one(ActList).read_again()

    def action_undo(self) -> None:
        """Undo the act under the cursor, or the act that this one has undone or redone."""
        self._reverse(desk.undo)

    def action_redo(self) -> None:
        """Redo the act under the cursor, or the act that this one has undone or redone."""
        self._reverse(desk.redo)

    def _reverse(self, reverse: Callable[..., desk.Done[Any]]) -> None:
        row = self.query_one(ActList).current
        if row is not None:
            self.perform(partial(reverse, row.target or row.id))

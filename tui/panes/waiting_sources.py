"""What waits, one line a source: how long, how much, and why nobody takes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import BindingType
from textual.widget import Widget

from leadboard.common.language import _, ngettext
from leadboard.database.fields import now
from leadboard.queries.board import Board
from leadboard.queries.odds import alarms
from leadboard.queries.terms import AppealFilter
from tui.base import app_of
from tui.keys import bind
from tui.messages import AppealsWanted
from tui.panes.appeal_columns import signed_age
from tui.widgets.cells import fit
from tui.widgets.line_view import LineView
from tui.widgets.urgency import urgency

WIDEST_SOURCE = 24


@dataclass(frozen=True, slots=True)
class Queue:
    """The appeals that wait for one source, and what is wrong with it."""

    id: int
    source: str
    waiting: int
    since: datetime | None
    what: str

    def waits(self, now: datetime) -> timedelta | None:
        """Return how long the oldest of them has waited."""
        return None if self.since is None else now - self.since


def queues(board: Board) -> list[Queue]:
    """Return the sources for which appeals wait, the one whose oldest has waited longest first."""
    wrong = alarms(board)
    found = [
        Queue(
            source.id,
            source.name,
            source.waiting,
            board.oldest_waits.get(source.id),
            wrong[source.id].short if source.id in wrong else "",
        )
        for source in board.sources
        if source.waiting
    ]
    return sorted(found, key=lambda queue: (queue.since is None, queue.since or 0, queue.id))


def _waiting(number: int, width: int) -> str:
    """Return how much waits, the number to the right of some cells."""
    return ngettext("{count} waiting", "{count} waiting", number, count=str(number).rjust(width))


class WaitingSources(LineView[Queue]):
    """One line per source that has appeals waiting; enter shows only those."""

    HELP = _(
        "Each line is one source with appeals that wait. enter shows them alone, esc goes back."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter", "appeals", _("Only these"), id="waiting.appeals"),
    ]
    on_a_row = frozenset({"appeals"})

    below: Widget | None = None
    """The list of the appeals themselves."""

    def take(self, board: Board) -> None:
        """Show what waits by now."""
        self.show(queues(board))

    def measure_columns(self, rows: Sequence[Queue]) -> tuple[int, ...]:
        """Return the widths of the names and of the numbers."""
        names = max((cell_len(row.source) for row in rows), default=0)
        return min(names, WIDEST_SOURCE), max((len(str(row.waiting)) for row in rows), default=0)

    def draw_row(self, row: Queue, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `!! 14 m  vk  14 waiting, nobody available`."""
        is_cursor = is_cursor and self.has_focus
        waits = row.waits(now())
        tone = urgency(waits, app_of(self).settings.thresholds(row.source))
        pen, dim = self.pen(tone, is_cursor=is_cursor), self.pen("dim", is_cursor=is_cursor)
        names, numbers = self.columns
        parts = [
            Segment(f" {signed_age(waits, tone)}  ", pen),
            Segment(f"{fit(row.source, names)}  ", self.pen(is_cursor=is_cursor)),
            Segment(_waiting(row.waiting, numbers), pen),
        ]
        room = width - sum(part.cell_length for part in parts)
        return [*parts, Segment(fit(f", {row.what}" if row.what else "", max(0, room)), dim)]

    def action_appeals(self) -> None:
        """Show only what waits for the source under the cursor."""
        if (row := self.current) is not None:
            wanted = AppealFilter(source_id=row.id, is_waiting=True)
            self.post_message(AppealsWanted(wanted, _("waiting of"), row.source))

    def action_cursor(self, step: int) -> None:
        """Move the cursor; below the last line it goes on in the list of appeals."""
        if step > 0 and self.cursor == len(self.rows) - 1 and self.below is not None:
            self.below.focus()
        else:
            super().action_cursor(step)

    def click_at(self, row: int, x: int) -> None:
        """Show what waits for the source that was clicked."""
        super().click_at(row, x)
        if row < len(self.rows):
            self.action_appeals()

    def tick(self) -> None:
        """Let the ages go on."""
        self.refresh()

"""All alarms on one sheet: which sources are in need, and the way to each."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message

from leadboard.queries.board import Board
from leadboard.queries.odds import Alarm, alarms
from leadboard.queries.terms import AppealFilter
from tui.base import app_of
from tui.dialogs.base import Bottom, Sheet
from tui.keys import bind
from tui.messages import AppealsWanted, SourceWanted
from tui.widgets.cells import fit
from tui.widgets.line_view import LineView

WIDEST_SOURCE = 30


class AlarmList(LineView[Alarm]):
    """One line per alarm: the source, and what is wrong with it."""

    empty = "No alarms: somebody is available for every source."

    def key_of(self, row: Alarm) -> int:
        """Return the id of the source."""
        return row.source_id

    def measure_columns(self, rows: Sequence[Alarm]) -> tuple[int, ...]:
        """Return the width of the names."""
        return (min(WIDEST_SOURCE, max((cell_len(row.source) for row in rows), default=0)),)

    def draw_row(self, row: Alarm, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `▲ phone  nobody available`."""
        tone = "bad" if row.is_grave else "warn"
        pen = self.pen(tone, is_cursor=is_cursor)
        name = f" ▲ {fit(row.source, self.columns[0])}  "
        what = fit(row.what, max(0, width - cell_len(name)))
        return [Segment(name, pen), Segment(what, self.pen(is_cursor=is_cursor))]


class Alarms(Sheet):
    """A sheet over the desk; enter goes to the column of the source."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter", "column", "Go there", id="alarms.column"),
        bind("w", "waiting", "Waiting", id="alarms.waiting"),
        bind("escape,q,exclamation_mark", "go_back", "Back", id="alarms.back"),
    ]

    def compose(self) -> ComposeResult:
        """Lay out the list above the keys."""
        with Vertical(classes="dialog sheet") as box:
            box.border_title = "Alarms"
            yield AlarmList(id="alarms")
            yield Bottom(
                "{alarms.column} go to its weights · {alarms.waiting} its waiting appeals"
                " · {alarms.back} back"
            )

    def on_mount(self) -> None:
        """Show the alarms, and follow them."""
        self.watch(app_of(self).home, "board", self.show)

    @property
    def list(self) -> AlarmList:
        """Return the list."""
        return self.query_one(AlarmList)

    def show(self, board: Board) -> None:
        """Show the alarms of a board, the gravest first."""
        self.list.show(sorted(alarms(board).values(), key=lambda alarm: alarm.order))
        self.list.styles.height = max(2, len(self.list.rows))

    def action_column(self) -> None:
        """Go to the column of the source in the grid."""
        if (alarm := self.list.current) is not None:
            self._leave_for(SourceWanted(alarm.source_id))

    def action_waiting(self) -> None:
        """Show the appeals that wait for the source."""
        if (alarm := self.list.current) is not None:
            wanted = AppealFilter(source_id=alarm.source_id, is_waiting=True)
            self._leave_for(AppealsWanted(wanted, "waiting of", alarm.source))

    def _leave_for(self, message: Message) -> None:
        self.go(True)
        app_of(self).home.post_message(message)

    def action_go_back(self) -> None:
        """Go back."""
        self.go()

"""All alarms on one sheet: which sources and hooks are in need, and the way out of it."""

from collections.abc import Hashable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message

from leadboard.common.language import _, pgettext
from leadboard.queries.board import Board
from leadboard.queries.hook_alarms import HookAlarm
from leadboard.queries.odds import Alarm, AnyAlarm, every_alarm
from leadboard.queries.terms import AppealFilter
from tui.base import app_of
from tui.dialogs.base import Bottom, Sheet
from tui.keys import bind
from tui.messages import AppealsWanted, SourceWanted
from tui.widgets.cells import fit
from tui.widgets.line_view import LineView

WIDEST_SOURCE = 30


class AlarmList(LineView[AnyAlarm]):
    """One line per alarm: the source or the hook, and what is wrong with it."""

    empty = _("No alarms: nothing is in need.")

    def key_of(self, row: AnyAlarm) -> Hashable:
        """Return what the alarm is about."""
        return row.key

    def measure_columns(self, rows: Sequence[AnyAlarm]) -> tuple[int, ...]:
        """Return the width of the names."""
        return (min(WIDEST_SOURCE, max((cell_len(row.name) for row in rows), default=0)),)

    def draw_row(self, row: AnyAlarm, width: int, is_cursor: bool) -> list[Segment]:
        """Draw `▲ phone  nobody available`, or `▲ hook 1  …` with the command that tells more."""
        tone = "bad" if row.is_grave else "warn"
        pen = self.pen(tone, is_cursor=is_cursor)
        name = f" ▲ {fit(row.name, self.columns[0])}  "
        what = fit(_told(row), max(0, width - cell_len(name)))
        return [Segment(name, pen), Segment(what, self.pen(is_cursor=is_cursor))]


def _told(alarm: AnyAlarm) -> str:
    way = f"   {alarm.way_out}" if isinstance(alarm, HookAlarm) else ""
    return alarm.what + way


class Alarms(Sheet):
    """A sheet over the desk; enter goes to the column of the source."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("enter", "column", _("Go there"), id="alarms.column"),
        bind("w", "waiting", pgettext("list", "Waiting"), id="alarms.waiting"),
        bind("F", "forecast", _("Forecast"), id="alarms.forecast"),
        bind("escape,q,exclamation_mark", "go_back", _("Back"), id="alarms.back"),
    ]

    def compose(self) -> ComposeResult:
        """Lay out the list above the keys."""
        with Vertical(classes="dialog sheet") as box:
            box.border_title = _("Alarms")
            yield AlarmList(id="alarms")
            yield Bottom(
                _(
                    "{alarms.column} its weights · {alarms.waiting} its waiting appeals"
                    " · {alarms.forecast} forecast · {alarms.back} back"
                )
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
        self.list.show(every_alarm(board))
        self.list.styles.height = max(2, len(self.list.rows))

    def action_column(self) -> None:
        """Go to the column of the source in the grid."""
        if (alarm := self._of_source()) is not None:
            self._leave_for(SourceWanted(alarm.source_id))

    def action_waiting(self) -> None:
        """Show the appeals that wait for the source."""
        if (alarm := self._of_source()) is not None:
            wanted = AppealFilter(source_id=alarm.source_id, is_waiting=True)
            self._leave_for(AppealsWanted(wanted, _("waiting of"), alarm.name))

    def action_forecast(self) -> None:
        """Show the forecast of the source, over this sheet."""
        from tui.dialogs.forecast import Forecast

        if (alarm := self._of_source()) is None:
            return
        for source in app_of(self).home.board.sources:
            if source.id == alarm.source_id:
                self.app.push_screen(Forecast(source))

    def _of_source(self) -> Alarm | None:
        """Return the alarm under the cursor; of a hook, it is said where to go instead."""
        alarm = self.list.current
        if isinstance(alarm, HookAlarm):
            self.say_why_not(
                _("Hooks are seen to on the command line: {command}", command=alarm.way_out)
            )
            return None
        return alarm

    def _leave_for(self, message: Message) -> None:
        self.go(True)
        app_of(self).home.post_message(message)

    def action_go_back(self) -> None:
        """Go back."""
        self.go()

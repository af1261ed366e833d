"""The top line: the database, the state of the team, what waits, and the time."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from leadboard.common.durations import worded
from leadboard.common.language import _, pgettext
from leadboard.common.settings import DEFAULTS
from leadboard.common.text import clean
from leadboard.database.connection import READ_ONLY
from leadboard.database.fields import now
from leadboard.queries.board import Board
from leadboard.queries.odds import AnyAlarm, every_alarm
from leadboard.queries.terms import AppealFilter
from tui.base import app_of
from tui.messages import AppealsWanted
from tui.widgets.cells import shortened
from tui.widgets.figures import grouped, spark
from tui.widgets.moments import TICK, shown
from tui.widgets.urgency import AMBER, QUIET, RED, SIGNS, Thresholds, urgency_of_all

GAP = 3
NAME = " Leadboard"
DEMO = _("DEMO")
"""What the line says of the demo however narrow it is."""
WIDEST_ALARM = 48
NARROWEST_ALARM = 0
"""Cells of an alarm with and without room to spare; only the name in it is cut."""
_WAITING = 0
"""The place of what waits among the figures."""
_ARRIVALS = pgettext("figure", "arrivals")
_CLOCK = pgettext("moment", "%H:%M")
_STYLES = {
    QUIET: "bold",
    AMBER: "$text-warning bold reverse",
    RED: "$text-error bold reverse",
}


class Header(Widget):
    """One line; what does not fit is dropped from the right, the waiting count last."""

    board: reactive[Board] = reactive(Board)
    clock: reactive[str] = reactive("")
    oldest: reactive[str] = reactive("")
    """How long the appeal that has waited longest waits, empty while nothing waits."""
    urgency: reactive[str] = reactive(QUIET)
    """The most urgent of all waits."""
    trouble: reactive[str] = reactive("")
    """A sentence, shown for as long as the database cannot be read."""
    write_trouble: reactive[str] = reactive("")
    """A sentence, shown for as long as nothing can be stored."""

    def __init__(self, title: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = clean(title)
        self._bare = NAME + (READ_ONLY if title.endswith(READ_ONLY) else "")
        self._alarms: list[AnyAlarm] = []
        self._thresholds: Thresholds = DEFAULTS.thresholds

    def on_mount(self) -> None:
        """Start the clock."""
        self._thresholds = app_of(self).settings.thresholds
        if app_of(self).is_demo:
            self._bare = f"{NAME}  {DEMO}"
        self.tick()
        self.set_interval(TICK, self.tick)

    def tick(self) -> None:
        """Show the current minute, and the oldest wait as it is by now."""
        self.clock = shown(now(), _CLOCK)
        self._age()

    def _age(self) -> None:
        since, moment = self.board.oldest_wait, now()
        self.oldest = "" if since is None else worded(moment - since)
        self.urgency = urgency_of_all(self.board, self._thresholds, moment)

    def render(self) -> Content:
        """Return the line."""
        title = f"{NAME}  {self._title}"
        if trouble := clean(self.trouble or self.write_trouble):
            left = title if cell_len(title + trouble) + GAP <= self.size.width else self._bare
            shown = shortened(trouble, self.size.width - cell_len(left) - GAP)
            return Content.assemble((left, "bold"), " " * GAP, (shown, "$text-error bold"))
        left, parts, start = self._placed()
        spans = [item for part in parts for item in (part, " " * GAP)]
        return Content.assemble((left, "bold"), " " * (start - cell_len(left)), *spans[:-1])

    def _placed(self) -> tuple[str, list[Content], int]:
        """Return the title, the figures, and the cell at which they begin."""
        left, parts, room = self._fitted(f"{NAME}  {self._title}")
        return left, parts, cell_len(left) + max(0, room) + GAP

    async def on_click(self, event: events.Click) -> None:
        """Show what waits, or all alarms, if that was clicked."""
        if self.trouble or self.write_trouble:
            return  # the line shows a sentence instead
        _unused, parts, at = self._placed()
        for place, part in enumerate(parts):
            if at <= event.x < at + part.cell_length:
                if part.plain.startswith("▲"):
                    await self.run_action("screen.alarms")
                elif place == _WAITING:
                    self.post_message(AppealsWanted(AppealFilter(is_waiting=True)))
            at += part.cell_length + GAP

    def watch_board(self, board: Board) -> None:
        """Compute the alarms and the oldest wait once per board, not once per paint."""
        self._alarms = every_alarm(board)
        self._age()

    def _fitted(self, title: str) -> tuple[str, list[Content], int]:
        """Return the title, the figures that fit beside it, and the cells left over.

        First the name in an alarm is cut, then the title is dropped, and only then a figure.
        """
        for left in (title, self._bare):
            room = self.size.width - 2 - cell_len(left)
            for width in (WIDEST_ALARM, NARROWEST_ALARM):
                if _width(self.figures(width)) <= room:
                    return left, *_fitting(self._all(width, room), room)
        return self._squeezed(title)

    def _squeezed(self, title: str) -> tuple[str, list[Content], int]:
        """Fit as much as possible: the title stays if dropping it would bring no figure back."""
        figures = self.figures(NARROWEST_ALARM)
        if cell_len(self._bare) + figures[0].cell_length + GAP > self.size.width:
            figures[0] = self._waiting(is_brief=True)
        kept, bare = (
            (left, *_fitting(figures, self.size.width - 2 - cell_len(left)))
            for left in (title, self._bare)
        )
        has_room = kept[2] + GAP >= 0 and len(kept[1]) == len(bare[1])
        return kept if has_room else bare

    def _all(self, width: int, room: int) -> list[Content]:
        """Return all figures, with as many alarms as there is room for."""
        figures = self.figures(width)
        pace = self.pace()
        if _width([*figures, pace]) > room:
            pace = self.pace(is_brief=True)
        parts = [*figures, pace]
        for count in range(2, len(self._alarms) + 1):
            further = [_alarm(alarm, width) for alarm in self._alarms[1:count]]
            more = [*self.figures(width, count), pace, *further]
            if _width(more) > room:
                break
            parts = more
        return parts

    def figures(self, width: int = WIDEST_ALARM, shown: int = 1) -> list[Content]:
        """Return the figures that come before all others, the most important first.

        `width` is the cells an alarm may take, `shown` the number of alarms on the line.
        """
        return [
            self._waiting(),
            *(_alarm(alarm, width, len(self._alarms) - shown) for alarm in self._alarms[:1]),
            Content(self._load()),
            Content(self._team()),
            Content(self.clock),
        ]

    def _load(self) -> str:
        """Return the load of those who are active, and beside it that of those who are not."""
        load, limit = self.board.capacity
        off = sum(each.load for each in self.board.operators) - load
        numbers = {"load": grouped(load), "limit": grouped(limit)}
        if not off:
            return pgettext("header", "load {load}/{limit}", **numbers)
        beside = grouped(off)
        return pgettext("header", "load {load}/{limit} +{off} off", off=beside, **numbers)

    def _team(self) -> str:
        operators = self.board.operators
        active = grouped(sum(each.is_active for each in operators))
        team = grouped(len(operators))
        return pgettext("header", "operators {active}/{team} active", active=active, team=team)

    def _waiting(self, *, is_brief: bool = False) -> Content:
        """Return how many wait, and how long the oldest does unless there is no room for it."""
        waiting = grouped(self.board.waiting)
        if self.oldest and not is_brief:
            said = _("waiting {count}, oldest {length}", count=waiting, length=self.oldest)
        else:
            said = pgettext("header", "waiting {count}", count=waiting)
        style = _STYLES[self.urgency] if self.board.waiting else ""
        sign = f" {SIGNS[self.urgency]}" if self.urgency else ""
        return Content.styled(f"{said}{sign}", style)

    def pace(self, *, is_brief: bool = False) -> Content:
        """Return the arrivals of the latest minutes, without their name if there is no room."""
        counts = list(self.board.minutes.values())
        drawn = spark(counts, max(counts, default=0))
        # A minute without arrivals is the lowest mark, and dim: a blank would look like a hole.
        marks = (
            (mark, "" if count else "$quiet") for mark, count in zip(drawn, counts, strict=True)
        )
        name = "" if is_brief else f"{_ARRIVALS} "
        pace = _("{count}/min", count=grouped(self.board.per_minute))
        return Content.assemble(name, *marks, f" {pace}")


def _alarm(alarm: AnyAlarm, width: int, others: int = 0) -> Content:
    """Return an alarm, and the number of others there is no room for."""
    more = f" +{others}" if others else ""
    style = "$text-error bold" if alarm.is_grave else "$text-warning"
    return Content.styled(f"▲ {alarm.within(width)}{more}", style)


def _width(figures: Sequence[Content]) -> int:
    return sum(figure.cell_length + GAP for figure in figures)


def _fitting(figures: Sequence[Content], room: int) -> tuple[list[Content], int]:
    """Return the figures that fit, at least one, and the cells left over."""
    parts: list[Content] = []
    for figure in figures:
        used = _width([figure])
        if parts and used > room:
            break
        parts.append(figure)
        room -= used
    return parts, room

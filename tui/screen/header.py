"""The top line: the database, the state of the team, what waits, and the time."""

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from leadboard.common.durations import worded
from leadboard.common.text import clean
from leadboard.database.connection import READ_ONLY
from leadboard.database.fields import now
from leadboard.queries.board import Board
from leadboard.queries.odds import Alarm, alarms
from tui.widgets.cells import shortened
from tui.widgets.moments import TICK

GAP = 3
NAME = " Leadboard"
WIDEST_ALARM = 48
NARROWEST_ALARM = 0
"""Cells of an alarm with and without room to spare; only the name in it is cut."""

Figure = tuple[str, str]
"""A text and its style."""

_HEIGHTS = " ▁▂▃▄▅▆▇█"


class Header(Widget):
    """One line; what does not fit is dropped from the right, the waiting count last."""

    board: reactive[Board] = reactive(Board)
    clock: reactive[str] = reactive("")
    oldest: reactive[str] = reactive("")
    """How long the appeal that has waited longest waits, empty while nothing waits."""
    trouble: reactive[str] = reactive("")
    """A sentence, shown for as long as the database cannot be read."""
    write_trouble: reactive[str] = reactive("")
    """A sentence, shown for as long as nothing can be stored."""

    def __init__(self, title: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = clean(title)
        self._bare = NAME + (READ_ONLY if title.endswith(READ_ONLY) else "")
        self._alarms: list[Alarm] = []

    def on_mount(self) -> None:
        """Start the clock."""
        self.tick()
        self.set_interval(TICK, self.tick)

    def tick(self) -> None:
        """Show the current minute, and the oldest wait as it is by now."""
        self.clock = datetime.now().astimezone().strftime("%H:%M")
        self._age()

    def _age(self) -> None:
        since = self.board.oldest_wait
        self.oldest = "" if since is None else worded(now() - since)

    def render(self) -> Content:
        """Return the line."""
        title = f"{NAME}  {self._title}"
        if trouble := clean(self.trouble or self.write_trouble):
            left = title if cell_len(title + trouble) + GAP <= self.size.width else self._bare
            shown = shortened(trouble, self.size.width - cell_len(left) - GAP)
            return Content.assemble((left, "bold"), " " * GAP, (shown, "$text-error bold"))
        left, parts, room = self._fitted(title)
        spans = [item for part in parts for item in (part, " " * GAP)]
        return Content.assemble((left, "bold"), " " * (max(0, room) + GAP), *spans[:-1])

    def watch_board(self, board: Board) -> None:
        """Compute the alarms and the oldest wait once per board, not once per paint."""
        self._alarms = sorted(alarms(board).values(), key=lambda alarm: alarm.order)
        self._age()

    def _fitted(self, title: str) -> tuple[str, list[Figure], int]:
        """Return the title, the figures that fit beside it, and the cells left over.

        First the name in an alarm is cut, then the title is dropped, and only then a figure.
        """
        for left in (title, self._bare):
            room = self.size.width - 2 - cell_len(left)
            for width in (WIDEST_ALARM, NARROWEST_ALARM):
                if _width(self.figures(width)) <= room:
                    return left, *_fitting(self._all(width, room), room)
        return self._squeezed(title)

    def _squeezed(self, title: str) -> tuple[str, list[Figure], int]:
        """Fit as much as possible: the title stays if dropping it would bring no figure back."""
        figures = self.figures(NARROWEST_ALARM)
        if cell_len(self._bare + figures[0][0]) + GAP > self.size.width:
            figures[0] = self._waiting(is_brief=True)
        kept, bare = (
            (left, *_fitting(figures, self.size.width - 2 - cell_len(left)))
            for left in (title, self._bare)
        )
        has_room = kept[2] + GAP >= 0 and len(kept[1]) == len(bare[1])
        return kept if has_room else bare

    def _all(self, width: int, room: int) -> list[Figure]:
        """Return all figures, with as many alarms as there is room for."""
        pace = self.pace()
        parts = [*self.figures(width), pace]
        for count in range(2, len(self._alarms) + 1):
            further = [_alarm(alarm, width) for alarm in self._alarms[1:count]]
            more = [*self.figures(width, count), pace, *further]
            if _width(more) > room:
                break
            parts = more
        return parts

    def figures(self, width: int = WIDEST_ALARM, shown: int = 1) -> list[Figure]:
        """Return the figures that come before all others, the most important first.

        `width` is the cells an alarm may take, `shown` the number of alarms on the line.
        """
        board = self.board
        # Load and limit have to count the same people, or the room between them would be wrong.
        active = [each for each in board.operators if each.is_active]
        load, limit = sum(each.load for each in active), sum(each.max_load for each in active)
        off = sum(each.load for each in board.operators) - load
        return [
            self._waiting(),
            *(_alarm(alarm, width, len(self._alarms) - shown) for alarm in self._alarms[:1]),
            (f"load {load}/{limit}" + (f" +{off} off" if off else ""), ""),
            (f"operators {len(active)}/{len(board.operators)} active", ""),
            (self.clock, ""),
        ]

    def _waiting(self, *, is_brief: bool = False) -> Figure:
        """Return how many wait, and how long the oldest does unless there is no room for it."""
        waiting = self.board.waiting
        oldest = f", oldest {self.oldest}" if self.oldest and not is_brief else ""
        return f"waiting {waiting}{oldest}", "$text-error bold reverse" if waiting else ""

    def pace(self) -> Figure:
        """Return the arrivals of the latest minutes."""
        board = self.board
        return f"{sparkline(list(board.minutes.values()))} {board.per_minute}/min", ""


def _alarm(alarm: Alarm, width: int, others: int = 0) -> Figure:
    """Return an alarm, and the number of others there is no room for."""
    more = f" +{others}" if others else ""
    style = "$text-error bold" if alarm.is_grave else "$text-warning"
    return f"▲ {alarm.within(width)}{more}", style


def _width(figures: Sequence[Figure]) -> int:
    return sum(cell_len(text) + GAP for text, _ in figures)


def _fitting(figures: Sequence[Figure], room: int) -> tuple[list[Figure], int]:
    """Return the figures that fit, at least one, and the cells left over."""
    parts: list[Figure] = []
    for figure in figures:
        used = _width([figure])
        if parts and used > room:
            break
        parts.append(figure)
        room -= used
    return parts, room


def sparkline(counts: Sequence[int]) -> str:
    """Return one block per count, the tallest for the highest."""
    most = max((*counts, 1))
    # Rounded up, so that a single arrival shows beside a rush.
    return "".join(_HEIGHTS[-(-count * (len(_HEIGHTS) - 1) // most)] for count in counts)

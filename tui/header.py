"""The top line: which database, how the team stands, what waits, and the time."""

from collections.abc import Sequence
from datetime import datetime

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from insight import alarms
from text import clean
from views import Board

GAP = 3
_HEIGHTS = " ▁▂▃▄▅▆▇█"


class Header(Widget):
    """One line; what does not fit is left out from the right, the waiting count last of all."""

    board: reactive[Board] = reactive(Board)
    clock: reactive[str] = reactive("")
    trouble: reactive[str] = reactive("")
    """A standing sentence while the database cannot be read."""
    write_trouble: reactive[str] = reactive("")
    """A standing sentence while nothing can be stored."""

    def __init__(self, title: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = clean(title)
        self._alarms: list[tuple[str, str]] = []

    def on_mount(self) -> None:
        """Start the clock."""
        self.tick()
        self.set_interval(5, self.tick)

    def tick(self) -> None:
        """Show the present minute."""
        self.clock = datetime.now().astimezone().strftime("%H:%M")

    def render(self) -> Content:
        """Return the line."""
        width = self.size.width
        left = f" Leadboard  {self._title}"
        if trouble := self.trouble or self.write_trouble:
            return Content.assemble((left, "bold"), "   ", (clean(trouble), "$text-error bold"))
        room = width - 2 - cell_len(left)
        parts: list[tuple[str, str]] = []
        for text, style in self.figures():
            room -= cell_len(text) + GAP
            if room < 0:
                break
            parts.append((text, style))
        if not parts:
            left, parts, room = " Leadboard", self.figures()[:1], 0
        spans = [item for part in parts for item in (part, " " * GAP)]
        return Content.assemble((left, "bold"), " " * (max(0, room) + GAP), *spans[:-1])

    def watch_board(self, board: Board) -> None:
        """Work out the alarms once a board, not once a paint."""
        self._alarms = [
            (f"▲ {alarm.sentence}", "$text-error bold" if alarm.is_grave else "$text-warning")
            for alarm in sorted(alarms(board).values(), key=lambda each: not each.is_grave)
        ]

    def figures(self) -> list[tuple[str, str]]:
        """Return the figures with their styles, the most important first."""
        board = self.board
        active = [each for each in board.operators if each.is_active]
        load = sum(each.load for each in board.operators)
        room = sum(each.max_load for each in active)
        return [
            (f"waiting {board.waiting}", "$text-error bold reverse" if board.waiting else ""),
            *self._alarms[:1],
            (f"load {load}/{room}", ""),
            (f"operators {len(active)}/{len(board.operators)} active", ""),
            (self.clock, ""),
            (f"{sparkline(list(board.minutes.values()))} {board.per_minute}/min", ""),
            *self._alarms[1:],
        ]


def sparkline(counts: Sequence[int]) -> str:
    """Return one block a count, the tallest for the most."""
    most = max((*counts, 1))
    return "".join(_HEIGHTS[-(-count * (len(_HEIGHTS) - 1) // most)] for count in counts)

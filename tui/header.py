"""The top line: which database, how the team stands, what waits, and the time."""

from datetime import datetime

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from text import clean
from views import Board

GAP = 3


class Header(Widget):
    """One line; what does not fit is left out from the right, the waiting count last of all."""

    board: reactive[Board] = reactive(Board)
    clock: reactive[str] = reactive("")
    trouble: reactive[str] = reactive("")
    """A standing sentence while the database cannot be used."""

    def __init__(self, title: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = clean(title)

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
        if self.trouble:
            return Content.assemble(
                (left, "bold"), "   ", (clean(self.trouble), "$text-error bold")
            )
        parts = self.figures()
        while parts and cell_len(left) + sum(cell_len(text) + GAP for text, _ in parts) > width - 1:
            parts.pop()
            if not parts:
                left, parts = " Leadboard", self.figures()[:1]
                break
        used = cell_len(left) + sum(cell_len(text) + GAP for text, _ in parts)
        spaces = " " * max(0, width - used - 1)
        spans = [item for text, style in parts for item in ((text, style), " " * GAP)]
        return Content.assemble((left, "bold"), spaces, " " * GAP, *spans[:-1])

    def figures(self) -> list[tuple[str, str]]:
        """Return the figures with their styles, the most important first."""
        board = self.board
        active = [each for each in board.operators if each.is_active]
        load = sum(each.load for each in board.operators)
        room = sum(each.max_load for each in active)
        return [
            (f"waiting {board.waiting}", "$text-warning bold reverse" if board.waiting else ""),
            (f"load {load}/{room}", ""),
            (f"operators {len(active)}/{len(board.operators)} active", ""),
            (self.clock, ""),
            (f"{board.per_minute}/min", ""),
        ]

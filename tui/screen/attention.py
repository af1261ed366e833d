"""What a terminal tells somebody who looks elsewhere: its title, and a bell."""

from leadboard.queries.board import Board
from tui.base import DeskApp


def title_of(waiting: int) -> str:
    """Return the title of the terminal: `(71) Leadboard` while 71 appeals wait."""
    return f"({waiting}) Leadboard" if waiting else "Leadboard"


def call_attention(app: DeskApp, board: Board, before: Board | None) -> None:
    """Put what waits into the title, and ring once when nothing waited before.

    `before` is the last board that was shown, None for the first one: what waits when the desk
    opens is in sight anyway.
    """
    app.entitle(title_of(board.waiting))
    if app.settings.bell and board.waiting and before is not None and not before.waiting:
        app.bell()

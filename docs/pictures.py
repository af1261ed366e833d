"""Make the pictures of the README from the demo's data: `python -m docs.pictures`.

To view one as PNG, with any monospaced font that is installed (pip install cairosvg):
`sed 's/Fira Code/DejaVu Sans Mono/' docs/desk.svg | cairosvg - -o desk.png`
"""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from docs.stage import FOLDER, on_stage, stage, stopped_at
from tui.themes import DARK, LIGHT

SIZE = (120, 40)
QUIET = 0.4
"""Seconds that the screen is left alone: a lead is looked up, numbers are counted."""


@dataclass(frozen=True)
class Picture:
    """The keys that lead to a picture, and its theme."""

    keys: Sequence[str]
    theme: str = DARK


LEAD, TEXT = "tg_153580247", "Хочу купить курс"
DESK = ("f3", "right", "right", "down", "down")
WAITING = ("f4", "right_square_bracket")
PICTURES: Mapping[str, Picture] = {
    "desk": Picture(DESK),
    "desk-light": Picture(DESK, LIGHT),
    "waiting": Picture(WAITING),
    "triage": Picture(("t",)),
    "typing": Picture(("f3", "2", "0", "0")),
    "form": Picture(("f5", *"tg", "enter", *LEAD, "tab", *TEXT)),
    "details": Picture((*WAITING, "enter")),
    "move": Picture(("f4", "m")),
    "history": Picture(("f2", "plus", "down", "space", "u", "H")),
    "statistics": Picture(("f2", "S")),
    "help": Picture(("f3", "question_mark")),
    "alarms": Picture(("exclamation_mark",)),
}


async def take(picture: Picture, target: Path) -> None:
    """Press the keys in a fresh app and save what is on the screen."""
    async with on_stage(SIZE, picture.theme) as desk:
        await desk.press(*picture.keys)
        await desk.pilot.pause(QUIET)
        await desk.settle()
        target.write_text(desk.app.export_screenshot(), encoding="utf-8")


def make(names: Sequence[str], folder: Path) -> None:
    """Make some of the pictures, each from a database of its own."""
    for name in names:
        with (
            tempfile.TemporaryDirectory() as data,
            stage(Path(data)) as moment,
            stopped_at(moment),
        ):
            asyncio.run(take(PICTURES[name], folder / f"{name}.svg"))


def main() -> None:
    """Make all pictures."""
    make(list(PICTURES), FOLDER)


if __name__ == "__main__":
    main()

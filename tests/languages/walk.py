"""A walk over the desk in a language: `python -m tests.languages.walk pseudo 80 24`.

A process has one language, so a test that wants another starts this, which prints every screen that
the walk saw as a line of JSON: how it was come to, and its lines. The rows of the database are
Cyrillic and digits, so that all Latin letters are words of the desk.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from leadboard.common.language import VARIABLE, speak
from tests.languages.pseudo import Pseudo

ROOT = Path(__file__).parents[2]
PANES = ("f2", "f3", "f4", "f5")
WALK: Sequence[Sequence[str]] = (
    *((pane,) for pane in PANES),
    *((pane, "question_mark") for pane in PANES[:3]),
    ("f2", "a"),
    ("f2", "a", "enter"),
    ("f2", "e"),
    ("f2", "s"),
    ("f2", "s", "s"),
    ("f2", "space"),
    ("u",),
    ("u",),
    ("U",),
    ("f2", "plus"),
    ("f2", "R"),
    ("f2", "d"),
    ("f2", "x", "down", "x"),
    ("f2", "enter"),
    ("f2", "slash", *"999", "enter"),
    ("f2", "slash", *"с:9", "enter"),
    ("f3", "a"),
    ("f3", "e"),
    ("f3", "e", "tab", "tab"),
    ("f3", "d"),
    ("f3", "7"),
    ("f3", "7", "7", "7", "7", "7", "7", "7", "7", "enter"),
    ("f3", "right", "plus"),
    ("f3", "delete"),
    ("u",),
    ("f3", "asterisk"),
    ("f3", "asterisk", *"0", "enter"),
    ("f3", "S"),
    ("f3", "E"),
    ("f3", "equals_sign"),
    ("u",),
    ("f3", "y"),
    ("f3", "apostrophe"),
    ("f3", "s"),
    ("f3", "W"),
    ("f3", "F"),
    ("f3", "w"),
    ("f3", "5", "0", "enter"),
    ("f3", "r"),
    ("f3", "q"),
    ("f3", "ctrl+s"),
    ("u",),
    ("f3", "w"),
    ("f3", "6", "0", "enter"),
    ("f3", "w"),
    ("f3", "w", "d"),
    ("f4", "enter"),
    ("f4", "down", "enter"),
    ("f4", "end", "enter"),
    ("f4", "right_square_bracket"),
    ("f4", "right_square_bracket", "enter"),
    ("f4", "right_square_bracket"),
    ("f4", "left_square_bracket", "left_square_bracket"),
    ("f4", "s"),
    ("f4", "space"),
    ("f4", "asterisk", "m"),
    ("f4", "m"),
    ("f4", "m", *"999"),
    ("f4", "V", "down", "V"),
    ("f4", "c"),
    ("f4", "c"),
    ("f4", "o"),
    ("f4", "r"),
    ("f4", "L"),
    ("f4", "y"),
    ("f4", "slash"),
    ("f4", "slash", *"999999", "enter"),
    ("f4", "slash", *"оп:", "enter"),
    ("f4", "slash", *"есть:я", "enter"),
    ("f5", "ctrl+s"),
    ("f5", *"1", "enter", "ctrl+s"),
    ("f5", *"1", "enter", *"10", "tab", *"1", "ctrl+s"),
    ("f5", *"1", "enter", *"10", "tab", *"1", "ctrl+g"),
    ("t",),
    ("t", "1"),
    ("H",),
    ("H", "enter"),
    ("H", "right_square_bracket"),
    ("H", "slash", *"999", "enter"),
    ("H", "u"),
    ("exclamation_mark",),
    ("f6",),
    ("f6", "right_square_bracket"),
    ("f6", "right_square_bracket", "right_square_bracket"),
    ("f6", "right_square_bracket", "right_square_bracket", "right_square_bracket"),
    ("colon",),
    ("colon", *"999"),
    ("f",),
    ("full_stop",),
    ("q",),
)
"""The keys of each way; before it, whatever the way before has opened is closed."""
NOTHING: Sequence[Sequence[str]] = (
    (),
    *((pane,) for pane in PANES),
    ("f4", "right_square_bracket"),
    ("f4", "right_square_bracket", "right_square_bracket"),
    ("f6",),
    ("H",),
    ("t",),
    ("exclamation_mark",),
    ("f3", "w", "r"),
    ("f3", "w"),
)
"""The same for a database without rows."""


@dataclass(frozen=True)
class Seen:
    """A screen that the walk came to, by these keys."""

    way: str
    lines: tuple[str, ...]


def seen_in(language: str, width: int, height: int) -> list[Seen]:
    """Return the screens of the walk in a language, seen by a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.languages.walk", language, str(width), str(height)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [Seen(each["way"], tuple(each["lines"])) for each in found]


async def _walk(folder: Path, size: tuple[int, int]) -> Iterator[Seen]:
    # Not above: these read their words while they are imported.
    from tests.languages.floor import EMPTY, build
    from tests.support.screen import Desk, open_desk

    found: list[Seen] = []

    async def look(desk: Desk, way: Sequence[str]) -> None:
        await desk.press(*way)
        found.append(Seen(" ".join(way), tuple(line.rstrip() for line in desk.lines())))

    async def leave(desk: Desk) -> None:
        await desk.press("escape", "escape", "escape")

    async with open_desk(folder / EMPTY, size) as desk:
        for way in NOTHING:
            await look(desk, way)
            await leave(desk)
    async with open_desk(build(folder), size) as desk:
        for way in [(), *WALK]:
            await look(desk, way)
            await leave(desk)
    return iter(found)


def main() -> None:
    """Walk in the language and at the size that the arguments say."""
    language, width, height = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.environ[VARIABLE] = language
    if language == "pseudo":
        speak(Pseudo())
    with tempfile.TemporaryDirectory() as folder:
        for each in asyncio.run(_walk(Path(folder), (width, height))):
            line = json.dumps({"way": each.way, "lines": each.lines}, ensure_ascii=False)
            sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()

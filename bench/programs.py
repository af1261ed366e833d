"""How the programs under measurement are started, and the text by which their output is known."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.pty_terminal import PtyTerminal
from bench.words import operator_name

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Program:
    """A command, a text of its frame, and a text of its data."""

    command: Sequence[str]
    frame: bytes
    data: bytes

    def start(self) -> PtyTerminal:
        """Start it on a terminal of 120 x 40."""
        return PtyTerminal(self.command, cwd=ROOT)

    def started(self) -> PtyTerminal:
        """Start it and wait until it shows its data and is calm."""
        terminal = self.start()
        try:
            terminal.wait_until(lambda: self.data in terminal.raw)
            terminal.wait_quiet(0.5)
        except BaseException:
            terminal.close()
            raise
        return terminal


def bare(rows: int, columns: int) -> Program:
    """Return the bare app with a table of so many rows and columns."""
    command = [sys.executable, "-m", "bench.bare", str(rows), str(columns)]
    return Program(command, b"Bare", b"cell-0-0")


BARE = bare(100, 8)


def leadboard(path: Path) -> Program:
    """Return Leadboard on a database that `bench.generate` made."""
    return Program(
        [sys.executable, "-m", "leadboard.cli", "--db", str(path)],
        b"Operators",
        operator_name(0).encode(),
    )

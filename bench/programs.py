"""How the measured programs are started, and the text to look for in their output."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.pty_terminal import PtyTerminal
from bench.words import operator_name

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Program:
    """A command, a text from its frame, and a text from its data."""

    command: Sequence[str]
    frame: bytes
    data: bytes
    env: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> PtyTerminal:
        """Start the program on a terminal of 120 x 40."""
        return PtyTerminal(self.command, env=self.env, cwd=ROOT)

    def started(self) -> PtyTerminal:
        """Start the program and wait until it shows its data and is quiet."""
        terminal = self.start()
        try:
            terminal.wait_until(lambda: self.data in terminal.raw)
            terminal.wait_quiet(0.5)
        except BaseException:
            terminal.close()
            raise
        return terminal


def bare(rows: int, columns: int) -> Program:
    """Return the bare app with a table of this size."""
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

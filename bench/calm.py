"""Keys while another process holds the database for five seconds, and what idling costs."""

import os
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bench.generate import Sizes, generate
from bench.keys import SIZES, key_to_paint
from bench.plan import Plan
from bench.programs import BARE, Program, leadboard
from bench.pty_terminal import PtyTerminal
from bench.result import Result

LOCKED = 5.0
IDLE = 8.0


def measure(plan: Plan) -> list[Result]:
    """Compare the slowest key under a lock with the slowest without; our idling with bare."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wide.db"
        generate(path, Sizes(appeals=SIZES.appeals, operators=500, sources=50))
        with _started(leadboard(path)) as terminal:
            free = _slowest_key(terminal)
            with closing(sqlite3.connect(path, isolation_level=None)) as holder:
                holder.execute("BEGIN IMMEDIATE")
                terminal.press("+")
                locked = _slowest_key(terminal)
                holder.execute("ROLLBACK")
            terminal.wait_quiet(1.0)
            ours = _idle_percent(terminal)
        with _started(BARE) as terminal:
            bare = _idle_percent(terminal)
    return [
        Result("slowest key, database locked", locked, free, "ms"),
        Result("idle, 500 operators", ours, max(bare, 0.1), "% of a core"),
    ]


def _started(program: Program) -> PtyTerminal:
    terminal = program.start()
    terminal.wait_until(lambda: program.data in terminal.raw)
    terminal.wait_quiet(0.5)
    return terminal


def _slowest_key(terminal: PtyTerminal) -> float:
    """Return the longest time from a key to its paint, over some seconds of walking."""
    end, slowest = time.monotonic() + LOCKED, 0.0
    while time.monotonic() < end:
        for key in ("down", "up"):
            slowest = max(slowest, key_to_paint(terminal, key))
    return slowest


def _idle_percent(terminal: PtyTerminal) -> float:
    begun = _cpu_seconds(terminal.process.pid)
    time.sleep(IDLE)
    return (_cpu_seconds(terminal.process.pid) - begun) / IDLE * 100


def _cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used, as Linux counts it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

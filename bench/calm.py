"""Keys while another process holds the database for five seconds, and what idling costs."""

import os
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bench.databases import copied
from bench.keys import key_to_paint
from bench.plan import TEN_THOUSAND, BenchPlan, house
from bench.programs import BARE, leadboard
from bench.pty_terminal import PtyTerminal
from bench.result import Result

LOCKED = 5.0
IDLE = 4.0


def measure(plan: BenchPlan) -> list[Result]:
    """Compare the slowest key under a lock with the slowest without; our idling with bare."""
    with tempfile.TemporaryDirectory() as folder:
        path = copied(house(TEN_THOUSAND), Path(folder) / "house.db")
        with leadboard(path).started() as terminal:
            free = _slowest_key(terminal)
            with closing(sqlite3.connect(path, isolation_level=None)) as holder:
                holder.execute("BEGIN IMMEDIATE")
                terminal.press("+")
                locked = _slowest_key(terminal)
                holder.execute("ROLLBACK")
            terminal.wait_quiet(1.0)
            ours = idle_percent(terminal)
        with BARE.started() as terminal:
            bare = idle_percent(terminal)
    return [
        Result("slowest key while locked, beside unlocked", locked, free, "ms"),
        Result("idle with 500 operators, beside bare", ours, max(bare, 0.1), "% of a core"),
    ]


def _slowest_key(terminal: PtyTerminal) -> float:
    """Return the longest time from a key to its paint, over some seconds of walking."""
    end, slowest = time.monotonic() + LOCKED, 0.0
    while time.monotonic() < end:
        for key in ("down", "up"):
            slowest = max(slowest, key_to_paint(terminal, key))
    return slowest


def idle_percent(terminal: PtyTerminal) -> float:
    """Return what a program uses of one core while nobody touches it, over some seconds."""
    begun = _cpu_seconds(terminal.process.pid)
    time.sleep(IDLE)
    return (_cpu_seconds(terminal.process.pid) - begun) / IDLE * 100


def _cpu_seconds(pid: int) -> float:
    """Return the processor time a process has used, as Linux counts it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

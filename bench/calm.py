"""Keys while another process holds the database for five seconds, and the cost of idling."""

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
    """Compare the slowest key with and without a lock, and idling with that of the bare app."""
    with tempfile.TemporaryDirectory() as folder:
        path = copied(house(TEN_THOUSAND), Path(folder) / "house.db")
        with leadboard(path).started() as terminal:
            free = _slowest_key(terminal)
            with closing(sqlite3.connect(path, isolation_level=None)) as holder:
                holder.execute("BEGIN IMMEDIATE")
                # An act, so that the writer thread is waiting for the lock while keys are timed.
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
    """Return the longest time from a key to its paint during LOCKED seconds of moving."""
    end, slowest = time.monotonic() + LOCKED, 0.0
    while time.monotonic() < end:
        for key in ("down", "up"):
            slowest = max(slowest, key_to_paint(terminal, key))
    return slowest


def idle_percent(terminal: PtyTerminal) -> float:
    """Return the percentage of a core that an untouched program uses during IDLE seconds."""
    begun = cpu_seconds(terminal.process.pid)
    time.sleep(IDLE)
    return (cpu_seconds(terminal.process.pid) - begun) / IDLE * 100


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used, according to Linux."""
    # Split after the last bracket: the name of the program, in brackets, may contain spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

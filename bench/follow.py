"""The desk while a bot submits 200 appeals a second: its processor time, and lost keys."""

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bench.calm import idle_percent
from bench.databases import copied, with_room
from bench.filters import filled_index
from bench.plan import BenchPlan, office, short
from bench.programs import leadboard
from bench.pty_terminal import PtyTerminal
from bench.result import Result
from bench.submit import opened
from bench.writer import writing

RATE = 200
LIMIT = 15.0
KEYS = 40
BETWEEN_KEYS = 0.05
HEARD = 10.0
"""Seconds in which the last key must be stored."""


def measure(plan: BenchPlan) -> list[Result]:
    """Let the desk follow a bot at every size; count how many of a row of keys took effect."""
    with tempfile.TemporaryDirectory() as name:
        return [result for size in plan.sizes for result in _at(Path(name), size)]


def _at(folder: Path, size: int) -> list[Result]:
    path = with_room(copied(office(size), folder / f"{size}.db"))
    with opened(path):
        filled_index()  # built once per database, and not part of the measurement
    with leadboard(path).started() as terminal:
        idle = idle_percent(terminal)
        with writing(path, RATE) as bot:
            begun = time.perf_counter()
            following = idle_percent(terminal)
            lost = KEYS - _heard(terminal, path)
            stored = len(bot.stop()) / (time.perf_counter() - begun)
    path.unlink()
    return [
        Result(
            f"following {RATE} appeals a second beside none, {short(size)}",
            following,
            # An idle desk may use less than one tick of the clock: a ratio to 0 would say nothing.
            max(idle, 0.1),
            "% of a core",
            limit=LIMIT,
            size=size,
        ),
        Result(f"keys lost while following, {short(size)}", lost, KEYS, "keys", limit=0),
        Result(
            f"what the bot stored while followed, {short(size)}", stored, RATE, "appeals/s", 1.05
        ),
    ]


def _heard(terminal: PtyTerminal, path: Path) -> int:
    """Press a key that lowers a limit by one, many times; return by how much it has fallen."""
    before = _limit(path)
    terminal.press("f2", "home")
    for _ in range(KEYS):
        terminal.type("-")
        time.sleep(BETWEEN_KEYS)
    end = time.monotonic() + HEARD
    while (heard := before - _limit(path)) < KEYS and time.monotonic() < end:
        time.sleep(0.1)
    return heard


def _limit(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        limit: int = connection.execute("SELECT max_load FROM operator WHERE id = 1").fetchone()[0]
        return limit

"""A thousand waiting appeals handed out by one act, beside feeding as many."""

import io
import sqlite3
import tempfile
import time
from contextlib import closing, redirect_stdout
from pathlib import Path
from statistics import median

import desk
from bench.databases import copied, with_room
from bench.feed import write_lines
from bench.plan import SERVED, Plan, office, short
from bench.result import Result
from bench.submit import opened
from headless.feed import feed_from

APPEALS = 1_000
TARGET = 3.0
WAITS = "closed_at IS NULL AND operator_id IS NULL AND source_id <= ?"


def measure(plan: Plan) -> list[Result]:
    """Switch the only operator on whom a thousand appeals wait for; feed a thousand, in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = write_lines(folder / "lines.jsonl", APPEALS)
        return [_beside_feed(folder, file, plan.rounds, size) for size in plan.sizes]


def _beside_feed(folder: Path, file: Path, rounds: int, size: int) -> Result:
    crowd, fed = (
        with_room(copied(office(size), folder / f"{name}.db")) for name in ("crowd", "fed")
    )
    laps = []
    for _ in range(rounds):
        _let_wait(crowd)
        laps.append((drain(crowd), feed(fed, file)))
    drained, fed_in = (median(seconds) for seconds in zip(*laps, strict=True))
    name = f"drain of {APPEALS} beside feeding them, {short(size)}"
    return Result(name, drained * 1000, fed_in * 1000, "ms", TARGET, size=size)


def _let_wait(path: Path) -> None:
    """Switch everybody off and let appeals wait for the sources that are served."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE operator SET is_active = 0")
        connection.executemany(
            "INSERT INTO appeal (lead_id, source_id, timestamp, message)"
            " VALUES (1, ?, '2026-01-01T00:00:00.000000Z', 'хочу купить курс')",
            ((1 + number % SERVED,) for number in range(APPEALS)),
        )


def drain(path: Path) -> float:
    """Switch the first operator on; return the seconds until all that waited is with him."""
    with opened(path):
        begun = time.perf_counter()
        desk.set_active(1, True, actor="bench")
        seconds = time.perf_counter() - begun
    with closing(sqlite3.connect(path)) as connection:
        query = f"SELECT count(*) FROM appeal WHERE {WAITS}"
        (waiting,) = connection.execute(query, (SERVED,)).fetchone()
    assert waiting == 0, f"{waiting} appeals still wait"
    return seconds


def feed(path: Path, file: Path) -> float:
    """Feed a file inside this process, so that no start-up counts; return the seconds."""
    with opened(path), redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        begun = time.perf_counter()
        code = feed_from(str(file))
        seconds = time.perf_counter() - begun
    assert code == 0, f"the feed ended with {code}"
    return seconds

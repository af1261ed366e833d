"""Durable submissions a second: ours, the same statements by sqlite3 alone, a counting service.

For the statements, what the allocator runs for each appeal is recorded on a copy of the database
and replayed on another copy by the sqlite3 module, in one transaction per appeal and equally
durable (a write-ahead log, synchronous FULL). The difference is Python between the statements.
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

from peewee import Database

import allocator
from bench.counted import MISSING, counting_rate, is_installed
from bench.databases import copied, with_room
from bench.plan import MILLION, SERVED, BenchPlan, office, short
from bench.result import Result
from leadboard.allocation.intake import Placed
from models import open_database

APPEALS = 300
"""Appeals that one round submits."""
COUNTED = 5
"""Appeals that the counting service stores, which takes some seconds at a million."""

REPLAY_TARGET = 1 / 0.6
"""At least 0.6 of the rate of the statements."""
GROWTH_TARGET = 1.2
COUNTING_TARGET = 1 / 300

Statement = tuple[str, Sequence[object]]


def measure(plan: BenchPlan) -> list[Result]:
    """Submit the same appeals alternately with the allocator and by replaying its statements."""
    with tempfile.TemporaryDirectory() as folder:
        results = [_beside_replay(Path(folder), size, plan.rounds) for size in (0, *plan.sizes)]
        return [
            *results,
            *_growth(results),
            *_beside_counting(Path(folder), next(each for each in results if each.size == MILLION)),
        ]


def _beside_replay(folder: Path, size: int, rounds: int) -> Result:
    recorded, ours, raw = (
        with_room(copied(office(size), folder / f"{name}.db"))
        for name in ("recorded", "ours", "raw")
    )
    laps = [(submit(ours, lap), replay(raw, record(recorded, lap))) for lap in range(rounds)]
    for path in (recorded, ours, raw):
        path.unlink()
    our_rate, raw_rate = (median(rates) for rates in zip(*laps, strict=True))
    name = f"submit beside its statements, {short(size)}"
    return Result(name, our_rate, raw_rate, "appeals/s", REPLAY_TARGET, size=size)


def _growth(results: Sequence[Result]) -> list[Result]:
    """Compare each size with the empty file: a submission must cost the same everywhere."""
    empty = results[0]
    return [
        Result(
            f"submit beside an empty file, {short(each.size or 0)}",
            each.figure,
            empty.figure,
            "appeals/s",
            GROWTH_TARGET,
        )
        for each in results[1:]
    ]


def _beside_counting(folder: Path, ours: Result) -> list[Result]:
    if not is_installed():
        print(MISSING, file=sys.stderr)
        return []
    rate = counting_rate(folder / "counting.db", MILLION, COUNTED)
    name = "submit beside a service that counts, 1M"
    return [Result(name, ours.figure, rate, "appeals/s", COUNTING_TARGET)]


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """Open a database for the allocator, and close it at the end."""
    database = open_database(path)
    try:
        yield database
    finally:
        database.close()


def submit(path: Path, lap: int) -> float:
    """Submit the appeals of a lap with the allocator; return how many it stored a second."""
    with opened(path):
        begun = time.perf_counter()
        for _ in submissions(lap):
            pass
        return APPEALS / (time.perf_counter() - begun)


def submissions(lap: int) -> Iterator[Placed]:
    """Submit the appeals of a lap, which are always the same."""
    for number in range(lap * APPEALS, (lap + 1) * APPEALS):
        lead, message = f"bench_{number % 200}", f"Хочу купить курс, заявка {number}"
        yield allocator.submit(lead, 1 + number % SERVED, message, f"key-{number}")


def record(path: Path, lap: int) -> list[list[Statement]]:
    """Return the statements of each submission, without BEGIN and COMMIT."""
    statements: list[Statement] = []
    recorded = []
    with opened(path) as database:
        hook = database.query_hooks
        hook.append(lambda event: statements.append((event.sql, event.params or ())))
        for _ in submissions(lap):
            recorded.append([each for each in statements if not _is_frame(each[0])])
            statements.clear()
    return recorded


def _is_frame(sql: str) -> bool:
    return sql.split()[0].upper() in {"BEGIN", "COMMIT"}


def replay(path: Path, recorded: Sequence[Sequence[Statement]]) -> float:
    """Run the statements with sqlite3 alone; return how many appeals it stored a second.

    Their moments are those of the recording; nothing else differs.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode = WAL", "foreign_keys = 1", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")
        begun = time.perf_counter()
        for statements in recorded:
            connection.execute("BEGIN IMMEDIATE")
            for sql, values in statements:
                connection.execute(sql, values).fetchall()
            connection.execute("COMMIT")
        return APPEALS / (time.perf_counter() - begun)

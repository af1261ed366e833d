"""Durable submissions a second: ours beside bare sqlite3 running the very same statements."""

import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from shutil import copyfile
from statistics import median

from peewee import Database

import allocator
from allocator import Placed
from bench.generate import Sizes, generate
from bench.result import Result
from models import open_database

APPEALS = 300
ROUNDS = 5
SOURCES = 5

Statement = tuple[str, Sequence[object]]


def measure() -> list[Result]:
    """Submit the same appeals in turn by the allocator and by a replay of its statements."""
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder) / "start.db"
        generate(start, Sizes(sources=SOURCES))
        _make_room(start)
        recorded = record(_copy(start, "recorded"))
        rounds = [
            (submit(_copy(start, f"ours{lap}")), replay(_copy(start, f"raw{lap}"), recorded))
            for lap in range(ROUNDS)
        ]
    ours, raw = zip(*rounds, strict=True)
    return [Result("submit, durable", median(ours), median(raw), "appeals/s")]


def _make_room(path: Path) -> None:
    """Raise the limits, so that every appeal is drawn and claimed as on an ordinary day."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE operator SET max_load = 1000000")


def _copy(start: Path, name: str) -> Path:
    return Path(copyfile(start, start.with_name(f"{name}.db")))


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """Open a database for the allocator, and close it again."""
    database = open_database(path)
    try:
        yield database
    finally:
        database.close()


def submit(path: Path) -> float:
    """Submit all appeals by the allocator; return how many it stored a second."""
    with opened(path):
        begun = time.perf_counter()
        for _ in submissions():
            pass
        return APPEALS / (time.perf_counter() - begun)


def submissions() -> Iterator[Placed]:
    """Submit the same appeals in every round; the seed gives them the same draws."""
    rng = Random(7)
    for number in range(APPEALS):
        source_id = 1 + number % (SOURCES - 1)
        lead, message = f"bench_{number % 200}", f"Хочу купить курс, заявка {number}"
        yield allocator.submit(lead, source_id, message, f"key-{number}", rng=rng)


def record(path: Path) -> list[list[Statement]]:
    """Return the statements of each submission; the hook sees all but its BEGIN and COMMIT."""
    statements: list[Statement] = []
    with opened(path) as database:
        database.query_hooks.append(
            lambda event: statements.append((event.sql, event.params or ()))
        )
        recorded = []
        for _ in submissions():
            recorded.append(list(statements))
            statements.clear()
    return recorded


def replay(path: Path, recorded: Sequence[Sequence[Statement]]) -> float:
    """Run the statements by sqlite3 alone, as durable; return how many appeals it stored a second.

    The moments in them are those of the recording, and nothing else differs.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "foreign_keys = 1", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
    begun = time.perf_counter()
    for statements in recorded:
        connection.execute("BEGIN IMMEDIATE")
        for sql, values in statements:
            connection.execute(sql, values).fetchall()
        connection.execute("COMMIT")
    seconds = time.perf_counter() - begun
    connection.close()
    return APPEALS / seconds

"""`leadboard feed FILE` from start to end, beside plain rows written in bulk by sqlite3.

The baseline is the least work that stores the same data: the rows are ready in memory, new leads
are inserted, then the appeals, with `executemany`, then their lines in the ledger with one
statement, all in one transaction, on a copy of the same database with all its indexes and
constraints, and equally durable. It parses no line, draws no operator, changes no load and writes
no answer. Ours includes the start of the process, which
weighs on a short file.
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from statistics import median

from bench.databases import copied, with_room
from bench.memory import megabytes
from bench.plan import SERVED, BenchPlan, office, short
from bench.programs import ROOT
from bench.result import Result, percentile
from bench.words import source_name
from bench.writer import writing
from leadboard.database.fields import now, stamp

LOOK = 0.02
"""Seconds between checks of the memory of a feed."""
TARGET = 1 / 0.42
"""At least 0.42 of the baseline's rows a second."""
MEMORY_TARGET = 1.1
LATENCY = 100.0
"""The most milliseconds for 99 in a hundred appeals that others submit meanwhile."""
OTHERS = 50
"""Appeals a second that a bot submits during the feed."""
ALONE = 3.0
"""Seconds that it does so without a feed, and at least with one."""

FeedLine = tuple[str, int, str]


def measure(plan: BenchPlan) -> list[Result]:
    """Feed files into databases of every size; watch memory, and a bot meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [write_lines(folder / f"{count}.jsonl", count) for count in plan.feed_lines]
        return [
            *(_beside_rows(folder, files[-1], plan, size) for size in plan.sizes),
            _memory(folder, files, plan),
            _beside_a_bot(folder, files[-1], plan),
        ]


def lines(count: int) -> Iterator[FeedLine]:
    """Yield leads, sources and messages; three in ten leads are new, as in generated databases."""
    for number in range(count):
        lead = f"feed_{number * 7919 % max(1, count * 3 // 10)}"
        yield lead, 1 + number % SERVED, f"Здравствуйте, хочу купить курс, заявка {number}"


def write_lines(path: Path, count: int) -> Path:
    """Write a file for the feed."""
    with path.open("w", encoding="utf-8") as file:
        for lead, source_id, message in lines(count):
            fields = {"external_id": lead, "source": source_name(source_id - 1), "message": message}
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")
    return path


def feed(database: Path, file: Path) -> float:
    """Feed a file and discard the answers; return the seconds from start to end."""
    begun = time.perf_counter()
    process = _start(database, file)
    _expect_success(process)
    return time.perf_counter() - begun


def most_memory(database: Path, file: Path) -> float:
    """Feed a file; return the most megabytes that it used.

    Its memory is read from outside, because `wait4` never reports less than the starting process
    has; this makes the feed a little slower.
    """
    process, most = _start(database, file), 0.0
    while process.poll() is None:
        with suppress(LookupError, OSError):  # it has just ended
            most = megabytes(process.pid, "VmHWM")
        time.sleep(LOOK)
    _expect_success(process)
    return most


def _start(database: Path, file: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "leadboard.cli", "--db", str(database), "feed", str(file)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def _expect_success(process: subprocess.Popen[bytes]) -> None:
    if code := process.wait():
        raise RuntimeError(f"the feed ended with {code}")


def write_rows(database: Path, count: int) -> float:
    """Write as many leads and appeals with sqlite3; return the seconds."""
    rows, moment = list(lines(count)), stamp(now())
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for pragma in ("journal_mode = WAL", "foreign_keys = 1", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")
        last = connection.execute("SELECT coalesce(max(id), 0) FROM appeal").fetchone()[0]
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO lead (external_id) VALUES (?) ON CONFLICT DO NOTHING",
            ((lead,) for lead, _, _ in rows),
        )
        connection.executemany(
            "INSERT INTO appeal (lead_id, source_id, operator_id, timestamp, message)"
            " SELECT id, ?, ?, ?, ? FROM lead WHERE external_id = ?",
            (
                (source_id, 1 + number % 50, moment, message, lead)
                for number, (lead, source_id, message) in enumerate(rows)
            ),
        )
        connection.execute(
            "INSERT INTO change (at, appeal_id, kind, operator_id, drawn)"
            " SELECT timestamp, id, 'received', operator_id, 1 FROM appeal WHERE id > ?",
            (last,),
        )
        connection.execute("COMMIT")
        return time.perf_counter() - begun


def _fresh(folder: Path, size: int) -> Path:
    # With its log: one left from the last lap would be replayed over the new copy.
    for old in folder.glob("office.db*"):
        old.unlink()
    return with_room(copied(office(size), folder / "office.db"))


def _beside_rows(folder: Path, file: Path, plan: BenchPlan, size: int) -> Result:
    count = plan.feed_lines[-1]
    laps = [
        (feed(_fresh(folder, size), file), write_rows(_fresh(folder, size), count))
        for _ in range(plan.feeds)
    ]
    ours, raw = (count / median(seconds) for seconds in zip(*laps, strict=True))
    name = f"feed of {short(count)} lines beside bulk rows, {short(size)}"
    return Result(name, ours, raw, "appeals/s", TARGET, size=size)


def _memory(folder: Path, files: list[Path], plan: BenchPlan) -> Result:
    """Compare the memory for the longest file with that for the shortest: it must not grow."""
    few, many = (most_memory(_fresh(folder, plan.sizes[0]), files[end]) for end in (0, -1))
    shortest, longest = short(plan.feed_lines[0]), short(plan.feed_lines[-1])
    return Result(
        f"feed, memory of {longest} beside {shortest} lines", many, few, "MB", MEMORY_TARGET
    )


def _beside_a_bot(folder: Path, file: Path, plan: BenchPlan) -> Result:
    database = _fresh(folder, plan.sizes[0])
    with writing(database, OTHERS) as bot:
        time.sleep(ALONE)
        alone = bot.stop()
    with writing(database, OTHERS) as bot:
        end = time.monotonic() + ALONE
        while time.monotonic() < end:
            feed(database, file)
        beside = bot.stop()
    name = "appeal of a bot beside a feed, p99"
    return Result(name, percentile(beside, 99), percentile(alone, 99), "ms", limit=LATENCY)

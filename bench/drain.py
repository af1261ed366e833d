"""Waiting appeals handed out by one act, beside feeding as many, and its effect on others."""

import io
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stdout
from pathlib import Path
from statistics import median

from bench.databases import copied, with_room
from bench.feed import write_lines
from bench.growth import exponent
from bench.keys import key_to_paint
from bench.plan import SERVED, TEN_THOUSAND, BenchPlan, office, short
from bench.programs import ROOT, leadboard
from bench.result import Result, percentile
from bench.submit import opened
from bench.writer import writing
from leadboard import desk
from leadboard.cli.feed import feed_from
from models import Operator

WAITING = (1_000, 10_000, 100_000)
"""Waiting appeals; half of them are handed out."""

TIMES = {1_000: 5, 10_000: 3, 100_000: 1}
"""Measurements of each in a plan of three rounds; short ones vary more."""

RATE = 200
"""Appeals a second of the other writer."""

TARGET = 4.0
UNDO_TARGET = 2.0
GROWTH = 1.1
FELT = 100.0
"""The most milliseconds that others may wait."""

OPEN_OF_SERVED = "closed_at IS NULL AND source_id <= ?"


def measure(plan: BenchPlan) -> list[Result]:
    """Raise a limit so that half of the waiting appeals are handed out, at every number."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        beside = [each for count in WAITING for each in _beside_feed(folder, plan.rounds, count)]
        return [*beside, _growth(beside), *_others(folder), _key(folder)]


def _beside_feed(folder: Path, rounds: int, count: int) -> list[Result]:
    """Compare a drain with feeding as many, and its undo with the drain."""
    file = write_lines(folder / f"{count}.jsonl", count // 2)
    fed = with_room(copied(office(TEN_THOUSAND), folder / "fed.db"))
    laps = []
    for _ in range(max(1, TIMES[count] * rounds // 3)):
        crowd = crowded(folder, count)
        laps.append((drain(crowd, count // 2), undo(crowd), feed(fed, file)))
    drained, undone, fed_in = (median(seconds) * 1000 for seconds in zip(*laps, strict=True))
    half, of = short_of(count // 2), f", {short(count)}"
    return [
        Result(f"drain of half{of}", drained, fed_in, "ms", TARGET, size=count),
        Result(f"undo of {half} drained{of}", undone, drained, "ms", UNDO_TARGET),
    ]


def short_of(count: int) -> str:
    """Return a number of appeals in short, even below a thousand."""
    return short(count) if count >= 1_000 else str(count)


def _growth(results: list[Result]) -> Result:
    """Compare the growth of a drain with that of a feed, as powers of the number of appeals."""
    drains = {each.size: each for each in results if each.size}
    feeds = {
        size: Result("", each.baseline, each.baseline, "ms", size=size)
        for size, each in drains.items()
    }
    grown, fed = exponent(drains), exponent(feeds)
    return Result("growth of a drain beside a feed's", grown, fed, "exponent", limit=GROWTH)


def _others(folder: Path) -> list[Result]:
    """Compare how long a bot waits during a drain with how long it waits before."""
    crowd = crowded(folder, WAITING[-1])
    with writing(crowd, RATE) as bot:
        time.sleep(2.0)
        alone = bot.stop()
    with writing(crowd, RATE) as bot, draining(crowd) as process:
        process.wait()
        meanwhile = bot.stop()
    name = f"another writer during a drain of {short(WAITING[-1] // 2)}"
    high, usual = (percentile(each, 99) for each in (meanwhile, alone))
    return [
        Result(f"{name}, p99", high, usual, "ms", limit=FELT),
        Result(f"{name}, worst", max(meanwhile), max(alone), "ms"),
    ]


def _key(folder: Path) -> Result:
    """Compare the paint of a key during a drain with that of the same key before."""
    crowd = crowded(folder, WAITING[-1])
    with leadboard(crowd).started() as terminal:
        terminal.press("f4")
        terminal.wait_quiet(0.5)
        calm = [key_to_paint(terminal, key) for key in ("down", "up") * 10]
        meanwhile = []
        with draining(crowd) as process:
            while process.poll() is None:
                meanwhile += [key_to_paint(terminal, key) for key in ("down", "up")]
    high, usual = (percentile(each, 99) for each in (meanwhile, calm))
    return Result("key to paint during a drain, p99", high, usual, "ms", limit=FELT)


def crowded(folder: Path, count: int) -> Path:
    """Return an office where nobody has room and `count` appeals are waiting."""
    path = copied(office(TEN_THOUSAND), folder / "crowd.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE operator SET max_load = 0")
        connection.executemany(
            "INSERT INTO appeal (lead_id, source_id, timestamp, message)"
            " VALUES (1, ?, '2026-01-01T00:00:00.000000Z', 'хочу купить курс')",
            ((1 + number % SERVED,) for number in range(count)),
        )
        connection.execute(
            "INSERT INTO change (at, appeal_id, kind, drawn)"
            " SELECT timestamp, id, 'received', 0 FROM appeal"
            " WHERE id NOT IN (SELECT appeal_id FROM change)"
        )
    return path


def _assigned(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        query = f"SELECT count(operator_id) FROM appeal WHERE {OPEN_OF_SERVED}"
        found: int = connection.execute(query, (SERVED,)).fetchone()[0]
        return found


def drain(path: Path, count: int) -> float:
    """Let the first operator take `count` more; return the seconds until all are handed out."""
    before = _assigned(path)
    with opened(path):
        begun = time.perf_counter()
        _let_through(count)
        seconds = time.perf_counter() - begun
    assert _assigned(path) == before + count
    return seconds


def _let_through(count: int) -> None:
    load = Operator.get_by_id(1).load
    desk.change_operator(1, max_load=load + count, actor="bench")


def undo(path: Path) -> float:
    """Undo the drain; return the seconds."""
    with opened(path):
        begun = time.perf_counter()
        desk.undo(actor="bench")
        return time.perf_counter() - begun


def feed(path: Path, file: Path) -> float:
    """Feed a file inside this process, so that no start-up is timed; return the seconds."""
    # The feed writes bytes to sys.stdout.buffer, which StringIO does not have.
    with opened(path), redirect_stdout(io.TextIOWrapper(io.BytesIO())):
        begun = time.perf_counter()
        code = feed_from(str(file))
        seconds = time.perf_counter() - begun
    assert code == 0, f"the feed ended with {code}"
    return seconds


@contextmanager
def draining(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that hands out half of the largest number waiting."""
    command = [sys.executable, "-m", "bench.drain", str(path)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Hand out half of the largest number waiting in the database named."""
    with opened(Path(sys.argv[1])):
        _let_through(WAITING[-1] // 2)


if __name__ == "__main__":
    main()

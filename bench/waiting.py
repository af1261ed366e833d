"""The cost of an act that frees no place while ten thousand appeals wait for an operator."""

import tempfile
import time
from pathlib import Path
from statistics import median

from bench.plan import BenchPlan
from bench.result import Result
from leadboard import desk
from leadboard.database.connection import database
from models import open_database

WAITING = 10_000
ACTS = 200
ROUNDS = 5
TARGET = 2.0


def measure(plan: BenchPlan) -> list[Result]:
    """Time the same act alternately with no appeals waiting and with many."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "none.db", Path(folder) / "crowd.db"]
        for path, waiting in zip(paths, (0, WAITING), strict=True):
            _fill(path, waiting)
        rounds = [[_cost(path) for path in paths] for _ in range(ROUNDS)]
    none, crowd = (median(each) for each in zip(*rounds, strict=True))
    return [Result("an act, 10 000 waiting", crowd, none, "ms", TARGET)]


def _fill(path: Path, waiting: int) -> None:
    opened = open_database(path)
    for number in range(12):
        desk.add_operator(f"operator {number}", 5, is_active=False, actor="bench")
    for number in range(1, 6):
        desk.add_source(f"source {number}", actor="bench")
        for operator in range(1, 13):
            desk.set_weight(operator, number, 10, actor="bench")
    database.execute_sql("INSERT INTO lead(external_id) VALUES ('bench')")
    if waiting:
        database.execute_sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO appeal(lead_id, source_id, timestamp, message) "
            "SELECT 1, 1 + i % 5, '2026-01-01T00:00:00.000000Z', 'waits' FROM n",
            (waiting,),
        )
    opened.close()


def _cost(path: Path) -> float:
    """Return the milliseconds of an act that changes the limit of an inactive operator."""
    opened = open_database(path)
    begun = time.perf_counter()
    for number in range(ACTS):
        # Two limits in turn: setting the same one again would change nothing.
        desk.change_operator(1, max_load=5 + number % 2, actor="bench")
    cost = (time.perf_counter() - begun) / ACTS * 1000
    opened.close()
    return cost

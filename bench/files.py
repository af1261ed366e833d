"""A hundred thousand appeals to a file and into a new database, beside csv and sqlite3 alone."""

import csv
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import BinaryIO

from bench.generate import Sizes, generate
from bench.plan import BenchPlan
from bench.result import Result
from leadboard.transfer.appeals import plan_appeals
from leadboard.transfer.leads import plan_leads
from leadboard.transfer.plan import Plan
from leadboard.transfer.team import plan_operators, plan_sources, plan_weights
from leadboard.transfer.writing import Style, export
from models import open_database

APPEALS = 100_000
PLANS: dict[str, Callable[[BinaryIO, str], Plan]] = {
    "operators": plan_operators,
    "sources": plan_sources,
    "weights": plan_weights,
    "leads": plan_leads,
    "appeals": plan_appeals,
}
SELECT = (
    "SELECT a.id, a.timestamp, l.external_id, s.name, o.name, a.closed_at, a.message, a.key"
    " FROM appeal a JOIN lead l ON l.id = a.lead_id JOIN source s ON s.id = a.source_id"
    " LEFT JOIN operator o ON o.id = a.operator_id ORDER BY a.id"
)


def measure(_: BenchPlan) -> list[Result]:
    """Export and import everything; the baselines check nothing and draw nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(folder / "old.db", Sizes(appeals=APPEALS))
        open_database(folder / "old.db")
        out = sum(_timed(partial(_export, folder, what)) for what in PLANS)
        bare_out = _timed(partial(_bare_export, folder))
        open_database(folder / "new.db")
        into = sum(_timed(partial(_import, folder, what)) for what in PLANS)
        bare_into = _timed(partial(_bare_import, folder))
    return [
        Result("appeals to a file", APPEALS / out, APPEALS / bare_out, "/s"),
        Result("appeals from a file", APPEALS / into, APPEALS / bare_into, "/s"),
    ]


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _export(folder: Path, what: str) -> None:
    with (folder / f"{what}.csv").open("w", encoding="utf-8", newline="") as file:
        export(what, "csv", file, lambda _: lambda _done, _rows: None, style=Style())


def _import(folder: Path, what: str) -> None:
    with (folder / f"{what}.csv").open("rb") as file:
        PLANS[what](file, "csv").act("bench")


def _bare_export(folder: Path) -> None:
    with (
        closing(sqlite3.connect(folder / "old.db")) as connection,
        (folder / "bare.csv").open("w", encoding="utf-8", newline="") as file,
    ):
        csv.writer(file).writerows(connection.execute(SELECT))


def _bare_import(folder: Path) -> None:
    with (
        closing(sqlite3.connect(folder / "bare.db")) as connection,
        (folder / "bare.csv").open(encoding="utf-8", newline="") as file,
    ):
        connection.execute("CREATE TABLE appeal (id INTEGER PRIMARY KEY, b, c, d, e, f, g, h)")
        connection.executemany(
            "INSERT INTO appeal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", csv.reader(file)
        )
        connection.commit()

"""The first page of the appeals for every kind of filter, beside the page without a filter."""

import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import median

from bench.databases import kept
from bench.plan import BenchPlan, office, short
from bench.result import Result
from bench.submit import opened
from bench.words import RARE_WORD, WORDS, operator_name, source_name
from leadboard.database.fields import now
from leadboard.queries.appeals import newest_appeals
from leadboard.queries.terms import EVERYTHING, AppealFilter, parse
from leadboard.queries.word_index import SearchIndex, index_of_database

PAGE = 100
BATCH = 2_000
LIMIT = 150.0
PATIENCE = 2.0
"""Seconds after which a reading is not repeated."""


def measure(plan: BenchPlan) -> list[Result]:
    """Read the first page of each filter at every size."""
    return [result for size in plan.sizes for result in _at(size, plan.rounds)]


def _at(size: int, rounds: int) -> list[Result]:
    path = kept(office(size))
    filters = _filters(path)
    with opened(path):
        index = filled_index()
        plain = _milliseconds(EVERYTHING, rounds, index)
        return [
            Result(
                f"filter by {name}, {short(size)}",
                _milliseconds(parse(text, now()), rounds, index),
                plain,
                "ms",
                limit=LIMIT,
                size=size,
            )
            for name, text in filters.items()
        ]


def _filters(path: Path) -> dict[str, str]:
    """Return filters by name: for frequent, rare and absent things."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT external_id FROM lead WHERE id = (SELECT max(id) FROM lead) / 2"
        (lead,) = connection.execute(query).fetchone()
    yesterday = (now() - timedelta(days=1)).astimezone().date()
    return {
        "a rare word": RARE_WORD,
        "an absent word": "небывальщина",
        "a common word": WORDS[1],
        "a lead": lead,
        "op:": f"op:{operator_name(7).split()[0]}",
        "an absent op:": "op:никто",
        "src:": f"src:{source_name(1)}",
        "since:": f"since:{yesterday}",
        "waiting": "waiting",
        "closed": "closed",
        "op: and an absent word": f"op:{operator_name(7).split()[0]} небывальщина",
        "waiting and a source": f"waiting src:{source_name(office(0).sources - 1)}",
    }


def filled_index() -> SearchIndex | None:
    """Return the word index, complete as on a screen that has run for a while."""
    index = index_of_database()
    begun = time.perf_counter()
    if index is not None and index.catch_up(BATCH):
        while index.catch_up(BATCH):
            pass
        print(f"the index of words took {time.perf_counter() - begun:.1f} s", file=sys.stderr)
    return index


def _milliseconds(wanted: AppealFilter, rounds: int, index: SearchIndex | None) -> float:
    return _median_of(lambda: newest_appeals(PAGE, None, wanted, index), rounds)


def _median_of(read: Callable[[], object], rounds: int) -> float:
    """Return the median of several readings, or of fewer if they take long."""
    took: list[float] = []
    while len(took) < rounds and sum(took) < PATIENCE * 1000:
        begun = time.perf_counter()
        read()
        took.append((time.perf_counter() - begun) * 1000)
    return median(took)

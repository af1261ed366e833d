"""Export of tables: their columns and rows, read in pages so that memory stays flat."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

from peewee import ModelSelect

from leadboard.database.compiled_queries import Compiled, Param
from leadboard.database.connection import BEYOND, rows
from leadboard.database.fields import now
from leadboard.entities import OPERATOR, SOURCE
from leadboard.queries.appeals import AppealRow, times_of_rows, with_names
from leadboard.queries.times import Times, whole_seconds
from models import Appeal, Lead, Operator, OperatorSource, Source

PAGE = 1000
"""Rows read at a time."""

Record = tuple[Any, ...]
"""The values of one row, in the order of the columns."""

STATUSES = ("open", "waiting", "closed", "withdrawn")

OF_APPEALS = (
    *("id", "timestamp", "external_id", "source", "operator"),
    *("status", "closed_at", "message", "key"),
)
"""The columns of an appeal that an import stores, or compares with what is stored."""
DERIVED = ("first_assigned_at", "assigned_at", "waited_s", "held_s")
"""Further columns of an appeal, which an import passes over: they follow from its history."""

COLUMNS = {
    "operators": ("id", *OPERATOR.names),
    "sources": ("id", *SOURCE.names),
    "leads": ("id", "external_id"),
    "appeals": (*OF_APPEALS, *DERIVED),
}
"""The columns of each table but the weights, whose columns are the sources."""

TABLES = ("operators", "sources", "weights", "appeals", "leads")


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """A table to export: its columns, the number of rows, the rows, and one as an object."""

    columns: Sequence[str]
    total: int
    records: Iterator[Record]
    as_object: Callable[[Record], dict[str, Any]]


def table_of(what: str) -> ExportedTable:
    """Return one of TABLES as it is now; its rows are read as they are taken."""
    if what == "weights":
        return _weights()
    columns = COLUMNS[what]
    query, key = _QUERIES[what]()
    pages: Iterable[list[Record]] = _pages(query, key)
    if what == "appeals":
        pages = map(partial(exported_appeals, moment=now()), pages)
    return ExportedTable(
        columns,
        query.model.select().count(),
        chain.from_iterable(pages),
        lambda record: dict(zip(columns, record, strict=True)),
    )


_QUERIES: dict[str, Callable[[], tuple["ModelSelect[Any]", Any]]] = {
    "operators": lambda: (OPERATOR.select(), Operator.id),
    "sources": lambda: (SOURCE.select(), Source.id),
    "leads": lambda: (Lead.select(Lead.id, Lead.external_id), Lead.id),
    "appeals": lambda: (with_names(), Appeal.id),
}


def _pages(query: "ModelSelect[Any]", key: Any) -> Iterator[list[Record]]:
    """Yield the rows of a query by their first column, its key, in pages."""
    # Compiled: Peewee would take half as long again to make its rows of what is read.
    further = Compiled(lambda: query.where(key > Param(key, "after")).order_by(key).limit(PAGE))
    page = further.rows(after=-BEYOND)
    while page:
        yield page
        page = further.rows(after=page[-1][0])


# --- weights ----------------------------------------------------------------------------------


def _weights() -> ExportedTable:
    sources = rows(Source.select(Source.id, Source.name).order_by(Source.id))
    names = [name for _, name in sources]
    return ExportedTable(
        ("operator", *names),
        Operator.select().count(),
        _weight_records([source_id for source_id, _ in sources]),
        # Nested, because a source may be called `operator`.
        lambda record: {
            "operator": record[0],
            "weights": dict(zip(names, record[1:], strict=True)),
        },
    )


def _weight_records(source_ids: Sequence[int]) -> Iterator[Record]:
    people = Operator.select(Operator.id, Operator.name)
    for operator_id, name in chain.from_iterable(_pages(people, Operator.id)):
        weights = weights_by_source(operator_id)
        yield (name, *(weights.get(source_id) for source_id in source_ids))


def weights_by_source(operator_id: int) -> dict[int, int]:
    """Return an operator's weight for each source that they serve."""
    weights = OperatorSource.select(OperatorSource.source, OperatorSource.weight)
    return dict(rows(weights.where(OperatorSource.operator == operator_id)))


# --- appeals ----------------------------------------------------------------------------------


def exported_appeals(found: Sequence[Record], moment: datetime) -> list[Record]:
    """Return rows of `with_names` in the order of all columns; what is open is held to a moment."""
    times = times_of_rows(found)
    return [(*appeal_record(row), *_derived(times[row[0]], moment)) for row in found]


def _derived(times: Times, moment: datetime) -> Record:
    waited, held = whole_seconds(times.waited), whole_seconds(times.held(moment))
    return (times.first_assigned_at, times.assigned_at, waited, held)


def appeal_record(row: Record) -> Record:
    """Return a row of `with_names` in the order of OF_APPEALS, with its status as a word."""
    appeal = AppealRow(*row)
    return (
        *(appeal.id, appeal.timestamp, appeal.external_id, appeal.source, appeal.operator),
        *(appeal.status, appeal.closed_at, appeal.message, appeal.key),
    )

"""Export of tables: their columns and rows, read in pages so that memory stays flat."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import ModelSelect

from leadboard.database.connection import rows
from leadboard.entities import OPERATOR, SOURCE
from leadboard.queries.appeals import AppealRow, with_names
from models import Appeal, Lead, Operator, OperatorSource, Source

PAGE = 1000
"""Rows read at a time."""

Record = tuple[Any, ...]
"""The values of one row, in the order of the columns."""

STATUSES = ("open", "waiting", "closed", "withdrawn")

COLUMNS = {
    "operators": ("id", *OPERATOR.names),
    "sources": ("id", *SOURCE.names),
    "leads": ("id", "external_id"),
    "appeals": (
        *("id", "timestamp", "external_id", "source", "operator"),
        *("status", "closed_at", "message", "key"),
    ),
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
    records = _paged(query, key)
    return ExportedTable(
        columns,
        query.model.select().count(),
        map(appeal_record, records) if what == "appeals" else records,
        lambda record: dict(zip(columns, record, strict=True)),
    )


_QUERIES: dict[str, Callable[[], tuple["ModelSelect[Any]", Any]]] = {
    "operators": lambda: (OPERATOR.select(), Operator.id),
    "sources": lambda: (SOURCE.select(), Source.id),
    "leads": lambda: (Lead.select(Lead.id, Lead.external_id), Lead.id),
    "appeals": lambda: (with_names(), Appeal.id),
}


def _paged(query: "ModelSelect[Any]", key: Any) -> Iterator[Record]:
    """Yield the rows of a query by their first column, its key, one page after another."""
    page = rows(query.order_by(key).limit(PAGE))
    while page:
        yield from page
        page = rows(query.where(key > page[-1][0]).order_by(key).limit(PAGE))


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
    for operator_id, name in _paged(people, Operator.id):
        weights = weights_by_source(operator_id)
        yield (name, *(weights.get(source_id) for source_id in source_ids))


def weights_by_source(operator_id: int) -> dict[int, int]:
    """Return an operator's weight for each source that they serve."""
    weights = OperatorSource.select(OperatorSource.source, OperatorSource.weight)
    return dict(rows(weights.where(OperatorSource.operator == operator_id)))


# --- appeals ----------------------------------------------------------------------------------


def appeal_record(row: Record) -> Record:
    """Return a row of `with_names` in the order of the columns, with its status as a word."""
    appeal = AppealRow(*row)
    return (
        *(appeal.id, appeal.timestamp, appeal.external_id, appeal.source, appeal.operator),
        *(status_of(appeal), appeal.closed_at, appeal.message, appeal.key),
    )


def status_of(appeal: AppealRow) -> str:
    """Return the status of an appeal, one of STATUSES."""
    if appeal.is_closed:
        return "withdrawn" if appeal.withdrawn else "closed"
    return "waiting" if appeal.is_waiting else "open"

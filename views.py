"""What the panes show: read-only queries that return frozen dataclasses, never a Peewee row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from peewee import JOIN, ModelSelect, fn

from models import Appeal, Lead, Operator, OperatorSource, Source
from places import is_waiting
from store import database, now, plainly, rows
from text import clean

T = TypeVar("T")

EXCERPT = 300
"""Characters of a message that a list row carries; no terminal line shows more."""


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """An operator as a list shows him."""

    id: int
    name: str
    is_active: bool
    max_load: int
    load: int


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source and how many of its appeals wait."""

    id: int
    name: str
    waiting: int


Weights = Mapping[int, Mapping[int, int]]
"""Weights by source id, then by operator id."""


@dataclass(frozen=True, slots=True)
class Board:
    """All that the operators pane, the grid and the header show at one moment."""

    operators: Sequence[OperatorRow] = ()
    sources: Sequence[SourceRow] = ()
    weights: Weights = field(default_factory=dict)
    weights_stamp: tuple[int, int] = (0, 0)
    per_minute: int = 0
    appeals: int = 0

    @property
    def waiting(self) -> int:
        """Return how many open appeals nobody has."""
        return sum(source.waiting for source in self.sources)


@dataclass(frozen=True, slots=True)
class AppealRow:
    """One line of the list of appeals; `operator` is None where nobody has it."""

    id: int
    timestamp: datetime
    lead: str
    source: str
    operator: str | None
    message: str
    is_closed: bool
    is_withdrawn: bool


def board(previous: Board | None = None) -> Board:
    """Return the board as it stands; the weights of `previous` are kept while they are the same."""
    return _read(lambda: _board(previous))


def _board(previous: Board | None) -> Board:
    stamp = _weights_stamp()
    is_same = previous is not None and previous.weights_stamp == stamp
    return Board(
        operators=_operators(),
        sources=_sources(),
        weights=previous.weights if previous and is_same else _weights(),
        weights_stamp=stamp,
        per_minute=_arrivals_since(now() - timedelta(minutes=1)),
        appeals=int(Appeal.select().count()),
    )


def _operators() -> tuple[OperatorRow, ...]:
    found = Operator.select(
        Operator.id, Operator.name, Operator.is_active, Operator.max_load, Operator.load
    ).order_by(Operator.id)
    return tuple(
        OperatorRow(operator_id, clean(name), is_active, max_load, load)
        for operator_id, name, is_active, max_load, load in rows(found)
    )


def _sources() -> tuple[SourceRow, ...]:
    waiting = Appeal.select(fn.COUNT(Appeal.id)).where(Appeal.source == Source.id, is_waiting())
    found = Source.select(Source.id, Source.name, waiting).order_by(Source.id)
    return tuple(SourceRow(source_id, clean(name), count) for source_id, name, count in rows(found))


def _weights_stamp() -> tuple[int, int]:
    """Return numbers that differ when any weight does, far quicker than reading them all."""
    mix = OperatorSource.weight * (OperatorSource.operator * 1_000_003 + OperatorSource.source)
    count, total = rows(OperatorSource.select(fn.COUNT(OperatorSource.weight), fn.SUM(mix)))[0]
    return count, total or 0


def _weights() -> Weights:
    weights: dict[int, dict[int, int]] = {}
    found = OperatorSource.select(
        OperatorSource.source, OperatorSource.operator, OperatorSource.weight
    )
    for source_id, operator_id, weight in rows(found):
        weights.setdefault(source_id, {})[operator_id] = weight
    return weights


def _arrivals_since(moment: datetime) -> int:
    return int(Appeal.select().where(Appeal.timestamp >= moment).count())


def newest_appeals(limit: int, before: int | None = None) -> list[AppealRow]:
    """Return a page of appeals, newest first: the newest of all, or those before an id."""
    query = _appeal_lines().order_by(Appeal.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Appeal.id < before)
    return _read(lambda: _appeal_rows(query))


def appeals_after(limit: int, after: int) -> list[AppealRow]:
    """Return the page of appeals just newer than an id, newest first."""
    query = _appeal_lines().where(Appeal.id > after).order_by(Appeal.id).limit(limit)
    return _read(lambda: _appeal_rows(query))[::-1]


def _appeal_lines() -> "ModelSelect[Appeal]":
    return (
        Appeal.select(
            Appeal.id,
            Appeal.timestamp,
            Lead.external_id,
            Source.name,
            Operator.name,
            fn.SUBSTR(Appeal.message, 1, EXCERPT),
            Appeal.closed_at.is_null(False),
            Appeal.withdrawn,
        )
        .join(Lead)
        .switch(Appeal)
        .join(Source)
        .switch(Appeal)
        .join(Operator, JOIN.LEFT_OUTER)
    )


def _appeal_rows(query: "ModelSelect[Appeal]") -> list[AppealRow]:
    return [
        AppealRow(
            appeal_id,
            timestamp,
            clean(lead),
            clean(source),
            None if operator is None else clean(operator),
            clean(message),
            bool(is_closed),
            is_withdrawn,
        )
        for (
            appeal_id,
            timestamp,
            lead,
            source,
            operator,
            message,
            is_closed,
            is_withdrawn,
        ) in rows(query)
    ]


def lead_starting(prefix: str) -> str | None:
    """Return the first known lead whose id starts with `prefix`, to complete what is typed."""
    known = (
        Lead.select(Lead.external_id)
        .where(Lead.external_id >= prefix, Lead.external_id < prefix + "\U0010ffff")
        .order_by(Lead.external_id)
        .limit(1)
    )
    found = _read(lambda: rows(known))
    return found[0][0] if found else None


def data_version() -> int:
    """Return a number that changes whenever another connection has committed."""
    return _read(lambda: int(database.execute_sql("PRAGMA data_version").fetchone()[0]))


def _read(query: Callable[[], T]) -> T:
    with plainly():
        return query()

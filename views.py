"""What the panes show: read-only queries that return frozen dataclasses, never a Peewee row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from peewee import OP, Expression, fn

from models import Appeal, Lead, Operator, OperatorSource, Source
from places import is_waiting
from store import database, now, reading, rows, stamp
from text import clean

T = TypeVar("T")

SPARK_MINUTES = 12
MINUTE = len("2026-11-23T10:42")


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
    minutes: Mapping[str, int] = field(default_factory=dict)
    """Arrivals of the last minutes, by the minute as the tables write it."""
    appeals: int = 0
    leads: int = 0
    newest: tuple[int, int] = (0, 0)
    """The highest ids of appeals and leads; their numbers are counted on from there."""

    @property
    def waiting(self) -> int:
        """Return how many open appeals nobody has."""
        return sum(source.waiting for source in self.sources)


def board(previous: Board | None = None) -> Board:
    """Return the board as it stands; the weights of `previous` are kept while they are the same."""
    return reading(lambda: _in_one_snapshot(lambda: _board(previous)))


def _board(previous: Board | None) -> Board:
    stamp, known = _weights_stamp(), previous or Board()
    is_same = previous is not None and previous.weights_stamp == stamp
    return Board(
        operators=_operators(),
        sources=_sources(),
        weights=previous.weights if previous and is_same else _weights(),
        weights_stamp=stamp,
        per_minute=_arrivals_since(now() - timedelta(minutes=1)),
        minutes=_minutes(known.minutes),
        appeals=known.appeals + _count_after(Appeal, known.newest[0]),
        leads=known.leads + _count_after(Lead, known.newest[1]),
        newest=(_newest_id(Appeal), _newest_id(Lead)),
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
    # Squares of remainders: sums of plain products are equal for many different weights.
    pair = OperatorSource.operator * 7_919_333 + OperatorSource.source * 104_729
    spread = Expression(pair, OP.MOD, 999_999_937) + 1
    mix = Expression((OperatorSource.weight + 17) * spread, OP.MOD, 1_000_003)
    stamp_of = OperatorSource.select(fn.COUNT(OperatorSource.weight), fn.SUM(mix * mix))
    count, total = rows(stamp_of)[0]
    return count, total or 0


def _weights() -> Weights:
    weights: dict[int, dict[int, int]] = {}
    found = OperatorSource.select(
        OperatorSource.source, OperatorSource.operator, OperatorSource.weight
    )
    for source_id, operator_id, weight in rows(found):
        weights.setdefault(source_id, {})[operator_id] = weight
    return weights


def _minutes(known: Mapping[str, int]) -> dict[str, int]:
    """Return the arrivals a minute; only minutes that may have grown are counted again."""
    this_minute = now().replace(second=0, microsecond=0)
    starts = [this_minute - timedelta(minutes=back) for back in reversed(range(SPARK_MINUTES))]
    minutes = [stamp(start)[:MINUTE] for start in starts]
    first = len(starts) - 2 if minutes[-2] in known else 0
    minute = fn.SUBSTR(Appeal.timestamp, 1, MINUTE).coerce(False)
    grown = Appeal.select(minute, fn.COUNT(Appeal.id)).where(Appeal.timestamp >= starts[first])
    counted = dict(rows(grown.group_by(minute)))
    older = {each: known.get(each, 0) for each in minutes[:first]}
    return older | {each: counted.get(each, 0) for each in minutes[first:]}


def _count_after(table: "type[Appeal] | type[Lead]", key: int) -> int:
    """Return how many rows are newer than an id: nothing is ever deleted from these tables."""
    return int(table.select().where(table.id > key).count())


def _newest_id(table: "type[Appeal] | type[Lead]") -> int:
    newest: int | None = table.select(fn.MAX(table.id)).scalar()
    return newest or 0


def _arrivals_since(moment: datetime) -> int:
    return int(Appeal.select().where(Appeal.timestamp >= moment).count())


def weight_of(operator_id: int, source_id: int) -> int | None:
    """Return a weight as it is this moment, None where the operator does not serve the source."""
    pair = (OperatorSource.operator == operator_id) & (OperatorSource.source == source_id)
    found = reading(lambda: rows(OperatorSource.select(OperatorSource.weight).where(pair)))
    return found[0][0] if found else None


def data_version() -> int:
    """Return a number that changes whenever another connection has committed."""
    return reading(lambda: int(database.execute_sql("PRAGMA data_version").fetchone()[0]))


def _in_one_snapshot(read: Callable[[], T]) -> T:
    """Read everything as it was at one moment."""
    with database.atomic():
        return read()

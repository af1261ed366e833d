"""What the panes show: read-only queries that return frozen dataclasses, never a Peewee row."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import TypeVar

from peewee import JOIN, Expression, ModelSelect, fn

from models import Appeal, Lead, Operator, OperatorSource, Source
from places import is_waiting
from store import database, now, plainly, rows, stamp
from text import clean
from wanted import EVERYTHING, Wanted, matches, spellings

T = TypeVar("T")

SPARK_MINUTES = 12
MINUTE = len("2026-11-23T10:42")

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
    return _read(lambda: _in_one_snapshot(lambda: _board(previous)))


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


def newest_appeals(
    limit: int, before: int | None = None, wanted: Wanted = EVERYTHING
) -> list[AppealRow]:
    """Return a page of appeals, newest first: the newest of all, or those before an id."""

    def read() -> list[AppealRow]:
        query = _appeal_lines().where(*_conditions(wanted))
        if before is not None:
            query = query.where(Appeal.id < before)
        return _appeal_rows(query.order_by(Appeal.id.desc()).limit(limit))

    return _read(read)


def appeals_after(limit: int, after: int, wanted: Wanted = EVERYTHING) -> list[AppealRow]:
    """Return the page of appeals just newer than an id, newest first."""

    def read() -> list[AppealRow]:
        query = _appeal_lines().where(Appeal.id > after, *_conditions(wanted))
        return _appeal_rows(query.order_by(Appeal.id).limit(limit))[::-1]

    return _read(read)


def _conditions(wanted: Wanted) -> list[Expression]:
    """Return the conditions on an appeal; names are compared here, where case is understood."""
    conditions = [Appeal.id > 0]
    if wanted.is_waiting:
        conditions.append(is_waiting())
    if wanted.is_closed:
        conditions.append(Appeal.closed_at.is_null(False))
    if wanted.since is not None:
        conditions.append(Appeal.timestamp >= wanted.since)
    if wanted.lead_id is not None:
        conditions.append(Appeal.lead == wanted.lead_id)
    conditions += [Appeal.operator.in_(_named(Operator, part)) for part in wanted.operators]
    conditions += [Appeal.source.in_(_named(Source, part)) for part in wanted.sources]
    return conditions + [_holds(word) for word in wanted.words]


def _holds(word: str) -> Expression:
    written = [
        fn.INSTR(column, spelling) > 0
        for column in (Appeal.message, Lead.external_id)
        for spelling in spellings(word)
    ]
    named = [
        Appeal.operator.in_(_named(Operator, word)),
        Appeal.source.in_(_named(Source, word)),
    ]
    either: Expression = reduce(or_, [*named, *written])
    return either


def _named(table: "type[Operator] | type[Source]", part: str) -> list[int]:
    names = rows(table.select(table.id, table.name))
    return [key for key, name in names if matches(part, name)]


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


def weight_of(operator_id: int, source_id: int) -> int | None:
    """Return a weight as it is this moment, None where the operator does not serve the source."""
    pair = (OperatorSource.operator == operator_id) & (OperatorSource.source == source_id)
    found = _read(lambda: rows(OperatorSource.select(OperatorSource.weight).where(pair)))
    return found[0][0] if found else None


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead, with how many appeals he wrote, how many are open, and the newest of them."""

    id: int
    external_id: str
    appeals: int
    open: int
    newest: datetime | None
    message: str


def newest_leads(limit: int, before: int | None = None, words: Sequence[str] = ()) -> list[LeadRow]:
    """Return a page of leads, those met last first."""

    def read() -> list[LeadRow]:
        query = _lead_lines().where(Lead.id > 0, *map(_in_id, words))
        if before is not None:
            query = query.where(Lead.id < before)
        return _lead_rows(query.order_by(Lead.id.desc()).limit(limit))

    return _read(read)


def leads_after(limit: int, after: int, words: Sequence[str] = ()) -> list[LeadRow]:
    """Return the page of leads met just after one, those met last first."""

    def read() -> list[LeadRow]:
        query = _lead_lines().where(Lead.id > after, *map(_in_id, words))
        return _lead_rows(query.order_by(Lead.id).limit(limit))[::-1]

    return _read(read)


def _in_id(word: str) -> Expression:
    either: Expression = reduce(
        or_, [fn.INSTR(Lead.external_id, spelling) > 0 for spelling in spellings(word)]
    )
    return either


def _lead_lines() -> "ModelSelect[Lead]":
    his = Appeal.lead == Lead.id
    newest = Appeal.select(fn.MAX(Appeal.id)).where(his)
    return Lead.select(
        Lead.id,
        Lead.external_id,
        Appeal.select(fn.COUNT(Appeal.id)).where(his),
        Appeal.select(fn.COUNT(Appeal.id)).where(his, Appeal.closed_at.is_null()),
        _LATEST.timestamp,
        fn.SUBSTR(_LATEST.message, 1, EXCERPT),
    ).join(_LATEST, JOIN.LEFT_OUTER, on=(_LATEST.id == newest))


_LATEST = Appeal.alias()


def _lead_rows(query: "ModelSelect[Lead]") -> list[LeadRow]:
    return [
        LeadRow(lead_id, clean(external_id), appeals, open_ones, newest, clean(message or ""))
        for lead_id, external_id, appeals, open_ones, newest, message in rows(query)
    ]


def data_version() -> int:
    """Return a number that changes whenever another connection has committed."""
    return _read(lambda: int(database.execute_sql("PRAGMA data_version").fetchone()[0]))


def _in_one_snapshot(read: Callable[[], T]) -> T:
    """Read everything as it was at one moment."""
    with database.atomic():
        return read()


def _read(query: Callable[[], T]) -> T:
    with plainly():
        return query()

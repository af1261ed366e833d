"""The lines of a time and what acts did to the team in it, as steps of a replay."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from peewee import IntegerField

from leadboard.allocation.journal import REPAIR, from_json, row_of
from leadboard.allocation.ledger import (
    ASSIGNED,
    CLOSED,
    IMPORTED,
    MOVED,
    RECEIVED,
    REOPENED,
    RETURNED,
    WITHDRAWN,
    Columns,
)
from leadboard.database.compiled_queries import Compiled, Param
from leadboard.database.transactions import reading
from leadboard.foresight import history
from leadboard.foresight.history import PastLine, TeamStep
from models import Appeal, Change, Event, EventChange, PendingChange

PAGE = 1_000
"""Lines read at a time."""
SEND_HOME = "send home"

Pause = Callable[[int], None]
"""Called between pages with how many lines were read; it may wait, or raise to stop the reading."""


class LedgerSpan(NamedTuple):
    """The places of the lines of a time, both included, and the acts from the first one on."""

    first: int
    last: int
    first_event: int


class _Marked(NamedTuple):
    """Acts whose lines mean something else: people sent home, and repairs."""

    send_home: frozenset[int]
    repair: frozenset[int]


_ACTS = Compiled(
    lambda: Event.select(Event.id, Event.act).where(
        Event.id >= Param(Event.id), Event.act.in_([SEND_HOME, REPAIR])
    )
)


def _columns(table: Any, place: Any) -> Any:
    return table.select(
        *(place, table.at, table.appeal, table.kind, table.operator_id, table.was_operator_id),
        *(table.closed_at.is_null(), table.roster, table.draw, table.drawn, table.event),
        Appeal.source,
    ).join(Appeal, on=table.appeal == Appeal.id)


_PAGE = Compiled(
    lambda: (
        _columns(Change, Change.seq)
        .where(Change.seq >= Param(Change.seq, "first"), Change.seq <= Param(Change.seq, "last"))
        .order_by(Change.seq)
        .limit(Param(IntegerField(), "count"))
    )
)
_PENDING = Compiled(lambda: _columns(PendingChange, PendingChange.id).order_by(PendingChange.id))


def lines_of(span: LedgerSpan, pause: Pause) -> Iterator[PastLine]:
    """Yield the lines of a time, read in pages; raises Trouble, and what `pause` raises."""
    marked = _marked(span)
    place = span.first
    while place <= span.last:
        at = place
        page = reading(lambda: _PAGE.rows(first=at, last=span.last, count=PAGE))  # noqa: B023
        yield from _converted(page, marked)
        if len(page) < PAGE:
            return
        place = page[-1][0] + 1
        pause(place - span.first)


def pending_lines(span: LedgerSpan) -> list[PastLine]:
    """Return the lines of a server that have no place yet."""
    return list(_converted(_PENDING.rows(), _marked(span)))


def _marked(span: LedgerSpan) -> _Marked:
    acts = reading(lambda: _ACTS.rows(id=span.first_event))
    ids = {act: frozenset(key for key, each in acts if each == act) for act in (SEND_HOME, REPAIR)}
    return _Marked(ids[SEND_HOME], ids[REPAIR])


def _converted(rows: list[tuple[Any, ...]], marked: _Marked) -> Iterator[PastLine]:
    for _, at, appeal, kind, operator, was, is_open, roster, draw, drawn, event, source in rows:
        found = _kind(kind, operator, was, drawn, event, marked)
        if found is not None:
            yield PastLine(
                *(found, seconds(at), event or 0, appeal, source, operator, was, roster),
                draw=draw if drawn else None,
                is_open=bool(is_open),
            )


def seconds(moment: datetime) -> float:
    """Return a moment in seconds since 1970."""
    return moment.timestamp()


_PLAIN = {
    MOVED: history.MOVED,
    CLOSED: history.CLOSED,
    REOPENED: history.REOPENED,
    WITHDRAWN: history.WITHDRAWN,
}


def _kind(
    kind: str, operator: int | None, was: int | None, drawn: bool, event: int | None, of: _Marked
) -> int | None:
    """Return what a line means for a replay, None for nothing."""
    if event in of.repair or (kind == IMPORTED and was is not None):
        # What a repair hands out has waited; all else it only notes.
        return history.HANDED_OUT if kind == ASSIGNED and drawn else history.MENDED
    if kind == RECEIVED:
        return history.ARRIVED if drawn or operator is None else history.ENTERED
    if kind == IMPORTED:
        return history.ENTERED
    if kind == ASSIGNED:
        if operator is None:
            return None
        return history.HANDED_OUT if drawn else history.ASSIGNED
    if kind == RETURNED:
        return history.SENT_HOME if event in of.send_home else history.RETURNED
    return _PLAIN.get(kind)


# --- the team -----------------------------------------------------------------------------------


class TeamRecord(NamedTuple):
    """What an act did to one row of the team."""

    event: int
    at: float
    table: str
    key: tuple[int, ...]
    before: Columns | None
    after: Columns | None


_RECORDS = Compiled(
    lambda: (
        EventChange.select(
            *(EventChange.event, Event.at, EventChange.subject),
            *(EventChange.before, EventChange.after),
        )
        .join(Event)
        .where(EventChange.event >= Param(EventChange.event, "first"))
        .order_by(EventChange.event)
    )
)


def team_records(first_event: int) -> list[TeamRecord]:
    """Return what acts from one on did to operators, weights and loads, in their order."""
    return [
        TeamRecord(event, seconds(at), *row_of(subject), from_json(before), from_json(after))
        for event, at, subject, before, after in _RECORDS.rows(first=first_event)
        if subject.partition(":")[0] in ("operator", "weight", "load")
    ]


def team_steps(record: TeamRecord) -> Iterator[TeamStep]:
    """Yield the steps of a replay that a record stands for."""
    operator_id, source = record.key[0], record.key[1] if len(record.key) > 1 else 0
    here = (record.at, record.event, operator_id, source)
    after: Mapping[str, Any] = record.after or {}
    before: Mapping[str, Any] = record.before or {}
    if record.table == "weight":
        yield TeamStep(history.WEIGHT, *here, after.get("weight"))
    elif record.table == "load":
        yield TeamStep(history.LOAD, *here, after["load"] - before["load"])
    else:
        if "max_load" in after:
            yield TeamStep(history.LIMIT, *here, after["max_load"])
        if "is_active" in after:
            yield TeamStep(history.ACTIVE, *here, int(after["is_active"]))

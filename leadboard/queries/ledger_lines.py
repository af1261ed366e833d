"""Lines of the ledger for programs that follow it: what happened to which appeal, and why."""

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from peewee import JOIN, SQL, Case, ModelSelect, fn

from leadboard.allocation.ledger import (
    ASSIGNED,
    CLOSED,
    IMPORTED,
    MOVED,
    RECEIVED,
    REOPENED,
    RETURNED,
    WITHDRAWN,
    bounds,
    last_seq,
    settle,
)
from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.database.compiled_queries import Compiled, Param
from leadboard.database.connection import rows
from leadboard.database.fields import stamp
from leadboard.database.transactions import reading, reading_in_place
from models import Appeal, Change, Event, Lead, Operator, Source

KINDS = (RECEIVED, IMPORTED, ASSIGNED, MOVED, RETURNED, CLOSED, REOPENED, WITHDRAWN)
"""Every kind of line so far; who follows must pass over kinds that they do not know."""

PAGE = 1_000
"""Lines read at a time."""

MOST_OF_MESSAGE = 2_000
"""Characters of a message that a line carries."""


class Pruned(Refused):
    """The place from which to go on is not in this ledger; `oldest` is the first that is."""

    def __init__(self, sentence: str, oldest: int) -> None:
        super().__init__(sentence, "since")
        self.oldest = oldest


class Unwritten(Pruned):
    """The place from which to go on is ahead of this ledger: it is one of another."""


class Person(NamedTuple):
    """An operator, with where they can be reached; no name for one who was deleted since."""

    id: int
    name: str | None
    contact: str | None


@dataclass(frozen=True, slots=True)
class Cause:
    """The act that did it: its word, its event, and who did it."""

    act: str
    event: int
    actor: str


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One change of one appeal, with the appeal as it was after it.

    Texts are as they are stored; `message` is None unless asked for. There is no `was_status` for
    an appeal that was not there before, and no `cause` for an arrival.
    """

    seq: int
    at: datetime
    kind: str
    appeal_id: int
    key: str | None
    external_id: str
    source_id: int
    source: str
    received: datetime
    status: str
    operator: Person | None
    was_status: str | None
    was_operator: Person | None
    drawn: bool
    cause: Cause | None
    message: str | None


def present() -> int:
    """Return the place of the newest line, after settling what was committed; raises Trouble."""
    settle()
    return reading_in_place(last_seq)


def start() -> int:
    """Return the place behind which nothing was pruned; raises Trouble."""
    return reading(bounds).pruned


def lines_after(seq: int, *, messages: bool = False, limit: int = PAGE) -> list[LedgerLine]:
    """Return the lines that follow a place, at most `limit`, in their order.

    Raises Pruned when some of them are gone or when there is no such place, and Trouble.
    """
    return reading_in_place(lambda: _lines_after(seq, messages=messages, limit=limit))


def _lines_after(seq: int, *, messages: bool, limit: int) -> list[LedgerLine]:
    found = _page(messages=messages, limit=limit).rows(seq=seq)
    # After the lines: a pruning in between must not make a hole in them.
    _refuse_if_gone(seq)
    return [_line(row) for row in found]


def _refuse_if_gone(seq: int) -> None:
    oldest = bounds().pruned
    if seq < oldest:
        raise Pruned(
            _(
                "The ledger was pruned up to {oldest}: what followed {seq} is gone. Go on from "
                "there, or from the start.",
                oldest=oldest,
                seq=seq,
            ),
            oldest,
        )
    if seq > last_seq():
        raise Unwritten(
            _(
                "The ledger ends before {seq}: it is that of another database, or of an older "
                "copy.",
                seq=seq,
            ),
            oldest,
        )


def lines_of_appeal(appeal_id: int) -> list[dict[str, object]]:
    """Return all lines of an appeal that are there, in their order, as programs get them.

    Raises Trouble.
    """
    settle()
    query = _select(messages=False).where(Change.appeal == appeal_id).order_by(Change.seq)
    return [fields_of(_line(row)) for row in reading_in_place(lambda: rows(query))]


_Was, _Part = Operator.alias(), Event.alias()


@cache
def _page(*, messages: bool, limit: int) -> Compiled:
    def build() -> "ModelSelect[Change]":
        beyond = _select(messages=messages).where(Change.seq > Param(Change.seq))
        return beyond.order_by(Change.seq).limit(limit)

    return Compiled(build)


def _select(*, messages: bool) -> "ModelSelect[Change]":
    message = fn.SUBSTR(Appeal.message, 1, MOST_OF_MESSAGE) if messages else SQL("NULL")
    return (
        Change.select(
            *(Change.seq, Change.at, Change.kind, Change.appeal, Appeal.key, Lead.external_id),
            *(Appeal.source, Source.name, Appeal.timestamp, Change.closed_at.is_null(False)),
            *(Change.operator_id, Operator.name, Operator.contact),
            *(Change.was_operator_id, _Was.name, _Was.contact),
            *(_was_withdrawn(), Change.drawn, Event.id, Event.act, Event.actor),
            *(_Part.id, _Part.act, _Part.actor, message),
        )
        .join(Appeal)
        .join(Lead)
        .switch(Appeal)
        .join(Source)
        .join(Operator, JOIN.LEFT_OUTER, on=Operator.id == Change.operator_id)
        .join(_Was, JOIN.LEFT_OUTER, on=_Was.id == Change.was_operator_id)
        .switch(Change)
        .join(Event, JOIN.LEFT_OUTER)
        .join(_Part, JOIN.LEFT_OUTER, on=_Part.id == Event.part_of)
    )


def _was_withdrawn() -> Any:
    """Return whether a reopened appeal was withdrawn, which only the line before it says."""
    earlier = Change.alias()
    kind = (
        earlier.select(earlier.kind)
        .where(earlier.appeal == Change.appeal, earlier.seq < Change.seq)
        .order_by(earlier.seq.desc())
        .limit(1)
    )
    return Case(None, [(Change.kind == REOPENED, fn.COALESCE(kind, "") == WITHDRAWN)], False)


def _line(row: tuple[Any, ...]) -> LedgerLine:
    seq, at, kind, appeal_id, key, external_id, source_id, source, received, is_closed, *rest = row
    operator, was_operator = _person(*rest[:3]), _person(*rest[3:6])
    was_withdrawn, drawn, *acts, message = rest[6:]
    return LedgerLine(
        *(seq, at, kind, appeal_id, key, external_id, source_id, source, received),
        _status(kind, operator, is_closed=is_closed),
        operator,
        _was_status(kind, was_operator, was_withdrawn=was_withdrawn),
        was_operator,
        bool(drawn),
        _cause(*acts),
        message,
    )


def _person(operator_id: int | None, name: str | None, contact: str | None) -> Person | None:
    return None if operator_id is None else Person(operator_id, name, contact)


def _status(kind: str, operator: Person | None, *, is_closed: bool) -> str:
    if is_closed:
        return "withdrawn" if kind == WITHDRAWN else "closed"
    return "waiting" if operator is None else "open"


def _was_status(kind: str, was: Person | None, *, was_withdrawn: bool) -> str | None:
    if kind in (RECEIVED, IMPORTED):
        return None
    if kind == REOPENED:
        return "withdrawn" if was_withdrawn else "closed"
    return "waiting" if was is None else "open"


def _cause(*acts: Any) -> Cause | None:
    """Return the act; of a hand-out that is a part of one, the act that it belongs to."""
    event, act, actor, whole, whole_act, whole_actor = acts
    if whole is not None:
        return Cause(whole_act, whole, whole_actor)
    return None if event is None else Cause(act, event, actor)


def fields_of(
    line: LedgerLine, *, messages: bool = True, seen_by: int | None = None
) -> dict[str, object]:
    """Return a line as the object that programs get, in the shape of Standard Webhooks.

    A message that was read goes with it, unless `messages` leaves it out. An operator, `seen_by`,
    is shown no contacts but their own.
    """
    appeal: dict[str, object] = {
        "id": line.appeal_id,
        "key": line.key,
        "external_id": line.external_id,
        "source": line.source,
        "source_id": line.source_id,
        "received": stamp(line.received),
        "status": line.status,
        "operator": _named(line.operator, seen_by),
    }
    if messages and line.message is not None:
        appeal["message"] = line.message
    was = line.was_status and {
        "status": line.was_status,
        "operator": _named(line.was_operator, seen_by),
    }
    return {
        "seq": line.seq,
        "type": f"appeal.{line.kind}",
        "timestamp": stamp(line.at),
        "data": {
            "appeal": appeal,
            "was": was,
            "drawn": line.drawn,
            "cause": line.cause and asdict(line.cause),
        },
    }


def _named(person: Person | None, seen_by: int | None) -> dict[str, object] | None:
    if person is None:
        return None
    is_shown = seen_by in (None, person.id)
    return person._asdict() if is_shown else person._replace(contact="")._asdict()

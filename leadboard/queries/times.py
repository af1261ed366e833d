"""The times of an appeal: received, first assigned, assigned to whoever has it now, closed.

All but the first and the last are read from the ledger, for the appeals of one page at a time. What
the ledger does not tell, as for an appeal that was imported with its operator, is None.

- An appeal waits since it was received, as its lead has had no answer since; after a reopening,
  since that.
- It is held since its operator got it without a break: assigned, moved or reopened with it.
- An undo takes a closing back as if it had never been, so it begins neither wait nor hold anew; nor
  does a redo that brings a withdrawn appeal back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from peewee import Case, fn

from leadboard.allocation.journal import UNDO
from leadboard.allocation.ledger import IMPORTED, RECEIVED, REOPENED, WITHDRAWN
from leadboard.database.compiled_queries import Compiled, Param, chunks
from leadboard.database.fields import NoMoment
from leadboard.database.transactions import reading
from models import Appeal, AppealStep, Event, Source, is_waiting


@dataclass(frozen=True, slots=True)
class Times:
    """The times of one appeal; None for what has not happened, or what is not known.

    `assigned_at` is when the present operator got it, or the last one of a closed appeal;
    `waits_since` is that of a waiting appeal only.
    """

    received_at: datetime | None = None
    first_assigned_at: datetime | None = None
    assigned_at: datetime | None = None
    waits_since: datetime | None = None
    closed_at: datetime | None = None

    @property
    def waited(self) -> timedelta | None:
        """Return how long the lead waited until somebody had the appeal for the first time."""
        return _between(self.received_at, self.first_assigned_at)

    @property
    def took(self) -> timedelta | None:
        """Return how long a closed appeal took from its arrival."""
        return _between(self.received_at, self.closed_at)

    def held(self, now: datetime) -> timedelta | None:
        """Return how long the operator has had the appeal, or had it until it was closed."""
        return _between(self.assigned_at, self.closed_at or now)

    def waits(self, now: datetime) -> timedelta | None:
        """Return how long a waiting appeal has waited."""
        return _between(self.waits_since, now)


UNKNOWN = Times()


def whole_seconds(length: timedelta | None) -> int | None:
    """Return a length of time for files and other programs, None for an unknown one."""
    return None if length is None else int(length.total_seconds())


_NOTHING = timedelta()


def _between(start: datetime | None, end: datetime | None) -> timedelta | None:
    """Return the time between two moments, None if one is missing or is no moment."""
    if start is None or end is None or isinstance(start, NoMoment) or isinstance(end, NoMoment):
        return None
    # Clocks of two machines may differ, so that an end comes before its start.
    return max(_NOTHING, end - start)


class State(NamedTuple):
    """What the row of an appeal says: the rest of its times is in the ledger."""

    id: int
    received_at: datetime
    operator_id: int | None = None
    closed_at: datetime | None = None


Line = tuple[int, datetime, str, int | None, int | None, str | None]
"""A line of the ledger, as far as it tells of times: its appeal, its moment and kind, the operator
after it and before it, and for a reopening the act."""


@cache
def _lines(count: int) -> Compiled:
    line = AppealStep
    # Only of reopenings: to look for the act of every line would take as long as the rest.
    act = Event.select(Event.act).where(Event.id == line.event)
    columns = (line.appeal, line.at, line.kind, line.operator_id, line.was_operator_id)
    return Compiled(
        lambda: (
            line.select(*columns, Case(None, [(line.kind == REOPENED, act)]))
            .where(line.appeal.in_([Param(line.appeal)] * count))
            .order_by(line.appeal, line.place)
        )
    )


def times_of(states: Sequence[State]) -> dict[int, Times]:
    """Return the times of appeals by their ids, from as many lines as these appeals have."""
    told = _lines_of([state.id for state in states])
    return {state.id: _times(state, told.get(state.id, ())) for state in states}


def _lines_of(appeal_ids: Sequence[int]) -> dict[int, list[Line]]:
    """Return the lines of appeals in their order."""
    told: dict[int, list[Line]] = {}
    for chunk in chunks(appeal_ids):
        for line in _lines(len(chunk)).rows_in_turn(chunk):
            told.setdefault(line[0], []).append(line)
    return told


def _times(state: State, lines: Sequence[Line]) -> Times:
    _, received_at, operator_id, closed_at = state
    first_at = reopened_at = None
    given_at, given_to, is_imported = None, None, False
    was = ""
    for _, at, kind, holder, was_holder, act in lines:
        is_reopened = kind == REOPENED and act != UNDO and was != WITHDRAWN
        if is_reopened:
            reopened_at = at
        if holder is not None:
            first_at = first_at or at
            # What came after the closing was undone, which brought the closing back.
            if (is_reopened or holder != was_holder) and (closed_at is None or at <= closed_at):
                given_at, given_to, is_imported = at, holder, kind == IMPORTED
        was = kind
    is_held = given_to == operator_id and not is_imported
    is_waiting = operator_id is None and closed_at is None
    return Times(
        received_at,
        first_at if _begins(lines) else None,
        given_at if is_held else None,
        max(received_at, reopened_at or received_at) if is_waiting else None,
        closed_at,
    )


def _begins(lines: Sequence[Line]) -> bool:
    """Tell whether the first line is the arrival, with nothing before it that is not known."""
    if not lines:
        return False
    _, _, kind, operator_id, _, _ = lines[0]
    return kind == RECEIVED or (kind == IMPORTED and operator_id is None)


# --- the oldest wait ----------------------------------------------------------------------------

LOOKED_BEHIND = 50
"""Reopened appeals at the front of a source that are looked behind for one that waits longer."""

# Per source the lowest id in the index of what waits: a look-up for each, however many wait.
_FRONT = Appeal.alias()
_FIRST = _FRONT.select(fn.MIN(_FRONT.id)).where(
    _FRONT.source == Source.id, _FRONT.closed_at.is_null(), _FRONT.operator.is_null()
)
_HEADS = Compiled(
    lambda: Appeal.select(Appeal.id, Appeal.timestamp, Appeal.source).where(
        Appeal.id.in_(Source.select(_FIRST))
    )
)
_QUEUE = Compiled(
    lambda: (
        Appeal.select(Appeal.id, Appeal.timestamp)
        .where(Appeal.source == Param(Appeal.source), is_waiting())
        .order_by(Appeal.id)
        .limit(LOOKED_BEHIND)
    )
)


def oldest_waits() -> dict[int, datetime]:
    """Return by source since when the appeal that has waited longest waits.

    It is the first by id of its source, which is exact where ids grow with the moments of arrival:
    one that was imported with an earlier moment may have waited longer. One that was reopened
    waits since then, so those behind it are looked at as well, up to LOOKED_BEHIND of them.
    """
    return reading(_oldest_waits)


def _oldest_waits() -> dict[int, datetime]:
    heads = _HEADS.rows()
    since = _waits([(appeal_id, received_at) for appeal_id, received_at, _ in heads])
    oldest: dict[int, datetime] = {}
    for appeal_id, received_at, source_id in heads:
        is_reopened = since[appeal_id] != received_at
        found = _at_the_front(source_id) if is_reopened else [received_at]
        moments = [each for each in found if not isinstance(each, NoMoment)]
        if moments:
            oldest[source_id] = min(moments)
    return oldest


def _at_the_front(source_id: int) -> Iterator[datetime]:
    """Yield since when the first appeals of a source wait, up to one that was not reopened."""
    queue = _QUEUE.rows(source_id=source_id)
    since = _waits(queue)
    for appeal_id, received_at in queue:
        yield since[appeal_id]
        if since[appeal_id] == received_at:
            return


def _waits(waiting: Sequence[tuple[Any, ...]]) -> dict[int, datetime]:
    """Return since when appeals wait, by id; each is given with the moment of its arrival."""
    times = times_of([State(appeal_id, received_at) for appeal_id, received_at in waiting])
    return {key: each.waits_since for key, each in times.items() if each.waits_since is not None}

"""The record of acts as a list: who did what, and when; all of them, or those that are sought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple

from peewee import JOIN, Expression, ModelSelect

from leadboard.allocation.handouts import BY_ITSELF
from leadboard.allocation.journal import UNDO, last_words
from leadboard.common.case_folding import fold
from leadboard.common.text import clean
from leadboard.common.validation import storable
from leadboard.database.connection import BEYOND, engine, rows
from leadboard.database.transactions import reading
from leadboard.queries.terms import is_named
from models import Event

STEP, STEPS = 10_000, 5
"""Acts that one statement looks through for words, and statements of one part of a search."""
LATEST = 100
"""Acts that decide whether others are at work here, too."""


@dataclass(frozen=True, slots=True)
class Target:
    """The act that an undo or a redo is about."""

    id: int
    actor: str
    note: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One recorded act; `target` is the act that an undo or a redo was about."""

    id: int
    at: datetime
    actor: str
    act: str
    note: str
    target: Target | None
    is_undone: bool

    @property
    def meant(self) -> "EventRow | Target":
        """Return the act that undoing or redoing this one is about."""
        return self.target or self


@dataclass(frozen=True, slots=True)
class ActFilter:
    """Which acts a list shows: each word must be in the actor's name or in the note."""

    words: tuple[str, ...] = ()
    actor: str | None = None
    """The one whose acts are shown, None for everybody's."""


EVERY_ACT = ActFilter()


class Found(NamedTuple):
    """Acts that were found, newest first, and the id to go on from; None at the end."""

    rows: list[EventRow]
    edge: int | None


def words_in(text: str) -> tuple[str, ...]:
    """Return the words of a filter, without those of which a search sees nothing."""
    return tuple(word for word in storable(text).split() if fold(word))


def newest_events(
    limit: int, before: int | None = None, wanted: ActFilter = EVERY_ACT
) -> list[EventRow]:
    """Return a page of acts, newest first: the newest of all, or those before an id."""
    # Always a bound, so that no plan begins with a scan.
    edge = BEYOND if before is None else before
    return reading(lambda: _page(limit, edge, wanted, is_ascending=False))


def search_back(limit: int, before: int | None, wanted: ActFilter) -> Found:
    """Look for words in a bounded number of acts, the newest of all or those before an id."""
    edge = BEYOND if before is None else before

    def search() -> Found:
        ids, end = _ids(limit, edge, wanted, is_ascending=False, steps=STEPS)
        return Found(_rows(_events().where(Event.id.in_(ids))) if ids else [], end)

    return reading(search)


def events_after(limit: int, after: int, wanted: ActFilter = EVERY_ACT) -> list[EventRow]:
    """Return the page of acts just newer than an id, newest first."""
    return reading(lambda: _page(limit, after, wanted, is_ascending=True))


def events_of(event_ids: Sequence[int]) -> list[EventRow]:
    """Return acts by their ids, newest first."""
    return reading(lambda: _rows(_events().where(Event.id.in_(event_ids))))


def newest_event_id() -> int:
    """Return the id of the newest act, 0 if there is none."""
    newest = Event.select(Event.id).where(Event.id <= BEYOND).order_by(Event.id.desc()).limit(1)
    return reading(lambda: next((key for (key,) in rows(newest)), 0))


def has_others(actor: str) -> bool:
    """Tell whether some of the newest acts are somebody else's."""
    newest = Event.select(Event.actor).where(Event.id <= BEYOND).order_by(Event.id.desc())
    actors = reading(lambda: {name for (name,) in rows(newest.limit(LATEST))})
    return bool(actors - {storable(actor), BY_ITSELF})


def _page(limit: int, edge: int, wanted: ActFilter, *, is_ascending: bool) -> list[EventRow]:
    if not wanted.words:
        return _rows(_in_order(_events(), limit, edge, wanted, is_ascending=is_ascending))
    ids, _ = _ids(limit, edge, wanted, is_ascending=is_ascending)
    return _rows(_events().where(Event.id.in_(ids))) if ids else []


def _ids(
    limit: int, edge: int, wanted: ActFilter, *, is_ascending: bool, steps: int | None = None
) -> tuple[list[int], int | None]:
    """Return the first acts beyond an edge that hold every word, and where to go on.

    They are looked through in steps, of which `steps` are the most.
    """
    texts = (Event.actor, Event.note)
    hold = [engine().contains(texts, fold(word)) for word in wanted.words]
    found: list[int] = []
    end: int | None = edge
    taken = count()
    while end is not None and len(found) < limit and next(taken) != steps:
        start, end = end, _further(end, wanted, is_ascending=is_ascending)
        bounds = [] if end is None else [Event.id <= end if is_ascending else Event.id >= end]
        query = Event.select(Event.id, *texts).where(*bounds, *hold)
        most = limit - len(found)
        page = rows(_in_order(query, most, start, wanted, is_ascending=is_ascending))
        found += [key for key, *text in page if is_named("\n".join(text), wanted.words)]
        if len(page) == most:
            end = page[-1][0]  # there may be more within this step
    return found, end


def _further(edge: int, wanted: ActFilter, *, is_ascending: bool) -> int | None:
    """Return the id that is a step beyond an edge, None where there are fewer acts."""
    beyond = _in_order(Event.select(Event.id), 1, edge, wanted, is_ascending=is_ascending)
    return next((key for (key,) in rows(beyond.offset(STEP - 1))), None)


def _in_order(
    query: "ModelSelect[Any]", limit: int, edge: int, wanted: ActFilter, *, is_ascending: bool
) -> "ModelSelect[Any]":
    """Return the acts beyond an edge in order, without the parts of acts."""
    conditions: list[Expression] = [
        Event.id > edge if is_ascending else Event.id <= edge if edge == BEYOND else Event.id < edge
    ]
    if wanted.actor is not None:
        conditions.append(Event.actor == storable(wanted.actor))
    order = Event.id if is_ascending else Event.id.desc()
    return query.where(*conditions, Event.part_of.is_null()).order_by(order).limit(limit)


_TARGET, _LATER = Event.alias(), Event.alias()


def _events() -> "ModelSelect[Event]":
    """Return the acts, each with words about all that it handed out, and what was done to it."""
    columns = (Event.id, Event.at, Event.actor, Event.act, last_words(), Event.target)
    later = _LATER.select(_LATER.act).where(_LATER.target == Event.id)
    latest = later.order_by(_LATER.id.desc()).limit(1)
    return Event.select(*columns, _TARGET.actor, _TARGET.note, latest).join(
        _TARGET, JOIN.LEFT_OUTER, on=(_TARGET.id == Event.target)
    )


def _rows(query: "ModelSelect[Event]") -> list[EventRow]:
    """Return acts newest first."""
    return sorted(map(_row, rows(query)), key=lambda row: -row.id)


def _row(found: Sequence[Any]) -> EventRow:
    """Return an act from what `_events` has found, with text that is safe for a terminal."""
    key, at, actor, act, note, target, target_actor, target_note, latest = found
    meant = None if target is None else Target(target, clean(target_actor), clean(target_note))
    return EventRow(key, at, clean(actor), clean(act), clean(note), meant, latest == UNDO)


def event_of(event_id: int) -> EventRow | None:
    """Return one act, None if there is none with this id."""
    return next(iter(_rows(_events().where(Event.id == event_id))), None)


def reversals_of(event_id: int, limit: int) -> list[EventRow]:
    """Return what undid an act or did it again, newest first."""
    about = _events().where(Event.target == event_id)
    return _rows(about.order_by(Event.id.desc()).limit(limit))

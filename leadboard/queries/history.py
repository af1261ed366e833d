"""The record of acts as a list: who did what, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import ModelSelect

from leadboard.allocation.journal import last_words
from leadboard.common.text import clean
from leadboard.database.connection import BEYOND, rows
from leadboard.database.transactions import plainly
from models import Event


@dataclass(frozen=True, slots=True)
class EventRow:
    """One recorded act; `target` is the act that an undo or a redo was about."""

    id: int
    at: datetime
    actor: str
    act: str
    note: str
    target: int | None


def newest_events(limit: int, before: int | None = None) -> Sequence[EventRow]:
    """Return a page of acts, newest first: the newest of all, or those before an id."""
    # Always a bound, so that no plan begins with a scan.
    bound = Event.id <= BEYOND if before is None else Event.id < before
    return _rows(_events().where(bound).order_by(Event.id.desc()).limit(limit))


def events_after(limit: int, after: int) -> Sequence[EventRow]:
    """Return the page of acts just newer than an id, newest first."""
    return _rows(_events().where(Event.id > after).order_by(Event.id).limit(limit))[::-1]


def _events() -> "ModelSelect[Event]":
    """Return the acts, each with words about all that it handed out, and without their parts."""
    return Event.select(
        Event.id, Event.at, Event.actor, Event.act, last_words(), Event.target
    ).where(Event.part_of.is_null())


def _rows(query: "ModelSelect[Event]") -> list[EventRow]:
    with plainly():
        return [
            EventRow(key, at, clean(actor), act, clean(note), target)
            for key, at, actor, act, note, target in rows(query)
        ]

"""The record of acts: what each did to which row, kept so that it can be shown and taken back."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import chain

from models import Event, EventChange
from prepared import Prepared, slot
from store import now, rows

REPAIR = "repair"
"""The one act that cannot be undone."""

CHUNK = 100
"""Rows of one statement."""

Columns = Mapping[str, object]
"""Column names and values of one row, as JSON holds them."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row before and after an act; None means that there was no row."""

    subject: str
    before: Columns | None
    after: Columns | None


@dataclass(slots=True)
class Journal:
    """What the act under way has done so far, the first `before` and the last `after` of a row."""

    changes: dict[str, Change] = field(default_factory=dict)

    def note(self, subject: str, before: Columns | None, after: Columns | None) -> None:
        """Add one change of the row that `subject` names, such as `operator:3`."""
        earlier = self.changes.get(subject)
        if earlier is None:
            self.changes[subject] = Change(subject, before, after)
            return
        self.changes[subject] = Change(
            subject, _over(before, earlier.before), _over(earlier.after, after)
        )

    def __iter__(self) -> Iterator[Change]:
        return (change for change in self.changes.values() if _is_told(change))

    def write(
        self, actor: str, act: str, note: str, *, forced: bool = False, target: int | None = None
    ) -> int:
        """Store the act with its changes in the transaction under way and return the event's id."""
        event_id: int = Event.insert(
            at=now(), actor=actor, act=act, note=note, forced=forced, target=target
        ).execute()
        changes = [
            (event_id, each.subject, to_json(each.before), to_json(each.after)) for each in self
        ]
        for start in range(0, len(changes), CHUNK):
            chunk = changes[start : start + CHUNK]
            _new_changes(len(chunk)).changes_in_turn(chain.from_iterable(chunk))
        return event_id

    def extend(self, event_id: int, note: str) -> None:
        """Add to a stored act what went on of it in a later transaction, and word it anew."""
        earlier = {change.subject: change for change in changes_of(event_id)}
        for each in self:
            known = earlier.get(each.subject)
            row = (EventChange.event == event_id) & (EventChange.subject == each.subject)
            if known is None:
                EventChange.insert(
                    event=event_id,
                    subject=each.subject,
                    before=to_json(each.before),
                    after=to_json(each.after),
                ).execute()
            else:
                EventChange.update(
                    before=to_json(_over(each.before, known.before)),
                    after=to_json(_over(known.after, each.after)),
                ).where(row).execute()
        Event.update(note=note).where(Event.id == event_id).execute()


@cache
def _new_changes(count: int) -> Prepared:
    names = ("event", "subject", "before", "after")
    return Prepared(
        lambda: EventChange.insert_many(
            [{name: slot(name) for name in names} for _ in range(count)]
        )
    )


def _is_told(change: Change) -> bool:
    # An appeal that was returned and drew the same ticket again is as it was, but was returned:
    # its history says so, and undo finds the act. Any other row that ends as it began is no news.
    return change.before != change.after or row_of(change.subject)[0] == "appeal"


def _over(base: Columns | None, top: Columns | None) -> Columns | None:
    """Lay the columns of `top` over those of `base`; no row on top stays no row."""
    if top is None or base is None:
        return top
    return {**base, **top}


def changes_of(event_id: int) -> list[Change]:
    """Return what the event did, row by row."""
    found = EventChange.select(EventChange.subject, EventChange.before, EventChange.after).where(
        EventChange.event == event_id
    )
    return [
        Change(subject, from_json(before), from_json(after))
        for subject, before, after in rows(found)
    ]


_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def to_json(columns: Columns | None) -> str | None:
    """Return the canonical JSON of a row."""
    return None if columns is None else _WRITER.encode(columns)


def from_json(text: str | None) -> Columns | None:
    """Return the row that `to_json` wrote."""
    if text is None:
        return None
    columns: dict[str, object] = json.loads(text)
    return columns


def subject_of(table: str, *key: int) -> str:
    """Return the name of a row in the record: `operator:3`, `weight:3:7`."""
    return ":".join([table, *map(str, key)])


def row_of(subject: str) -> tuple[str, tuple[int, ...]]:
    """Return the table and key that `subject_of` put together."""
    table, *key = subject.split(":")
    return table, tuple(map(int, key))

"""The record of acts: what each did to which row, so that it can be shown and undone."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any

from peewee import Function, fn

from leadboard.database.compiled_queries import Compiled, chunks, params
from leadboard.database.connection import rows
from leadboard.database.fields import UtcField, moment_of, now, stamp
from models import Appeal, Event, EventChange, Operator, OperatorSource, Source

REPAIR = "repair"
"""The one act that cannot be undone."""

Columns = Mapping[str, object]
"""Column names and values of one row."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row before and after an act; None means that there was no row."""

    subject: str
    before: Columns | None
    after: Columns | None


@dataclass(slots=True)
class Journal:
    """What the current act has done so far: the first `before` and the last `after` of each row."""

    changes: dict[str, Change] = field(default_factory=dict)
    at: datetime = field(default_factory=now)
    """When the act is done: one moment for all that it does."""
    odd_names: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    """The result of `names.odd_names` by table, read once for an act that names many rows."""

    def add(self, change: Change) -> None:
        """Add a change that another journal holds."""
        self.note(change.subject, change.before, change.after)

    def add_all(self, changes: Iterable[Change]) -> None:
        """Add the changes of another journal."""
        for change in changes:
            self.add(change)

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
        self,
        actor: str,
        act: str,
        note: str,
        *,
        forced: bool = False,
        target: int | None = None,
        part_of: int | None = None,
    ) -> int:
        """Store the act with its changes in the current transaction and return the event's id.

        `target` is the act that an undo or a redo is about, `part_of` the one that a part belongs
        to.
        """
        event_id: int = Event.insert(
            at=self.at,
            actor=actor,
            act=act,
            note=note,
            forced=forced,
            target=target,
            part_of=part_of,
        ).execute()
        changes = [
            (event_id, each.subject, to_json(each.before), to_json(each.after)) for each in self
        ]
        for chunk in chunks(changes):
            _new_changes(len(chunk)).changes_in_turn(chain.from_iterable(chunk))
        return event_id


@cache
def _new_changes(count: int) -> Compiled:
    columns = (EventChange.event, EventChange.subject, EventChange.before, EventChange.after)
    return Compiled(lambda: EventChange.insert_many([params(*columns)] * count))


def _is_told(change: Change) -> bool:
    # An appeal that was returned and drew the same again ends as it began, but its history must
    # show the return and undo must find it. Any other row that ends as it began is left out.
    return change.before != change.after or row_of(change.subject)[0] == "appeal"


def _over(base: Columns | None, top: Columns | None) -> Columns | None:
    """Return `base` with the columns of `top` over it, `top` itself if either is no row."""
    if top is None or base is None:
        return top
    return {**base, **top}


def changes_of(event_id: int) -> list[Change]:
    """Return what the act did with all its parts, row by row: the first before, the last after."""
    parts = Event.select(Event.id).where((Event.id == event_id) | (Event.part_of == event_id))
    found = (
        EventChange.select(EventChange.subject, EventChange.before, EventChange.after)
        .where(EventChange.event.in_(parts))
        .order_by(EventChange.event)
    )
    whole = Journal()
    for subject, before, after in rows(found):
        table = subject.partition(":")[0]
        whole.note(subject, from_json(before, table), from_json(after, table))
    return list(whole)


_PART = Event.alias()


def last_words() -> Function:
    """Return what to select for an act's sentence, with all that it has handed out so far."""
    # Each part carries the total so far, so that no event has to be rewritten.
    newest = _PART.select(_PART.note).where(_PART.part_of == Event.id)
    return fn.COALESCE(newest.order_by(_PART.part_of.desc(), _PART.id.desc()).limit(1), Event.note)


_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=stamp)
_TABLES = {"operator": Operator, "source": Source, "weight": OperatorSource, "appeal": Appeal}
_MOMENTS = {
    name: [field.column_name for field in table._meta.sorted_fields if isinstance(field, UtcField)]
    for name, table in _TABLES.items()
}
"""The columns that JSON has no type for, by the first word of a subject."""


def to_json(columns: Columns | None) -> str | None:
    """Return the canonical JSON of a row; a moment is written as in its table."""
    return None if columns is None else _WRITER.encode(columns)


def from_json(text: str | None, table: str) -> Columns | None:
    """Return the row that `to_json` wrote; `table` is the first word of its subject."""
    if text is None:
        return None
    columns: dict[str, Any] = json.loads(text)
    for name in _MOMENTS.get(table, ()):
        if columns.get(name) is not None:
            columns[name] = moment_of(columns[name])
    return columns


def subject_of(table: str, *key: int) -> str:
    """Return the name of a row in the record: `operator:3`, `weight:3:7`."""
    return ":".join([table, *map(str, key)])


def row_of(subject: str) -> tuple[str, tuple[int, ...]]:
    """Return the table and key that `subject_of` put together."""
    table, *key = subject.split(":")
    return table, tuple(map(int, key))

"""The record of acts: what each did to which row, so that it can be shown and undone."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any

from peewee import Function, fn

from leadboard.allocation import ledger
from leadboard.allocation.ledger import AppealChange, Columns
from leadboard.allocation.ledger_reading import with_parts
from leadboard.common.language import _
from leadboard.database.compiled_queries import Compiled, chunks, params
from leadboard.database.connection import rows
from leadboard.database.fields import now
from models import Event, EventChange

REPAIR, PRUNE, TOKEN, HOOK, SEAL = "repair", "prune", "token", "hook", "seal"
FOR_GOOD = {
    REPAIR: _("A repair"),
    PRUNE: _("A pruning"),
    TOKEN: _("A token"),
    HOOK: _("A change of a hook"),
    SEAL: _("A seal that was ended"),
}
"""The acts that cannot be undone, as sentences call them."""
UNDO, REDO = "undo", "redo"
"""The acts that take another one back, or do it again."""


@dataclass(frozen=True, slots=True)
class TeamChange:
    """One row of the team before and after an act; None means that there was no row."""

    subject: str
    before: Columns | None
    after: Columns | None


@dataclass(slots=True)
class Journal:
    """What the current act has done so far: to rows of the team, and to appeals in their order.

    Of each row of the team it holds the first `before` and the last `after`.
    """

    team: dict[str, TeamChange] = field(default_factory=dict)
    appeals: list[AppealChange] = field(default_factory=list)
    at: datetime = field(default_factory=now)
    """When the act is done: one moment for all that it does."""
    odd_names: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    """The result of `names.odd_names` by table, read once for an act that names many rows."""

    def note(self, subject: str, before: Columns | None, after: Columns | None) -> None:
        """Add one change of the row that `subject` names, such as `operator:3`."""
        earlier = self.team.get(subject)
        if earlier is None:
            self.team[subject] = TeamChange(subject, before, after)
            return
        self.team[subject] = TeamChange(
            subject, _over(before, earlier.before), _over(earlier.after, after)
        )

    def note_appeal(self, change: AppealChange) -> None:
        """Add one change of an appeal."""
        self.appeals.append(change)

    @property
    def told(self) -> list[TeamChange]:
        """Return the rows of the team that do not end as they began."""
        return [each for each in self.team.values() if each.before != each.after]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was changed."""
        return not self.appeals and not self.told

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
            (event_id, each.subject, to_json(each.before), to_json(each.after))
            for each in self.told
        ]
        for chunk in chunks(changes):
            _new_changes(len(chunk)).changes_in_turn(chain.from_iterable(chunk))
        ledger.write(self.appeals, self.at, event_id)
        return event_id

    def write_without_act(self) -> None:
        """Store the changes of appeals in the current transaction, for an arrival."""
        ledger.write(self.appeals, self.at, None)


@cache
def _new_changes(count: int) -> Compiled:
    columns = (EventChange.event, EventChange.subject, EventChange.before, EventChange.after)
    return Compiled(lambda: EventChange.insert_many([params(*columns)] * count))


def _over(base: Columns | None, top: Columns | None) -> Columns | None:
    """Return `base` with the columns of `top` over it, `top` itself if either is no row."""
    if top is None or base is None:
        return top
    return {**base, **top}


def team_changes_of(event_id: int) -> list[TeamChange]:
    """Return what the act did with all its parts to the team: the first before, the last after."""
    found = (
        EventChange.select(EventChange.subject, EventChange.before, EventChange.after)
        .where(EventChange.event.in_(with_parts(event_id)))
        .order_by(EventChange.event)
    )
    whole = Journal()
    for subject, before, after in rows(found):
        whole.note(subject, from_json(before), from_json(after))
    return whole.told


_PART = Event.alias()


def last_words() -> Function:
    """Return what to select for an act's sentence, with all that it has handed out so far."""
    # Each part carries the total so far, so that no event has to be rewritten.
    newest = _PART.select(_PART.note).where(_PART.part_of == Event.id)
    return fn.COALESCE(newest.order_by(_PART.part_of.desc(), _PART.id.desc()).limit(1), Event.note)


_WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def to_json(columns: Columns | None) -> str | None:
    """Return the canonical JSON of a row."""
    return None if columns is None else _WRITER.encode(columns)


def from_json(text: str | None) -> Columns | None:
    """Return the row that `to_json` wrote."""
    if text is None:
        return None
    columns: dict[str, Any] = json.loads(text)
    return columns


def subject_of(table: str, *key: int) -> str:
    """Return the name of a row in the record: `operator:3`, `weight:3:7`."""
    return ":".join([table, *map(str, key)])


def row_of(subject: str) -> tuple[str, tuple[int, ...]]:
    """Return the table and key that `subject_of` put together."""
    table, *key = subject.split(":")
    return table, tuple(map(int, key))

"""One act in full: what it changed, row by row in words, and what undid it or did it again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from leadboard.allocation.appeals import worded
from leadboard.allocation.journal import from_json, row_of
from leadboard.allocation.ledger import CLOSED, IMPORTED, RECEIVED, REOPENED, WITHDRAWN, Columns
from leadboard.allocation.ledger_reading import with_parts
from leadboard.common.errors import Missing
from leadboard.common.language import _, pgettext
from leadboard.common.text import clean
from leadboard.database.connection import rows
from leadboard.database.transactions import plainly
from leadboard.entities import NONE, OPERATOR, SOURCE, Column, Entity, Kind
from leadboard.queries.code_words import kind_words
from leadboard.queries.history import EventRow, event_of, reversals_of
from leadboard.queries.operator_names import names_of, source_names_of
from models import Appeal, AppealStep, Event, EventChange, Lead, Source

MOST_CHANGES = 100
"""Changes of each kind that are shown of one act."""
MOST_REVERSALS = 10


@dataclass(frozen=True, slots=True)
class ActDetails:
    """An act, each of its changes in words, and what undid it or did it again, newest first.

    `has_more` says that it changed more than is listed.
    """

    event: EventRow
    is_forced: bool
    changes: Sequence[str]
    has_more: bool
    reversals: Sequence[EventRow]


def details_of(event_id: int) -> ActDetails:
    """Return an act in full; raises Missing when there is none with this id."""
    with plainly():
        event = event_of(event_id)
        if event is None:
            raise Missing(_("There is no act #{id}.", id=event_id), "event")
        [(forced,)] = rows(Event.select(Event.forced).where(Event.id == event_id))
        team, appeals = _team_changes(event_id), _appeal_changes(event_id)
        return ActDetails(
            event,
            bool(forced),
            [*team[:MOST_CHANGES], *appeals[:MOST_CHANGES]],
            max(len(team), len(appeals)) > MOST_CHANGES,
            reversals_of(event_id, MOST_REVERSALS),
        )


# --- the team -----------------------------------------------------------------------------------


def _team_changes(event_id: int) -> list[str]:
    changed = (
        EventChange.select(EventChange.subject, EventChange.before, EventChange.after)
        .where(EventChange.event == event_id)
        .order_by(EventChange.subject)
        .limit(MOST_CHANGES + 1)
    )
    found = [
        (*row_of(subject), from_json(before), from_json(after))
        for subject, before, after in rows(changed)
    ]
    weights = [row[1] for row in found if row[0] == "weight"]
    operators = names_of(sorted({key[0] for key in weights} | _keys(found, OPERATOR)))
    sources = source_names_of(sorted({key[1] for key in weights} | _keys(found, SOURCE)))
    names = {OPERATOR.word: operators, SOURCE.word: sources}
    return [
        _weight(f"{operators[key[0]]} · {sources[key[1]]}", before, after)
        if table == "weight"
        else _row(_ENTITIES[table], names[table][key[0]], before, after)
        for table, key, before, after in found
    ]


_ENTITIES = {entity.word: entity for entity in (OPERATOR, SOURCE)}
_CHANGES = {
    OPERATOR.word: _("Operator {name}: {changes}"),
    SOURCE.word: _("Source {name}: {changes}"),
}
_NO_WEIGHT = pgettext("weight", "none")


def _keys(found: Iterable[tuple[Any, ...]], entity: Entity) -> set[int]:
    return {row[1][0] for row in found if row[0] == entity.word}


def _weight(names: str, before: Columns | None, after: Columns | None) -> str:
    was, became = (_NO_WEIGHT if each is None else each["weight"] for each in (before, after))
    return _("{names}: weight {was} → {became}", names=names, was=was, became=became)


def _row(entity: Entity, name: str, before: Columns | None, after: Columns | None) -> str:
    """Return the change of a row: `Operator Anna: limit 10 → 12`."""
    if before is None or after is None:
        verb, whole = (_("added"), after or {}) if before is None else (_("deleted"), before)
        changes = [verb, *_values(entity, whole)]
        # The name of then: who was deleted may be named differently, or not at all, by now.
        name = clean(str(whole.get("name", name)))
    else:
        changes = [
            _change(column, before.get(column.name), after[column.name])
            for column in entity.columns
            if column.name in after and before.get(column.name) != after[column.name]
        ]
    return _CHANGES[entity.word].format(name=name, changes=", ".join(changes))


def _values(entity: Entity, columns: Columns) -> Iterable[str]:
    """Yield what a row that was added or deleted held, besides its name."""
    for column in entity.columns[1:]:
        value = columns.get(column.name)
        if value == column.default and not column.has_key:
            continue
        if column.kind is Kind.FLAG:
            yield column.switched(value)
        elif value not in (None, ""):
            yield f"{column.label} {_shown(column, value)}"


def _change(column: Column, before: object, after: object) -> str:
    if column.kind is Kind.FLAG:
        return column.change(before, after)
    return f"{column.label} {_shown(column, before)} → {_shown(column, after)}"


def _shown(column: Column, value: object) -> str:
    text = clean(str(value))
    return _("“{text}”", text=text) if column.kind is Kind.TEXT else text or NONE


# --- appeals ------------------------------------------------------------------------------------


class _Step(NamedTuple):
    """A line of the ledger, with who wrote the appeal."""

    appeal_id: int
    lead: str
    source: str
    kind: str
    was_operator_id: int | None
    operator_id: int | None
    closed_at: datetime | None
    is_drawn: bool


def _appeal_changes(event_id: int) -> list[str]:
    line = AppealStep
    found = (
        line.select(
            *(line.appeal, Lead.external_id, Source.name, line.kind),
            *(line.was_operator_id, line.operator_id, line.closed_at, line.drawn),
        )
        .join(Appeal)
        .join(Lead)
        .switch(Appeal)
        .join(Source)
        .where(line.event.in_(with_parts(event_id)))
        .order_by(line.place)
        .limit(MOST_CHANGES + 1)
    )
    steps = [_Step(*row) for row in rows(found)]
    ids = {each for step in steps for each in (step.was_operator_id, step.operator_id)} - {None}
    names = names_of(sorted(each for each in ids if each is not None))
    return [_step_words(step, names) for step in steps]


def _step_words(step: _Step, names: Mapping[int, str]) -> str:
    """Return a change of an appeal: `Appeal #7 of tg_5 (vk): with Anna → closed`."""
    called = worded(clean(step.lead), clean(step.source))
    became = _became(step, names)
    return _(
        "Appeal #{id} of {lead}: {was} → {became}",
        id=step.appeal_id,
        lead=called,
        was=_was(step, names),
        became=_("{became} by lottery", became=became) if step.is_drawn else became,
    )


def _was(step: _Step, names: Mapping[int, str]) -> str:
    if step.kind in (RECEIVED, IMPORTED):
        return kind_words(step.kind)
    if step.kind == REOPENED:
        return kind_words(CLOSED)
    return _with(step.was_operator_id, names)


def _became(step: _Step, names: Mapping[int, str]) -> str:
    if step.closed_at is not None:
        return kind_words(WITHDRAWN if step.kind == WITHDRAWN else CLOSED)
    return _with(step.operator_id, names)


def _with(operator_id: int | None, names: Mapping[int, str]) -> str:
    if operator_id is None:
        return pgettext("appeal", "waiting")
    return _("with {operator}", operator=names[operator_id])

"""Why an appeal went where it went, what happened since, and what would get it handed out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from peewee import JOIN, ModelSelect

from leadboard.allocation.journal import from_json, subject_of
from leadboard.allocation.lottery import FULL, INACTIVE, Candidate, Candidates, left_out, pick
from leadboard.common.errors import Missing
from leadboard.common.text import clean
from leadboard.database.connection import rows
from leadboard.database.transactions import plainly
from leadboard.queries.appeals import AppealRow, cleaned, with_names
from models import Appeal, AppealStep, Event, EventChange, Operator, OperatorSource, Roster


@dataclass(frozen=True, slots=True)
class Chance:
    """One operator on the roster of a draw: their weight and chance, or why they were left out."""

    operator_id: int
    name: str
    weight: int
    share: float
    reason: str | None
    was_drawn: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """One recorded act that touched the appeal."""

    at: datetime
    actor: str
    act: str
    note: str


class Way(Enum):
    """The kinds of acts that get a waiting appeal handed out."""

    RAISE_LIMIT = auto()
    """Arguments: the operator, and by how much."""
    SWITCH_ON = auto()
    """Arguments: the operator."""
    LINK = auto()
    """Arguments: the operator, the source and the weight."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """An act that gets a waiting appeal handed out: its words, kind and arguments."""

    words: str
    way: Way
    arguments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about where an appeal is, and why; its message has all its lines."""

    appeal: AppealRow
    draw: int | None
    roster: Sequence[Chance]
    since: Sequence[Moment]
    remedies: Sequence[Remedy]


def explain(appeal_id: int) -> Explanation:
    """Return the explanation of an appeal; raises Refused when there is none with this id."""
    with plainly():
        return _explain(appeal_id)


def _explain(appeal_id: int) -> Explanation:
    found = rows(with_names(Appeal.draw, Appeal.roster).where(Appeal.id == appeal_id))
    if not found:
        raise Missing(f"There is no appeal #{appeal_id}.", "appeal")
    *columns, draw, roster_id = found[0]
    row = cleaned(columns)
    return Explanation(
        # The message as it is: the details clean it line by line.
        # With all its lines: the details clean each of them.
        replace(row, message=AppealRow(*columns).message),
        draw,
        _chances(roster_id, draw) if roster_id is not None else (),
        _history(appeal_id),
        tuple(_remedies(row.source_id)) if row.is_waiting else (),
    )


def _chances(roster_id: int, draw: int | None) -> tuple[Chance, ...]:
    content = rows(Roster.select(Roster.content).where(Roster.id == roster_id))[0][0]
    candidates = Candidates.parse(content)
    names = names_of([each.operator_id for each in candidates.entries])
    drawn = pick(candidates, draw) if draw is not None else None
    total = candidates.total
    return tuple(
        Chance(
            each.operator_id,
            names[each.operator_id],
            each.weight,
            _share(each, total),
            each.reason,
            each.operator_id == drawn,
        )
        for each in candidates.entries
    )


def _share(candidate: Candidate, total: int) -> float:
    return candidate.weight / total if candidate.reason is None and total else 0.0


def names_of(operator_ids: Sequence[int]) -> dict[int, str]:
    """Return names by id; for operators deleted since, the last one in the record."""
    names: dict[int, str] = {}
    for start in range(0, len(operator_ids), 500):
        part = list(operator_ids[start : start + 500])
        found = Operator.select(Operator.id, Operator.name).where(Operator.id.in_(part))
        names |= {operator_id: clean(name) for operator_id, name in rows(found)}
    gone = [operator_id for operator_id in operator_ids if operator_id not in names]
    return names | {operator_id: f"{_last_name(operator_id)} (deleted)" for operator_id in gone}


def _last_name(operator_id: int) -> str:
    """Return the name that the act of deleting recorded."""
    deleted = (
        EventChange.select(EventChange.before)
        .where(
            EventChange.subject == subject_of("operator", operator_id), EventChange.after.is_null()
        )
        .order_by(EventChange.event.desc())
        .limit(1)
    )
    for (before,) in rows(deleted):
        return clean(str((from_json(before) or {}).get("name", "")))
    return f"#{operator_id}"


def _history(appeal_id: int) -> tuple[Moment, ...]:
    # Each act once: one that returned an appeal may have handed it out again.
    acts = AppealStep.select(AppealStep.event).where(AppealStep.appeal == appeal_id)
    found = (
        Event.select(Event.at, Event.actor, Event.act, Event.note)
        .where(Event.id.in_(acts))
        .order_by(Event.id)
    )
    return tuple(Moment(at, clean(actor), act, clean(note)) for at, actor, act, note in rows(found))


def _remedies(source_id: int) -> Iterator[Remedy]:
    """Yield each single act after which somebody is eligible for this source."""
    for operator_id, name, is_active, load, max_load, weight in rows(_everybody(source_id)):
        shown = clean(name)
        reason = left_out(is_active, load, max_load, weight or 0)
        if reason == FULL and weight:
            # Acts by force may have gone beyond the limit.
            step = load - max_load + 1
            yield Remedy(f"{shown}'s limit +{step}", Way.RAISE_LIMIT, (operator_id, step))
        elif reason == INACTIVE and weight and load < max_load:
            yield Remedy(f"{shown} active", Way.SWITCH_ON, (operator_id,))
        elif is_active and load < max_load and not weight:
            yield Remedy(f"weight for {shown}", Way.LINK, (operator_id, source_id, 1))


def _everybody(source_id: int) -> "ModelSelect[Operator]":
    link = (OperatorSource.operator == Operator.id) & (OperatorSource.source == source_id)
    return (
        Operator.select(
            Operator.id,
            Operator.name,
            Operator.is_active,
            Operator.load,
            Operator.max_load,
            OperatorSource.weight,
        )
        .join(OperatorSource, JOIN.LEFT_OUTER, on=link)
        .order_by(Operator.id)
    )

"""Which act handed out waiting appeals: each hand-out is recorded as a part of an act.

An act that lets more be handed out than fits one transaction is open until nothing is left. Until
then every hand-out, by the act itself, by another one or by an arrival, is recorded as a part of
the act that made it possible; without such an act it is an event of its own. An event never
changes after it is recorded.
"""

import json
import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from leadboard.allocation.backlog import DRAIN_BATCH, Drained, drain, flowing
from leadboard.allocation.journal import Journal, TeamChange, last_words, row_of
from leadboard.common.language import ngettext
from leadboard.database.compiled_queries import Compiled, Param, chunks
from leadboard.database.connection import rows
from models import Appeal, Event, OpenDrain, OperatorSource

HAND_OUT = "hand out"
"""The act recorded for a part, and for hand-outs without an act; neither is undone alone."""

BY_ITSELF = "lottery"
"""The actor of hand-outs without an act, such as into places that another program made."""


class Open(NamedTuple):
    """An act with an unfinished drain, and the operators to whom it may still hand out appeals."""

    event_id: int
    actor: str
    note: str
    given: int
    operators: frozenset[int]


Parts = Mapping[Open, Journal]
"""What was handed out, by the open acts that let it through."""


_OPEN = Compiled(
    lambda: (
        OpenDrain.select(
            OpenDrain.event, Event.actor, OpenDrain.note, OpenDrain.given, OpenDrain.operators
        )
        .join(Event)
        .order_by(OpenDrain.event)
    )
)
_THIS = OpenDrain.event == Param(OpenDrain.event)
_GIVEN = Compiled(lambda: OpenDrain.update(given=Param(OpenDrain.given)).where(_THIS))
_CLOSE = Compiled(lambda: OpenDrain.delete().where(_THIS))
_CLOSE_ALL = Compiled(lambda: OpenDrain.delete())


def open_acts() -> list[Open]:
    """Return the acts with an unfinished drain, oldest first."""
    return [
        Open(event_id, actor, note, given, frozenset(json.loads(operators)))
        for event_id, actor, note, given, operators in _OPEN.rows()
    ]


def is_open(event_id: int) -> bool:
    """Tell whether the drain of an act is unfinished: neither undone nor all handed out."""
    return any(act.event_id == event_id for act in open_acts())


def leave_open(event_id: int, note: str, given: int, journal: Journal) -> None:
    """Record that an act lets more be handed out than its own transaction did."""
    OpenDrain.insert(
        event=event_id, note=note, given=given, operators=json.dumps(sorted(_reached(journal)))
    ).execute()


def close_act(event_id: int) -> None:
    """End the drain of an act, because it is undone."""
    _CLOSE.changes(event_id=event_id)


def close_all() -> None:
    """End the drains of all acts, because nothing is left to hand out."""
    _CLOSE_ALL.changes()


def close_what_ended() -> None:
    """End the drains of all acts if others have handed out, or closed, all that was left."""
    if open_acts() and not flowing():
        close_all()


def with_given(note: str, given: int) -> str:
    """Return the sentence of an act with how many waiting appeals it handed out."""
    return f"{note}; {_handed_out(given)}" if given else note


def _handed_out(given: int) -> str:
    return ngettext("{n} waiting handed out", "{n} waiting handed out", given)


def share(flow: Journal) -> tuple[Parts, Journal]:
    """Return the hand-outs that open acts made possible, by act, and the rest."""
    rest, parts = Journal(), dict[Open, Journal]()
    acts = open_acts() if flow.appeals else []
    for change in flow.appeals:
        act = next((act for act in acts if change.operator_id in act.operators), None)
        (rest if act is None else parts.setdefault(act, Journal())).note_appeal(change)
    return parts, rest


def record_parts(parts: Parts) -> None:
    """Record hand-outs as parts of the open acts that made them possible."""
    for act, part in parts.items():
        given = act.given + len(part.appeals)
        # A new event each time, with the total so far: one that was shown never changes.
        part.write(act.actor, HAND_OUT, with_given(act.note, given), part_of=act.event_id)
        _GIVEN.changes(event_id=act.event_id, given=given)


def record_shared(
    parts: Parts, rest: Journal, actor: str = BY_ITSELF, part_of: int | None = None
) -> None:
    """Record hand-outs with their open acts, and those of no open act as an event of their own."""
    record_parts(parts)
    if given := len(rest.appeals):
        rest.write(actor, HAND_OUT, _handed_out(given), part_of=part_of)


class HandedOut(NamedTuple):
    """The hand-outs of a batch, by open act and of none, and whether more is left."""

    parts: Parts
    rest: Journal
    has_more: bool


def hand_out_batch(batch: int = DRAIN_BATCH) -> HandedOut:
    """Drain for an act, in the current transaction.

    The caller records the hand-outs after the act: what it returned may be handed out at once.
    """
    flow = Journal()
    drained = drain(flow, batch=batch)
    parts, rest = share(flow)
    if not drained.has_more:
        close_all()
    return HandedOut(parts, rest, drained.has_more)


def hand_out(
    rng: random.Random | None = None, source_id: int | None = None, batch: int = DRAIN_BATCH
) -> Drained:
    """Drain for an arrival, in the current transaction, and record what was handed out."""
    flow = Journal()
    drained = drain(flow, rng, source_id, batch)
    record_shared(*share(flow))
    # Not `close_all`: the drain of one source says nothing about the others.
    if not drained.has_more:
        close_what_ended()
    return drained


def hand_out_all(actor: str) -> int:
    """Hand out all that can be, in the current transaction, record it, and return how many."""
    flow = Journal()
    while drain(flow).has_more:
        pass
    record_shared(*share(flow), actor)
    close_all()
    return len(flow.appeals)


def words_of(event_id: int) -> str:
    """Return the sentence of an act with all that it has handed out so far."""
    words: str = Event.select(last_words()).where(Event.id == event_id).scalar()
    return words


# --- the operators to whom an act may hand out waiting appeals ---------------------------------


def _reached(journal: Journal) -> set[int]:
    """Return the operators who got room, or who serve the sources of returned appeals."""
    touched = {row_of(each.subject)[1][0] for each in journal.told if _gives_room(each)}
    touched |= {each.was_operator_id for each in journal.appeals if each.was_operator_id}
    returned = [each.appeal_id for each in journal.appeals if each.is_left_waiting]
    return touched | set(_serving(returned))


def _gives_room(change: TeamChange) -> bool:
    return row_of(change.subject)[0] in ("operator", "weight", "load")


def _serving(appeal_ids: list[int]) -> Iterator[int]:
    """Yield the operators who serve the sources of these appeals."""
    for chunk in chunks(appeal_ids):
        sources = Appeal.select(Appeal.source).where(Appeal.id.in_(chunk))
        links = OperatorSource.select(OperatorSource.operator).where(
            OperatorSource.source.in_(sources)
        )
        yield from (operator_id for (operator_id,) in rows(links.distinct()))

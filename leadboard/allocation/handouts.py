"""Whose doing it is that waiting appeals were handed out: each hand-out is a part of an act.

An act from which more flows than one transaction hands out is open until nothing flows any more.
Meanwhile whoever hands out, the act itself, another one or an arrival, records it as a part of the
act that let it through; what no act did is an event of its own. An event never changes once told.
"""

import json
import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from leadboard.allocation.backlog import DRAIN_BATCH, Drained, drain, flowing
from leadboard.allocation.journal import Change, Journal, last_words, row_of
from leadboard.allocation.lottery import LOTTERY
from leadboard.database.compiled import Compiled, Param, chunks
from leadboard.database.connection import rows
from models import Appeal, Event, OpenDrain, OperatorSource

HAND_OUT = "hand out"
"""The act of a part, and of what was handed out by itself; neither is undone alone."""

BY_ITSELF = "lottery"
"""The actor of what no act let through, such as places that another program made."""


class Open(NamedTuple):
    """An act from which waiting appeals still flow, and the operators to whom it lets them go."""

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
    """Return the acts from which waiting appeals still flow, oldest first."""
    return [
        Open(event_id, actor, note, given, frozenset(json.loads(operators)))
        for event_id, actor, note, given, operators in _OPEN.rows()
    ]


def is_open(event_id: int) -> bool:
    """Tell whether waiting appeals still flow from an act: neither undone nor all handed out."""
    return any(act.event_id == event_id for act in open_acts())


def leave_open(event_id: int, note: str, given: int, journal: Journal) -> None:
    """Remember that more flows from an act than its own transaction has handed out."""
    OpenDrain.insert(
        event=event_id, note=note, given=given, operators=json.dumps(sorted(_reached(journal)))
    ).execute()


def close_act(event_id: int) -> None:
    """Let nothing flow from an act any more, because it is undone."""
    _CLOSE.changes(event_id=event_id)


def close_all() -> None:
    """Let no act be open: nothing flows any more."""
    _CLOSE_ALL.changes()


def close_what_ended() -> None:
    """Let no act stay open of which others have handed out, or closed, all that could flow."""
    if open_acts() and not flowing():
        close_all()


def with_given(note: str, given: int) -> str:
    """Return the words of an act with how many waiting appeals it handed out."""
    return f"{note}; {given} waiting handed out" if given else note


def share(flow: Journal) -> tuple[Parts, Journal]:
    """Return what open acts let through of what was handed out, and the rest."""
    rest, parts = Journal(), dict[Open, Journal]()
    acts = open_acts() if flow.changes else []
    for change in flow:
        act = next((act for act in acts if _receiver(change) in act.operators), None)
        (rest if act is None else parts.setdefault(act, Journal())).add(change)
    return parts, rest


def record_parts(parts: Parts) -> None:
    """Record what was handed out with the open acts that let it through."""
    for act, part in parts.items():
        given = act.given + len(part.changes)
        part.write(act.actor, HAND_OUT, with_given(act.note, given), part_of=act.event_id)
        _GIVEN.changes(event_id=act.event_id, given=given)


def record_shared(
    parts: Parts, rest: Journal, actor: str = BY_ITSELF, part_of: int | None = None
) -> None:
    """Record what open acts let through, and what is none's doing as an event of its own."""
    record_parts(parts)
    if given := len(rest.changes):
        rest.write(actor, HAND_OUT, f"{given} waiting handed out", part_of=part_of)


class HandedOut(NamedTuple):
    """What a batch handed out, shared among the open acts and the rest; whether more flows."""

    parts: Parts
    rest: Journal
    has_more: bool


def hand_out_batch(batch: int = DRAIN_BATCH) -> HandedOut:
    """Drain for an act, in the transaction under way.

    The caller records it, and the act before it: what the act returned may go on at once.
    """
    flow = Journal()
    drained = drain(flow, batch=batch)
    parts, rest = share(flow)
    if not drained.has_more:
        close_all()
    return HandedOut(parts, rest, drained.has_more)


def hand_out(
    rng: random.Random = LOTTERY, source_id: int | None = None, batch: int = DRAIN_BATCH
) -> Drained:
    """Drain for an arrival, in the transaction under way, and record what was handed out."""
    flow = Journal()
    drained = drain(flow, rng, source_id, batch)
    record_shared(*share(flow))
    if not drained.has_more:
        close_what_ended()
    return drained


def hand_out_all(actor: str) -> int:
    """Hand out all that can be, in the transaction under way, record it, and return how many."""
    flow = Journal()
    while drain(flow).has_more:
        pass
    record_shared(*share(flow), actor)
    close_all()
    return len(flow.changes)


def words_of(event_id: int) -> str:
    """Return the words of an act with all that it has handed out so far."""
    words: str = Event.select(last_words()).where(Event.id == event_id).scalar()
    return words


def _receiver(change: Change) -> object:
    return (change.after or {})["operator_id"]


# --- to whom an act lets waiting appeals go ----------------------------------------------------


def _reached(journal: Journal) -> set[int]:
    """Return the operators who got room, or for whom appeals were returned to waiting."""
    touched: set[int] = set()
    returned: list[int] = []
    for change in journal:
        table, key = row_of(change.subject)
        if table in ("operator", "weight", "load"):
            touched.add(key[0])
        elif table == "appeal":
            touched |= _freed(change)
            returned += key if _is_returned(change) else ()
    return touched | set(_serving(returned))


def _freed(change: Change) -> set[int]:
    had = (change.before or {}).get("operator_id")
    return {had} if isinstance(had, int) else set()


def _is_returned(change: Change) -> bool:
    after = change.after or {}
    return after.get("operator_id") is None and after.get("closed_at") is None


def _serving(appeal_ids: list[int]) -> Iterator[int]:
    """Yield who serves the sources of these appeals."""
    for chunk in chunks(appeal_ids):
        sources = Appeal.select(Appeal.source).where(Appeal.id.in_(chunk))
        links = OperatorSource.select(OperatorSource.operator).where(
            OperatorSource.source.in_(sources)
        )
        yield from (operator_id for (operator_id,) in rows(links.distinct()))

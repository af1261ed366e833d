"""Who gets an appeal: the transactions that draw, claim a place, give it back and drain."""

import heapq
import random
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

from peewee import fn

from checks import checked_external_id, checked_key, checked_message
from journal import Journal, subject_of
from lottery import LOTTERY, Candidate, Candidates, choose, left_out, why_nobody
from models import Appeal, Lead, Operator, OperatorSource, Roster, Source
from places import claim, is_waiting, name_of, oldest_waiting, rewrite, state_of
from prepared import Prepared, slot
from store import Refused, now, rows, stamp, transact

__all__ = ["LOTTERY", "Candidate", "Candidates", "Drained", "Placed", "choose", "drain", "submit"]

DRAIN_BATCH = 200
"""Waiting appeals handed out in one transaction, so that nobody holds the lock for long."""


_STANDING = Prepared(
    lambda: (
        OperatorSource.select(
            OperatorSource.operator,
            OperatorSource.weight,
            Operator.is_active,
            Operator.load,
            Operator.max_load,
        )
        .join(Operator)
        .where(OperatorSource.source == slot("source_id"))
        .order_by(OperatorSource.operator)
    )
)


def candidates_of(source_id: int) -> Candidates:
    """Return the roster of a source as the database stands."""
    return Candidates(
        tuple(
            Candidate(operator_id, weight, left_out(is_active, load, max_load, weight))
            for operator_id, weight, is_active, load, max_load in _STANDING.rows(
                source_id=source_id
            )
        )
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """What the lottery decided: the roster, and the operator with his draw if anybody was."""

    candidates: Candidates
    operator_id: int | None = None
    draw: int | None = None

    def columns(self) -> dict[str, int | None]:
        """Return the decision as columns of `appeal`, storing the roster if it is new."""
        roster_id = _roster_id(self.candidates.content())
        return {"operator_id": self.operator_id, "roster_id": roster_id, "draw": self.draw}


def decide(candidates: Candidates, rng: random.Random) -> Decision:
    """Draw and claim; where the place went meanwhile, draw again among the rest."""
    while chosen := choose(candidates, rng):
        operator_id, draw = chosen
        if claim(operator_id):
            return Decision(candidates, operator_id, draw)
        candidates = candidates.without(operator_id)
    return Decision(candidates)


def digest_of(content: str) -> bytes:
    """Return what a roster's content is known by."""
    return blake2b(content.encode(), digest_size=16).digest()


_ROSTER = Prepared(lambda: Roster.select(Roster.id).where(Roster.digest == slot("digest")))
_NEW_ROSTER = Prepared(
    lambda: Roster.insert(digest=slot("digest"), content=slot("content")).on_conflict(
        action="nothing", conflict_target=[Roster.digest]
    )
)


def _roster_id(content: str) -> int:
    digest = digest_of(content)
    known: int | None = _ROSTER.scalar(digest=digest)
    if known is None:
        _NEW_ROSTER.changes(digest=digest, content=content)
        known = int(_ROSTER.scalar(digest=digest))
    return known


@dataclass(frozen=True, slots=True)
class Placed:
    """A stored appeal and who got it; `reason` says why nobody did, `is_repeat` a known key."""

    id: int
    lead_id: int
    source_id: int
    operator_id: int | None
    operator: str | None
    timestamp: datetime
    reason: str | None = None
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked appeal that is not stored yet."""

    external_id: str
    source_id: int
    message: str
    key: str | None = None

    @classmethod
    def checked(
        cls, external_id: object, source_id: int, message: object, key: object = None
    ) -> "Draft":
        """Return the draft; raises Refused for what may not come in."""
        return cls(
            checked_external_id(external_id), source_id, checked_message(message), checked_key(key)
        )


def submit(
    external_id: object,
    source_id: int,
    message: object,
    key: object = None,
    *,
    rng: random.Random = LOTTERY,
    journal: Journal | None = None,
) -> Placed:
    """Store an appeal and give it to an operator by lottery, in one transaction.

    With nobody eligible it waits, and that is no error. A known `key` returns its first appeal and
    changes nothing. Raises Refused for bad input, Trouble when the database cannot be written.
    """
    draft = Draft.checked(external_id, source_id, message, key)
    return transact(lambda: place(draft, rng, journal or Journal()))


_SOURCE = Prepared(lambda: Source.select(Source.id).where(Source.id == slot("source_id")))
_NEW_APPEAL = Prepared(
    lambda: Appeal.insert(
        lead_id=slot("lead_id"),
        source_id=slot("source_id"),
        operator_id=slot("operator_id"),
        timestamp=slot("timestamp"),
        message=slot("message"),
        key=slot("key"),
        roster_id=slot("roster_id"),
        draw=slot("draw"),
        withdrawn=False,
    ).returning(Appeal.id)
)


def place(draft: Draft, rng: random.Random, journal: Journal) -> Placed:
    """Do the work of `submit` in the transaction under way."""
    if draft.key is not None and (known := _by_key(draft.key)):
        return known
    if _SOURCE.scalar(source_id=draft.source_id) is None:
        raise Refused(f"There is no source #{draft.source_id}.", "source")
    lead_id = lead_id_of(draft.external_id)
    decision = _decide_in_turn(draft.source_id, rng, journal)
    timestamp = now()
    columns = decision.columns()
    appeal_id: int = _NEW_APPEAL.scalar(
        lead_id=lead_id,
        source_id=draft.source_id,
        timestamp=stamp(timestamp),
        message=draft.message,
        key=draft.key,
        **columns,
    )
    journal.note(subject_of("appeal", appeal_id), None, {**columns, "closed_at": None})
    return Placed(
        appeal_id,
        lead_id,
        draft.source_id,
        decision.operator_id,
        name_of(decision.operator_id),
        timestamp,
        None if decision.operator_id else why_nobody(decision.candidates),
    )


def _decide_in_turn(source_id: int, rng: random.Random, journal: Journal) -> Decision:
    """Draw for a new arrival, but never before those who waited longer for the same source."""
    candidates = candidates_of(source_id)
    if candidates.total and oldest_waiting(source_id):
        drain(journal, rng, source_id)
        candidates = candidates_of(source_id)
        if oldest_waiting(source_id):
            return Decision(candidates)
    return decide(candidates, rng)


_KNOWN = Prepared(
    lambda: (
        Appeal.select(
            Appeal.id, Appeal.lead, Appeal.source, Appeal.operator, Appeal.timestamp, Roster.content
        )
        .left_outer_join(Roster)
        .where(Appeal.key == slot("key"))
    )
)
_LEAD = Prepared(lambda: Lead.select(Lead.id).where(Lead.external_id == slot("external_id")))
_NEW_LEAD = Prepared(
    lambda: Lead.insert(external_id=slot("external_id")).on_conflict(
        action="nothing", conflict_target=[Lead.external_id]
    )
)


def _by_key(key: str) -> Placed | None:
    row = _KNOWN.first(key=key)
    if row is None:
        return None
    appeal_id, lead_id, source_id, operator_id, timestamp, content = row
    return Placed(
        appeal_id,
        lead_id,
        source_id,
        operator_id,
        name_of(operator_id),
        datetime.fromisoformat(timestamp),
        None if operator_id else _why_waiting(content),
        is_repeat=True,
    )


def _why_waiting(content: str | None) -> str:
    """Return why a known appeal waits; one that was returned no longer has its roster."""
    return why_nobody(Candidates.parse(content)) if content else "returned to waiting"


def lead_id_of(external_id: str) -> int:
    """Return the id of a lead, who is added on the first meeting."""
    known: int | None = _LEAD.scalar(external_id=external_id)
    if known is None:
        _NEW_LEAD.changes(external_id=external_id)
        known = int(_LEAD.scalar(external_id=external_id))
    return known


class Drained(NamedTuple):
    """What a drain did: how many appeals it gave away, and whether more may be waiting."""

    given: int
    has_more: bool


def drain(
    journal: Journal,
    rng: random.Random = LOTTERY,
    source_id: int | None = None,
    batch: int = DRAIN_BATCH,
) -> Drained:
    """Give waiting appeals to operators, oldest first, in the transaction under way.

    Each goes through the lottery of its own source; a source that nobody can serve is passed over.
    Takes `batch` of them at the most.
    """
    queue = waiting_queues(source_id)
    heapq.heapify(queue)
    given = 0
    while queue and given < batch:
        appeal_id, source = heapq.heappop(queue)
        decision = decide(candidates_of(source), rng)
        if decision.operator_id is None:
            continue
        rewrite(state_of(appeal_id), journal, **decision.columns())
        given += 1
        if (following := oldest_waiting(source)) is not None:
            heapq.heappush(queue, (following, source))
    return Drained(given, has_more=bool(queue))


def waiting_queues(source_id: int | None = None) -> list[tuple[int, int]]:
    """Return (oldest waiting appeal, source) for each source that somebody can serve."""
    eligible = (
        OperatorSource.select()
        .join(Operator)
        .where(
            OperatorSource.source == Source.id,
            OperatorSource.weight > 0,
            Operator.is_active,
            Operator.load < Operator.max_load,
        )
    )
    queued = Appeal.select(fn.MIN(Appeal.id)).where(Appeal.source == Source.id, is_waiting())
    sources = Source.select(queued, Source.id).where(
        fn.EXISTS(Appeal.select(Appeal.id).where(Appeal.source == Source.id, is_waiting())),
        fn.EXISTS(eligible),
    )
    if source_id is not None:
        sources = sources.where(Source.id == source_id)
    return [(appeal_id, source) for appeal_id, source in rows(sources)]

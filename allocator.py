"""Who gets an appeal: the transaction that draws, claims a place and stores."""

import random
from datetime import datetime
from typing import NamedTuple

from checks import checked_external_id, checked_key, checked_message
from draining import DRAIN_BATCH, Drained, drain
from draws import Decision, candidates_of, decide
from handouts import hand_out
from holding import hold_all, take_turn_for
from journal import Journal, subject_of
from lottery import LOTTERY, Candidate, Candidates, choose, why_nobody
from models import Appeal, Lead, Roster, Source
from places import name_of, oldest_waiting
from prepared import Prepared, slot
from store import Missing, now, stamp, transact

__all__ = [
    "DRAIN_BATCH",
    "LOTTERY",
    "Candidate",
    "Candidates",
    "Draft",
    "Drained",
    "Placed",
    "candidates_of",
    "choose",
    "drain",
    "submit",
]


Sender = tuple[int, str, str]
"""The source, the lead by external id, and the key that is unique for the two."""


class Placed(NamedTuple):
    """A stored appeal and who got it; `reason` says why nobody did.

    `is_repeat`: its key was known, so that this is the first appeal with it; `differs`: that one
    has another text.
    """

    id: int
    lead_id: int
    source_id: int
    operator_id: int | None
    operator: str | None
    timestamp: datetime
    reason: str | None = None
    is_repeat: bool = False
    differs: bool = False


class Draft(NamedTuple):
    """A checked appeal that is not stored yet."""

    external_id: str
    source_id: int
    message: str
    key: str | None = None

    @property
    def sender(self) -> Sender | None:
        """Return whose number the key is, None where there is no key."""
        return None if self.key is None else (self.source_id, self.external_id, self.key)

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

    With nobody eligible it waits, and that is no error. A `key` that is known of this lead and
    source returns its first appeal and changes nothing. Raises Refused for bad input,
    Trouble when the database cannot be written.
    """
    draft = Draft.checked(external_id, source_id, message, key)
    return transact(lambda: place(draft, rng, Journal() if journal is None else journal))


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
    if draft.key is not None and (known := known_by_key(draft)):
        return known
    if _SOURCE.scalar(source_id=draft.source_id) is None:
        raise Missing(f"There is no source #{draft.source_id}.", "source")
    lead_id = lead_id_of(draft.external_id)
    decision = _decide_in_turn(draft.source_id, rng)
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


def _decide_in_turn(source_id: int, rng: random.Random) -> Decision:
    """Draw for a new arrival; before it waits, look once more with everybody held."""
    decision = _draw_in_turn(source_id, rng)
    if decision.operator_id is None and hold_all((), [source_id]):
        return _draw_in_turn(source_id, rng)
    return decision


def _draw_in_turn(source_id: int, rng: random.Random) -> Decision:
    """Draw, but never before those who waited longer for the same source."""
    candidates = candidates_of(source_id)
    if candidates.total and oldest_waiting(source_id):
        take_turn_for([source_id])
        hand_out(rng, source_id)
        candidates = candidates_of(source_id)
        if oldest_waiting(source_id):
            return Decision(candidates)
    return decide(candidates, rng)


_KNOWN = Prepared(
    lambda: (
        Appeal.select(
            Appeal.id,
            Appeal.lead,
            Appeal.source,
            Appeal.operator,
            Appeal.timestamp,
            Appeal.message,
            Roster.content,
        )
        .left_outer_join(Roster)
        .where(
            Appeal.key == slot("key"),
            Appeal.source == slot("source_id"),
            Appeal.lead == Lead.select(Lead.id).where(Lead.external_id == slot("external_id")),
        )
    )
)
_LEAD = Prepared(lambda: Lead.select(Lead.id).where(Lead.external_id == slot("external_id")))
_NEW_LEAD = Prepared(
    lambda: Lead.insert(external_id=slot("external_id")).on_conflict(
        action="nothing", conflict_target=[Lead.external_id]
    )
)


def known_by_key(draft: Draft) -> Placed | None:
    """Return the appeal of the same lead and source that came with this key before, if any did."""
    row = _KNOWN.first(key=draft.key, source_id=draft.source_id, external_id=draft.external_id)
    if row is None:
        return None
    appeal_id, lead_id, source_id, operator_id, timestamp, message, content = row
    return Placed(
        appeal_id,
        lead_id,
        source_id,
        operator_id,
        name_of(operator_id),
        datetime.fromisoformat(timestamp),
        None if operator_id else _why_waiting(content),
        is_repeat=True,
        differs=message != draft.message,
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

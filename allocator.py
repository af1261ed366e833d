"""Giving appeals to operators: the transaction that draws, claims a place and stores."""

import random
from collections.abc import Sequence

from leadboard.allocation.appeals import oldest_waiting
from leadboard.allocation.backlog import DRAIN_BATCH, flowing
from leadboard.allocation.draws import Decision, Wheels, decide
from leadboard.allocation.handouts import hand_out
from leadboard.allocation.intake import (
    Draft,
    Placed,
    Sender,
    has_source,
    ids_of_keys,
    known_by_key,
    known_leads,
    lead_ids,
    store_appeal,
    store_appeals,
    stored_ids,
)
from leadboard.allocation.journal import Journal
from leadboard.allocation.ledger import received, write_arrivals
from leadboard.allocation.locks import hold_all, take_turn_for
from leadboard.allocation.reasons import why_nobody
from leadboard.allocation.rosters import candidates_of
from leadboard.common.errors import Missing, Refused, TooBusy
from leadboard.common.language import _
from leadboard.database.connection import rows
from leadboard.database.fields import now
from leadboard.database.transactions import transact
from models import Operator, Source

__all__ = ["place", "place_all", "submit"]


def submit(
    external_id: object,
    source_id: int,
    message: object,
    key: object = None,
    *,
    rng: random.Random | None = None,
) -> Placed:
    """Store an appeal and give it to an operator by the strategy of its source, in one transaction.

    If nobody is eligible it waits, which is not an error. A `key` already known for this lead and
    source returns the first appeal with it and changes nothing. With `rng` its draw is not sealed.
    Raises Refused for bad input, Trouble when the database cannot be written.
    """
    draft = Draft.checked(external_id, source_id, message, key)
    while (placed := transact(lambda: _arrive(draft, rng))) is None:
        # The place went to somebody else, which is on record by now.
        pass
    return placed


def _arrive(draft: Draft, rng: random.Random | None) -> Placed | None:
    journal = Journal()
    placed = _place(draft, rng, journal)
    journal.write_without_act()
    return placed


def place(draft: Draft, journal: Journal, rng: random.Random | None = None) -> Placed:
    """Do the work of `submit` in the current transaction, which has locked the team.

    Raises TooBusy, so that the transaction is run again, when the place went to somebody else.
    """
    if (placed := _place(draft, rng, journal)) is None:
        raise TooBusy(_("The place went to somebody else: try again."))
    return placed


def _place(draft: Draft, rng: random.Random | None, journal: Journal) -> Placed | None:
    """Store an appeal; None if its draw is lost, which is all that is stored then."""
    if draft.key is not None and (known := known_by_key(draft)):
        return known
    decision = _decide_in_turn(draft, rng)
    if decision.is_lost:
        return None
    # Behind the operators: what is new is a lock as well, and all take their locks in one order.
    lead_id, roster_id = stored_ids(draft.external_id, decision.candidates)
    columns = decision.columns(roster_id)
    # Only now, because it may have waited for its turn: appeals go by id and by time alike.
    journal.at = now()
    appeal_id = store_appeal(draft, lead_id, columns, journal.at)
    journal.note_appeal(received(appeal_id, columns, decision.link))
    return Placed(
        appeal_id,
        lead_id,
        draft.source_id,
        decision.operator_id,
        decision.operator,
        journal.at,
        None if decision.operator_id else why_nobody(decision.candidates),
    )


def _decide_in_turn(draft: Draft, rng: random.Random | None) -> Decision:
    """Draw for a new appeal; before it has to wait, draw again with its operators' rows locked."""
    decision = _draw_in_turn(draft, rng)
    # A place freed since the roster was read would be missed, and the appeal left to wait.
    if decision.operator_id is None and hold_all([draft.source_id]):
        return _draw_in_turn(draft, rng)
    return decision


def _draw_in_turn(draft: Draft, rng: random.Random | None) -> Decision:
    """Draw, unless older appeals of the same source are still waiting."""
    source_id = draft.source_id
    candidates = candidates_of(source_id)
    # Links refer to their source, so only one without a roster may be unknown.
    if not candidates.entries and not has_source(source_id):
        raise Missing(_("There is no source #{source_id}.", source_id=source_id), "source")
    if candidates.total and oldest_waiting(source_id):
        take_turn_for([source_id])
        hand_out(rng, source_id)
        # The hand-out took places, so the roster read before it is out of date.
        candidates = candidates_of(source_id)
        if oldest_waiting(source_id):
            return Decision(candidates)
    return decide(source_id, candidates, draft.words, rng)


def place_all(drafts: Sequence[Draft], rng: random.Random | None = None) -> list[Placed | Refused]:
    """Store drafts in the current transaction, in order, and return the outcome of each.

    The outcome of a draft that cannot be stored is the Refused that `place` would have raised.
    Raises TooBusy when others took the places in the meantime.
    """
    leads = known_leads(list(dict.fromkeys(draft.external_id for draft in drafts)))
    sources = {source_id for (source_id,) in rows(Source.select(Source.id))}
    asked = [draft.sender for draft in drafts if draft.source_id in sources]
    known = ids_of_keys([sender for sender in asked if sender is not None], leads)
    outcomes: list[Placed | Refused | None] = []
    fresh: dict[int, Draft] = {}
    repeats: dict[int, int] = {}
    first: dict[Sender, int] = {}
    for place, draft in enumerate(drafts):
        outcomes.append(None)
        sender = draft.sender
        if sender is not None and sender in known:
            outcomes[place] = known_by_key(draft)
        elif sender is not None and sender in first:
            # The first of them has no id before it is stored, so its repeats are answered after it.
            repeats[place] = first[sender]
        elif draft.source_id not in sources:
            outcomes[place] = Missing(
                _("There is no source #{source_id}.", source_id=draft.source_id), "source"
            )
        else:
            fresh[place] = draft
            if sender is not None:
                first[sender] = place
    placed = dict(zip(fresh, _store(list(fresh.values()), leads, rng), strict=True))
    for place, of in repeats.items():
        differs = drafts[place].message != drafts[of].message
        placed[place] = placed[of]._replace(is_repeat=True, differs=differs)
    return [outcome or placed[place] for place, outcome in enumerate(outcomes)]


def _store(
    drafts: Sequence[Draft], known: dict[str, int], rng: random.Random | None
) -> list[Placed]:
    source_ids = {draft.source_id for draft in drafts}
    queued = _queued(source_ids, len(drafts), rng)
    # Before the draws: none of them is lost to somebody else, and none that is freed is missed.
    hold_all(source_ids)
    wheels = Wheels(rng)
    decisions = [
        # Nobody is drawn behind a queue: the next free places belong to the older appeals.
        wheels.look(draft.source_id)
        if draft.source_id in queued
        else wheels.decide(draft.source_id, draft.words)
        for draft in drafts
    ]
    # Every transaction locks operators first, then new leads, then new rosters, then appeals.
    wheels.settle()
    leads = lead_ids([draft.external_id for draft in drafts], known)
    rosters = wheels.store_rosters()
    moment = now()
    lead_of = [leads[draft.external_id] for draft in drafts]
    ids = store_appeals(drafts, lead_of, decisions, rosters, moment)
    write_arrivals(ids, [each.link for each in decisions])
    names = dict(rows(Operator.select(Operator.id, Operator.name))) if drafts else {}
    reasons = _reasons(decisions)
    return [
        Placed(
            appeal_id,
            leads[draft.external_id],
            draft.source_id,
            decision.operator_id,
            names.get(decision.operator_id),
            moment,
            reasons[decision.digest] if decision.is_left else None,
        )
        for appeal_id, draft, decision in zip(ids, drafts, decisions, strict=True)
    ]


def _reasons(decisions: Sequence[Decision]) -> dict[bytes, str]:
    """Return why nobody was drawn, in words by roster: each of few, for any number of appeals."""
    left = {each.digest: each.candidates for each in decisions if each.is_left}
    return {digest: why_nobody(candidates) for digest, candidates in left.items()}


def _queued(source_ids: set[int], count: int, rng: random.Random | None) -> set[int]:
    """Hand out older waiting appeals first; return the sources where some are still waiting."""
    behind = {source_id for source_id in source_ids if oldest_waiting(source_id)}
    if queues := [source_id for source_id in sorted(behind) if flowing(source_id)]:
        take_turn_for(source_ids)
        # More than arrive, so that a queue shrinks even while only bots are at work.
        budget = max(DRAIN_BATCH, 2 * count)
        for source_id in queues:
            budget -= hand_out(rng, source_id, budget).given
    return {source_id for source_id in behind if oldest_waiting(source_id)}

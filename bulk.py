"""Many appeals in one transaction: the rules of `allocator.place`, a few statements for all."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import chain

from peewee import JOIN, Join, Query, Select, ValuesList

from allocator import Draft, Placed, Sender, known_by_key
from draining import DRAIN_BATCH, flowing
from draws import Decision, Wheels
from handouts import hand_out
from holding import take_turn_for
from lottery import LOTTERY, why_nobody
from models import Appeal, Lead, Operator, Source
from places import oldest_waiting
from prepared import Prepared, chunks, slot
from store import Missing, Refused, now, rows, stamp


def place_all(drafts: Sequence[Draft], rng: random.Random = LOTTERY) -> list[Placed | Refused]:
    """Store drafts in the transaction under way, in their order, and say what became of each.

    What cannot be stored is answered with the Refused that `place` would have raised. Raises
    TooBusy when others took the places meanwhile.
    """
    leads = _known_leads(list(dict.fromkeys(draft.external_id for draft in drafts)))
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
            repeats[place] = first[sender]
        elif draft.source_id not in sources:
            outcomes[place] = Missing(f"There is no source #{draft.source_id}.", "source")
        else:
            fresh[place] = draft
            if sender is not None:
                first[sender] = place
    placed = dict(zip(fresh, _store(list(fresh.values()), leads, rng), strict=True))
    for place, of in repeats.items():
        differs = drafts[place].message != drafts[of].message
        placed[place] = placed[of]._replace(is_repeat=True, differs=differs)
    return [outcome or placed[place] for place, outcome in enumerate(outcomes)]


def _store(drafts: Sequence[Draft], known: dict[str, int], rng: random.Random) -> list[Placed]:
    queued = _queued({draft.source_id for draft in drafts}, len(drafts), rng)
    leads = _lead_ids([draft.external_id for draft in drafts], known)
    wheels = Wheels(rng)
    decisions = [
        wheels.look(draft.source_id)
        if draft.source_id in queued
        else wheels.decide(draft.source_id)
        for draft in drafts
    ]
    wheels.settle(
        {draft.source_id for draft, each in zip(drafts, decisions, strict=True) if each.is_left}
    )
    moment = now()
    ids = _insert(drafts, [leads[draft.external_id] for draft in drafts], decisions, moment)
    names = dict(rows(Operator.select(Operator.id, Operator.name))) if drafts else {}
    return [
        Placed(
            appeal_id,
            leads[draft.external_id],
            draft.source_id,
            decision.operator_id,
            names.get(decision.operator_id),
            moment,
            None if decision.operator_id else why_nobody(decision.candidates),
        )
        for appeal_id, draft, decision in zip(ids, drafts, decisions, strict=True)
    ]


def _queued(source_ids: set[int], count: int, rng: random.Random) -> set[int]:
    """Let older waiting appeals go first; return the sources where some still wait after that."""
    behind = {source_id for source_id in source_ids if oldest_waiting(source_id)}
    if queues := [source_id for source_id in sorted(behind) if flowing(source_id)]:
        take_turn_for(source_ids)
        # More than come in, so that the queue ends also while nobody but bots does anything.
        budget = max(DRAIN_BATCH, 2 * count)
        for source_id in queues:
            budget -= hand_out(rng, source_id, budget).given
    return {source_id for source_id in behind if oldest_waiting(source_id)}


def ids_of_keys(
    senders: Sequence[Sender], leads: Mapping[str, int] | None = None
) -> dict[Sender, int]:
    """Return the ids of the appeals that came with these keys before; `leads` where known."""
    if leads is None:
        leads = _known_leads(list(dict.fromkeys(external_id for _, external_id, _ in senders)))
    asked = {
        (key, source_id, leads[external_id]): (source_id, external_id, key)
        for source_id, external_id, key in senders
        if external_id in leads
    }
    return {
        asked[(found[0], found[1], found[2])]: appeal_id
        for chunk in chunks(list(asked))
        for appeal_id, *found in _taken_keys(len(chunk)).rows_in_turn(chain.from_iterable(chunk))
    }


def _lead_ids(external_ids: Sequence[str], known: dict[str, int]) -> dict[str, int]:
    """Return the ids of leads by their external ids, adding those who are new."""
    new = [each for each in dict.fromkeys(external_ids) if each not in known]
    for chunk in chunks(new):
        _new_leads(len(chunk)).changes_in_turn(chunk)
    return known | _known_leads(new)


def _known_leads(external_ids: Sequence[str]) -> dict[str, int]:
    return {
        external_id: lead_id
        for chunk in chunks(external_ids)
        for external_id, lead_id in _leads(len(chunk)).rows_in_turn(chunk)
    }


def _insert(
    drafts: Sequence[Draft], leads: Sequence[int], decisions: Sequence[Decision], moment: datetime
) -> list[int]:
    """Insert the appeals and return their ids, which grow in the order of the drafts."""
    written = stamp(moment)
    records = [
        (
            *(lead, draft.source_id, each.operator_id, written),
            *(draft.message, draft.key, each.roster_id, each.draw),
        )
        for draft, lead, each in zip(drafts, leads, decisions, strict=True)
    ]
    ids: list[int] = []
    for chunk in chunks(records):
        stored = _new_appeals(len(chunk)).rows_in_turn(chain.from_iterable(chunk))
        ids += sorted(appeal_id for (appeal_id,) in stored)
    return ids


COLUMNS = (
    *("lead_id", "source_id", "operator_id", "timestamp"),
    *("message", "key", "roster_id", "draw"),
)
"""In the order of the model, which is the order in which Peewee writes them."""


@cache
def _new_appeals(count: int) -> Prepared:
    return Prepared(
        lambda: Appeal.insert_many(
            [{**{name: slot(name) for name in COLUMNS}, "withdrawn": False} for _ in range(count)]
        ).returning(Appeal.id)
    )


@cache
def _new_leads(count: int) -> Prepared:
    return Prepared(
        lambda: Lead.insert_many(
            [{"external_id": slot("external_id")} for _ in range(count)]
        ).on_conflict(action="nothing", conflict_target=[Lead.external_id])
    )


@cache
def _leads(count: int) -> Prepared:
    return Prepared(
        lambda: Lead.select(Lead.external_id, Lead.id).where(
            Lead.external_id.in_([slot("external_id") for _ in range(count)])
        )
    )


@cache
def _taken_keys(count: int) -> Prepared:
    names = ("key", "source_id", "lead_id")

    def build() -> Query:
        asked = ValuesList([[slot(name) for name in names] for _ in range(count)]).alias("asked")
        # Crosswise, so that SQLite begins with what is asked for.
        both = Join(asked, Appeal, JOIN.CROSS)
        same = (
            (Appeal.key == asked.c.column1)
            & (Appeal.source == asked.c.column2)
            & (Appeal.lead == asked.c.column3)
        )
        columns = [Appeal.id, Appeal.key, Appeal.source, Appeal.lead]
        return Select([both], columns).where(same)

    return Prepared(build)

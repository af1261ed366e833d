"""Appeals on their way into the tables: drafts, leads and keys, one by one or many at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import NamedTuple

from peewee import JOIN, Join, Query, Select, ValuesList

from leadboard.allocation.draws import Decision
from leadboard.allocation.limits import name_of
from leadboard.allocation.lottery import Candidates
from leadboard.allocation.reasons import why_nobody
from leadboard.allocation.rosters import add_roster, digest_of, id_by_digest, recorded_roster
from leadboard.allocation.sealing import Words
from leadboard.common.language import _
from leadboard.common.validation import checked_external_id, checked_key, checked_message
from leadboard.database.compiled_queries import Compiled, Param, chunks, params
from models import Appeal, Lead, Roster, Source

Decided = Mapping[str, int | None]
"""The columns of an appeal that a decision fills: operator, roster and draw."""

Sender = tuple[int, str, str]
"""The source, the lead by external id, and the key that is unique for the two."""


class Placed(NamedTuple):
    """A stored appeal and who got it; `reason` says why nobody did.

    With `is_repeat` its key was known, and this is the first appeal with it; with `differs` that
    one has another text.
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
        """Return the sender for whom the key is unique, None without a key."""
        return None if self.key is None else (self.source_id, self.external_id, self.key)

    @property
    def words(self) -> Words:
        """Return what the client wrote."""
        return self.external_id, self.key, self.message

    @classmethod
    def checked(
        cls, external_id: object, source_id: int, message: object, key: object = None
    ) -> "Draft":
        """Return the draft; raises Refused for bad input."""
        return cls(
            checked_external_id(external_id), source_id, checked_message(message), checked_key(key)
        )


def ids_of_keys(
    senders: Sequence[Sender], leads: Mapping[str, int] | None = None
) -> dict[Sender, int]:
    """Return the ids of appeals already stored with these keys; `leads` are ids known already."""
    if leads is None:
        leads = known_leads(
            list(dict.fromkeys(external_id for _source, external_id, _key in senders))
        )
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


def lead_ids(external_ids: Sequence[str], known: dict[str, int]) -> dict[str, int]:
    """Return the ids of leads by their external ids, adding new leads."""
    # In their own order: two writers with the same new leads meet at the first one, not crosswise.
    new = sorted({each for each in external_ids if each not in known})
    for chunk in chunks(new):
        _new_leads(len(chunk)).changes_in_turn(chunk)
    # Read back: an insert returns no ids of leads that another writer stored first.
    return known | known_leads(new)


def known_leads(external_ids: Sequence[str]) -> dict[str, int]:
    """Return the ids of those leads that have written before, by their external ids."""
    return {
        external_id: lead_id
        for chunk in chunks(external_ids)
        for external_id, lead_id in _leads(len(chunk)).rows_in_turn(chunk)
    }


def store_appeals(
    drafts: Sequence[Draft],
    leads: Sequence[int],
    decisions: Sequence[Decision],
    rosters: Mapping[bytes, int],
    moment: datetime,
) -> list[int]:
    """Insert the appeals and return their ids, which grow in the order of the drafts.

    `rosters` are the ids of the stored rosters by their digests.
    """
    records = [
        (
            *(lead, draft.source_id, each.operator_id, moment),
            *(draft.message, draft.key, rosters[each.digest], each.draw),
        )
        for draft, lead, each in zip(drafts, leads, decisions, strict=True)
    ]
    ids: list[int] = []
    for chunk in chunks(records):
        stored = _new_appeals(len(chunk)).rows_in_turn(chain.from_iterable(chunk))
        # Ids grow in the order of VALUES, but no engine promises to return them in that order.
        ids += sorted(appeal_id for (appeal_id,) in stored)
    return ids


def _new_appeal() -> dict[str, object]:
    # In the order of the model, which is the order in which Peewee writes them.
    given = params(
        *(Appeal.lead, Appeal.source, Appeal.operator, Appeal.timestamp),
        *(Appeal.message, Appeal.key, Appeal.roster, Appeal.draw),
    )
    return {**given, "withdrawn": False}


@cache
def _new_appeals(count: int) -> Compiled:
    return Compiled(lambda: Appeal.insert_many([_new_appeal()] * count).returning(Appeal.id))


@cache
def _new_leads(count: int) -> Compiled:
    return Compiled(
        # Not `on_conflict_ignore`, with which SQLite would pass over a broken check as well.
        lambda: Lead.insert_many([params(Lead.external_id)] * count).on_conflict(
            action="nothing", conflict_target=[Lead.external_id]
        )
    )


@cache
def _leads(count: int) -> Compiled:
    return Compiled(
        lambda: Lead.select(Lead.external_id, Lead.id).where(
            Lead.external_id.in_([Param(Lead.external_id)] * count)
        )
    )


@cache
def _taken_keys(count: int) -> Compiled:
    def build() -> Query:
        sender = [Param(Appeal.key), Param(Appeal.source), Param(Appeal.lead)]
        asked = ValuesList([sender] * count).alias("asked")
        # A cross join, which SQLite never reorders, so that it begins with the keys asked for.
        both = Join(asked, Appeal, JOIN.CROSS)
        same = (
            (Appeal.key == asked.c.column1)
            & (Appeal.source == asked.c.column2)
            & (Appeal.lead == asked.c.column3)
        )
        columns = [Appeal.id, Appeal.key, Appeal.source, Appeal.lead]
        return Select([both], columns).where(same)

    return Compiled(build)


_SOURCE = Compiled(
    lambda: Source.select(Source.id).where(Source.id == Param(Source.id, "source_id"))
)

_NEW_APPEAL = Compiled(lambda: Appeal.insert(_new_appeal()).returning(Appeal.id))

_KNOWN = Compiled(
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
            Appeal.key == Param(Appeal.key),
            Appeal.source == Param(Appeal.source),
            Appeal.lead == _lead(),
        )
    )
)


def _lead() -> Query:
    return Lead.select(Lead.id).where(Lead.external_id == Param(Lead.external_id))


_LEAD = Compiled(_lead)
_LEAD_AND_ROSTER = Compiled(lambda: Select((), (_lead(), id_by_digest())))

_NEW_LEAD = Compiled(
    lambda: Lead.insert(params(Lead.external_id)).on_conflict(
        action="nothing", conflict_target=[Lead.external_id]
    )
)


def has_source(source_id: int) -> bool:
    """Tell whether there is a source with this id."""
    return _SOURCE.scalar(source_id=source_id) is not None


def store_appeal(draft: Draft, lead_id: int, columns: Decided, timestamp: datetime) -> int:
    """Insert one appeal as it was decided and return its id."""
    appeal_id: int = _NEW_APPEAL.scalar(
        lead_id=lead_id,
        source_id=draft.source_id,
        timestamp=timestamp,
        message=draft.message,
        key=draft.key,
        **columns,
    )
    return appeal_id


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
        timestamp,
        None if operator_id else _why_waiting(content),
        is_repeat=True,
        differs=message != draft.message,
    )


def _why_waiting(content: str | None) -> str:
    """Return why a known appeal waits; one that was returned no longer has its roster."""
    return why_nobody(recorded_roster(content)) if content else _("returned to waiting")


def stored_ids(external_id: str, candidates: Candidates) -> tuple[int, int]:
    """Return the ids of a lead and of a roster, adding what is new."""
    content = candidates.content()
    digest = digest_of(content)
    [(lead_id, roster_id)] = _LEAD_AND_ROSTER.rows(external_id=external_id, digest=digest)
    # The lead first, as everywhere: a new row is a lock, and all take their locks in one order.
    return lead_id or _add_lead(external_id), roster_id or add_roster(content, digest)


def lead_id_of(external_id: str) -> int:
    """Return the id of a lead, adding a new one."""
    known: int | None = _LEAD.scalar(external_id=external_id)
    return _add_lead(external_id) if known is None else known


def _add_lead(external_id: str) -> int:
    _NEW_LEAD.changes(external_id=external_id)
    # Another writer may have been first, and then the insert has no id to return.
    return int(_LEAD.scalar(external_id=external_id))

"""The long lists: pages of appeals and of leads, by key, of what is wanted."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN, ModelSelect, fn

from finding import count, ids_after, lead_ids, newest_ids
from models import Appeal, Lead, Operator, Source
from search import SearchIndex
from store import BEYOND, reading, rows
from text import clean
from wanted import EVERYTHING, Wanted

EXCERPT = 300
"""Characters of a message that a list row carries; no terminal line shows more."""


@dataclass(frozen=True, slots=True)
class AppealRow:
    """One line of the list of appeals; `operator` is None where nobody has it."""

    id: int
    timestamp: datetime
    lead_id: int
    lead: str
    source: str
    operator: str | None
    message: str
    is_closed: bool
    is_withdrawn: bool
    operator_id: int | None = None


def newest_appeals(
    limit: int,
    before: int | None = None,
    wanted: Wanted = EVERYTHING,
    index: SearchIndex | None = None,
) -> list[AppealRow]:
    """Return a page of appeals, newest first: the newest of all, or those before an id."""
    return reading(lambda: _lines_of(newest_ids(limit, before, wanted, index)))


def appeals_after(
    limit: int, after: int, wanted: Wanted = EVERYTHING, index: SearchIndex | None = None
) -> list[AppealRow]:
    """Return the page of appeals just newer than an id, newest first."""
    return reading(lambda: _lines_of(ids_after(limit, after, wanted, index)))


def count_appeals(
    most: int, wanted: Wanted = EVERYTHING, index: SearchIndex | None = None
) -> tuple[int, bool]:
    """Return how many appeals are wanted, and whether that is all; stops early rather than late."""
    return reading(lambda: count(most, wanted, index))


def count_leads(most: int, words: Sequence[str] = ()) -> tuple[int, bool]:
    """Return how many leads' ids hold every word, up to `most`, and whether that is all."""
    found = reading(lambda: lead_ids(most + 1, BEYOND, words, is_ascending=False))
    return min(most, len(found)), len(found) <= most


def _lines_of(ids: Sequence[int]) -> list[AppealRow]:
    """Return the lines of appeals, newest first."""
    if not ids:
        return []
    return _appeal_rows(_appeal_lines().where(Appeal.id.in_(ids)).order_by(Appeal.id.desc()))


def _appeal_lines() -> "ModelSelect[Appeal]":
    return (
        Appeal.select(
            Appeal.id,
            Appeal.timestamp,
            Appeal.lead,
            Lead.external_id,
            Source.name,
            Operator.name,
            fn.SUBSTR(Appeal.message, 1, EXCERPT),
            Appeal.closed_at.is_null(False),
            Appeal.withdrawn,
            Appeal.operator,
        )
        .join(Lead)
        .switch(Appeal)
        .join(Source)
        .switch(Appeal)
        .join(Operator, JOIN.LEFT_OUTER)
    )


def _appeal_rows(query: "ModelSelect[Appeal]") -> list[AppealRow]:
    return [
        AppealRow(
            appeal_id,
            timestamp,
            lead_id,
            clean(lead),
            clean(source),
            None if operator is None else clean(operator),
            clean(message),
            bool(is_closed),
            is_withdrawn,
            operator_id,
        )
        for (
            appeal_id,
            timestamp,
            lead_id,
            lead,
            source,
            operator,
            message,
            is_closed,
            is_withdrawn,
            operator_id,
        ) in rows(query)
    ]


def count_after(
    most: int, after: int, wanted: Wanted = EVERYTHING, index: SearchIndex | None = None
) -> int:
    """Return how many appeals are newer than an id; no more than `most` are counted."""
    return reading(lambda: len(ids_after(most, after, wanted, index)))


def states_down(
    limit: int,
    before: int | None,
    wanted: Wanted = EVERYTHING,
    index: SearchIndex | None = None,
) -> dict[int, tuple[int | None, bool]]:
    """Return who has the newest appeals, or those before an id, and whether they are closed."""
    return reading(lambda: _states(newest_ids(limit, before, wanted, index)))


def states_up(
    limit: int, after: int, wanted: Wanted = EVERYTHING, index: SearchIndex | None = None
) -> dict[int, tuple[int | None, bool]]:
    """Return who has the appeals just newer than an id, and whether they are closed."""
    return reading(lambda: _states(ids_after(limit, after, wanted, index)))


def _states(ids: Sequence[int]) -> dict[int, tuple[int | None, bool]]:
    columns = (Appeal.id, Appeal.operator, Appeal.closed_at.is_null(False))
    found = rows(Appeal.select(*columns).where(Appeal.id.in_(ids)))
    return {key: (operator_id, bool(is_closed)) for key, operator_id, is_closed in found}


def sources_of(appeal_ids: Sequence[int]) -> set[int]:
    """Return the ids of the sources from which appeals came."""
    came_from = Appeal.select(Appeal.source).where(Appeal.id.in_(appeal_ids)).distinct()
    return {source_id for (source_id,) in reading(lambda: rows(came_from))}


MOST_CASES = 8
"""Beginnings in different cases that are followed at once to complete a lead's id."""


def lead_starting(prefix: str) -> str | None:
    """Return the first known lead whose id starts with `prefix`, to complete what is typed.

    One that starts so letter for letter goes before one in other cases.
    """
    typed = unicodedata.normalize("NFC", prefix)
    return reading(lambda: _first_lead(typed) or _first_in_other_cases(typed))


def _first_in_other_cases(prefix: str) -> str | None:
    """Return the first lead whose id starts so in any case: letter by letter, by the index."""
    begun = [""]
    for letter in prefix:
        forms = sorted({letter, letter.lower(), letter.upper()})
        begun = [beginning + form for beginning in begun for form in forms]
        if len(forms) > 1:
            begun = [each for each in begun if _first_lead(each)][:MOST_CASES]
    return next(filter(None, map(_first_lead, begun)), None)


def _first_lead(prefix: str) -> str | None:
    known = (
        Lead.select(Lead.external_id)
        .where(Lead.external_id >= prefix, Lead.external_id < prefix + "\U0010ffff")
        .order_by(Lead.external_id)
        .limit(1)
    )
    return next((external_id for (external_id,) in rows(known)), None)


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead, with how many appeals he wrote, how many are open, and the newest of them."""

    id: int
    external_id: str
    appeals: int
    open: int
    newest: datetime | None
    message: str


def newest_leads(limit: int, before: int | None = None, words: Sequence[str] = ()) -> list[LeadRow]:
    """Return a page of leads, those met last first."""
    edge = BEYOND if before is None else before
    return reading(lambda: _leads_of(lead_ids(limit, edge, words, is_ascending=False)))


def leads_after(limit: int, after: int, words: Sequence[str] = ()) -> list[LeadRow]:
    """Return the page of leads met just after one, those met last first."""
    return reading(lambda: _leads_of(lead_ids(limit, after, words, is_ascending=True)))


def _leads_of(ids: Sequence[int]) -> list[LeadRow]:
    """Return the lines of leads, those met last first."""
    if not ids:
        return []
    return _lead_rows(_lead_lines().where(Lead.id.in_(ids)).order_by(Lead.id.desc()))


def count_leads_after(most: int, after: int, words: Sequence[str] = ()) -> int:
    """Return how many leads were met after one; no more than `most` are counted."""
    return reading(lambda: len(lead_ids(most, after, words, is_ascending=True)))


def _lead_lines() -> "ModelSelect[Lead]":
    his = Appeal.lead == Lead.id
    newest = Appeal.select(fn.MAX(Appeal.id)).where(his)
    return Lead.select(
        Lead.id,
        Lead.external_id,
        Appeal.select(fn.COUNT(Appeal.id)).where(his),
        Appeal.select(fn.COUNT(Appeal.id)).where(his, Appeal.closed_at.is_null()),
        _LATEST.timestamp,
        fn.SUBSTR(_LATEST.message, 1, EXCERPT),
    ).join(_LATEST, JOIN.LEFT_OUTER, on=(_LATEST.id == newest))


_LATEST = Appeal.alias()


def _lead_rows(query: "ModelSelect[Lead]") -> list[LeadRow]:
    return [
        LeadRow(lead_id, clean(external_id), appeals, open_ones, newest, clean(message or ""))
        for lead_id, external_id, appeals, open_ones, newest, message in rows(query)
    ]

"""The list of leads: pages of them by key, and completion of an id."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice

from peewee import JOIN, ModelSelect, fn

from leadboard.common.text import clean
from leadboard.database.connection import BEYOND, rows
from leadboard.database.transactions import reading
from leadboard.queries.appeals import EXCERPT
from leadboard.queries.filters import lead_ids
from models import Appeal, Lead

MOST_CASES = 8
"""Spellings of a prefix that are followed at once; each letter may double their number."""


MOST_COUNTED = 100
"""Appeals of one lead, the newest, among which those that are open are counted."""


@dataclass(frozen=True, slots=True)
class LeadPast:
    """What a lead has written so far, without what was withdrawn.

    `operator_id` is who had the newest appeal that anybody had, and `at` is when that one came, or
    the newest of all where nobody had any. There are more appeals unless `is_all`.
    """

    appeals: int
    is_all: bool
    open: int
    operator_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead, with how many appeals they wrote, how many are open, and the newest one."""

    id: int
    external_id: str
    appeals: int
    open: int
    newest: datetime | None
    message: str


def count_leads(most: int, words: Sequence[str] = ()) -> tuple[int, bool]:
    """Return how many leads' ids hold every word, up to `most`, and whether that is all."""
    found = reading(lambda: lead_ids(most + 1, BEYOND, words, is_ascending=False))
    return min(most, len(found)), len(found) <= most


def lead_starting(prefix: str) -> str | None:
    """Return the first known lead whose id starts with `prefix`, to complete what is typed.

    An exact match of the letters goes before one in another case.
    """
    return next((external_id for _, external_id in leads_starting(prefix, 1)), None)


def leads_starting(prefix: str, limit: int) -> list[tuple[int, str]]:
    """Return the ids and external ids of the first known leads that start with `prefix`.

    Those in another case are only looked for if none starts with these very letters.
    """
    # Ids are stored in NFC; what is typed may have a letter and its accent apart.
    typed = unicodedata.normalize("NFC", prefix)
    return reading(lambda: _leads_from(typed, limit) or _leads_in_other_cases(typed, limit))


def past_of(external_id: str) -> LeadPast | None:
    """Return what a lead, by the id as it is stored, has written; None if nothing that counts."""
    lead = Lead.select(Lead.id).where(Lead.external_id == external_id)
    columns = (Appeal.timestamp, Appeal.operator, Appeal.closed_at.is_null(), Appeal.withdrawn)
    newest = Appeal.select(*columns).where(Appeal.lead == lead).order_by(Appeal.id.desc())
    found = reading(lambda: rows(newest.limit(MOST_COUNTED)))
    written = [row[:3] for row in found if not row[3]]
    if not written:
        return None
    held = next((row for row in written if row[1] is not None), written[0])
    is_all = len(found) < MOST_COUNTED
    return LeadPast(len(written), is_all, sum(row[2] for row in written), held[1], held[0])


def _leads_in_other_cases(prefix: str, limit: int) -> list[tuple[int, str]]:
    """Return leads whose ids start so in any case, letter by letter through the index."""
    begun = [""]
    for letter in prefix:
        forms = sorted({letter, letter.lower(), letter.upper()})
        begun = [beginning + form for beginning in begun for form in forms]
        if len(forms) > 1:
            begun = [each for each in begun if _leads_from(each, 1)][:MOST_CASES]
    found = chain.from_iterable(_leads_from(each, limit) for each in begun)
    return list(islice(found, limit))


def _leads_from(prefix: str, limit: int) -> list[tuple[int, str]]:
    known = (
        Lead.select(Lead.id, Lead.external_id)
        # A range: SQLite's LIKE ignores case, and so uses no index of this column.
        .where(Lead.external_id >= prefix, Lead.external_id < prefix + "\U0010ffff")
        .order_by(Lead.external_id)
        .limit(limit)
    )
    return [(key, external_id) for key, external_id in rows(known)]


def newest_leads(limit: int, before: int | None = None, words: Sequence[str] = ()) -> list[LeadRow]:
    """Return a page of leads, newest first."""
    edge = BEYOND if before is None else before
    return reading(lambda: _leads_of(lead_ids(limit, edge, words, is_ascending=False)))


def leads_after(limit: int, after: int, words: Sequence[str] = ()) -> list[LeadRow]:
    """Return the page of leads just newer than an id, newest first."""
    return reading(lambda: _leads_of(lead_ids(limit, after, words, is_ascending=True)))


def _leads_of(ids: Sequence[int]) -> list[LeadRow]:
    """Return the lines of leads, newest first."""
    if not ids:
        return []
    return _lead_rows(_lead_lines().where(Lead.id.in_(ids)).order_by(Lead.id.desc()))


def count_leads_after(most: int, after: int, words: Sequence[str] = ()) -> int:
    """Return how many leads are newer than an id; no more than `most` are counted."""
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

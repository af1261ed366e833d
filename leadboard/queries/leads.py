"""The list of leads: pages of them by key, and completion of an id."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN, ModelSelect, fn

from leadboard.common.text import clean
from leadboard.database.connection import BEYOND, rows
from leadboard.database.transactions import reading
from leadboard.queries.appeals import EXCERPT
from leadboard.queries.filters import lead_ids
from models import Appeal, Lead

MOST_CASES = 8
"""Spellings of a prefix that are followed at once; each letter may double their number."""


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
    # Ids are stored in NFC; what is typed may have a letter and its accent apart.
    typed = unicodedata.normalize("NFC", prefix)
    return reading(lambda: _first_lead(typed) or _first_in_other_cases(typed))


def _first_in_other_cases(prefix: str) -> str | None:
    """Return the first lead whose id starts so in any case, letter by letter through the index."""
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
        # A range: SQLite's LIKE ignores case, and so uses no index of this column.
        .where(Lead.external_id >= prefix, Lead.external_id < prefix + "\U0010ffff")
        .order_by(Lead.external_id)
        .limit(1)
    )
    return next((external_id for (external_id,) in rows(known)), None)


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

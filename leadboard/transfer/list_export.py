"""Export of what a list on the screen shows: all of it, in the same order, read in pages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from peewee import fn

from leadboard.database.connection import rows
from leadboard.database.fields import now
from leadboard.entities import OPERATOR
from leadboard.queries import leads
from leadboard.queries.appeals import with_names
from leadboard.queries.filters import ids_after, newest_ids
from leadboard.queries.terms import AppealFilter
from leadboard.queries.word_index import SearchIndex
from leadboard.transfer.tables import (
    COLUMNS,
    PAGE,
    Record,
    exported_appeals,
    weights_by_source,
)
from models import Appeal, Operator, Source


@dataclass(frozen=True, slots=True)
class Shown:
    """A list as a table; its records are read as they are taken."""

    columns: Sequence[str]
    records: Iterator[Record]


def appeals_shown(
    wanted: AppealFilter, index: SearchIndex | None, *, is_oldest_first: bool
) -> Shown:
    """Return the appeals that a filter wants, whole, with the columns of an export."""
    return Shown(COLUMNS["appeals"], _appeals(wanted, index, is_oldest_first))


def _appeals(
    wanted: AppealFilter, index: SearchIndex | None, is_oldest_first: bool
) -> Iterator[Record]:
    edge, moment = 0 if is_oldest_first else None, now()
    while True:
        if is_oldest_first:
            ids = ids_after(PAGE, edge or 0, wanted, index)
        else:
            ids = newest_ids(PAGE, edge, wanted, index)
        # By id, because `IN` promises no order; none is missing, as no appeal is ever deleted.
        found = {row[0]: row for row in rows(with_names().where(Appeal.id.in_(ids)))}
        yield from exported_appeals([found[key] for key in ids], moment)
        if len(ids) < PAGE:
            return
        edge = ids[-1]


def leads_shown(words: Sequence[str], *, is_oldest_first: bool) -> Shown:
    """Return the leads whose ids hold every word: how many appeals, and the newest, whole."""
    columns = (*COLUMNS["leads"], "appeals", "open", "newest", "message")
    return Shown(columns, _leads(words, is_oldest_first))


def _leads(words: Sequence[str], is_oldest_first: bool) -> Iterator[Record]:
    edge = 0 if is_oldest_first else None
    while True:
        if is_oldest_first:
            page = leads.leads_after(PAGE, edge or 0, words)[::-1]
        else:
            page = leads.newest_leads(PAGE, edge, words)
        messages = _newest_messages([row.id for row in page])
        for row in page:
            message = messages.get(row.id, "")
            yield (row.id, row.external_id, row.appeals, row.open, row.newest, message)
        if len(page) < PAGE:
            return
        edge = page[-1].id


def _newest_messages(lead_ids: Sequence[int]) -> dict[int, str]:
    his = Appeal.select(fn.MAX(Appeal.id)).where(Appeal.lead.in_(lead_ids)).group_by(Appeal.lead)
    return dict(rows(Appeal.select(Appeal.lead, Appeal.message).where(Appeal.id.in_(his))))


def operators_shown(operator_ids: Sequence[int]) -> Shown:
    """Return these operators with their loads, in this order."""
    return Shown((*COLUMNS["operators"], "load"), _operators(operator_ids))


def _operators(operator_ids: Sequence[int]) -> Iterator[Record]:
    found = {row[0]: row for row in rows(OPERATOR.select(Operator.load))}
    yield from (found[key] for key in operator_ids if key in found)


def weights_shown(operator_ids: Sequence[int], source_ids: Sequence[int]) -> Shown:
    """Return the weights of these operators for these sources, a matrix that an import reads."""
    names = dict(rows(Source.select(Source.id, Source.name)))
    known = [key for key in source_ids if key in names]
    return Shown(("operator", *(names[key] for key in known)), _weights(operator_ids, known))


def _weights(operator_ids: Sequence[int], source_ids: Sequence[int]) -> Iterator[Record]:
    names = dict(rows(Operator.select(Operator.id, Operator.name)))
    for operator_id in operator_ids:
        if operator_id in names:
            weights = weights_by_source(operator_id)
            yield (names[operator_id], *(weights.get(key) for key in source_ids))

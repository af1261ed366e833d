"""Pages for other programs: rows in the order of their ids, after a given id."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from peewee import ModelSelect

from leadboard.database.connection import rows
from leadboard.database.transactions import at_one_moment, followable, reading
from leadboard.entities import OperatorRow, SourceRow
from leadboard.queries import team
from leadboard.queries.appeals import AppealRow, appeal_rows, with_names
from leadboard.queries.team import WeightRow
from models import Appeal, Lead, Operator, OperatorSource, Source

T = TypeVar("T")

ALL = 2**31 - 1
"""As many rows as there are."""

OF_A_LEAD = 100
"""The newest appeals that come with a lead."""


@dataclass(frozen=True, slots=True)
class LeadWithAppeals:
    """A lead with their newest appeals, oldest first."""

    id: int
    external_id: str
    appeals: Sequence[AppealRow] = ()


def operators(limit: int, after: int = 0) -> list[OperatorRow]:
    """Return a page of operators."""
    page = team.operators().where(Operator.id > after).order_by(Operator.id).limit(limit)
    return _read(page, OperatorRow)


def operator(operator_id: int) -> OperatorRow | None:
    """Return one operator, None where there is none with this id."""
    return _one(team.operators().where(Operator.id == operator_id), OperatorRow)


def sources(limit: int, after: int = 0) -> list[SourceRow]:
    """Return a page of sources."""
    page = team.sources().where(Source.id > after).order_by(Source.id).limit(limit)
    return _read(page, SourceRow)


def source(source_id: int) -> SourceRow | None:
    """Return one source, None where there is none with this id."""
    return _one(team.sources().where(Source.id == source_id), SourceRow)


def weights(
    limit: int, after: tuple[int, int] = (0, 0), source_id: int | None = None
) -> list[WeightRow]:
    """Return a page of weights by operator, then source; `after` is such a pair."""
    operator_id, last_source = after
    beyond = (OperatorSource.operator > operator_id) | (
        (OperatorSource.operator == operator_id) & (OperatorSource.source > last_source)
    )
    # Implied by `beyond`, and what an index can begin with: OR alone would walk through all pairs.
    page = team.weights().where(OperatorSource.operator >= operator_id, beyond)
    if source_id is not None:
        page = page.where(OperatorSource.source == source_id)
    order = (OperatorSource.operator, OperatorSource.source)
    return _read(page.order_by(*order).limit(limit), WeightRow)


def leads(limit: int, after: int = 0) -> list[LeadWithAppeals]:
    """Return a page of leads, each with their newest appeals; it ends like a page of appeals."""
    # Before the snapshot: what is settled holds only for what is read afterwards.
    last = followable(Lead)

    def read() -> list[LeadWithAppeals]:
        page = Lead.select(Lead.id, Lead.external_id).where(Lead.id > after, Lead.id <= last)
        found = [LeadWithAppeals(*row) for row in rows(page.order_by(Lead.id).limit(limit))]
        return [replace(lead, appeals=_newest_of(lead.id)) for lead in found]

    return at_one_moment(read)


def _newest_of(lead_id: int) -> list[AppealRow]:
    newest = with_names().where(Appeal.lead == lead_id).order_by(Appeal.id.desc()).limit(OF_A_LEAD)
    return appeal_rows(rows(newest))[::-1]


def _read(query: "ModelSelect[Any]", entry: Callable[..., T]) -> list[T]:
    return reading(lambda: [entry(*row) for row in rows(query)])


def _one(query: "ModelSelect[Any]", entry: Callable[..., T]) -> T | None:
    return next(iter(_read(query, entry)), None)

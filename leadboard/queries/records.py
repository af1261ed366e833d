"""Pages for other programs: rows in the order of their ids, after an id that is known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from peewee import Expression, ModelSelect

from leadboard.database.connection import rows
from leadboard.database.transactions import at_one_moment, followable, reading
from models import Appeal, Lead, Operator, OperatorSource, Source, is_waiting

T = TypeVar("T")

OF_A_LEAD = 100
"""Appeals that come with a lead: his newest."""


@dataclass(frozen=True, slots=True)
class OperatorEntry:
    """An operator with his load."""

    id: int
    name: str
    is_active: bool
    max_load: int
    load: int


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A source."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class WeightEntry:
    """The weight of one operator for one source."""

    operator_id: int
    source_id: int
    weight: int


@dataclass(frozen=True, slots=True)
class AppealEntry:
    """An appeal as it stands; `operator_id` is None where nobody has it."""

    id: int
    lead_id: int
    external_id: str
    source_id: int
    operator_id: int | None
    timestamp: datetime
    message: str
    key: str | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class LeadEntry:
    """A lead with his newest appeals, oldest first."""

    id: int
    external_id: str
    appeals: Sequence[AppealEntry] = ()


def operators(limit: int, after: int = 0) -> list[OperatorEntry]:
    """Return a page of operators."""
    page = _operators().where(Operator.id > after).order_by(Operator.id).limit(limit)
    return _read(page, OperatorEntry)


def operator(operator_id: int) -> OperatorEntry | None:
    """Return one operator, None where there is none with this id."""
    return next(iter(_read(_operators().where(Operator.id == operator_id), OperatorEntry)), None)


def operator_named(name: str) -> OperatorEntry | None:
    """Return the operator with this name."""
    return next(iter(_read(_operators().where(Operator.name == name), OperatorEntry)), None)


def _operators() -> "ModelSelect[Operator]":
    return Operator.select(
        Operator.id, Operator.name, Operator.is_active, Operator.max_load, Operator.load
    )


def sources(limit: int, after: int = 0) -> list[SourceEntry]:
    """Return a page of sources."""
    page = Source.select(Source.id, Source.name).where(Source.id > after)
    return _read(page.order_by(Source.id).limit(limit), SourceEntry)


def source_named(name: str) -> SourceEntry | None:
    """Return the source with this name."""
    found = Source.select(Source.id, Source.name).where(Source.name == name)
    return next(iter(_read(found, SourceEntry)), None)


def weights(
    limit: int, after: tuple[int, int] = (0, 0), source_id: int | None = None
) -> list[WeightEntry]:
    """Return a page of weights by operator, then source; `after` is such a pair."""
    chosen = OperatorSource.select(
        OperatorSource.operator, OperatorSource.source, OperatorSource.weight
    )
    operator_id, last_source = after
    beyond = (OperatorSource.operator > operator_id) | (
        (OperatorSource.operator == operator_id) & (OperatorSource.source > last_source)
    )
    # Implied by the one above, and what an index can begin with.
    page = chosen.where(OperatorSource.operator >= operator_id, beyond)
    if source_id is not None:
        page = page.where(OperatorSource.source == source_id)
    order = (OperatorSource.operator, OperatorSource.source)
    return _read(page.order_by(*order).limit(limit), WeightEntry)


def appeals(
    limit: int,
    after: int = 0,
    *,
    source_id: int | None = None,
    operator_id: int | None = None,
    waiting_only: bool = False,
) -> list[AppealEntry]:
    """Return a page of appeals: all, or those of a source, of an operator, or that wait.

    It ends where others are still storing, so that whoever goes on after it misses nothing.
    """
    wanted: list[Expression] = [Appeal.id > after, Appeal.id <= followable(Appeal)]
    if source_id is not None:
        wanted.append(Appeal.source == source_id)
    if operator_id is not None:
        wanted.append(Appeal.operator == operator_id)
    if waiting_only:
        wanted.append(is_waiting())
    return _read(_appeals().where(*wanted).order_by(Appeal.id).limit(limit), AppealEntry)


def appeal(appeal_id: int) -> AppealEntry | None:
    """Return one appeal, None where there is none with this id."""
    return next(iter(_read(_appeals().where(Appeal.id == appeal_id), AppealEntry)), None)


def _appeals() -> "ModelSelect[Appeal]":
    return Appeal.select(
        Appeal.id,
        Appeal.lead,
        Lead.external_id,
        Appeal.source,
        Appeal.operator,
        Appeal.timestamp,
        Appeal.message,
        Appeal.key,
        Appeal.closed_at,
    ).join(Lead)


def leads(limit: int, after: int = 0) -> list[LeadEntry]:
    """Return a page of leads, each with the newest of his appeals; it ends as one of appeals."""
    last = followable(Lead)

    def read() -> list[LeadEntry]:
        page = Lead.select(Lead.id, Lead.external_id).where(Lead.id > after, Lead.id <= last)
        found = [LeadEntry(*row) for row in rows(page.order_by(Lead.id).limit(limit))]
        return [replace(lead, appeals=_newest_of(lead.id)) for lead in found]

    return at_one_moment(read)


def _newest_of(lead_id: int) -> list[AppealEntry]:
    newest = _appeals().where(Appeal.lead == lead_id).order_by(Appeal.id.desc()).limit(OF_A_LEAD)
    return [AppealEntry(*row) for row in rows(newest)][::-1]


def _read(query: "ModelSelect[Any]", entry: Callable[..., T]) -> list[T]:
    return reading(lambda: [entry(*row) for row in rows(query)])

"""The long list: pages of the appeals that a filter wants, by id."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from peewee import JOIN, ModelSelect, fn

from leadboard.common.text import clean
from leadboard.database.connection import rows
from leadboard.database.transactions import reading
from leadboard.queries.filters import count, ids_after, newest_ids
from leadboard.queries.terms import EVERYTHING, AppealFilter
from leadboard.queries.times import UNKNOWN, State, Times, times_of
from leadboard.queries.word_index import SearchIndex
from models import Appeal, Lead, Operator, Source

EXCERPT = 300
"""Characters of a message that a list row carries; no terminal line shows more."""


@dataclass(frozen=True, slots=True)
class AppealRow:
    """An appeal as readers get it; `operator` and its id are None where nobody has it."""

    id: int
    timestamp: datetime
    lead_id: int
    external_id: str
    source_id: int
    source: str
    operator_id: int | None
    operator: str | None
    message: str
    key: str | None
    closed_at: datetime | None
    withdrawn: bool
    times: Times = UNKNOWN

    @property
    def is_closed(self) -> bool:
        """Tell whether the appeal is closed, or withdrawn."""
        return self.closed_at is not None

    @property
    def is_waiting(self) -> bool:
        """Tell whether the appeal is open and nobody has it."""
        return self.closed_at is None and self.operator is None

    @property
    def status(self) -> str:
        """Return `open`, `waiting`, `closed` or `withdrawn`, as events and files do."""
        if self.is_closed:
            return "withdrawn" if self.withdrawn else "closed"
        return "waiting" if self.operator_id is None else "open"


def with_names(*more: Any, message: Any = Appeal.message) -> "ModelSelect[Appeal]":
    """Return the query whose rows are those of AppealRow, with `more` columns at the end.

    The times of the rows are in `times_of_rows`. `message` may be an expression, to read only a
    part of it.
    """
    columns = (
        *(Appeal.id, Appeal.timestamp, Appeal.lead, Lead.external_id, Appeal.source, Source.name),
        *(Appeal.operator, Operator.name, message, Appeal.key, Appeal.closed_at, Appeal.withdrawn),
    )
    found = Appeal.select(*columns, *more).join(Lead).switch(Appeal).join(Source)
    return found.switch(Appeal).join(Operator, JOIN.LEFT_OUTER)


def times_of_rows(found: Sequence[Sequence[Any]]) -> dict[int, Times]:
    """Return the times of appeals by their ids, from rows that `with_names` has found."""
    return times_of([State(row[0], row[1], row[6], row[10]) for row in found])


_TEXTS = ("external_id", "source", "operator", "message")
_TEXT_PLACES = [at for at, each in enumerate(fields(AppealRow)) if each.name in _TEXTS]


def appeal_rows(found: Sequence[Sequence[Any]]) -> list[AppealRow]:
    """Return appeals with their times, from rows that `with_names` has found."""
    times = times_of_rows(found)
    return [AppealRow(*(*row, times[row[0]])) for row in found]


def cleaned(columns: Sequence[Any], times: Times = UNKNOWN) -> AppealRow:
    """Return an appeal with text that is safe for a terminal, the message as one line."""
    # Before the row is made: to make it twice takes a fourth of the time of a page.
    values = [*columns, times]
    for at in _TEXT_PLACES:
        if values[at] is not None:
            values[at] = clean(values[at])
    return AppealRow(*values)


def newest_appeals(
    limit: int,
    before: int | None = None,
    wanted: AppealFilter = EVERYTHING,
    index: SearchIndex | None = None,
) -> list[AppealRow]:
    """Return a page of appeals, newest first: the newest of all, or those before an id."""
    return reading(lambda: _lines_of(newest_ids(limit, before, wanted, index)))


def appeals_after(
    limit: int, after: int, wanted: AppealFilter = EVERYTHING, index: SearchIndex | None = None
) -> list[AppealRow]:
    """Return the page of appeals just newer than an id, newest first."""
    return reading(lambda: _lines_of(ids_after(limit, after, wanted, index)))


def count_appeals(
    most: int, wanted: AppealFilter = EVERYTHING, index: SearchIndex | None = None
) -> tuple[int, bool]:
    """Return how many appeals are wanted, up to `most`, and whether that is all of them."""
    return reading(lambda: count(most, wanted, index))


def whole_appeal(appeal_id: int) -> AppealRow | None:
    """Return an appeal with all lines of its message as they are stored; None for no such id."""
    return reading(lambda: _whole(appeal_id))


def _whole(appeal_id: int) -> AppealRow | None:
    found = rows(with_names().where(Appeal.id == appeal_id))
    if not found:
        return None
    row = cleaned(found[0], times_of_rows(found)[appeal_id])
    return replace(row, message=found[0][8])


def _lines_of(ids: Sequence[int]) -> list[AppealRow]:
    """Return the lines of appeals, newest first."""
    if not ids:
        return []
    page = with_names(message=fn.SUBSTR(Appeal.message, 1, EXCERPT)).where(Appeal.id.in_(ids))
    # Sorted again: `IN` promises no order.
    found = rows(page.order_by(Appeal.id.desc()))
    times = times_of_rows(found)
    return [cleaned(row, times[row[0]]) for row in found]


def count_after(
    most: int, after: int, wanted: AppealFilter = EVERYTHING, index: SearchIndex | None = None
) -> int:
    """Return how many appeals are newer than an id; no more than `most` are counted."""
    return reading(lambda: len(ids_after(most, after, wanted, index)))


def states_down(
    limit: int,
    before: int | None,
    wanted: AppealFilter = EVERYTHING,
    index: SearchIndex | None = None,
) -> dict[int, tuple[int | None, bool]]:
    """Return who has the newest appeals, or those before an id, and whether they are closed."""
    return reading(lambda: _states(newest_ids(limit, before, wanted, index)))


def states_up(
    limit: int, after: int, wanted: AppealFilter = EVERYTHING, index: SearchIndex | None = None
) -> dict[int, tuple[int | None, bool]]:
    """Return who has the appeals just newer than an id, and whether they are closed."""
    return reading(lambda: _states(ids_after(limit, after, wanted, index)))


def _states(ids: Sequence[int]) -> dict[int, tuple[int | None, bool]]:
    columns = (Appeal.id, Appeal.operator, Appeal.closed_at.is_null(False))
    found = rows(Appeal.select(*columns).where(Appeal.id.in_(ids)))
    # SQLite gives 0 or 1 for an expression.
    return {key: (operator_id, bool(is_closed)) for key, operator_id, is_closed in found}


def sources_of(appeal_ids: Sequence[int]) -> set[int]:
    """Return the ids of the sources from which appeals came."""
    came_from = Appeal.select(Appeal.source).where(Appeal.id.in_(appeal_ids)).distinct()
    return {source_id for (source_id,) in reading(lambda: rows(came_from))}

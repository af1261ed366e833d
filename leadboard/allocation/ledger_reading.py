"""What acts and checks read of the ledger: what an act did, and where tables and ledger differ."""

from datetime import datetime
from typing import Any, NamedTuple

from peewee import JOIN, ModelSelect, fn

from leadboard.allocation.ledger import RECEIVED, WITHDRAWN, Columns, bounds
from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.database.connection import rows
from models import Appeal, AppealStep, Event


class Span(NamedTuple):
    """The columns of an appeal before and after all that an act did; None for no appeal."""

    appeal_id: int
    before: Columns | None
    after: Columns


def with_parts(event_id: int) -> "ModelSelect[Event]":
    """Return the query for an act and all its parts."""
    return Event.select(Event.id).where((Event.id == event_id) | (Event.part_of == event_id))


def spans_of(event_id: int) -> list[Span]:
    """Return what an act did with all its parts, by appeal.

    Raises Refused when it does not tell what was before: it was pruned, or passed by.
    """
    first, last, before = _FIRST, _LAST, _BEFORE
    touched = (
        AppealStep.select(
            AppealStep.appeal.alias("appeal_id"),
            fn.MIN(AppealStep.place).alias("first"),
            fn.MAX(AppealStep.place).alias("last"),
        )
        .where(AppealStep.event.in_(with_parts(event_id)))
        .group_by(AppealStep.appeal)
        .cte("touched")
    )
    places = touched.c
    newest = _EARLIER.select(fn.MAX(_EARLIER.place)).where(
        _EARLIER.appeal == places.appeal_id, _EARLIER.place < places.first
    )
    found = (
        last.select(last.appeal, first.kind, *_state(before), *_state(last))
        .join(touched, on=(last.appeal == places.appeal_id) & (last.place == places.last))
        .join(first, on=(first.appeal == places.appeal_id) & (first.place == places.first))
        .join(
            before,
            JOIN.LEFT_OUTER,
            on=(before.appeal == places.appeal_id) & (before.place == newest),
        )
        .order_by(last.appeal)
        .with_cte(touched)
    )
    return [_span(*row) for row in rows(found)]


_FIRST, _LAST, _BEFORE, _EARLIER = (AppealStep.alias() for _unused in range(4))


def has_served(operator_id: int) -> bool:
    """Tell whether an operator has an appeal, or had one before somebody moved it."""
    had = (AppealStep.operator_id == operator_id) | (AppealStep.was_operator_id == operator_id)
    return (
        Appeal.select().where(Appeal.operator == operator_id).exists()
        or AppealStep.select(AppealStep.place).where(had).exists()
    )


def _state(step: Any) -> tuple[Any, ...]:
    return (step.operator_id, step.closed_at, step.roster, step.draw, step.kind)


def _span(appeal_id: int, kind: str, *states: Any) -> Span:
    before, after = _columns(*states[:5]), _columns(*states[5:])
    if before is None and kind != RECEIVED:
        raise Refused(
            _(
                "The ledger does not tell what appeal #{appeal_id} was before: it stays as it is.",
                appeal_id=appeal_id,
            )
        )
    return Span(appeal_id, before, after or {})


def _columns(
    operator_id: int | None,
    closed_at: datetime | None,
    roster_id: int | None,
    draw: int | None,
    kind: str | None,
) -> Columns | None:
    """Return the columns of an appeal as `AppealState.columns` does, None without a row."""
    if kind is None:
        return None
    return {
        "operator_id": operator_id,
        "closed_at": closed_at,
        "roster_id": roster_id,
        "draw": draw,
        "withdrawn": kind == WITHDRAWN,
    }


class Difference(NamedTuple):
    """An appeal whose row is not what the ledger says: both as columns, None for no line at all."""

    appeal_id: int
    source_id: int
    told: Columns | None
    actual: dict[str, Any]


def differences(after: int, up_to: int) -> list[Difference]:
    """Return the appeals of a range of ids whose rows are not as their last line says.

    Closed ones may have no line left where the ledger was pruned.
    """
    newest = _EARLIER.select(fn.MAX(_EARLIER.place)).where(_EARLIER.appeal == Appeal.id)
    is_alike = (
        _is_same(_LAST.operator_id, Appeal.operator, 0)
        & _is_same(_LAST.closed_at, Appeal.closed_at, "")
        & _is_same(_LAST.roster, Appeal.roster, 0)
        & _is_same(_LAST.draw, Appeal.draw, -1)
        & ((_LAST.kind == WITHDRAWN) == Appeal.withdrawn)
    )
    is_missing = _LAST.kind.is_null() & (Appeal.closed_at.is_null() | (not bounds().pruned))
    is_other = _LAST.kind.is_null(False) & ~is_alike
    found = (
        Appeal.select(*(Appeal.id, Appeal.source), *_state(_LAST), *_STORED)
        .join(_LAST, JOIN.LEFT_OUTER, on=(_LAST.appeal == Appeal.id) & (_LAST.place == newest))
        .where(Appeal.id > after, Appeal.id <= up_to, is_missing | is_other)
        .order_by(Appeal.id)
    )
    return [_difference(*row) for row in rows(found)]


_STORED = (Appeal.operator, Appeal.closed_at, Appeal.roster, Appeal.draw, Appeal.withdrawn)


def _is_same(told: Any, stored: Any, for_none: int | str) -> Any:
    # A comparison with NULL would be neither true nor false.
    return fn.COALESCE(told, for_none) == fn.COALESCE(stored, for_none)


def _difference(appeal_id: int, source_id: int, *values: Any) -> Difference:
    names = ("operator_id", "closed_at", "roster_id", "draw", "withdrawn")
    actual = dict(zip(names, values[5:], strict=True))
    return Difference(appeal_id, source_id, _columns(*values[:5]), actual)

"""Appeals for other programs: pages in the order of ids, one by its id or its key, as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from peewee import Expression, fn

from leadboard.allocation.ledger import last_seq, settle
from leadboard.common.errors import Missing, Refused
from leadboard.common.language import _
from leadboard.common.validation import checked_external_id, checked_key
from leadboard.database.connection import BEYOND, rows
from leadboard.database.fields import now, stamp
from leadboard.database.transactions import at_one_moment, followable, reading
from leadboard.queries.appeal_history import was_with
from leadboard.queries.appeals import AppealRow, appeal_rows, with_names
from leadboard.queries.filters import newest_ids
from leadboard.queries.terms import AppealFilter
from leadboard.queries.times import whole_seconds
from models import Appeal, Lead, Source, is_waiting


@dataclass(frozen=True, slots=True)
class ChosenAppeals:
    """Which appeals a program asks for; what is None or False leaves none out."""

    source_id: int | None = None
    operator_id: int | None = None
    key: str | None = None
    external_id: str | None = None
    is_waiting: bool = False
    is_open: bool = False

    @property
    def conditions(self) -> list[Expression]:
        """Return the conditions on the rows of appeals and their leads."""
        named = (
            (Appeal.source, self.source_id),
            (Appeal.operator, self.operator_id),
            (Appeal.key, self.key),
            (Lead.external_id, self.external_id),
        )
        return [column == value for column, value in named if value is not None]


def named_by(
    source_id: int | None, key: object = None, external_id: object = None
) -> ChosenAppeals:
    """Return the appeals of a source, a key and a lead, written as when they came in.

    Raises Refused for what cannot be a key or the id of a lead.
    """
    return ChosenAppeals(
        source_id,
        key=checked_key(key),
        external_id=None if external_id is None else checked_external_id(external_id),
    )


MOST_OF_A_KEY = 100
"""Leads with one key that are looked through for an operator's own."""

ANY = ChosenAppeals()


class OpenPage(NamedTuple):
    """A page of what is open, and the place in the ledger up to which it tells everything."""

    seq: int
    appeals: list[AppealRow]


def appeals(limit: int, after: int = 0, chosen: ChosenAppeals = ANY) -> list[AppealRow]:
    """Return a page of appeals; it ends where others are still storing, so that none is missed."""
    last = followable(Appeal)
    return at_one_moment(lambda: _page(limit, after, last, chosen))


def open_appeals(limit: int, after: int, chosen: ChosenAppeals) -> OpenPage:
    """Return a page of open appeals; all that happened to them later follows its `seq`.

    What others are still storing follows it too, whatever its id will be.
    """
    # Before the moment that is read: what is settled later follows it, perhaps a second time.
    settle()
    return at_one_moment(lambda: OpenPage(last_seq(), _page(limit, after, BEYOND, chosen)))


def newest(limit: int, wanted: AppealFilter) -> list[AppealRow]:
    """Return the newest appeals that a filter finds, newest first, with whole messages."""

    def read() -> list[AppealRow]:
        ids = newest_ids(limit, None, wanted, None)
        found = with_names().where(Appeal.id.in_(ids)).order_by(Appeal.id.desc())
        return appeal_rows(rows(found))

    return at_one_moment(read)


def appeal(appeal_id: int) -> AppealRow | None:
    """Return one appeal, None where there is none with this id."""
    query = with_names().where(Appeal.id == appeal_id)
    return next(iter(at_one_moment(lambda: appeal_rows(rows(query)))), None)


def id_by_key(named: ChosenAppeals, seen_by: int | None = None) -> int:
    """Return the id of the appeal that a source sent with a key, named by both and perhaps a lead.

    An operator, `seen_by`, finds only what they have or had. Raises Missing where there is none,
    and Refused where several leads have one and none is named.
    """
    found = [key for key in reading(lambda: _ids_named(named)) if _is_seen(key, seen_by)]
    if not found:
        sentence = _("There is no appeal with the key {key} from this source.", key=named.key)
        raise Missing(sentence, "key")
    if len(found) > 1:
        sentence = _(
            "Several leads of this source have an appeal with the key {key}: name the lead.",
            key=named.key,
        )
        raise Refused(sentence, "external_id")
    return found[0]


def _ids_named(named: ChosenAppeals) -> list[int]:
    query = Appeal.select(Appeal.id).join(Lead).where(*named.conditions)
    return [key for (key,) in rows(query.limit(MOST_OF_A_KEY))]


def _is_seen(appeal_id: int, seen_by: int | None) -> bool:
    return seen_by is None or reading(lambda: was_with(appeal_id, seen_by))


def _page(limit: int, after: int, last: int, chosen: ChosenAppeals) -> list[AppealRow]:
    # Without a key in the order of the ids, which with one would hide the index of the keys.
    number = Appeal.id if chosen.key is None else fn.ABS(Appeal.id)
    if chosen.is_open or chosen.is_waiting:
        wanted = [Appeal.id.in_(_open_ids(limit, after, last, chosen))]
    else:
        wanted = [number > after, number <= last, *chosen.conditions]
    return appeal_rows(rows(with_names().where(*wanted).order_by(number).limit(limit)))


def _open_ids(limit: int, after: int, last: int, chosen: ChosenAppeals) -> list[int]:
    """Return the first ids of a page of open appeals, found among those that are open alone."""
    found = [] if chosen.operator_id is not None else _waiting_ids(limit, after, last, chosen)
    if not chosen.is_waiting:
        found += _held_ids(limit, after, last, chosen)
    return sorted(found)[:limit]


def _waiting_ids(limit: int, after: int, last: int, chosen: ChosenAppeals) -> list[int]:
    # One source by one, in which the index has them in the order of their ids.
    sources = _all_sources() if chosen.source_id is None else [chosen.source_id]
    return [
        key
        for source_id in sources
        for key in _ids(
            limit,
            replace(chosen, source_id=source_id),
            *(is_waiting(), Appeal.id > after, Appeal.id <= last),
        )
    ]


def _held_ids(limit: int, after: int, last: int, chosen: ChosenAppeals) -> list[int]:
    # ABS hides a column from the planner, which would walk through appeals that are closed as well.
    number, source = fn.ABS(Appeal.id), fn.ABS(Appeal.source)
    is_held = Appeal.closed_at.is_null() & Appeal.operator.is_null(False)
    conditions = [is_held, number > after, number <= last]
    if chosen.source_id is not None:
        conditions.append(source == chosen.source_id)
    return _ids(limit, replace(chosen, source_id=None), *conditions, order=number)


def _ids(
    limit: int, chosen: ChosenAppeals, *conditions: Expression, order: Any = Appeal.id
) -> list[int]:
    query = Appeal.select(Appeal.id)
    if chosen.external_id is not None:
        query = query.join(Lead)
    query = query.where(*conditions, *chosen.conditions)
    return [key for (key,) in rows(query.order_by(order).limit(limit))]


def _all_sources() -> list[int]:
    return [key for (key,) in rows(Source.select(Source.id))]


# --- as JSON ------------------------------------------------------------------------------------


def fields_of(appeal: AppealRow) -> dict[str, Any]:
    """Return an appeal as the object that programs get."""
    times = appeal.times
    return {
        "id": appeal.id,
        "lead_id": appeal.lead_id,
        "external_id": appeal.external_id,
        "source_id": appeal.source_id,
        "operator_id": appeal.operator_id,
        "operator": appeal.operator,
        "status": appeal.status,
        "timestamp": stamp(appeal.timestamp),
        "message": appeal.message,
        "key": appeal.key,
        "closed_at": _stamped(appeal.closed_at),
        "first_assigned_at": _stamped(times.first_assigned_at),
        "assigned_at": _stamped(times.assigned_at),
        "waited": whole_seconds(times.waited),
        "held": whole_seconds(times.held(now())),
    }


def _stamped(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def named(found: Sequence[AppealRow]) -> list[dict[str, Any]]:
    """Return appeals as JSON objects that also name their sources."""
    return [{**fields_of(each), "source": each.source} for each in found]

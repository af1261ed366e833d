"""The lines of the ledger as statistics read them, in portions and of one appeal."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import groupby, starmap
from typing import Any, NamedTuple

from peewee import Case, Query, fn

from leadboard.allocation.ledger import CLOSED, REOPENED, last_seq
from leadboard.database.compiled_queries import Compiled, Param, chunks
from leadboard.database.connection import engine
from leadboard.database.transactions import at_one_moment
from leadboard.queries.statistics_fold import ChangeLine, Pair, since_after
from models import Appeal, Change, Event, PendingChange


def _lines(table: type[Any], place: Any) -> Any:
    """Return the query for all lines of a table of the ledger."""
    act = Event.select(Event.act).where(Event.id == table.event)
    # Only where it says something: to look for the act of every line would take as long again.
    told = Case(None, [(table.kind.in_([CLOSED, REOPENED]), act)])
    columns = (table.at, table.appeal, table.kind, table.operator_id, table.was_operator_id)
    more = (table.closed_at, table.drawn, Appeal.source, told)
    return table.select(place, *columns, *more).join(Appeal, on=Appeal.id == table.appeal)


def _portion() -> Query:
    place = Change.seq
    within = (place > Param(place, "after")) & (place <= Param(place, "up_to"))
    return _lines(Change, place).where(within).order_by(place)  # type: ignore[no-any-return]


def _of_appeal() -> Query:
    of_it = (Change.appeal == Param(Change.appeal)) & (Change.seq < Param(Change.seq))
    return _lines(Change, Change.seq).where(of_it).order_by(Change.seq)  # type: ignore[no-any-return]


_PORTION, _OF_APPEAL = Compiled(_portion), Compiled(_of_appeal)
_PENDING = Compiled(lambda: _lines(PendingChange, PendingChange.id))


def lines_between(after: int, up_to: int) -> list[ChangeLine]:
    """Return the lines behind one place and up to another."""
    return list(starmap(ChangeLine, _PORTION.rows(after=after, up_to=up_to)))


def earlier_lines(appeal_id: int, seq: int) -> Sequence[ChangeLine]:
    """Return the lines of an appeal that come before a place."""
    return list(starmap(ChangeLine, _OF_APPEAL.rows(appeal_id=appeal_id, seq=seq)))


@cache
def _of_appeals(count: int) -> Compiled:
    def build() -> Query:
        of_them = Change.appeal.in_([Param(Change.appeal)] * count)
        query = _lines(Change, Change.seq).where(of_them, Change.seq <= Param(Change.seq))
        return query.order_by(Change.appeal, Change.seq)  # type: ignore[no-any-return]

    return Compiled(build)


def beginnings(appeal_ids: Sequence[int], up_to: int) -> dict[int, datetime | None]:
    """Return since when appeals wait or are held after their lines up to a place."""
    found: dict[int, datetime | None] = {}
    for chunk in chunks(appeal_ids):
        lines = starmap(ChangeLine, _of_appeals(len(chunk)).rows_in_turn([*chunk, up_to]))
        for appeal_id, of_it in groupby(lines, key=lambda line: line.appeal_id):
            found[appeal_id] = since_after(of_it)
    return found


class Present(NamedTuple):
    """The ledger's last place, and what was open when it was: by source, and by operator."""

    seq: int
    waiting: Counter[int]
    loads: Counter[Pair]


_OPEN = Compiled(
    lambda: (
        Appeal.select(Appeal.source, Appeal.operator, fn.COUNT(Appeal.id))
        .where(Appeal.closed_at.is_null())
        .group_by(Appeal.source, Appeal.operator)
    )
)


def present() -> Present:
    """Return what is open, as it was after the last line that has its place; raises Trouble."""
    return at_one_moment(_present)


def _present() -> Present:
    found = Present(last_seq(), Counter(), Counter())
    for source_id, operator_id, count in _OPEN.rows():
        if operator_id is None:
            found.waiting[source_id] = count
        else:
            found.loads[source_id, operator_id] = count
    # What has no place yet will come as a line.
    for line in starmap(ChangeLine, _PENDING.rows() if engine().is_server else ()):
        found.waiting[line.source_id] -= line.waiting
        for operator_id, step in ((line.got, 1), (line.lost, -1)):
            found.loads[line.source_id, operator_id] -= step if operator_id is not None else 0
    return found

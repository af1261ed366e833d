"""The ledger: each change of an appeal as a row, in the transaction of what it tells.

Rows are only ever added. Their `seq` grows in the order of commits: SQLite has one writer, who adds
them at once; on a server, where a later number may be committed first, writers leave them pending,
and whoever reads settles their places.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from peewee import SQL, Cast, ValuesList, fn

from leadboard.allocation.appeal_state import AppealState
from leadboard.allocation.sealing import Link
from leadboard.common.errors import Uncertain
from leadboard.database.compiled_queries import Compiled, Param, chunks, params
from leadboard.database.connection import engine, rows
from leadboard.database.proof_tables import LedgerBounds
from leadboard.database.transactions import reading, transact
from models import Appeal, Change, PendingChange, Step

RECEIVED, IMPORTED = "received", "imported"
ASSIGNED, MOVED, RETURNED = "assigned", "moved", "returned"
CLOSED, REOPENED, WITHDRAWN = "closed", "reopened", "withdrawn"


Columns = Mapping[str, object]
"""Column names and values of one row."""

NO_LINK = (None, None)
"""The columns of a draw that is not sealed."""


class AppealChange(NamedTuple):
    """A change of an appeal that is not written yet; its fields are columns of the ledger."""

    appeal_id: int
    kind: str
    operator_id: int | None = None
    was_operator_id: int | None = None
    closed_at: datetime | None = None
    roster_id: int | None = None
    draw: int | None = None
    drawn: bool = False
    link: Link | None = None
    """The place of a sealed draw in its chain."""

    @classmethod
    def between(
        cls,
        before: AppealState,
        after: AppealState,
        *,
        drawn: bool = False,
        link: Link | None = None,
    ) -> "AppealChange":
        """Return the change from one state of an appeal to another; `drawn` by the lottery."""
        return cls(
            after.id,
            _kind(before, after),
            after.operator_id,
            before.operator_id,
            after.closed_at,
            after.roster_id,
            after.draw,
            drawn,
            link,
        )

    @property
    def is_left_waiting(self) -> bool:
        """Tell whether the appeal waits after the change."""
        return self.operator_id is None and self.closed_at is None


def received(
    appeal_id: int, decided: Mapping[str, int | None], link: Link | None = None
) -> AppealChange:
    """Return the first change of an appeal, with the columns that the lottery decided."""
    return AppealChange(
        appeal_id,
        RECEIVED,
        operator_id=decided["operator_id"],
        roster_id=decided["roster_id"],
        draw=decided["draw"],
        drawn=decided["draw"] is not None,
        link=link,
    )


def _kind(before: AppealState, after: AppealState) -> str:
    """Return what happened to an appeal, in one word."""
    if after.closed_at:
        return WITHDRAWN if after.withdrawn else CLOSED
    if before.closed_at:
        return REOPENED
    if before.operator_id is None:
        return ASSIGNED
    return RETURNED if after.operator_id is None else MOVED


# --- writing ----------------------------------------------------------------------------------

_COLUMNS = [field for field in Step._meta.sorted_fields if field is not Step._meta.primary_key]
"""The columns that both tables of the ledger and its view have."""


def _table() -> type[Change] | type[PendingChange]:
    return PendingChange if engine().is_server else Change


@cache
def _new(count: int) -> Compiled:
    return Compiled(lambda: _table().insert_many([params(*_COLUMNS)] * count))


def write(changes: Sequence[AppealChange], at: datetime, event_id: int | None) -> None:
    """Add changes in the current transaction, in their order; `event_id` is the act, if any."""
    for chunk in chunks(changes):
        values = ((at, *each[:-1], event_id, *(each.link or NO_LINK)) for each in chunk)
        _new(len(chunk)).changes_in_turn(chain.from_iterable(values))


@cache
def _arrived(count: int) -> Compiled:
    def build() -> Any:
        none = SQL("NULL")
        each = [
            *(Cast(Param(field), "BIGINT") for field in (Appeal.id, Step.number)),
            Cast(Param(Step.head), _BYTES[engine().is_server]),
        ]
        arrived = ValuesList([each] * count, alias="arrived")
        stored = (
            Appeal.select(
                *(Appeal.timestamp, Appeal.id, SQL(f"'{RECEIVED}'"), Appeal.operator, none, none),
                *(Appeal.roster, Appeal.draw, Appeal.draw.is_null(False), none),
                *(arrived.c.column2, arrived.c.column3),
            )
            .from_(arrived, Appeal)
            .where(Appeal.id == arrived.c.column1)
        )
        return _table().insert_from(stored.order_by(Appeal.id), _COLUMNS)

    return Compiled(build)


_BYTES = {False: "BLOB", True: "BYTEA"}
"""The type of bytes on a file and on a server."""


def write_arrivals(appeal_ids: Sequence[int], links: Sequence[Link | None]) -> None:
    """Add that appeals, which the current transaction has stored, were received without an act.

    `links` are the places of their sealed draws.
    """
    given = [(key, *(link or NO_LINK)) for key, link in zip(appeal_ids, links, strict=True)]
    # Copied from the appeals by the database: half the time of handing all values over again.
    for chunk in chunks(given):
        _arrived(len(chunk)).changes_in_turn(chain.from_iterable(chunk))


# --- settling ---------------------------------------------------------------------------------

SETTLING_BATCH = 5_000
"""Rows that one transaction settles, so that a long queue is settled in bounded memory."""

_ANY_PENDING = Compiled(lambda: PendingChange.select(PendingChange.id).limit(1))


def settle() -> None:
    """Give pending rows their places, which they keep; raises Trouble.

    All that was committed before the call is settled when it returns.
    """
    # A file has one writer, who settles at once.
    while engine().is_server and reading(_ANY_PENDING.rows) and _settle_some():
        pass


def _settle_some() -> bool:
    """Settle the oldest pending rows; tell whether there may be more of them."""
    try:
        return transact(_settle_batch) == SETTLING_BATCH
    except Uncertain:
        # Settled or pending still, they are not settled twice.
        return True


def _settle_batch() -> int:
    """Settle the oldest pending rows and return how many they were."""
    # Whoever settles holds this row to the end, so that places grow in the order of commits.
    if engine().is_server:
        rows(LedgerBounds.select().for_update())
    last = Change.select(fn.MAX(Change.seq)).scalar() or 0
    oldest = PendingChange.select(PendingChange.id).order_by(PendingChange.id).limit(SETTLING_BATCH)
    # In one statement: a row that is committed between two would be lost or settled twice.
    taken = PendingChange.delete().where(PendingChange.id.in_(oldest)).returning(PendingChange)
    settled = [
        (last + place, *columns) for place, (_, *columns) in enumerate(sorted(rows(taken)), start=1)
    ]
    for chunk in chunks(settled):
        _settled(len(chunk)).changes_in_turn(chain.from_iterable(chunk))
    return len(settled)


@cache
def _settled(count: int) -> Compiled:
    return Compiled(lambda: Change.insert_many([params(Change.seq, *_COLUMNS)] * count))


class Bounds(NamedTuple):
    """Up to which places lines may be pruned, and up to which an upgrade has made them."""

    pruned: int
    rebuilt: int


def bounds() -> Bounds:
    """Return the bounds of the ledger."""
    found = rows(LedgerBounds.select(LedgerBounds.pruned, LedgerBounds.rebuilt))
    return Bounds(*found[0]) if found else Bounds(0, 0)


def last_seq() -> int:
    """Return the place of the newest settled row, 0 in an empty ledger."""
    return Change.select(fn.MAX(Change.seq)).scalar() or 0

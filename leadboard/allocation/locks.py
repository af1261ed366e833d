"""Rows locked until a transaction ends, where many write at once.

SQLite has one writer, which locks everything: there these functions do nothing and say so. Rows of
sources are locked before rows of operators, each in the order of their ids; then come new leads,
new rosters and appeals, for storing a new row locks its key. So no two transactions ever wait for
each other.
"""

from collections.abc import Collection
from typing import Any

from peewee import ModelSelect

from leadboard.database.connection import engine, rows
from models import Operator, OperatorSource, SchemaVersion, Source

_KIND = "FOR NO KEY UPDATE"
"""Keeps others from changing a row, but not, as FOR UPDATE would, from referring to it."""


def take_turn() -> None:
    """Make dispatchers' acts follow one another, and lock the whole team until this one is stored.

    An act may free many places for many sources; bots wait a few milliseconds in the meantime.
    """
    if engine().is_server:
        # One row for all acts to queue at, before they lock what others need as well.
        _hold(SchemaVersion.select())
        _hold(Source.select(Source.id).order_by(Source.id))
        _hold(Operator.select(Operator.id).order_by(Operator.id))


def take_turn_for(source_ids: Collection[int]) -> None:
    """Make the hand-outs of an arrival follow the acts, and lock who serves its sources."""
    if engine().is_server:
        _hold(SchemaVersion.select())
        hold_all(source_ids)


def hold_all(source_ids: Collection[int]) -> bool:
    """Lock these sources and all who serve them; return False on SQLite.

    An appeal is stored as waiting only under these locks: an act that frees a place for it comes
    either before, and is seen, or after, and finds it.
    """
    if not engine().is_server:
        return False
    sources = Source.select(Source.id).where(Source.id.in_(sorted(source_ids)))
    _hold(sources.order_by(Source.id))
    serving = OperatorSource.select(OperatorSource.operator).where(
        OperatorSource.source.in_(sorted(source_ids))
    )
    _hold(Operator.select(Operator.id).where(Operator.id.in_(serving)).order_by(Operator.id))
    return True


def _hold(query: "ModelSelect[Any]") -> None:
    # Rows are locked as they are returned, hence ORDER BY in every query above.
    rows(query.for_update(_KIND))  # type: ignore[arg-type]  # its stubs forget the kinds

"""Rows held until a transaction ends, where many write at once.

SQLite has one writer, who holds everything: there these do nothing and say so. All who hold rows
take those of the sources before those of the operators, each in the order of their ids, so that
nobody who holds some ever waits for somebody who waits for them.
"""

from collections.abc import Collection
from typing import Any

from peewee import ModelSelect

from leadboard.database.connection import engine, rows
from models import Operator, OperatorSource, SchemaVersion, Source

_KIND = "FOR NO KEY UPDATE"
"""Strong enough to keep others from changing a row, and leaves them free to point at it."""


def take_turn() -> None:
    """Let one dispatcher's act follow another, and hold the whole team until it is stored.

    An act may free many places for many sources; bots that send meanwhile wait a few milliseconds.
    """
    if engine().is_server:
        _hold(SchemaVersion.select())
        _hold(Source.select(Source.id).order_by(Source.id))
        _hold(Operator.select(Operator.id).order_by(Operator.id))


def take_turn_for(source_ids: Collection[int]) -> None:
    """Let what an arrival hands out follow the acts, and hold who serves its sources."""
    if engine().is_server:
        _hold(SchemaVersion.select())
        hold_all((), source_ids)


def hold_all(operator_ids: Collection[int], source_ids: Collection[int]) -> bool:
    """Keep these operators as they are, and all who serve these sources; False on SQLite.

    An appeal is stored as waiting only while this holds: whoever frees a place for it comes
    either before, and is seen, or after, and finds it.
    """
    if not engine().is_server:
        return False
    sources = Source.select(Source.id).where(Source.id.in_(sorted(source_ids)))
    _hold(sources.order_by(Source.id))
    serving = OperatorSource.select(OperatorSource.operator).where(
        OperatorSource.source.in_(sorted(source_ids))
    )
    chosen = Operator.id.in_(sorted(operator_ids)) | Operator.id.in_(serving)
    _hold(Operator.select(Operator.id).where(chosen).order_by(Operator.id))
    return True


def _hold(query: "ModelSelect[Any]") -> None:
    rows(query.for_update(_KIND))  # type: ignore[arg-type]  # its stubs forget the kinds

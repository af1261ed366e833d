"""Rows held until a transaction ends, where many write at once.

SQLite has one writer, who holds everything: there these do nothing and say so.
"""

from collections.abc import Collection
from typing import Any

from peewee import ModelSelect

from models import Operator, OperatorSource, SchemaVersion, Source
from store import engine, rows

_KIND = "FOR NO KEY UPDATE"
"""Strong enough to keep others from changing a row, and leaves them free to point at it."""


def take_turn() -> None:
    """Let one dispatcher's act follow another: each sees what those before it have done."""
    if engine().is_server:
        rows(SchemaVersion.select().for_update())


def hold_sources(source_ids: Collection[int]) -> bool:
    """Keep others from changing who serves these sources; False where nobody else writes."""
    if not engine().is_server:
        return False
    chosen = Source.id.in_(sorted(source_ids))
    _hold(Source.select(Source.id).where(chosen).order_by(Source.id))
    return True


def hold_all(operator_ids: Collection[int], source_ids: Collection[int]) -> bool:
    """Keep these operators as they are, and all who serve these sources.

    An appeal is stored as waiting only while this holds: whoever frees a place for it comes
    either before, and is seen, or after, and finds it. Operators are held in the order of their
    ids, so that two who hold several never wait for each other.
    """
    if not hold_sources(source_ids):
        return False
    serving = OperatorSource.select(OperatorSource.operator).where(
        OperatorSource.source.in_(sorted(source_ids))
    )
    chosen = Operator.id.in_(sorted(operator_ids)) | Operator.id.in_(serving)
    _hold(Operator.select(Operator.id).where(chosen).order_by(Operator.id))
    return True


def hold_everybody() -> None:
    """Keep every operator's load as it is."""
    if engine().is_server:
        _hold(Operator.select(Operator.id).order_by(Operator.id))


def _hold(query: "ModelSelect[Any]") -> None:
    rows(query.for_update(_KIND))  # type: ignore[arg-type]  # its stubs forget the kinds

"""The tables of the team as readers get them: one query and one row class for each."""

from dataclasses import dataclass, fields

from peewee import ModelSelect, fn

from leadboard.entities import OperatorRow
from models import Appeal, Operator, OperatorSource, Source, is_waiting


@dataclass(frozen=True, slots=True)
class WeightRow:
    """The weight of one operator for one source, as readers get it."""

    operator_id: int
    source_id: int
    weight: int


def operators() -> "ModelSelect[Operator]":
    """Return the query whose rows are those of OperatorRow."""
    return Operator.select(*(getattr(Operator, each.name) for each in fields(OperatorRow)))


def sources() -> "ModelSelect[Source]":
    """Return the query whose rows are those of SourceRow."""
    waiting = Appeal.select(fn.COUNT(Appeal.id)).where(Appeal.source == Source.id, is_waiting())
    return Source.select(
        *(Source.id, Source.name, waiting, Source.strategy, Source.is_sealed, Source.credits)
    )


def weights() -> "ModelSelect[OperatorSource]":
    """Return the query whose rows are those of WeightRow."""
    return OperatorSource.select(
        OperatorSource.operator, OperatorSource.source, OperatorSource.weight
    )

"""The seals of all sources: commitments, and the seeds that are revealed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from leadboard.common.text import clean
from leadboard.database.connection import rows
from leadboard.database.proof_tables import Seal
from leadboard.database.transactions import reading
from models import Source


class SealState(StrEnum):
    """What has become of a seal."""

    NEXT = "next"
    IN_FORCE = "in force"
    REVEALED = "revealed"


@dataclass(frozen=True, slots=True)
class SealRow:
    """A seal: for which decisions of which source, and its seed in hex once it is revealed."""

    source_id: int
    source: str
    state: SealState
    commitment: str
    first: int | None
    last: int | None
    began_at: datetime | None
    ended_at: datetime | None
    seed: str | None


def seals(source_id: int | None = None) -> list[SealRow]:
    """Return the seals of a source, or of all, the oldest first; raises Trouble."""
    query = (
        Seal.select(
            *(Seal.source_id, Source.name, Seal.commitment, Seal.seed),
            *(Seal.first, Seal.last, Seal.began_at, Seal.ended_at),
        )
        .join(Source, on=Source.id == Seal.source_id)
        .order_by(Seal.source_id, Seal.id)
    )
    chosen = query if source_id is None else query.where(Seal.source_id == source_id)
    return [_row(*row) for row in reading(lambda: rows(chosen))]


def _row(
    source_id: int,
    name: str,
    commitment: str,
    seed: bytes,
    first: int | None,
    last: int | None,
    began_at: datetime | None,
    ended_at: datetime | None,
) -> SealRow:
    state = SealState.NEXT if first is None else SealState.IN_FORCE
    if last is not None:
        state = SealState.REVEALED
    shown = bytes(seed).hex() if state == SealState.REVEALED else None
    return SealRow(
        *(source_id, clean(name), state, commitment, first, last, began_at, ended_at), shown
    )

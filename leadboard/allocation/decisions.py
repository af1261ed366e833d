"""The decisions of the ledger in the order of their chains, with the draws that were lost."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from peewee import IntegerField

from leadboard.allocation.sealing import outside_of
from leadboard.database.compiled_queries import Compiled, Param
from leadboard.database.connection import rows
from leadboard.database.proof_tables import LostDraw, Seal
from models import Appeal, AppealStep, Lead

PAGE = 2_000
"""Decisions read at a time: each comes with what the client wrote."""


class RecordedDecision(NamedTuple):
    """A draw as it is on record; a lost one has no appeal and no place in the ledger.

    One that is not sealed has neither a number nor a head. `outside` is in hex.
    """

    source_id: int
    number: int | None
    roster_id: int
    draw: int
    operator_id: int
    outside: str
    head: bytes | None
    appeal_id: int | None = None
    place: int | None = None

    @property
    def is_lost(self) -> bool:
        """Tell whether the operator drawn had no place left."""
        return self.appeal_id is None


def decisions() -> Iterator[RecordedDecision]:
    """Yield all decisions in the current transaction, those of each source in their order."""
    lost = _lost()
    for decision in _kept():
        if decision.number is not None:
            yield from _ahead(lost.get(decision.source_id, []), decision.number)
        yield decision
    for left in lost.values():
        yield from left


def _ahead(lost: list[RecordedDecision], number: int) -> Iterator[RecordedDecision]:
    """Yield the lost draws ahead of a number, and forget them."""
    while lost and (lost[0].number or 0) < number:
        yield lost.pop(0)


def _lost() -> dict[int, list[RecordedDecision]]:
    """Return the lost draws by source in the order of their numbers, unsealed ones first."""
    query = LostDraw.select(
        *(LostDraw.source_id, LostDraw.number, LostDraw.roster_id, LostDraw.draw),
        *(LostDraw.operator_id, LostDraw.outside, LostDraw.head),
    )
    found: dict[int, list[RecordedDecision]] = {}
    for source_id, number, roster_id, draw, operator_id, outside, head in rows(
        query.order_by(LostDraw.id)
    ):
        decision = RecordedDecision(
            *(source_id, number, roster_id, draw, operator_id),
            *(bytes(outside).hex(), _bytes(head)),
        )
        found.setdefault(decision.source_id, []).append(decision)
    for each in found.values():
        each.sort(key=lambda decision: decision.number or 0)
    return found


_PAGE = Compiled(
    lambda: (
        AppealStep.select(
            *(AppealStep.place, Appeal.source, AppealStep.number, AppealStep.roster),
            *(AppealStep.draw, AppealStep.operator_id, AppealStep.head, AppealStep.appeal),
            *(Lead.external_id, Appeal.key, Appeal.message),
        )
        .join(Appeal)
        .join(Lead)
        .where(AppealStep.drawn, AppealStep.place > Param(AppealStep.place, "after"))
        .order_by(AppealStep.place)
        .limit(Param(IntegerField(), "count"))
    )
)


def _kept() -> Iterator[RecordedDecision]:
    after = 0
    while page := _PAGE.rows(after=after, count=PAGE):
        yield from (_decision(*row) for row in page)
        after = page[-1][0]


def _decision(
    place: int,
    source_id: int,
    number: int | None,
    roster_id: int | None,
    draw: int | None,
    operator_id: int | None,
    head: Any,
    appeal_id: int,
    *words: Any,
) -> RecordedDecision:
    # What is missing, in a ledger that somebody has altered, is a draw of nothing.
    drawn = (roster_id or 0, -1 if draw is None else draw, operator_id or 0)
    outside = outside_of((words[0], words[1], words[2]))
    return RecordedDecision(source_id, number, *drawn, outside, _bytes(head), appeal_id, place)


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


class RecordedSeal(NamedTuple):
    """A seal: from which number on, up to which one once it has ended, and its secret seed."""

    id: int
    source_id: int
    commitment: str
    seed: bytes
    first: int | None
    last: int | None


def seals() -> dict[int, Sequence[RecordedSeal]]:
    """Return all seals by source, oldest first."""
    query = Seal.select(
        *(Seal.id, Seal.source_id, Seal.commitment, Seal.seed, Seal.first, Seal.last)
    ).order_by(Seal.source_id, Seal.id)
    found: dict[int, list[RecordedSeal]] = {}
    for seal_id, source_id, commitment, seed, *bounds in rows(query):
        seal = RecordedSeal(seal_id, source_id, commitment, bytes(seed), *bounds)
        found.setdefault(source_id, []).append(seal)
    return dict(found)

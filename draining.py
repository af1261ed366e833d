"""Waiting appeals flow, oldest first, to whoever has room."""

import heapq
import random
from typing import NamedTuple

from peewee import fn

from draws import Wheels
from journal import Journal
from lottery import LOTTERY
from models import Appeal, Operator, OperatorSource, Source
from places import is_waiting, oldest_waiting, rewrite, state_of
from store import rows

DRAIN_BATCH = 200
"""Waiting appeals handed out in one transaction, so that nobody holds the lock for long."""


class Drained(NamedTuple):
    """What a drain did: how many appeals it gave away, and whether more may be waiting."""

    given: int
    has_more: bool


def drain(
    journal: Journal,
    rng: random.Random = LOTTERY,
    source_id: int | None = None,
    batch: int = DRAIN_BATCH,
) -> Drained:
    """Give waiting appeals to operators, oldest first, in the transaction under way.

    Each goes through the lottery of its own source; a source that nobody can serve is passed over.
    Takes `batch` of them at the most.
    """
    queue = waiting_queues(source_id)
    heapq.heapify(queue)
    wheels, given = Wheels(rng), 0
    while queue and given < batch:
        appeal_id, source = heapq.heappop(queue)
        decision = wheels.decide(source)
        if decision.operator_id is None:
            continue
        rewrite(state_of(appeal_id), journal, **decision.columns())
        given += 1
        if (following := oldest_waiting(source)) is not None:
            heapq.heappush(queue, (following, source))
    wheels.settle()
    return Drained(given, has_more=bool(queue))


def waiting_queues(source_id: int | None = None) -> list[tuple[int, int]]:
    """Return (oldest waiting appeal, source) for each source that somebody can serve."""
    eligible = (
        OperatorSource.select()
        .join(Operator)
        .where(
            OperatorSource.source == Source.id,
            OperatorSource.weight > 0,
            Operator.is_active,
            Operator.load < Operator.max_load,
        )
    )
    queued = Appeal.select(fn.MIN(Appeal.id)).where(Appeal.source == Source.id, is_waiting())
    sources = Source.select(queued, Source.id).where(
        fn.EXISTS(Appeal.select(Appeal.id).where(Appeal.source == Source.id, is_waiting())),
        fn.EXISTS(eligible),
    )
    if source_id is not None:
        sources = sources.where(Source.id == source_id)
    return [(appeal_id, source) for appeal_id, source in rows(sources)]

"""Handing out waiting appeals, oldest first, to operators who have room."""

import heapq
import random
from typing import NamedTuple

from peewee import ModelSelect, fn

from leadboard.allocation.appeal_state import AppealState
from leadboard.allocation.appeals import rewrite_all, waiting_of
from leadboard.allocation.draws import Decision, Wheels
from leadboard.allocation.journal import Journal
from leadboard.database.compiled_queries import Compiled, Param
from models import Appeal, Operator, OperatorSource, Source, is_waiting

DRAIN_BATCH = 200
"""Waiting appeals handed out in one transaction, so that nobody holds the lock for long."""


class Drained(NamedTuple):
    """The result of a drain: how many appeals it handed out, and whether more may be left."""

    given: int
    has_more: bool


def drain(
    journal: Journal,
    rng: random.Random | None = None,
    source_id: int | None = None,
    batch: int = DRAIN_BATCH,
) -> Drained:
    """Give waiting appeals to operators, oldest first, in the current transaction.

    Each goes through the lottery of its own source; a source that nobody can serve is passed over.
    At most `batch` appeals are handed out.
    """
    sources = flowing(source_id)
    # Small pages for many sources, so that hardly more is read than one batch hands out.
    page = batch // max(1, len(sources)) + 1
    lines = [waiting_of(source, page) for source in sources]
    # The ids differ, so the heap never has to compare the states behind them.
    front = [(first[0].id, first, line) for line in lines if (first := next(line, None))]
    heapq.heapify(front)
    wheels, given = Wheels(rng), list[tuple[AppealState, Decision]]()
    while front and len(given) < batch:
        _, (state, words), line = front[0]
        decision = wheels.decide(state.source_id, words)
        if not decision.is_left:
            given.append((state, decision))
        # With nobody left for one appeal of a source there is nobody for the rest of its line.
        following = None if decision.is_left else next(line, None)
        if following is None:
            heapq.heappop(front)
        else:
            heapq.heapreplace(front, (following[0].id, following, line))
    rosters = wheels.store_rosters()
    rewritings = [(state, each.columns(rosters[each.digest])) for state, each in given]
    rewrite_all(rewritings, journal, drawn=True, links=[each.link for _, each in given])
    wheels.settle()
    return Drained(len(given), has_more=bool(front))


def _queues() -> "ModelSelect[Source]":
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
    waiting = Appeal.select(Appeal.id).where(Appeal.source == Source.id, is_waiting())
    # EXISTS, because ten thousand waiting appeals must cost no more than one.
    return Source.select(Source.id).where(fn.EXISTS(waiting), fn.EXISTS(eligible))


_QUEUES = Compiled(_queues)
_QUEUE = Compiled(lambda: _queues().where(Source.id == Param(Source.id, "source_id")))


def flowing(source_id: int | None = None) -> list[int]:
    """Return the sources with waiting appeals that somebody could take."""
    found = _QUEUES.rows() if source_id is None else _QUEUE.rows(source_id=source_id)
    return [source for (source,) in found]

"""The one thread that writes for the door: appeals that wait together share a transaction."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

from allocator import place_all
from leadboard.allocation.intake import Draft, Placed
from leadboard.common.errors import TooBusy, Trouble
from leadboard.common.language import _
from leadboard.database.connection import database
from leadboard.database.transactions import plainly, transact, tune_for_bulk

T = TypeVar("T")

MOST = 500
"""Appeals stored in one transaction; more would keep other programs waiting."""
LONGEST_QUEUE = 10_000
"""Jobs that may wait; further clients are told to try again."""
TURN = 0.002
"""Seconds left between two transactions; longer than others nap before they try again."""

WriteJob = Draft | Callable[[], Any]
"""An appeal to be stored, or an act to be done."""


class _Asked(NamedTuple):
    """A job with the future that its outcome goes to."""

    job: WriteJob
    future: "asyncio.Future[Any]"


class Writer:
    """Runs jobs for the event loop, in their order, and answers each once it is stored."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked: queue.Queue[_Asked | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    async def store(self, draft: Draft) -> Placed:
        """Store an appeal; raises Refused, and Trouble when it was not stored."""
        placed: Placed = await self._ask(draft)
        return placed

    async def do(self, act: Callable[[], T]) -> T:
        """Do an act; raises what it raises."""
        outcome: T = await self._ask(act)
        return outcome

    def queued(self) -> int:
        """Return how many jobs wait."""
        return self._asked.qsize()

    def _ask(self, job: WriteJob) -> "asyncio.Future[Any]":
        if self.queued() >= LONGEST_QUEUE:
            raise TooBusy(_("Too many are waiting: try again in a moment."))
        future = self._loop.create_future()
        self._asked.put(_Asked(job, future))
        return future

    async def close(self) -> None:
        """Finish the jobs that wait, and end."""
        self._asked.put(None)
        await asyncio.to_thread(self._thread.join)

    # On the thread.

    def _run(self) -> None:
        # It only makes bulk quicker.
        with suppress(Trouble):
            tune_for_bulk()
        while (first := self._asked.get()) is not None:
            waiting, is_over = self._together(first)
            # Grouped without sorting: jobs take effect in the order in which they came.
            for is_draft, group in groupby(waiting, lambda each: isinstance(each.job, Draft)):
                asked = list(group)
                outcomes = _store(asked) if is_draft else list(map(_act, asked))
                # A future may be set on the thread of its loop only.
                self._loop.call_soon_threadsafe(_answer, asked, outcomes)
            if is_over:
                break
            # SQLite keeps no queue: without a gap this thread would win the lock again and again.
            if not self._asked.empty():
                time.sleep(TURN)
        # Connections belong to threads: nobody else can close this one.
        database.close()

    def _together(self, first: _Asked) -> tuple[list[_Asked], bool]:
        """Return the jobs that wait by now, and whether the end is among them."""
        waiting = [first]
        while len(waiting) < MOST:
            try:
                asked = self._asked.get_nowait()
            except queue.Empty:
                break
            if asked is None:
                return waiting, True
            waiting.append(asked)
        return waiting, False


def _store(asked: Sequence[_Asked]) -> list[Any]:
    drafts = [each.job for each in asked if isinstance(each.job, Draft)]
    try:
        return list(transact(lambda: place_all(drafts)))
    # Any error is the answer to these jobs; it must not end the thread.
    except Exception as error:
        return [error] * len(asked)


def _act(asked: _Asked) -> Any:
    assert not isinstance(asked.job, Draft)
    try:
        with plainly():
            return asked.job()
    # As in `_store`, any error is the answer.
    except Exception as error:
        return error


def _answer(asked: Sequence[_Asked], outcomes: Sequence[Any]) -> None:
    for each, outcome in zip(asked, outcomes, strict=True):
        # The client has gone: setting a cancelled future raises an error.
        if each.future.done():
            continue
        if isinstance(outcome, Exception):
            each.future.set_exception(outcome)
        else:
            each.future.set_result(outcome)

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
from leadboard.common.errors import Refused, TooBusy, Trouble
from leadboard.database.connection import database
from leadboard.database.transactions import plainly, transact, tune_for_bulk

T = TypeVar("T")

MOST = 500
"""Appeals stored in one transaction, so that nobody else waits long."""
LONGEST_QUEUE = 10_000
"""Jobs that may wait; whoever comes then is told to come again."""
TURN = 0.002
"""Seconds left between two transactions; longer than others nap before they try again."""

WriteJob = Draft | Callable[[], Any]
"""An appeal to be stored, or an act to be done."""


class _Asked(NamedTuple):
    """A job with the future that its outcome goes to."""

    job: WriteJob
    future: "asyncio.Future[Any]"


class Writer:
    """Takes jobs from the loop that runs it and answers each once it is durable, in their order."""

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

    def _ask(self, job: WriteJob) -> "asyncio.Future[Any]":
        if self._asked.qsize() >= LONGEST_QUEUE:
            raise TooBusy("Too many are waiting: try again in a moment.")
        future = self._loop.create_future()
        self._asked.put(_Asked(job, future))
        return future

    async def close(self) -> None:
        """Finish what was asked for, and end."""
        self._asked.put(None)
        await asyncio.to_thread(self._thread.join)

    # On the thread.

    def _run(self) -> None:
        with suppress(Trouble):  # it makes bulk quicker, no more
            tune_for_bulk()
        while (first := self._asked.get()) is not None:
            waiting, is_over = self._together(first)
            for is_draft, group in groupby(waiting, lambda each: isinstance(each.job, Draft)):
                asked = list(group)
                outcomes = _store(asked) if is_draft else list(map(_act, asked))
                self._loop.call_soon_threadsafe(_answer, asked, outcomes)
            if is_over:
                break
            if not self._asked.empty():
                time.sleep(TURN)
        database.close()

    def _together(self, first: _Asked) -> tuple[list[_Asked], bool]:
        """Return what waits by now, and whether the end is among it."""
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
    except Exception as error:  # whatever it is belongs to those who asked
        return [error] * len(asked)


def _act(asked: _Asked) -> Any:
    assert not isinstance(asked.job, Draft)
    try:
        with plainly():
            return asked.job()
    except Exception as error:  # whatever it is belongs to who asked
        return error


def _answer(asked: Sequence[_Asked], outcomes: Sequence[Any]) -> None:
    for each, outcome in zip(asked, outcomes, strict=True):
        if each.future.done():
            continue  # who asked has gone
        if isinstance(outcome, (Refused, Exception)):
            each.future.set_exception(outcome)
        else:
            each.future.set_result(outcome)

"""What the door's endpoints share: who acts, the thread that writes and those that read."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from fastapi import FastAPI

from leadboard.api.callers import Callers
from leadboard.api.metrics import Metrics
from leadboard.api.tail import Tail
from leadboard.api.writer import Writer
from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.database.transactions import reading_in_place
from leadboard.hooks.delivering import Deliverer

T = TypeVar("T")

READERS = 4
"""Threads that read, each with a connection of its own."""


class Door:
    """What the endpoints share: who may call, the figures, the writing and the reading threads."""

    def __init__(self, callers: Callers, metrics: Metrics) -> None:
        self.callers = callers
        self.metrics = metrics
        self.tail: Tail
        self.writer: Writer
        self._readers = ThreadPoolExecutor(READERS, "reader")

    @asynccontextmanager
    async def open(self, _app: FastAPI) -> AsyncIterator[None]:
        """Start the writer, and let it finish its jobs at the end."""
        # Not before: the writer answers on the loop, which runs only now.
        self.writer = Writer()
        self.metrics.queued = self.writer.queued
        self.tail = Tail(self.read)
        deliverer = Deliverer()
        deliverer.start()
        freshness = asyncio.create_task(self.callers.keep_fresh(self.read))
        try:
            yield
        finally:
            freshness.cancel()
            await asyncio.to_thread(deliverer.stop)
            await self.writer.close()
            self._readers.shutdown()

    def end_streams(self) -> None:
        """End what is sent without an end, so that the door can close."""
        self.tail.close()

    async def read(self, query: Callable[[], T]) -> T:
        """Return what a query finds."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, reading_in_place, query)


def still_there(entry: T | None) -> T:
    """Return a row that existed a moment ago; raises Refused if somebody has deleted it since."""
    if entry is None:
        raise Refused(_("Somebody has deleted it meanwhile."))
    return entry

"""How the screen reads: directly from a file, on another thread from a server."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from textual.dom import DOMNode

from leadboard.common.crashlog import surprise_once
from leadboard.common.errors import Refused, Trouble
from leadboard.database.connection import engine
from tui.worker import Lane

T = TypeVar("T")

Fail = Callable[[Refused | Trouble], None]
"""Receives the reason why nothing could be read."""


class Reader:
    """Runs queries that may be slow on a thread of its own, and all others at once.

    A page from a file takes less than a frame and shows before the next key; a server may be far
    away. Nothing else on the screen has to know which of the two the database is.
    """

    def __init__(self, name: str) -> None:
        self._lane = Lane(name, is_for_reading=True)

    def run(
        self,
        node: DOMNode,
        query: Callable[[], T],
        then: Callable[[T], None],
        fail: Fail,
        *,
        is_slow: bool = False,
        key: str | None = None,
    ) -> "asyncio.Future[T] | None":
        """Run a query for a node and pass the result to `then`, on the screen's own thread.

        Returns the future if it runs on another thread. Of the queries with the same `key` only
        one is queued: it finds what the others would. An unforeseen error is logged and passed
        to `fail` like any other, since one odd row must not close the desk.
        """
        if not is_slow and not engine().is_server:
            _at_once(query, then, fail)
            return None
        if key is not None and self._lane.is_waiting(key):
            return None
        reading = self._lane.do(query, key)
        node.run_worker(_later(reading, then, fail), group="read", exit_on_error=False)
        return reading

    async def read(self, query: Callable[[], T]) -> T:
        """Return the result of a query; raises what it raises."""
        return await self._lane.do(query) if engine().is_server else query()

    async def read_beside(self, query: Callable[[], T]) -> T:
        """Return the result of a query that is slow on any database."""
        return await self._lane.do(query)

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no query runs beside the screen; return False if `seconds` passed first."""
        return self._lane.wait_until_idle(seconds)

    def break_off(self, reading: "asyncio.Future[T]") -> None:
        """Interrupt a query if it is running: its result is no longer wanted."""
        self._lane.break_off(reading)


def _at_once(query: Callable[[], T], then: Callable[[T], None], fail: Fail) -> None:
    try:
        found = query()
    except Exception as error:
        fail(_told(error))
    else:
        # Outside the try: an error in `then` is a fault of the widget, not of the database.
        then(found)


async def _later(reading: "asyncio.Future[T]", then: Callable[[T], None], fail: Fail) -> None:
    try:
        found = await reading
    except Exception as error:
        fail(_told(error))
    else:
        then(found)


def _told(error: Exception) -> Refused | Trouble:
    return error if isinstance(error, (Refused, Trouble)) else Trouble(surprise_once(error))

"""How the screen reads: at once from a file, beside its own thread from a server."""

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
"""Takes the reason why nothing could be read."""


class Reader:
    """Reads on a thread of its own what may take its time, and everything else at once.

    A page of a file takes less than a frame, and shows before the next key; a server may be far
    away. Nobody else on the screen has to know which of the two the database is.
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
        """Read for a node and go on with what was found, on the screen's own thread.

        Returns the reading where it goes on elsewhere. Of those with the same `key` only one
        waits for its turn: it will find what the others would. An error that nobody foresaw is
        logged and told like any other, since one odd row must not close the desk.
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
        """Return what a query finds; raises what it raises."""
        return await self._lane.do(query) if engine().is_server else query()

    async def read_beside(self, query: Callable[[], T]) -> T:
        """Return what a query finds that takes long wherever the database is."""
        return await self._lane.do(query)

    def break_off(self, reading: "asyncio.Future[T]") -> None:
        """Break off a reading, if it is under way: its result is not wanted any more."""
        self._lane.break_off(reading)


def _at_once(query: Callable[[], T], then: Callable[[T], None], fail: Fail) -> None:
    try:
        found = query()
    except Exception as error:
        fail(_told(error))
    else:
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

"""The one thread that writes, so that the screen's own thread never waits for a lock."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from store import database

T = TypeVar("T")


class Writer:
    """Runs acts one after another, in the order in which they came, on a connection of its own."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]]] = SimpleQueue()
        self._pending = 0
        self._idle = threading.Event()
        self._idle.set()
        self._lock = threading.Lock()
        # A daemon: a write that is stuck behind somebody's lock must not keep the program open.
        threading.Thread(target=self._run, name="writer", daemon=True).start()

    def do(self, act: Callable[[], T]) -> "asyncio.Future[T]":
        """Queue an act; the future brings its result or what it raised to the running loop."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._pending += 1
            self._idle.clear()
        self._jobs.put((act, future))
        return future

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until every queued act is stored; False when `seconds` passed before."""
        return self._idle.wait(seconds)

    def _run(self) -> None:
        while True:
            act, future = self._jobs.get()
            try:
                outcome = _settle(future, act())
            except Exception as error:  # whatever it is belongs to whoever asked for the act
                outcome = _fail(future, error)
            with suppress(RuntimeError):  # the loop has ended: nobody is left to be told
                future.get_loop().call_soon_threadsafe(outcome)
            with self._lock:
                self._pending -= 1
                if not self._pending:
                    self._idle.set()
                    database.close()


def _settle(future: "asyncio.Future[T]", result: T) -> Callable[[], None]:
    return lambda: None if future.done() else future.set_result(result)


def _fail(future: "asyncio.Future[Any]", error: Exception) -> Callable[[], None]:
    return lambda: None if future.done() else future.set_exception(error)

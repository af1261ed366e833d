"""Threads beside the screen's own: one that writes, so that nobody at the keys waits for a lock,
and one that searches."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from store import database, engine, reading

T = TypeVar("T")


class Lane:
    """Runs jobs one after another, in the order in which they came, on a connection of its own."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]]] = SimpleQueue()
        self._pending = 0
        self._connection: Any = None
        self._idle = threading.Event()
        self._idle.set()
        self._lock = threading.Lock()
        # A daemon: a write that is stuck behind somebody's lock must not keep the program open.
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def do(self, job: Callable[[], T]) -> "asyncio.Future[T]":
        """Queue a job; the future brings its result or what it raised to the running loop."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._pending += 1
            self._idle.clear()
        self._jobs.put((job, future))
        return future

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until every queued job is done; False when `seconds` passed before."""
        return self._idle.wait(seconds)

    def interrupt(self) -> None:
        """Break off the query under way: whoever asked for it no longer wants to know."""
        connection = self._connection
        if connection is not None:
            # SQLite's word for it, and that of the driver of PostgreSQL.
            (getattr(connection, "interrupt", None) or connection.cancel)()

    def _run(self) -> None:
        while True:
            job, future = self._jobs.get()
            try:
                self._connection = reading(database.connection)
                outcome = _settle(future, job())
            except Exception as error:  # whatever it is belongs to whoever asked for it
                outcome = _fail(future, error)
            self._connection = None
            with suppress(RuntimeError):  # the loop has ended: nobody is left to be told
                future.get_loop().call_soon_threadsafe(outcome)
            with self._lock:
                self._pending -= 1
                if not self._pending:
                    self._idle.set()
                    _rest()


def _rest() -> None:
    """Let go of a file while there is nothing to do; a server is slow to connect to again."""
    if not engine().is_server:
        database.close()


def _settle(future: "asyncio.Future[T]", result: T) -> Callable[[], None]:
    return lambda: None if future.done() else future.set_result(result)


def _fail(future: "asyncio.Future[Any]", error: Exception) -> Callable[[], None]:
    return lambda: None if future.done() else future.set_exception(error)

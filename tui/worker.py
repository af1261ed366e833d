"""Threads beside the screen's own, so that no key waits for a lock, a server or a search."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeVar

from leadboard.database.connection import database, engine
from leadboard.database.transactions import reading

T = TypeVar("T")


class _Asked(NamedTuple):
    job: Callable[[], Any]
    future: "asyncio.Future[Any]"
    key: str | None


class Lane:
    """Runs jobs one after another, in the order they were queued, on a connection of its own."""

    def __init__(self, name: str, *, is_for_reading: bool = False) -> None:
        self._is_for_reading = is_for_reading
        """Whether a cancelled job is skipped; an act never is."""
        self._jobs: SimpleQueue[_Asked] = SimpleQueue()
        self._keys: set[str] = set()
        """The keys of jobs that have not begun."""
        self._pending = 0
        self._connection: Any = None
        self._under_way: asyncio.Future[Any] | None = None
        self._breaking = threading.Lock()
        """Held while a job begins, ends or is interrupted, so that no other job is hit."""
        self._idle = threading.Event()
        self._idle.set()
        self._lock = threading.Lock()
        # A daemon, not a thread worker of Textual, whose executor is joined on exit: a write stuck
        # behind somebody's lock must not keep the program open.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._has_begun = False

    def do(self, job: Callable[[], T], key: str | None = None) -> "asyncio.Future[T]":
        """Queue a job and return a future of the running loop for its result or error."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._lock:
            if not self._has_begun:
                # Not before: on a file most of these threads never have anything to do.
                self._has_begun = True
                self._thread.start()
            self._pending += 1
            self._idle.clear()
            if key is not None:
                self._keys.add(key)
        self._jobs.put(_Asked(job, future, key))
        return future

    def is_waiting(self, key: str) -> bool:
        """Tell whether a job with this key is queued and has not begun."""
        with self._lock:
            return key in self._keys

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until every queued job is done; return False if `seconds` passed first."""
        return self._idle.wait(seconds)

    def break_off(self, future: "asyncio.Future[Any]") -> None:
        """Interrupt the query of one job if it is running: its result is no longer wanted."""
        # Cancelling on a server opens a connection of its own, which may be slow.
        threading.Thread(target=self._interrupt, args=(future,), daemon=True).start()

    def _interrupt(self, future: "asyncio.Future[Any]") -> None:
        with self._breaking:
            connection = self._connection
            if self._under_way is future and connection is not None:
                with suppress(Exception):  # then the query ends by itself
                    # sqlite3 calls it interrupt, the drivers of PostgreSQL cancel.
                    (getattr(connection, "interrupt", None) or connection.cancel)()

    def _run(self) -> None:
        while True:
            job, future, key = self._jobs.get()
            with self._lock:
                self._keys.discard(key or "")
            if not (self._is_for_reading and future.cancelled()):
                self._do(job, future)
            with self._lock:
                self._pending -= 1
                if not self._pending:
                    self._idle.set()
                    engine().rest()

    def _do(self, job: Callable[[], Any], future: "asyncio.Future[Any]") -> None:
        try:
            connection = reading(database.connection)
            if self._is_for_reading:
                engine().tune_for_reading()
            with self._breaking:
                self._connection, self._under_way = connection, future
            outcome = _settle(future, job())
        except Exception as error:  # the caller gets it through the future
            outcome = _fail(future, error)
        with self._breaking:
            self._connection = self._under_way = None
        with suppress(RuntimeError):  # the loop has ended, so nobody is waiting
            future.get_loop().call_soon_threadsafe(outcome)


def _settle(future: "asyncio.Future[T]", result: T) -> Callable[[], None]:
    # A cancelled future raises InvalidStateError when it is given a result.
    return lambda: None if future.done() else future.set_result(result)


def _fail(future: "asyncio.Future[Any]", error: Exception) -> Callable[[], None]:
    return lambda: None if future.done() else future.set_exception(error)

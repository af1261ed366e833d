"""The connection: which database, how a write gets its turn, and troubles put into sentences."""

import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from peewee import (
    Database,
    DatabaseError,
    DatabaseProxy,
    Field,
    InterfaceError,
    Query,
    SqliteDatabase,
)

if TYPE_CHECKING:
    AnyField = Field[Any]
else:
    AnyField = Field

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds that a write waits for its turn before it gives up."""

BULK_CACHE = 4_096
"""KiB of pages that a connection keeps for bulk writing."""
BULK_LOG = 8_192
"""Pages of the log after which bulk writing copies them into the file."""

BEYOND = 2**63 - 1
"""An id above all others."""

database = DatabaseProxy()


class Refused(ValueError):
    """Bad input, or an act that the rules forbid; nothing was changed. `field` names the input."""

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


class Trouble(RuntimeError):
    """The database cannot be used just now; nothing was changed."""


class TooBusy(Trouble):
    """Others kept the database locked for longer than the patience; trying again may help."""


class UtcField(AnyField):
    """A moment as an aware UTC datetime, kept as fixed-width ISO 8601 text that sorts by time."""

    field_type = "TEXT"

    def db_value(self, value: datetime | None) -> str | None:
        """Return the moment as text."""
        return None if value is None else stamp(value)

    def python_value(self, value: str | None) -> datetime | None:
        """Return the aware moment; raises ValueError for text that is none."""
        return None if value is None else datetime.fromisoformat(value)


class SqliteStore(SqliteDatabase):
    """SQLite that survives invalid UTF-8 written by other programs, and opens patiently."""

    def _connect(self) -> Any:
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                return super()._connect()  # type: ignore[misc]  # not in its stubs
            except sqlite3.OperationalError as error:
                # A new file is locked for a moment while another process turns its log on.
                is_busy = (error.sqlite_errorname or "").startswith("SQLITE_BUSY")
                if not is_busy or time.monotonic() > give_up:
                    raise
            nap()

    def _add_conn_hooks(self, conn: sqlite3.Connection) -> None:
        super()._add_conn_hooks(conn)  # type: ignore[misc]  # not in its stubs
        conn.text_factory = lambda raw: raw.decode("utf-8", "replace")


def expect_bulk() -> None:
    """Let this connection keep more pages, so that a long run of writes touches each less often."""
    if isinstance(database.obj, SqliteStore):
        database.execute_sql(f"PRAGMA cache_size = {-BULK_CACHE}")
        database.execute_sql(f"PRAGMA wal_autocheckpoint = {BULK_LOG}")


def stamp(moment: datetime) -> str:
    """Return a moment as the tables hold it: UTC, ISO 8601 with microseconds and `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def connect_sqlite(path: Path) -> SqliteStore:
    """Return the SQLite database at `path`, made with mode 0600 if it is new; raises Trouble."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise Trouble(f"Cannot create {path}: {error.strerror}.") from error
    # timeout=0: SQLite's own waiting is unfair; `transact` waits instead, with short random naps.
    return SqliteStore(
        str(path),
        pragmas={"journal_mode": "wal", "foreign_keys": 1, "synchronous": "FULL"},
        timeout=0,
    )


def transact(work: Callable[[], T]) -> T:
    """Run `work` in one transaction that owns the write lock from its start, and return its result.

    Inside another `transact` it simply joins in. `work` may be run again when the database was
    busy, so it must keep nothing from a failed run. Raises what `work` raises, TooBusy after
    PATIENCE seconds, and Trouble when the database cannot be written.
    """
    if database.in_transaction():
        return work()
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            with plainly(), database.atomic("IMMEDIATE"):
                return work()
        except TooBusy:
            if time.monotonic() > give_up:
                raise
        nap()


def nap() -> None:
    """Sleep for about a millisecond, each time another one, so that waiting writers do not meet."""
    time.sleep(random.uniform(0.0005, 0.002))


def try_writing() -> None:
    """Raise Trouble when the database cannot be written now; changes nothing."""
    with plainly(), database.atomic("IMMEDIATE") as attempt:
        database.execute_sql("CREATE TABLE try_writing (x INTEGER)")
        attempt.rollback()


@contextmanager
def plainly() -> Iterator[None]:
    """Turn the database library's errors into Trouble, with a sentence for people."""
    try:
        yield
    except (DatabaseError, InterfaceError, sqlite3.Error) as error:
        if _name_of(error) == "SQLITE_CONSTRAINT":
            raise
        raise _trouble(error) from error
    except OverflowError as error:
        raise Refused("There is nothing with so large a number.") from error


def reading(query: Callable[[], T]) -> T:
    """Return what a reading finds; raises Trouble when the database cannot be read."""
    with plainly():
        return query()


def _name_of(error: BaseException | None) -> str:
    """Return SQLite's name for the error without its detail, such as SQLITE_BUSY.

    On a full disk SQLite rolls back by itself, and what is raised in the end is that nothing was
    left to roll back; the cause stands further down the chain, so the first one is looked for.
    """
    known = ""
    while error is not None:
        name = getattr(getattr(error, "orig", error), "sqlite_errorname", None) or ""
        short = "_".join(name.split("_")[:2])
        known = short if short and short != "SQLITE_ERROR" else known
        error = error.__cause__ or error.__context__
    return known


_SENTENCES = {
    "SQLITE_READONLY": "The database is read-only: check the rights of the file and its folder.",
    "SQLITE_FULL": "The disk is full: free some space, then try again.",
    "SQLITE_IOERR": "The disk could not be read or written: check it, then try again.",
    "SQLITE_NOTADB": "The file is not a Leadboard database: choose another with --db.",
    "SQLITE_CORRUPT": "The database file is damaged: restore a backup.",
    "SQLITE_CANTOPEN": "The database cannot be opened: check the path and its rights.",
    "SQLITE_PERM": "The database cannot be opened: check the path and its rights.",
}


def _trouble(error: Exception) -> Trouble:
    name = _name_of(error)
    if name in {"SQLITE_BUSY", "SQLITE_LOCKED"}:
        return TooBusy("The database is locked by another program: try again in a moment.")
    if name in _SENTENCES:
        return Trouble(_SENTENCES[name])
    return Trouble(f"The database answered: {error}.")


def rows(query: Query) -> list[tuple[Any, ...]]:
    """Return what a query finds, as plain tuples."""
    found: list[tuple[Any, ...]] = list(query.tuples())
    return found


def bind(opened: Database) -> None:
    """Make `opened` the database that every table uses."""
    database.initialize(opened)

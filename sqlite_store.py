"""SQLite: one file, one writer at a time, and readers that never wait."""

import os
import sqlite3
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from peewee import SQL, Expression, SqliteDatabase, fn

from store import BEYOND, PATIENCE, nap
from troubles import Trouble

BULK_CACHE = 4_096
"""KiB of pages that a connection keeps for bulk writing."""
BULK_LOG = 8_192
"""Pages of the log after which bulk writing copies them into the file."""


class SqliteStore(SqliteDatabase):
    """SQLite that survives invalid UTF-8 written by other programs, and opens patiently."""

    is_server = False
    text_words: list[SQL] = []

    @property
    def title(self) -> str:
        """Return what the database is called on the screen: the name of its file."""
        return Path(self.database).name

    @property
    def identity(self) -> str:
        """Return what tells this database from all others."""
        return str(self.database)

    def writing(self) -> AbstractContextManager[Any]:
        """Return a transaction that owns the write lock from its start."""
        return self.atomic("IMMEDIATE")

    def snapshot(self) -> AbstractContextManager[Any]:
        """Return a transaction that reads everything as it was at one moment."""
        return self.atomic()

    def _all(self, sql: str) -> list[Any]:
        found: list[Any] = self.execute_sql(sql).fetchall()  # type: ignore[no-untyped-call]
        return found

    def was_stored(self) -> bool | None:
        """Return nothing: no answer is ever lost on the way from a file."""
        return None

    def settled(self, table: str, patience: float) -> int:
        """Return an id above all others: one writes at a time, in the order of the ids."""
        return BEYOND

    def version(self) -> int:
        """Return a number that changes whenever another connection has committed."""
        return int(self._all("PRAGMA data_version")[0][0])

    def expect_bulk(self) -> None:
        """Let this connection keep more pages, so that a long run of writes is quicker."""
        self._all(f"PRAGMA cache_size = {-BULK_CACHE}")
        self._all(f"PRAGMA wal_autocheckpoint = {BULK_LOG}")

    def holds(self, column: Any, text: str) -> Expression:
        """Return the condition that a column holds a text, letter for letter."""
        return fn.INSTR(column, text) > 0

    def count_on(self, table: str) -> None:
        """Do nothing: SQLite goes on from the highest id by itself."""

    def take_stock(self) -> None:
        """Do nothing: the plans of SQLite follow from the indexes alone."""

    def damage(self) -> list[str]:
        """Return what is broken in the file itself, a sentence each."""
        found = [
            f"The file is damaged: {words}."
            for (words,) in self._all("PRAGMA integrity_check(20)")
            if words != "ok"
        ]
        return found + [
            f"Row {row} of {table} points at a row of {parent} that is not there."
            for table, row, parent, _ in self._all("PRAGMA foreign_key_check")
        ]

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

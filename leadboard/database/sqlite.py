"""SQLite: one file, one writer at a time, and readers that never wait."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial, reduce
from pathlib import Path
from typing import Any

from peewee import SQL, Expression, SqliteDatabase, fn

from leadboard.common.case_folding import contains
from leadboard.common.errors import Trouble
from leadboard.common.language import _
from leadboard.database.connection import BEYOND, READ_ONLY
from leadboard.database.error_codes import sqlite_name
from leadboard.database.file import Connection, DatabaseFile
from leadboard.database.file_logs import LOGS, Mode, beside, has_log, modes_of, uri_of
from leadboard.database.file_opening import make_sure
from leadboard.database.transactions import PATIENCE, nap, plainly

READING_CACHE = 256
"""KiB of pages that a connection keeps for reading what is not read again."""
BULK_CACHE = 3_072
"""KiB of pages that a connection keeps for bulk writing."""
BULK_LOG = 8_192
"""Pages of the log after which bulk writing copies them into the file."""

# Foreign keys are off in each new connection.
READING = {"foreign_keys": 1}
"""Settings of a connection that only reads."""
# Not NORMAL: in WAL mode a power failure could then undo commits that were acknowledged.
# On macOS only a full one makes a disk empty its cache; elsewhere the setting changes nothing.
WRITING = {"journal_mode": "wal", **READING, "synchronous": "FULL", "fullfsync": 1}
"""Settings of a connection that writes."""


class SqliteStore(SqliteDatabase):
    """SQLite that survives invalid UTF-8 written by other programs, and opens patiently."""

    is_server = False
    text_collation: list[SQL] = []

    def __init__(self, file: DatabaseFile) -> None:
        # timeout=0: SQLite's own waiting is unfair; `transact` waits with short random naps.
        super().__init__(
            file.uri,
            pragmas=READING if file.is_read_only else WRITING,
            timeout=0,
            uri=True,
            factory=Connection,
        )
        self.file = file

    @property
    def is_read_only(self) -> bool:
        """Tell whether nothing can be stored, because rights are missing."""
        return self.file.is_read_only

    @property
    def title(self) -> str:
        """Return what the database is called on the screen: the name of its file."""
        return self.file.path.name + (READ_ONLY if self.is_read_only else "")

    @property
    def identity(self) -> str:
        """Return what identifies this database."""
        return self.file.real

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """Yield a transaction that holds the write lock from its start.

        Raises Trouble when the file is no longer at its path, Uncertain when it was lost during the
        transaction, and Refused when it may only be read.
        """
        self.file.refuse_writing()
        # Not deferred: to write after reading fails at once if others wrote in between.
        with self.transaction("IMMEDIATE") as transaction:
            self.file.confirm()
            yield transaction
        # Again, since the file may be lost between the first look and the commit.
        self.file.confirm_stored()

    @contextmanager
    def snapshot(self) -> Iterator[Any]:
        """Yield a transaction that reads everything as it was at one moment; raises Trouble."""
        with self.atomic() as transaction:
            yield transaction
        self.file.confirm()

    def confirm(self) -> None:
        """Raise Trouble when the open file is no longer the one at its path."""
        self.file.confirm()

    def _all(self, sql: str) -> list[Any]:
        found: list[Any] = self.execute_sql(sql).fetchall()  # type: ignore[no-untyped-call]
        return found

    def was_stored(self) -> bool | None:
        """Return None: no answer is ever lost on the way from a file."""
        return None

    def settled(self, table: str, patience: float) -> int:
        """Return an id above all others: there is one writer at a time, and ids only grow."""
        return BEYOND

    def change_counter(self) -> int:
        """Return a number that changes whenever another connection has committed.

        Raises Trouble when the open file is no longer the one at its path.
        """
        number = int(self._all("PRAGMA data_version")[0][0])
        self.file.confirm()
        return number

    def rest(self) -> None:
        """Close the file, since opening it again takes almost no time."""
        self.close()

    def tune_for_reading(self) -> None:
        """Keep fewer than the usual 2 MB of pages: what they take is never given back."""
        self._all(f"PRAGMA cache_size = {-READING_CACHE}")

    def tune_for_bulk(self) -> None:
        """Let this connection keep more pages, so that a long run of writes is quicker."""
        # Negative: SQLite takes a positive number for pages.
        self._all(f"PRAGMA cache_size = {-BULK_CACHE}")
        self._all(f"PRAGMA wal_autocheckpoint = {BULK_LOG}")

    def contains(self, columns: Sequence[Any], word: str) -> Expression:
        """Return the condition that the fold of a column contains a folded word."""
        # As one text, since each call of Python takes time; no word contains a line break.
        text = reduce(lambda before, column: before.concat("\n").concat(column), columns)
        # As bytes, since text of other programs may not be UTF-8.
        return fn.folds_to_hold(text.cast("BLOB"), word) == 1

    def advance_ids(self, table: str) -> None:
        """Do nothing: SQLite continues from the highest id by itself."""

    def analyze(self) -> None:
        """Do nothing: the plans of SQLite follow from the indexes alone."""

    def integrity_errors(self) -> list[str]:
        """Return what is broken in the file itself, one sentence each."""
        found = [
            _("The file is damaged: {words}.", words=words)
            for (words,) in self._all("PRAGMA integrity_check(20)")
            if words != "ok"
        ]
        return found + [
            _(
                "Row {row} of {table} points at a row of {parent} that is not there.",
                row=row,
                table=table,
                parent=parent,
            )
            for table, row, parent, _unused in self._all("PRAGMA foreign_key_check")
        ]

    def _connect(self) -> Any:
        # Before anything is opened: SQLite would replay our log over a file that replaced ours.
        self.file.before_connecting()
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                return self._confirmed(super()._connect())  # type: ignore[misc]  # not in its stubs
            except sqlite3.OperationalError as error:
                # A new file is locked for a moment while another process switches it to WAL mode.
                is_busy = (error.sqlite_errorname or "").startswith("SQLITE_BUSY")
                if not is_busy or time.monotonic() > give_up:
                    raise
            nap()

    def _confirmed(self, connection: Connection) -> Connection:
        """Return a new connection to the file that was named, not to another in its place."""
        try:
            self.file.connected(connection)
        except Trouble:
            connection.close()
            raise
        return connection

    def _close(self, conn: Connection) -> None:
        super()._close(conn)  # type: ignore[misc]  # not in its stubs
        self.file.closed(conn)

    def _add_conn_hooks(self, conn: sqlite3.Connection) -> None:
        super()._add_conn_hooks(conn)  # type: ignore[misc]  # not in its stubs
        # Otherwise one invalid byte of another program would make a whole query fail.
        conn.text_factory = partial(str, encoding="utf-8", errors="replace")
        conn.create_function("folds_to_hold", 2, _folds_to_hold, deterministic=True)


def _folds_to_hold(raw: bytes | None, word: str) -> bool:
    return raw is not None and contains(raw, word)


def connect_sqlite(
    path: Path, *, may_create: bool = True, may_only_read: bool = False
) -> SqliteStore:
    """Return the SQLite database at `path`, made with mode 0600 if it is new and may be made.

    Raises Trouble if there is none, if it belongs to another program and, without `may_only_read`,
    if it may only be read.
    """
    make_sure(path, may_create=may_create)
    with plainly():
        mode = _mode_of(path)
    if mode != "rw" and not may_only_read:
        raise Trouble(
            _("{path} is read-only: check its rights and those of its folder.", path=path)
        )
    return SqliteStore(DatabaseFile(path, mode))


def _mode_of(path: Path) -> Mode:
    """Return how the file can be opened; raises Trouble for a database of another program."""
    *others, last = modes_of(path)
    for mode in others:
        try:
            refuse_foreign(path, mode)
        except sqlite3.OperationalError as error:
            # This mode needs rights that are missing; the next one may do with less.
            if sqlite_name(error) not in {"SQLITE_CANTOPEN", "SQLITE_READONLY"}:
                raise
        else:
            return mode
    _refuse_lone_log(path, last)
    refuse_foreign(path, last)
    return last


def _refuse_lone_log(path: Path, mode: Mode) -> None:
    """Raise Trouble for a log without its index if none can be created, as in a copied folder."""
    if mode != "rw" and has_log(path) and not beside(path, LOGS[1]).exists():
        raise Trouble(
            _(
                "A part of {path} is in its log {path}{log}, which can only be read where "
                "its folder may be written: copy both to a folder of yours.",
                path=path,
                log=LOGS[0],
            )
        )


def refuse_foreign(path: Path, mode: Mode) -> None:
    """Raise Trouble for a database of another program, before anything in it is changed."""
    with closing(sqlite3.connect(uri_of(path, mode), timeout=PATIENCE, uri=True)) as probe:
        names = {name for (name,) in probe.execute("SELECT name FROM sqlite_master")}
    # No tables at all: the file is new, or another program is just creating them.
    if names and not names >= {"schema_version", "operator", "appeal"}:
        raise Trouble(_("The file is a database of another program: choose another with --db."))

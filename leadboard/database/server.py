"""What all servers of PostgreSQL's protocol share: many write at once, connections may break."""

import select
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from peewee import (  # type: ignore[attr-defined]  # the last but one is not in its stubs
    SQL,
    Expression,
    PostgresqlDatabase,
    __exception_wrapper__,
)

from leadboard.common.case_folding import pattern
from leadboard.common.errors import Trouble
from leadboard.common.language import _
from leadboard.database.transactions import PATIENCE

if TYPE_CHECKING:

    class Base(PostgresqlDatabase):
        """What the servers' classes of Peewee have in common, with what its stubs leave out."""

        _state: Any
else:
    Base = object

PREPARING = 5
"""Runs after which a statement is kept prepared, if the session is our own: twice as fast."""


class ServerStore(Base):
    """What all such servers share: rows are locked one by one, and a lost connection is renewed.

    Nothing is kept in a session beyond its transaction: a pooler may hand it to somebody else.
    """

    is_server = True
    is_read_only = False
    is_named = True
    """Whether the address names the database, and not a service of libpq that does."""
    text_collation = [SQL('COLLATE "C"')]

    # The driver takes a single % for the start of a parameter.
    operations = {**PostgresqlDatabase.operations, "%": "%%"}

    @property
    def title(self) -> str:
        """Return what the database is called on the screen: its name and its server."""
        given = self.connect_params
        host = given.get("host") or given.get("hostaddr") or given.get("service") or "localhost"
        return _(
            "{database} on {host}",
            database=self.database,
            host="localhost" if host.startswith("/") else host,
        ).strip()

    @property
    def identity(self) -> str:
        """Return what identifies this database."""
        names = ("host", "hostaddr", "port", "service", "options")
        named = (self.connect_params.get(name) for name in names)
        return " ".join(map(str, (*named, self.database)))

    def writing(self) -> AbstractContextManager[Any]:
        """Return a transaction at the isolation level that the address or the server sets."""
        return self.atomic()

    def snapshot(self) -> AbstractContextManager[Any]:
        """Return a transaction that reads everything as it was at one moment."""
        return self.atomic("REPEATABLE READ")

    def confirm(self) -> None:
        """Do nothing: a server keeps hold of its own files."""

    def was_stored(self) -> bool | None:
        """Return None: the outcome of a lost commit cannot be asked."""
        return None

    def settled(self, table: str, patience: float) -> int | None:
        """Return None: it cannot be asked who is still storing a row below the newest."""
        return None

    def _one(self, sql: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self.execute_sql(sql, values).fetchone()  # type: ignore[no-untyped-call]
        return found

    def change_counter(self) -> None:
        """Return None: no number changes with every commit on all such servers."""

    def rest(self) -> None:
        """Keep the connection, since connecting to a server again is slow."""

    def tune_for_reading(self) -> None:
        """Do nothing: a server keeps the pages itself."""

    def tune_for_bulk(self) -> None:
        """Do nothing: how a server caches is set there."""

    def contains(self, columns: Sequence[Any], word: str) -> Expression:
        """Return a condition that is true where the fold of a column contains a folded word.

        A server's own upper and lower case are not used, since they depend on its locale.
        """
        either: Expression = reduce(or_, [column.regexp(pattern(word)) for column in columns])
        return either

    def advance_ids(self, table: str) -> None:
        """Make the next id of a table follow its highest one, or one that was given out already."""
        # With nextval, so that it never falls back behind an id that another writer has drawn.
        self.execute_sql(  # type: ignore[no-untyped-call]
            f"SELECT setval(s.id, greatest(nextval(s.id), (SELECT max(id) FROM {table}))) "
            f"FROM (SELECT pg_get_serial_sequence('{table}', 'id')::regclass AS id) AS s "
            "WHERE s.id IS NOT NULL"
        )

    def analyze(self) -> None:
        """Update the statistics for planning queries, without which a server may scan all rows."""
        self.execute_sql("ANALYZE")  # type: ignore[no-untyped-call]

    def integrity_errors(self) -> list[str]:
        """Return no errors: a server checks its own files and foreign keys."""
        return []

    def table_exists(self, table_name: Any, schema: str | None = None) -> bool:
        """Tell whether a statement would find a table, in whichever schema of the search path."""
        # Peewee's own looks into the current schema alone, which is one of the search path.
        return self._one("SELECT to_regclass(%s) IS NOT NULL", (table_name,))[0] is True

    def cursor(self, named_cursor: str | None = None) -> Any:
        """Return a cursor, on a new connection if the last one broke outside a transaction."""
        # Never inside a transaction: what it did before would be missing on a new connection.
        if (
            not self.is_closed()
            and not self.in_transaction()
            and _is_over(self._state.conn, self._state.waiting)
        ):
            self.close()
        return super().cursor(named_cursor)  # type: ignore[no-untyped-call]

    def begin(self, isolation_level: str | None = None) -> None:
        """Begin a transaction that waits for no lock longer than PATIENCE."""
        self._begun(isolation_level)

    def _begun(self, level: str | None, more: str = "") -> Any:
        """Begin in one round trip to the server; return the cursor at its last result."""
        self.connection()  # type: ignore[no-untyped-call]  # only it knows the level
        level = level or self._state.level
        words = [f"BEGIN ISOLATION LEVEL {level}" if level else "BEGIN"]
        # For this transaction only: behind a pooler the session belongs to others afterwards.
        if not self._state.is_own:
            words.append(f"SET LOCAL {_lock_timeout()}")
        try:
            cursor = self.execute_sql("; ".join([*words, more] if more else words))  # type: ignore[no-untyped-call]
        except BaseException:
            # BEGIN may have succeeded before the rest failed, and Peewee would not roll it back.
            self.rollback()
            raise
        while cursor.nextset():
            pass
        return cursor

    def commit(self) -> None:
        """Commit on the connection that did the work, never on a new one; raises Trouble."""
        # Not by `execute_sql`: Peewee has taken the transaction off its stack by now, so
        # `cursor` might connect again, and a COMMIT of nothing would succeed there.
        with __exception_wrapper__:
            done = self._state.conn.execute("COMMIT")
        # After a failed statement a server answers COMMIT with ROLLBACK, which is no error.
        if done.statusmessage != "COMMIT":
            raise Trouble(_("The database server did not keep what was done: try again."))

    def rollback(self) -> None:
        """Roll back, if the connection is still there."""
        if not self.is_closed() and not self._state.conn.closed:
            with __exception_wrapper__:
                self._state.conn.execute("ROLLBACK")

    def _connect(self) -> Any:
        import psycopg

        name = {"dbname": self.database} if self.is_named else {}
        # With autocommit, because psycopg would otherwise begin transactions by itself.
        conn = psycopg.connect(**name, **self.connect_params, autocommit=True)
        try:
            self._greet(conn)
        except BaseException:
            conn.close()
            raise
        self._state.waiting = select.poll()
        self._state.waiting.register(conn.fileno(), select.POLLIN)
        return conn

    def _greet(self, conn: Any) -> None:
        """Find out what must be known of a server; raises Trouble if it cannot be used."""
        encoding = conn.info.parameter_status("server_encoding") or "UTF8"
        if encoding.upper() not in {"UTF8", "UTF-8"}:
            raise Trouble(
                _(
                    "The database {name} stores text as {encoding}, which lacks many letters: "
                    "Leadboard needs one in UTF-8, made with CREATE DATABASE name "
                    "ENCODING 'UTF8' TEMPLATE template0.",
                    name=conn.info.dbname,
                    encoding=encoding,
                )
            )
        conn.execute("BEGIN")  # a pooler that splits transactions refuses it
        default, server_process = conn.execute(
            "SELECT current_setting('default_transaction_isolation'), pg_backend_pid()"
        ).fetchone()
        conn.execute("COMMIT")
        # A pooler, which gives another process id, may run the next transaction in another session,
        # where statements that were prepared in this one do not exist.
        self._state.is_own = server_process == conn.info.backend_pid
        if self._state.is_own:
            conn.prepare_threshold = PREPARING
            conn.execute(f"SET {_lock_timeout()}")
        # Acts look again at what others did, which REPEATABLE READ would neither show nor forbid.
        self._state.level = "SERIALIZABLE" if default == "repeatable read" else None


def _lock_timeout() -> str:
    return f"lock_timeout = {int(PATIENCE * 1000)}"


def _is_over(conn: Any, waiting: "select.poll") -> bool:
    """Tell whether a connection is closed, possibly by the server while it was idle."""
    if conn.closed:
        return True
    # What a server sends without being asked may be a mere notice, so all of it is read.
    while waiting.poll(0):
        try:
            conn.pgconn.consume_input()
        except conn.OperationalError:
            conn.close()
            return True
    return False

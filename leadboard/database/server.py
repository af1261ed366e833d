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

from leadboard.common.errors import Trouble
from leadboard.common.folding import pattern
from leadboard.database.transactions import PATIENCE

if TYPE_CHECKING:

    class Base(PostgresqlDatabase):
        """What the servers' classes of Peewee have in common, with what its stubs leave out."""

        _state: Any
else:
    Base = object

PREPARING = 5
"""Runs of a statement after which a session of our own keeps it prepared: twice as quick."""


class ServerStore(Base):
    """What all such servers share: rows are locked one by one, and a lost connection is renewed.

    Nothing is kept in a session beyond its transaction: a pooler may hand it to somebody else.
    """

    is_server = True
    is_read_only = False
    is_named = True
    """Whether the address names the database, and not a service of libpq that does."""
    text_words = [SQL('COLLATE "C"')]

    # The driver takes a single one for the beginning of a parameter.
    operations = {**PostgresqlDatabase.operations, "%": "%%"}

    @property
    def title(self) -> str:
        """Return what the database is called on the screen: its name and its server."""
        given = self.connect_params
        host = given.get("host") or given.get("hostaddr") or given.get("service") or "localhost"
        return f"{self.database} on {'localhost' if host.startswith('/') else host}".strip()

    @property
    def identity(self) -> str:
        """Return what tells this database from all others."""
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
        """Return nothing: what became of a lost commit cannot be asked."""
        return None

    def settled(self, table: str, patience: float) -> int | None:
        """Return nothing: who is still storing a row below the newest one cannot be asked."""
        return None

    def _one(self, sql: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self.execute_sql(sql, values).fetchone()  # type: ignore[no-untyped-call]
        return found

    def version(self) -> None:
        """Return nothing: there is no number that all such servers change with every commit."""

    def rest(self) -> None:
        """Keep the connection: a server is slow to connect to again."""

    def expect_bulk(self) -> None:
        """Do nothing: a server keeps its pages as it is told to."""

    def holds(self, columns: Sequence[Any], word: str) -> Expression:
        """Return a condition that is true where the fold of a column holds a folded word.

        What a server makes of upper and lower case depends on its locale: it is not asked.
        """
        either: Expression = reduce(or_, [column.regexp(pattern(word)) for column in columns])
        return either

    def count_on(self, table: str) -> None:
        """Let the ids of a table go on from its highest, or from one given out already."""
        self.execute_sql(  # type: ignore[no-untyped-call]
            f"SELECT setval(s.id, greatest(nextval(s.id), (SELECT max(id) FROM {table}))) "
            f"FROM (SELECT pg_get_serial_sequence('{table}', 'id')::regclass AS id) AS s "
            "WHERE s.id IS NOT NULL"
        )

    def take_stock(self) -> None:
        """Look how many rows there are of what: until it has, a server may choose to read all."""
        self.execute_sql("ANALYZE")  # type: ignore[no-untyped-call]

    def damage(self) -> list[str]:
        """Return nothing: a server watches over its own files and its foreign keys."""
        return []

    def table_exists(self, table_name: Any, schema: str | None = None) -> bool:
        """Tell whether a statement would find a table, in whichever schema of the search path."""
        return self._one("SELECT to_regclass(%s) IS NOT NULL", (table_name,))[0] is True

    def cursor(self, named_cursor: str | None = None) -> Any:
        """Return a cursor, on a new connection where the last one broke outside a transaction."""
        if (
            not self.is_closed()
            and not self.in_transaction()
            and _is_over(self._state.conn, self._state.waiting)
        ):
            self.close()
        return super().cursor(named_cursor)  # type: ignore[no-untyped-call]

    def begin(self, isolation_level: str | None = None) -> None:
        """Begin a transaction, in which nobody waits for a lock for longer than PATIENCE."""
        self._begun(isolation_level)

    def _begun(self, level: str | None, more: str = "") -> Any:
        """Begin in one exchange with the server; return the cursor at the last answer."""
        self.connection()  # type: ignore[no-untyped-call]  # only it knows the level
        level = level or self._state.level
        words = [f"BEGIN ISOLATION LEVEL {level}" if level else "BEGIN"]
        if not self._state.is_own:
            words.append(f"SET LOCAL {_lock_timeout()}")
        try:
            cursor = self.execute_sql("; ".join([*words, more] if more else words))  # type: ignore[no-untyped-call]
        except BaseException:
            self.rollback()
            raise
        while cursor.nextset():
            pass
        return cursor

    def commit(self) -> None:
        """Commit on the connection that did the work, never on a new one; raises Trouble."""
        with __exception_wrapper__:
            done = self._state.conn.execute("COMMIT")
        if done.statusmessage != "COMMIT":
            raise Trouble("The database server did not keep what was done: try again.")

    def rollback(self) -> None:
        """Roll back, where the connection is still there to be told."""
        if not self.is_closed() and not self._state.conn.closed:
            with __exception_wrapper__:
                self._state.conn.execute("ROLLBACK")

    def _connect(self) -> Any:
        import psycopg

        name = {"dbname": self.database} if self.is_named else {}
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
        """Learn what must be known of a server; raises Trouble for one that cannot be used."""
        encoding = conn.info.parameter_status("server_encoding") or "UTF8"
        if encoding.upper() not in {"UTF8", "UTF-8"}:
            raise Trouble(
                f"The database {conn.info.dbname} holds text as {encoding}, where many letters "
                "have no place: Leadboard needs one in UTF-8, made with CREATE DATABASE name "
                "ENCODING 'UTF8' TEMPLATE template0."
            )
        conn.execute("BEGIN")  # which a pooler that splits transactions refuses
        default, server_process = conn.execute(
            "SELECT current_setting('default_transaction_isolation'), pg_backend_pid()"
        ).fetchone()
        conn.execute("COMMIT")
        # A pooler, which names itself, may run the next transaction in another session, which
        # knows none of our statements by their names.
        self._state.is_own = server_process == conn.info.backend_pid
        if self._state.is_own:
            conn.prepare_threshold = PREPARING
            conn.execute(f"SET {_lock_timeout()}")
        # Acts look again at what others did meanwhile, which this level neither shows nor forbids.
        self._state.level = "SERIALIZABLE" if default == "repeatable read" else None


def _lock_timeout() -> str:
    return f"lock_timeout = {int(PATIENCE * 1000)}"


def _is_over(conn: Any, waiting: "select.poll") -> bool:
    """Tell whether a connection is closed, also by a server that said so while nobody asked."""
    if conn.closed:
        return True
    if conn.closed:
        return True
    while waiting.poll(0):
        try:
            conn.pgconn.consume_input()
        except conn.OperationalError:
            conn.close()
            return True
    return False

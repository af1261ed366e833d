"""Servers that speak PostgreSQL's protocol: many write at once, and connections may break."""

import os
import re
import select
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from peewee import (  # type: ignore[attr-defined]  # the last but one is not in its stubs
    SQL,
    DatabaseError,
    Expression,
    InterfaceError,
    PostgresqlDatabase,
    __exception_wrapper__,
    fn,
)

from server_address import parts_of
from store import OVERTAKING, PATIENCE, nap
from troubles import Trouble

if TYPE_CHECKING:

    class Base(PostgresqlDatabase):
        """What the servers' classes of Peewee have in common, with what its stubs leave out."""

        _state: Any
else:
    Base = object

CONNECTING: dict[str, Any] = {
    "connect_timeout": 3,
    # A server that has gone without a word is noticed within a quarter of a minute.
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "leadboard",
}
"""Settings of each connection, in the words of libpq; the address may name others."""

PREPARING = 5
"""Runs of a statement after which a session of our own keeps it prepared: twice as quick."""

PINNED: dict[str, Any] = {
    "client_encoding": "UTF8",
    # Until it is known that there is no pooler.
    "prepare_threshold": None,
}
"""Settings that neither the address nor the environment may change."""


class ServerStore(Base):
    """What all such servers share: rows are locked one by one, and a lost connection is renewed.

    Nothing is kept in a session beyond its transaction: a pooler may hand it to somebody else.
    """

    is_server = True
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

    def expect_bulk(self) -> None:
        """Do nothing: a server keeps its pages as it is told to."""

    def holds(self, column: Any, text: str) -> Expression:
        """Return the condition that a column holds a text, letter for letter."""
        return fn.STRPOS(column, text) > 0

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


class PostgresStore(ServerStore, PostgresqlDatabase):
    """PostgreSQL, or what behaves like it: YugabyteDB."""

    def __init__(self, database: str, **settings: Any) -> None:
        super().__init__(database, **settings)
        self._settled: dict[str, int] = {}
        self._is_real = False

    def begin(self, isolation_level: str | None = None) -> None:
        """Begin a transaction; of one that writes, keep the number that its fate is asked by."""
        if isolation_level is None and self._is_real:
            cursor = self._begun(None, "SELECT pg_current_xact_id()::text")
            (self._state.number,) = cursor.fetchone()
        else:
            self._state.number = None
            self._begun(isolation_level)

    def was_stored(self) -> bool | None:
        """Tell what became of the last transaction, whose commit was not answered; None: unknown.

        It is asked for as long as PATIENCE: the server may have to start first.
        """
        number, history = self._state.number, self._state.history
        give_up = time.monotonic() + PATIENCE
        while number is not None:
            fate = self._fate(number, history)
            if fate is not None:
                return fate == "committed"
            if time.monotonic() > give_up:
                break
            nap(6)
        return None

    def _fate(self, number: str, history: str) -> str | None:
        """Return what the server says of a transaction, None while it cannot say it."""
        try:
            (fate,) = self._one("SELECT pg_xact_status(%s::text::xid8)", (number,))
        except (DatabaseError, InterfaceError, Trouble):
            return None
        # Another server, or another history after a failover, has numbered others so.
        is_same = history is not None and history == self._state.history
        return fate if is_same and fate in {"committed", "aborted"} else None

    def settled(self, table: str, patience: float) -> int | None:
        """Return the id up to which every row is stored, and seen by whoever looks from now on.

        Whoever has drawn an id holds a lock on its sequence until the end of their transaction:
        once all have let go who held one when the newest row was seen, none below it can come.
        After `patience` seconds of waiting it is the last id of which that is known, OVERTAKING
        below the newest at first. None on a standby, which does not see who is storing.
        """
        newest, is_standby = self._one(
            f"SELECT coalesce(max(id), 0), pg_is_in_recovery() FROM {table}"
        )
        known = self._settled.get(table)
        if known is not None and newest <= known:
            return known
        if is_standby or not self._is_real:
            return None
        if self._await_storing(table, patience):
            return max(0, newest - OVERTAKING) if known is None else known
        self._settled[table] = newest
        return int(newest)

    def _await_storing(self, table: str, patience: float) -> bool:
        """Wait for those who are storing now, for so many seconds; tell if some still are."""
        give_up = time.monotonic() + patience
        storing = self._storing(table)
        while storing and time.monotonic() < give_up:
            nap(3)
            # Who has prepared a commit in two phases goes on under another number.
            storing = {
                each for each in self._storing(table) if each in storing or each.startswith("-1/")
            }
        return bool(storing)

    def _storing(self, table: str) -> set[str]:
        """Return the transactions under way that have drawn an id for a row of a table."""
        held = self.execute_sql(  # type: ignore[no-untyped-call]
            "SELECT virtualtransaction FROM pg_locks "
            "WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted "
            "AND relation = pg_get_serial_sequence(%s, 'id')::regclass "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            (table,),
        )
        return {transaction for (transaction,) in held.fetchall()}

    def _greet(self, conn: Any) -> None:
        super()._greet(conn)
        # YugabyteDB gives out ids and numbers of transactions in ways of its own.
        version = conn.info.parameter_status("server_version") or ""
        self._is_real = conn.info.server_version >= 130_000 and not re.search("YB", version)
        self._state.history = _history(conn) if self._is_real else None


def _history(conn: Any) -> str | None:
    """Return the timeline of a server and when it was made, None where it may not be asked."""
    import psycopg

    try:
        (found,) = conn.execute(
            "SELECT system_identifier || ' ' || left(pg_walfile_name(pg_current_wal_lsn()), 8) "
            "FROM pg_control_system()"
        ).fetchone()
    except psycopg.Error:  # a standby, or one that lets nobody ask
        return None
    return str(found)


def connect_server(url: str) -> ServerStore:
    """Return the database at an address, not yet connected; raises Trouble for one that is none."""
    scheme, name, settings = parts_of(url)
    label = name or settings.get("service") or os.environ["PGSERVICE"]
    opened = _class_of(scheme)(label, prefer_psycopg3=True, **CONNECTING | settings | PINNED)
    opened.is_named = bool(name)
    return opened


def _class_of(scheme: str) -> type[ServerStore]:
    if scheme.startswith("p"):
        return PostgresStore
    from cockroach_store import CockroachStore

    return CockroachStore

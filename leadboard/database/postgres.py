"""PostgreSQL: who is storing, and what became of a transaction, can be asked there."""

import re
import time
from typing import Any

from peewee import DatabaseError, InterfaceError, PostgresqlDatabase

from leadboard.common.errors import Trouble
from leadboard.database.connection import OVERTAKING
from leadboard.database.server import ServerStore
from leadboard.database.transactions import PATIENCE, nap

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

PINNED: dict[str, Any] = {
    "client_encoding": "UTF8",
    # Until it is known that there is no pooler.
    "prepare_threshold": None,
}
"""Settings that neither the address nor the environment may change."""


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

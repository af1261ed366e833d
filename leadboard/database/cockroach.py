"""CockroachDB, by Peewee's own class for it."""

from contextlib import AbstractContextManager
from typing import Any

from peewee import SQL
from playhouse.cockroachdb import CockroachDatabase

from leadboard.database.server import ServerStore


class CockroachStore(ServerStore, CockroachDatabase):
    """CockroachDB, where every transaction is serializable and so already reads one moment."""

    text_collation: list[SQL] = []  # sorted by bytes anyway

    def snapshot(self) -> AbstractContextManager[Any]:
        """Return a transaction that reads everything as it was at one moment."""
        # Peewee's class raises TypeError for an isolation level here.
        return self.atomic()

    def begin(self, system_time: object = None, priority: object = None) -> None:
        """Begin a transaction that waits for no lock longer than PATIENCE."""
        self._begun(None)

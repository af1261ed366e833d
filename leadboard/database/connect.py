"""Chooses the class of a server from its address."""

import os

from leadboard.database.postgres import CONNECTING, PINNED, PostgresStore
from leadboard.database.server import ServerStore
from leadboard.database.server_address import parts_of


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
    from leadboard.database.cockroach import CockroachStore

    return CockroachStore

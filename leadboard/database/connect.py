"""Choosing the class of a server by its address."""

import os

from leadboard.database.postgres import CONNECTING, PINNED, PostgresStore
from leadboard.database.server import ServerStore
from leadboard.database.server_address import parts_of


def connect_server(url: str) -> ServerStore:
    """Return the database at an address, not yet connected; raises Trouble if it is not one."""
    scheme, name, settings = parts_of(url)
    label = name or settings.get("service") or os.environ["PGSERVICE"]
    # With both drivers installed Peewee would choose psycopg2. Of the settings later ones win: the
    # address may override what is suggested, but nothing that is pinned.
    opened = _class_of(scheme)(label, prefer_psycopg3=True, **CONNECTING | settings | PINNED)
    opened.is_named = bool(name)
    return opened


def _class_of(scheme: str) -> type[ServerStore]:
    if scheme.startswith("p"):
        return PostgresStore
    # Not at the top: Peewee's module for CockroachDB imports a driver.
    from leadboard.database.cockroach import CockroachStore

    return CockroachStore

"""Databases that tests start from: a file with a team, and a server without tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

from models import open_database
from tests.support import add_team
from tests.support.server import Server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "house" / "t.db"


@pytest.fixture
def house(file: Path) -> Iterator[Database]:
    """Return an open database with a team, in a folder of its own."""
    opened = open_database(file)
    add_team({"Anna": 50}, {"tg": {"Anna": 1}})
    yield opened
    opened.close()


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """Return the address of a database that nobody has made tables in yet."""
    with server.fresh("template1") as name:
        yield server.url(name)

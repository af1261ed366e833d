"""docs/schema.md has every table and column as they are, and its queries find the same anywhere."""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.fences import Fence, fences
from tests.support.processes import ROOT, leadboard
from tests.support.server import Server

PAGE = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (\w+) \| (yes|) \| \S.* \|$", re.MULTILINE)
VIEW = "appeal_step"

TABLES = """
SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT GLOB 'sqlite_*'
"""

SERVER_COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable = 'YES' FROM information_schema.columns
WHERE table_schema = 'public' ORDER BY table_name, ordinal_position
"""

Columns = Mapping[str, list[tuple[str, str, bool]]]
"""The columns of each table: name, type, and whether it may be null."""


def printed(engine: str) -> Columns:
    """Return the columns that the page has."""
    found = {}
    for part in PAGE.split("\n### ")[1:]:
        rows = ROW.findall(part)
        assert len(rows) == part.count("\n|") - 2, part
        which = 1 if engine == "sqlite" else 2
        found[part.split()[0]] = [(row[0], row[which], row[3] == "yes") for row in rows]
    return found


def known_of_view(there: Columns) -> Columns:
    """Return columns without what an engine does not know of a view: what may be null in it."""
    shown = [(name, kind, False) for name, kind, _ in there[VIEW]]
    return {**there, VIEW: shown}


def test_a_file_has_these_columns(sample: Path) -> None:
    with closing(sqlite3.connect(sample / "leadboard.db")) as file:
        names = file.execute(TABLES).fetchall()
        there = {
            name: [
                (column, kind, not required)
                for _, column, kind, required, *_ in file.execute(f'PRAGMA table_info("{name}")')
            ]
            for (name,) in names
        }
    assert known_of_view(there) == known_of_view(printed("sqlite"))


def test_a_server_has_these_columns(server: Server) -> None:
    there: dict[str, list[tuple[str, str, bool]]] = {}
    with psycopg.connect(server.url(server.swept())) as opened:
        for table, *column in opened.execute(SERVER_COLUMNS):
            there.setdefault(table, []).append(tuple(column))
    assert known_of_view(there) == known_of_view(printed("postgresql"))


@pytest.fixture
def on_server(sample: Path, server: Server) -> Iterator[str]:
    """Return the address of a copy of the sample on a server."""
    with server.fresh("template1") as name:
        done = leadboard(sample / "leadboard.db", "copy", "--to", server.url(name))
        assert done.returncode == 0, done.stderr
        yield server.url(name)


def test_its_queries_find_the_same_on_both_engines(sample: Path, on_server: str) -> None:
    queries = fences("sql")
    assert len(queries) > 3
    with (
        closing(sqlite3.connect(sample / "leadboard.db")) as file,
        psycopg.connect(on_server) as server,
    ):
        for query in queries:
            found = _rows(server, query)
            if not is_for_a_server(query):
                assert found == file.execute(query.text).fetchall(), query
                assert found, query
        server.rollback()


def is_for_a_server(query: Fence) -> bool:
    return query.text.startswith("-- PostgreSQL\n")


def _rows(server: "psycopg.Connection[Any]", query: Fence) -> list[tuple[object, ...]]:
    cursor = server.execute(query.text.encode())
    return cursor.fetchall() if cursor.description else []

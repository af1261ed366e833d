"""Databases with tables of earlier versions, by the statements and with the rows of their time."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import psycopg

OLD = Path(__file__).parent.parent / "old_tables"
HISTORY = OLD / "version_3.history.json"
"""What a random walk over all acts left in a file of version 3, and in the ledger of version 4.

It was walked twice with the same draws, by the code of either version.
"""

Rows = Sequence[Sequence[Any]]


def statements(engine: str, version: int) -> list[str]:
    """Return what made the tables of a version."""
    text = (OLD / f"version_{version}.{engine}.sql").read_text(encoding="utf-8")
    return [each.strip() for each in text.split(";\n") if each.strip()]


def connected(target: str) -> "AbstractContextManager[Any]":
    """Return a connection of another program to a database."""
    return closing(psycopg.connect(target) if "://" in target else sqlite3.connect(target))


def make(target: str, version: int, content: Sequence[str] = ()) -> None:
    """Make tables of a version, with what some statements put into them."""
    engine = "postgresql" if "://" in target else "sqlite"
    with connected(target) as made:
        if engine == "sqlite":
            made.execute("PRAGMA journal_mode = wal")
        for statement in (*statements(engine, version), *content):
            made.execute(statement)
        made.commit()
    if engine == "sqlite":
        Path(target).chmod(0o600)


def put(target: str, tables: Mapping[str, tuple[Sequence[str], Rows]]) -> None:
    """Put rows into tables, by their names and columns."""
    mark = "%s" if "://" in target else "?"
    with connected(target) as made:
        for table, (columns, rows) in tables.items():
            marks = ", ".join([mark] * len(columns))
            sql = f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES ({marks})'
            made.cursor().executemany(sql, rows)
        made.commit()


def history() -> tuple[dict[str, tuple[Sequence[str], Rows]], Rows]:
    """Return the rows of the walk by table, and the lines that version 4 wrote of it."""
    found = json.loads(HISTORY.read_text(encoding="utf-8"))
    for row in found["roster"]["rows"]:
        row[1] = bytes.fromhex(row[1])
    lines = found.pop("ledger")["rows"]
    return {name: (each["columns"], each["rows"]) for name, each in found.items()}, lines

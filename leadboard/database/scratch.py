"""Small SQLite databases of our own beside the real one: caches on disk, and tables for a while."""

import sqlite3
from pathlib import Path

ScratchError = sqlite3.Error
"""What goes wrong with a scratch database; without it all is only slower."""
DamagedError = sqlite3.DatabaseError
"""A file that is no scratch database, or is one no longer."""
Scratch = sqlite3.Connection


def open_scratch(path: Path | None = None) -> Scratch:
    """Return a connection to a cache at a path, or without one to tables that end with it.

    Those are in memory while they are small (https://sqlite.org/inmemorydb.html). Raises
    DamagedError for a file that is something else.
    """
    return sqlite3.connect("" if path is None else path, isolation_level=None, timeout=5)

"""Small SQLite databases beside the real one: caches on disk, and temporary tables."""

import sqlite3
from pathlib import Path

ScratchError = sqlite3.Error
"""Any error of a scratch database; what it is for works without it, only slower."""
DamagedError = sqlite3.DatabaseError
"""A file that is not a scratch database, or is damaged."""
Scratch = sqlite3.Connection


def open_scratch(path: Path | None = None) -> Scratch:
    """Return a connection to a cache at a path or, without a path, to temporary tables.

    Those are in memory while they are small (https://sqlite.org/inmemorydb.html). Raises
    DamagedError for a file of another kind.
    """
    # Without isolation_level=None Python would begin transactions by itself.
    return sqlite3.connect("" if path is None else path, isolation_level=None, timeout=5)

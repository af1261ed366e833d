"""An index of words beside the database, which finds a rare one among millions of messages.

Messages never change and are never deleted, so the index only grows. It is a cache in the user's
own folder: programs that only write appeals pay nothing for it, and if it is lost or belongs to
another database it is built again.
"""

import threading
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from zlib import crc32

import platformdirs
from peewee import ModelSelect

from leadboard.common.case_folding import FOLDING, fold
from leadboard.common.validation import storable
from leadboard.database.connection import engine, rows
from leadboard.database.fields import stamp
from leadboard.database.scratch_file import DamagedError, Scratch, ScratchError, open_scratch
from leadboard.database.transactions import reading, settled
from models import Appeal, Lead

SHORTEST = 3
"""Letters that a word needs to be found by the index, which holds groups of three."""

_TABLES = """
CREATE VIRTUAL TABLE words USING fts5(text, content='', detail='none', tokenize='trigram');
CREATE TABLE state (mark INTEGER NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL);
INSERT INTO state VALUES (0, '', '')
"""
_LAYOUT = 2
# Halved, because `user_version` is a signed number of 32 bits.
_VERSION = crc32(f"{_LAYOUT} {FOLDING} {unicodedata.unidata_version}".encode()) >> 1
"""What an index depends on: its tables, our rules of folding, and Python's version of Unicode."""


class SearchIndex:
    """The index of the open database; each thread has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Python lets only the thread that opened a connection to SQLite use it.
        self._mine = threading.local()

    @property
    def _connection(self) -> Scratch:
        connection: Scratch | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = _open(self._path)
        return connection

    @property
    def mark(self) -> int:
        """Return the id up to which every appeal is in the index."""
        [(mark,)] = self._connection.execute("SELECT mark FROM state")
        return int(mark)

    def check(self) -> None:
        """Empty the index if it belongs to another database."""
        [(mark, first, last)] = self._connection.execute("SELECT * FROM state")
        if mark and (first, last) != (_proof_of(_first_id()), _proof_of(mark)):
            self._start_anew()

    def _start_anew(self) -> None:
        with self._connection as connection:
            connection.execute("INSERT INTO words(words) VALUES ('delete-all')")
            connection.execute("UPDATE state SET mark = 0, first = '', last = ''")

    def catch_up(self, most: int) -> int:
        """Take in up to `most` appeals that are not in the index; return how many there were."""
        mark = self.mark
        # A lower id that is stored later, on a server, would never be taken in.
        last = settled(Appeal)
        fresh = reading(lambda: rows(_texts_after(mark, last, most)))
        if not fresh:
            return 0
        texts = [(appeal_id, fold(f"{lead}\n{message}")) for appeal_id, lead, message in fresh]
        proofs = (fresh[-1][0], _proof_of(_first_id()), _proof_of(fresh[-1][0]), mark)
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            moved = connection.execute(
                "UPDATE state SET mark = ?, first = ?, last = ? WHERE mark = ?", proofs
            )
            # Otherwise another program took them in meanwhile.
            if moved.rowcount:
                connection.executemany("INSERT INTO words(rowid, text) VALUES (?, ?)", texts)
            connection.execute("COMMIT")
        except BaseException:
            # SQLite may have rolled back by itself, for example on a full disk.
            with suppress(ScratchError):
                connection.execute("ROLLBACK")
            raise
        return len(fresh)

    def newest(self, words: Sequence[str], limit: int, before: int) -> list[int]:
        """Return the highest ids below `before` whose texts may hold all words."""
        return self._ids("rowid < ?", "DESC", words, limit, before)

    def oldest(self, words: Sequence[str], limit: int, after: int) -> list[int]:
        """Return the lowest ids above `after` whose texts may hold all words."""
        return self._ids("rowid > ?", "ASC", words, limit, after)

    def _ids(
        self, beyond: str, order: str, words: Sequence[str], limit: int, edge: int
    ) -> list[int]:
        found = self._connection.execute(
            f"SELECT rowid FROM words WHERE words MATCH ? AND {beyond} "
            f"ORDER BY rowid {order} LIMIT ?",
            (_groups(words), edge, limit),
        )
        return [appeal_id for (appeal_id,) in found]


def index_of_database() -> SearchIndex | None:
    """Return the index of the open database, None where this machine's SQLite can keep none."""
    name = blake2b(engine().identity.encode(), digest_size=12).hexdigest()
    index = SearchIndex(platformdirs.user_cache_path("leadboard") / f"{name}.search")
    try:
        index.check()
    except (OSError, ScratchError):
        return None
    return index


def _open(path: Path) -> Scratch:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made before SQLite would: people's messages are for nobody else to read.
    path.touch(mode=0o600)
    try:
        return _connect(path)
    except DamagedError:
        # It is only a cache.
        path.unlink()
        path.touch(mode=0o600)
        return _connect(path)


def _connect(path: Path) -> Scratch:
    connection = open_scratch(path)
    connection.execute("PRAGMA journal_mode = WAL")
    # After a power cut a damaged cache is made again, so nothing has to be waited for.
    connection.execute("PRAGMA synchronous = OFF")
    # Several programs may open a new file at once; one of them makes the tables.
    connection.execute("BEGIN IMMEDIATE")
    [(version,)] = connection.execute("PRAGMA user_version")
    if version != _VERSION:
        _make_tables(connection)
    connection.execute("COMMIT")
    return connection


def _make_tables(connection: Scratch) -> None:
    """Make the tables, in place of those left by another version of the program."""
    for table in ("words", "state"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in _TABLES.split(";\n"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {_VERSION}")


def _texts_after(mark: int, last: int, most: int) -> "ModelSelect[Appeal]":
    return (
        Appeal.select(Appeal.id, Lead.external_id, Appeal.message)
        .join(Lead)
        .where(Appeal.id > mark, Appeal.id <= last)
        .order_by(Appeal.id)
        .limit(most)
    )


def _first_id() -> int:
    found = reading(lambda: rows(Appeal.select(Appeal.id).order_by(Appeal.id).limit(1)))
    return found[0][0] if found else 0


def _proof_of(appeal_id: int) -> str:
    """Return a text that proves an appeal to be the one that was indexed."""
    known = Appeal.select(Appeal.id, Appeal.lead, Appeal.timestamp).where(Appeal.id == appeal_id)
    found = reading(lambda: rows(known))
    return "|".join([str(found[0][0]), str(found[0][1]), stamp(found[0][2])]) if found else ""


def _groups(words: Sequence[str]) -> str:
    """Return the words as a query of the index: all their groups of three letters."""
    # One term for each group: with detail=none the index answers no phrases.
    groups = {
        folded[start : start + SHORTEST]
        for folded in (fold(storable(word)) for word in words)
        for start in range(len(folded) - SHORTEST + 1)
    }
    return " AND ".join(f'"{group.replace(chr(34), chr(34) * 2)}"' for group in sorted(groups))

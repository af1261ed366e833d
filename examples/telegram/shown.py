"""Which Telegram messages show an appeal, so that they can be edited after a restart as well."""

import sqlite3
from pathlib import Path
from typing import Self

TABLE = """
CREATE TABLE IF NOT EXISTS shown (
    seq INTEGER PRIMARY KEY, appeal_id INTEGER NOT NULL, chat INTEGER NOT NULL,
    message INTEGER NOT NULL
)
"""


class Shown:
    """A file of the messages that are not ended yet, each with the event that it tells of."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute(TABLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def has(self, seq: int) -> bool:
        """Tell whether an event was shown: it comes again when the bot was killed right then."""
        found = self._file.execute("SELECT 1 FROM shown WHERE seq = ?", (seq,))
        return found.fetchone() is not None

    def add(self, seq: int, appeal_id: int, chat: int, message: int) -> None:
        """Remember a message."""
        row = (seq, appeal_id, chat, message)
        self._file.execute("INSERT INTO shown VALUES (?, ?, ?, ?)", row)

    def earlier(self, appeal_id: int, seq: int) -> list[tuple[int, int]]:
        """Return the chat and the id of each message that shows an appeal since before an event."""
        query = "SELECT chat, message FROM shown WHERE appeal_id = ? AND seq < ?"
        return self._file.execute(query, (appeal_id, seq)).fetchall()

    def forget(self, appeal_id: int, seq: int) -> None:
        """Forget the messages that show an appeal since before an event."""
        self._file.execute("DELETE FROM shown WHERE appeal_id = ? AND seq < ?", (appeal_id, seq))

"""The way back from the database: whenever anybody changes it, the board is read again."""

import asyncio
from dataclasses import replace
from functools import partial
from time import monotonic

from leadboard.common.errors import Refused, Trouble
from leadboard.queries import board as board_queries
from leadboard.queries.board import Board
from tui.screen.acting import ActingScreen
from tui.screen.attention import call_attention
from tui.screen.header import Header

POLL = 0.35
"""Seconds between checks whether somebody else has changed the database."""

FADING = 5.0
"""Seconds after which the latest arrivals are counted again, even if nothing changed."""

SeenBoard = tuple[object, Board]
"""The version of the database before it was read, and the board."""


class FollowingScreen(ActingScreen):
    """A screen that shows one board, always the newest."""

    def __init__(self, *, classes: str) -> None:
        super().__init__(classes=classes)
        self._seen_version: object = None
        self._read_at = 0.0
        self._reading: asyncio.Future[SeenBoard | None] | None = None

    def follow(self) -> None:
        """Read the board again if the database has changed, or its minutes have passed."""
        # A server that does not answer must not gather a queue of readings.
        if self._reading is not None and not self._reading.done():
            return
        is_fading = any(self.board.minutes.values()) and monotonic() - self._read_at > FADING
        # A known version ends the reading early, and the trouble in the header would stay.
        is_unknown = is_fading or self.query_one(Header).trouble
        self._read(None if is_unknown else self._seen_version)

    def reload(self) -> None:
        """Take one new snapshot; each pane repaints what differs."""
        self._read(None, key="reload")

    def _read(self, known: object, key: str | None = None) -> None:
        query = partial(_seen, known, self.board)
        reading = self.desk_app.reader.run(self, query, self._show, self._show_trouble, key=key)
        # None means that it has run at once, or that a queued one will do for it.
        self._reading = reading or self._reading

    def _show(self, seen: SeenBoard | None) -> None:
        if seen is None:
            return
        self._seen_version, board = seen
        # What came in beside this reading, which began earlier, stays.
        board = replace(
            board, counts=board.counts or self.board.counts, outlooks=self.board.outlooks
        )
        call_attention(self.desk_app, board, self.board if self.version else None)
        self.board = board
        self._read_at = monotonic()
        self.version += 1
        self.query_one(Header).trouble = ""

    def _show_trouble(self, why: Refused | Trouble) -> None:
        """Leave the desk as it is while the database cannot be read, and say so."""
        self.query_one(Header).trouble = str(why)


def _seen(known: object, board: Board) -> SeenBoard | None:
    """Return the version and the board as they are now, None if the version is known."""
    # The version first: a change in between is then read twice rather than never.
    version = board_queries.data_version()
    return None if known is not None and version == known else (version, board_queries.board(board))

"""The screen's loop back from the database: whoever changed it, the board is read again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic

from textual import work
from textual.reactive import reactive

from leadboard.common.crashlog import surprise_once
from leadboard.common.errors import Refused, Trouble
from leadboard.database.connection import engine
from leadboard.queries import board as board_queries
from leadboard.queries.board import Board
from tui.screen.acting import ActingScreen
from tui.screen.header import Header

POLL = 0.35
"""Seconds between two looks at whether somebody else has changed the database."""

FADING = 5.0
"""Seconds after which arrivals of the last minutes are counted again though nothing changed."""

Seen = tuple[object, Board]
"""The version of the database before it was read, and the board."""


class FollowingScreen(ActingScreen):
    """A screen that shows one board, always the newest."""

    version = reactive(0)
    """Counts the readings of the board."""

    def __init__(self, *, classes: str) -> None:
        super().__init__(classes=classes)
        self._seen_version: object = None
        self._read_at = 0.0
        self._is_looking = False
        self._has_to_look_again = False

    def follow(self) -> None:
        """Read the board again if anybody has changed the database, or its minutes pass."""
        is_fading = any(self.board.minutes.values()) and monotonic() - self._read_at > FADING
        is_unknown = is_fading or self.query_one(Header).trouble
        self._look(None if is_unknown else self._seen_version)

    def reload(self) -> None:
        """Take one new snapshot; each pane repaints what differs."""
        self._look(None)

    def _look(self, known: object) -> None:
        if engine().is_server:
            self._look_afar(known)
            return
        with self.trouble_shown():
            self._show(_seen(known, self.board))

    def _look_afar(self, known: object) -> None:
        """Look beside the screen's own thread, once at a time: a server may take its time."""
        if self._is_looking:
            self._has_to_look_again |= known is None
            return
        self._is_looking = True
        self._read_afar(known)

    @work(exit_on_error=False)
    async def _read_afar(self, known: object) -> None:
        board = self.board
        try:
            with self.trouble_shown():
                self._show(await self.desk_app.reader.do(lambda: _seen(known, board)))
        finally:
            self._is_looking = False
        if self._has_to_look_again:
            self._has_to_look_again = False
            self._look_afar(None)

    def _show(self, seen: Seen | None) -> None:
        if seen is None:
            return
        self._seen_version, board = seen
        if board.counts is None:
            # Counted meanwhile, beside a reading that had begun before.
            board = replace(board, counts=self.board.counts)
        self.board = board
        self._read_at = monotonic()
        self.version += 1
        self.query_one(Header).trouble = ""

    @contextmanager
    def trouble_shown(self) -> Iterator[None]:
        """Keep the desk as it is while the database cannot be read, and say so until it can."""
        try:
            yield
        except (Refused, Trouble) as error:
            self.query_one(Header).trouble = str(error)
        except Exception as error:  # one row that nobody foresaw must not close the desk
            self.query_one(Header).trouble = surprise_once(error)


def _seen(known: object, board: Board) -> Seen | None:
    """Return the board as it is now, None while the version is the known one."""
    # First the version: what changes in between is then read once too often, not never.
    version = board_queries.data_version()
    return None if known is not None and version == known else (version, board_queries.board(board))

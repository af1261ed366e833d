"""Work beside the screen's own thread: counting, and maintaining the word index."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from leadboard.common.errors import Trouble
from leadboard.database.scratch_file import ScratchError
from leadboard.queries import board
from leadboard.queries.word_index import index_of_database
from tui.screen.following import FollowingScreen

T = TypeVar("T")

AGAIN = 2.0
"""Seconds until the next try after a failure, and between checks for new appeals."""
WORTH_INDEXING = 20_000
"""Number of appeals from which scanning all of them takes noticeably long."""
BATCH = 500
"""Appeals added to the index at a time."""
REST = 6
"""How many times as long as a batch took the thread rests after it: a seventh of a core."""


async def count(screen: FollowingScreen) -> None:
    """Count appeals and leads, retrying until that succeeds."""
    counted = await _patiently(screen, board.counts)
    screen.board = replace(screen.board, counts=counted)
    screen.reload()


async def keep_index(screen: FollowingScreen) -> None:
    """Keep the index up to date while the screen runs, once there are enough appeals."""
    while screen.board.counts is None or screen.board.counts.appeals < WORTH_INDEXING:
        await asyncio.sleep(AGAIN)
    index = screen.desk_app.index = await _patiently(screen, index_of_database)
    while index is not None:
        begun = time.monotonic()
        try:
            taken = await screen.desk_app.counter.read_beside(lambda: index.catch_up(BATCH))
        except ScratchError:
            screen.desk_app.index = None  # a full disk, say; searches then work without it
            return
        except Trouble:
            taken = 0
        has_more = taken == BATCH
        await asyncio.sleep(REST * (time.monotonic() - begun) if has_more else AGAIN)


async def _patiently(screen: FollowingScreen, read: Callable[[], T]) -> T:
    while True:
        try:
            return await screen.desk_app.counter.read_beside(read)
        except Trouble:
            await asyncio.sleep(AGAIN)

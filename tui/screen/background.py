"""Work beside the screen's own thread: counts, the word index, loads, forecasts, the ledger."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from leadboard.common.errors import Trouble
from leadboard.database.connection import engine
from leadboard.database.scratch_file import ScratchError
from leadboard.queries import board
from leadboard.queries.board import Board
from leadboard.queries.word_index import index_of_database
from tui.panes.operators import Operators
from tui.screen.following import FollowingScreen
from tui.slices import in_slices

if TYPE_CHECKING:
    from leadboard.foresight.forecast import Outlook

T = TypeVar("T")

AGAIN = 2.0
"""Seconds until the next try after a failure, and between checks for new appeals."""
SPARKING = 30.0
"""Seconds between two readings of the loads of the last hour."""
FIRST, FORECASTING = 4.0, 20.0
"""Seconds until the first forecast, and between the end of one and the next."""
SETTLING = 15.0
"""Seconds between two times that the ledger is settled."""
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


async def keep_sparks(screen: FollowingScreen) -> None:
    """Show the loads of the last hour where there is room for them, read now and then."""
    due = 0.0
    operators = screen.query_one(Operators)
    while True:
        if operators.has_room_for_sparks and time.monotonic() >= due:
            # Only here: a narrow screen opens sooner without it.
            from leadboard.queries.load_history import load_history

            due = time.monotonic() + SPARKING
            with suppress(Trouble):  # the header says that the database cannot be read
                history = await screen.desk_app.counter.read_beside(load_history)
                operators.take_history(history or {})
        await asyncio.sleep(AGAIN)


async def keep_outlooks(screen: FollowingScreen) -> None:
    """Show when sources will have nobody, reckoned anew now and then, or when the team changes."""
    while screen.board.counts is None:
        await asyncio.sleep(AGAIN)
    # Only here: the desk opens sooner without it.
    from leadboard.foresight.lookout import Lookout

    lookout, team = Lookout(), _team(screen.board)
    due = time.monotonic() + FIRST
    while True:
        if time.monotonic() >= due or team != _team(screen.board):
            team = _team(screen.board)
            outlooks = await _outlooks(screen)
            outlooks = lookout.look(time.monotonic() / 60, outlooks)
            if outlooks != screen.board.outlooks:
                screen.board = replace(screen.board, outlooks=outlooks)
            due = time.monotonic() + FORECASTING
        await asyncio.sleep(AGAIN)


def _team(board: Board) -> object:
    """Return what a change of weights, of limits or of who is active changes."""
    limits = [(each.id, each.max_load, each.is_active) for each in board.operators]
    return board.weights_stamp, limits


async def _outlooks(screen: FollowingScreen) -> "dict[int, Outlook]":
    from leadboard.foresight.forecast import SEED, forecast
    from leadboard.queries.floor_readings import floor_reading

    counter = screen.desk_app.counter
    try:
        reading = await counter.read_beside(floor_reading)
    except Trouble:
        return {}  # the header says that the database cannot be read
    return {} if reading is None else await in_slices(counter, forecast(reading.floor, SEED))


async def keep_settled(screen: FollowingScreen) -> None:
    """Settle the ledger of a server now and then, so that no follower finds a long queue."""
    if not engine().is_server:
        return
    # Only here: the desk on a file opens sooner without it.
    from leadboard.queries.ledger_lines import present

    while True:
        await asyncio.sleep(SETTLING)
        with suppress(Trouble):  # somebody else is at it, or the next time it will do
            await screen.desk_app.counter.read_beside(present)


async def _patiently(screen: FollowingScreen, read: Callable[[], T]) -> T:
    while True:
        try:
            return await screen.desk_app.counter.read_beside(read)
        except Trouble:
            await asyncio.sleep(AGAIN)


KEEPERS = (keep_index, keep_outlooks, keep_settled, keep_sparks)
"""What goes on for as long as the desk is open."""

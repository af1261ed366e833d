"""One reader: a list is read once at a time, and next what was asked for last."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from peewee import Database

from leadboard.common.errors import Trouble
from leadboard.database.sqlite import READING_CACHE
from leadboard.queries import appeals
from tests.support.lists import feed, later_than
from tests.support.screen import open_desk
from tui.worker import Lane


class Slow:
    """Pages that are read no faster than they are let through, counted at both ends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = self.ended = self.together = self.most_together = 0
        self.gate = threading.Semaphore(0)
        self._read = appeals.newest_appeals
        monkeypatch.setattr(appeals, "newest_appeals", self.read)

    def read(self, *arguments: object, **options: object) -> Sequence[appeals.AppealRow]:
        self.begun += 1
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        self.gate.acquire()
        self.together -= 1
        self.ended += 1
        return self._read(*arguments, **options)  # type: ignore[arg-type]


async def test_a_scan_longer_than_the_poll_ends_while_a_bot_writes(
    long_list: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(long_list) as desk:
        await desk.press("f4")
        slow = Slow(monkeypatch)
        await desk.pilot.press("slash", *"lead_2")
        await desk.until(lambda: slow.begun == 1)  # that of the first letter, then of them all
        slow.gate.release()
        await desk.until(lambda: slow.begun == 2)
        for number in range(31, 36):
            version = desk.app.desk_screen.version
            await desk.elsewhere(feed, number, number)
            await desk.until(partial(later_than, desk, version))
        assert slow.begun == 2
        slow.gate.release()
        await desk.until(lambda: "message 29" in desk.text and "message 19" not in desk.text)
        await desk.until(lambda: slow.begun == 3)  # looked once more, for all five
        slow.gate.release(100)
        await desk.settle()
        assert slow.most_together == 1
        assert slow.begun <= 4


async def test_another_filter_is_read_next_whatever_was_asked_before(
    long_list: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(long_list) as desk:
        await desk.press("f4")
        slow = Slow(monkeypatch)
        await desk.pilot.press("slash", *"message")
        await desk.until(lambda: slow.begun == 1)
        await desk.pilot.press("space", *"22")
        assert slow.begun == 1
        slow.gate.release(100)
        await desk.until(lambda: "message 22" in desk.text and "message 21" not in desk.text)
        await desk.settle()
        assert slow.begun <= 3  # not one for each letter


async def test_a_reading_that_fails_is_tried_again(
    long_list: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.widgets.list_reader.AGAIN", 0.02)
    read = appeals.newest_appeals
    failures = iter([True, False])

    def failing(*arguments: object, **options: object) -> Sequence[appeals.AppealRow]:
        if next(failures, False):
            raise Trouble("interrupted")
        return read(*arguments, **options)  # type: ignore[arg-type]

    async with open_desk(long_list) as desk:
        await desk.press("f4")
        monkeypatch.setattr(appeals, "newest_appeals", failing)
        await desk.press("slash", *"2", "enter")
        await desk.until(lambda: "message 22" in desk.text)


async def test_jobs_nobody_waits_for_are_left_out_by_readers_and_done_by_the_writer(
    db: Database,
) -> None:
    for name, is_for_reading in (("reader", True), ("writer", False)):
        lane = Lane(name, is_for_reading=is_for_reading)
        gate = threading.Event()
        done: list[int] = []
        first = lane.do(gate.wait)
        others = [lane.do(partial(done.append, number)) for number in range(5)]
        for other in others[:4]:
            other.cancel()
        gate.set()
        await asyncio.wait_for(first, 5)
        await asyncio.wait_for(others[4], 5)
        assert done == ([4] if is_for_reading else [0, 1, 2, 3, 4])


async def test_a_reader_keeps_fewer_pages_than_the_writer(db: Database) -> None:
    def pages() -> int:
        return int(db.execute_sql("PRAGMA cache_size").fetchone()[0])  # type: ignore[no-untyped-call]

    reader, writer = Lane("reader", is_for_reading=True), Lane("writer")
    assert await asyncio.wait_for(reader.do(pages), 5) == -READING_CACHE
    assert await asyncio.wait_for(writer.do(pages), 5) == -2000


async def test_a_thread_begins_with_its_first_job(db: Database) -> None:
    lane = Lane("idle lane")
    assert "idle lane" not in [thread.name for thread in threading.enumerate()]
    await asyncio.wait_for(lane.do(lambda: None), 5)
    assert "idle lane" in [thread.name for thread in threading.enumerate()]


async def test_an_older_board_does_not_take_the_counts_away(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
        screen = desk.app.desk_screen
        assert screen.board.counts is not None
        screen._show(("older", replace(screen.board, counts=None)))
        assert screen.board.counts is not None
        assert "All 30" in desk.text

"""What is selected stays selected; what is marked stays marked until it is done; what is on show
is read by one reader, and saved whole."""

import asyncio
import csv
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from peewee import Database

import allocator
import models
from leadboard import desk as acts
from leadboard.common.errors import Trouble
from leadboard.database.connection import database
from leadboard.queries import appeals
from tests.support.screen import LARGE, USUAL, Desk, open_desk, rows
from tui.panes.appeals import Appeals
from tui.worker import Lane


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Thirty appeals of one source, of Anna and Boris; Vera has as much room and serves none."""
    path = tmp_path / "selection.db"
    opened = models.open_database(path)
    acts.add_source("vk", actor="t")
    for name in ("Anna", "Boris", "Vera"):
        acts.add_operator(name, 1000, actor="t")
    for operator in (1, 2):
        acts.set_weight(operator, 1, 10, actor="t")
    feed(1, 30)
    opened.close()
    return path


def feed(first: int, last: int, source: int = 1) -> None:
    """Let a bot hand in appeals of leads by these numbers, all at once."""
    with database.atomic("IMMEDIATE"):
        for number in range(first, last + 1):
            allocator.submit(f"lead_{number}", source, f"message {number}")


def closed() -> list[int]:
    return [int(str(key)) for (key,) in rows("SELECT id FROM appeal WHERE closed_at IS NOT NULL")]


def shown(desk: Desk, name: str = "all") -> Appeals:
    return desk.app.desk_screen.query_one(f"#{name}", Appeals)


async def fed(desk: Desk, first: int, last: int) -> None:
    """Feed from elsewhere and wait until the desk has taken notice."""
    version = desk.app.desk_screen.version
    await desk.elsewhere(feed, first, last)
    await desk.until(lambda: desk.app.desk_screen.version > version)
    await desk.settle()


def later_than(desk: Desk, version: int) -> bool:
    return desk.app.desk_screen.version > version


# --- what is selected ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [LARGE, USUAL])
@pytest.mark.parametrize("count", [40, 150, 450])
async def test_no_number_of_arrivals_moves_the_cursor_to_another_appeal(
    file: Path, size: tuple[int, int], count: int
) -> None:
    async with open_desk(file, size) as desk:
        await desk.press("f4", "down", "down", "y")
        assert "Appeal #28 of lead_28 (vk) copied" in desk.text
        await fed(desk, 31, 30 + count)
        await desk.press("y")
        assert "Appeal #28 of lead_28 (vk) copied" in desk.text
        await fed(desk, 31 + count, 130 + count)
        await desk.press("c")
        assert closed() == [28]
        assert "Appeal #28 of lead_28 (vk) closed" in desk.text


async def test_the_border_counts_what_is_newer_and_one_key_goes_there(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "down", "down")
        await fed(desk, 31, 180)
        newer = 150 + 2 - shown(desk).cursor + shown(desk).top
        assert "newer · g" in desk.text
        assert shown(desk).rows[shown(desk).cursor].id == 28
        first = shown(desk).rows[shown(desk).top].id
        assert f"▲ {180 - first} newer · g" in desk.text
        assert newer > 100
        await desk.press("g")
        assert "lead_180" in desk.text
        assert "newer" not in desk.text


async def test_more_newer_ones_than_anybody_counts_are_not_counted(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "down")
        await fed(desk, 31, 1_300)
        assert "▲ 1 000+ newer · g" in desk.text


async def test_a_list_turned_over_holds_its_row_and_says_what_is_newer_below(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "s", "down", "y")
        assert "Appeal #2 of lead_2 (vk) copied" in desk.text
        await fed(desk, 31, 400)
        await desk.press("y")
        assert "Appeal #2 of lead_2 (vk) copied" in desk.text
        last = shown(desk).top + shown(desk).page_size
        assert f"▼ {400 - last} newer · G" in desk.text
        await desk.press("G", "y")
        assert "Appeal #400 of lead_400 (vk) copied" in desk.text
        assert "newer" not in desk.text


async def test_a_filtered_list_holds_its_row(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "slash", *"lead_2", "enter")
        await desk.until(lambda: "message 19" not in desk.text)
        await desk.settle()
        await desk.press("down", "down", "y")
        assert "Appeal #27 of lead_27 (vk) copied" in desk.text
        await desk.elsewhere(feed, 200, 299)
        await desk.elsewhere(feed, 2000, 2050)
        await desk.until(lambda: "newer" in desk.text)
        await desk.settle()
        await desk.press("y")
        assert "Appeal #27 of lead_27 (vk) copied" in desk.text
        await desk.press("escape")
        await desk.settle()
        await desk.press("y")
        assert "Appeal #27 of lead_27 (vk) copied" in desk.text


async def test_the_leads_hold_their_row_too(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "left_square_bracket", "down", "down")
        await fed(desk, 31, 300)
        assert "newer · g" in desk.text
        await desk.press("enter")
        assert "only lead_28" in desk.text


async def test_a_list_nobody_has_touched_follows_the_newest_while_one_types(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4")
        await fed(desk, 31, 90)
        await desk.press("y")
        assert "Appeal #30 of lead_30 (vk) copied" in desk.text  # nobody moved it
        await desk.press("n")
        assert "lead_90" in desk.text
        await fed(desk, 91, 240)
        assert "lead_240" in desk.text
        assert "newer" not in desk.text
        await desk.press("f4", "y")
        assert "Appeal #240 of lead_240 (vk) copied" in desk.text


async def test_what_was_selected_is_selected_when_one_comes_back(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "down", "down", "f2")
        await fed(desk, 31, 250)
        await desk.press("f4", "y")
        assert "Appeal #28 of lead_28 (vk) copied" in desk.text
        await desk.press("question_mark")
        await fed(desk, 251, 500)
        await desk.press("escape", "y")
        assert "Appeal #28 of lead_28 (vk) copied" in desk.text


async def test_a_key_for_a_row_that_left_in_that_moment_hits_no_other(file: Path) -> None:
    async with open_desk(file) as desk:
        for operator in (1, 2):
            await desk.elsewhere(acts.set_weight, operator, 1, 0, actor="t")
        await desk.elsewhere(feed, 31, 35)
        await desk.press("f4", "right_square_bracket", "down", "y")
        assert "Appeal #34 of lead_34 (vk) copied" in desk.text
        version = desk.app.desk_screen.version
        await desk.elsewhere(acts.assign, [34], 1, actor="other")
        await desk.until(lambda: desk.app.desk_screen.version > version)
        await desk.press("c")
        assert closed() == []
        assert "lead_34 (vk) has left this list: now lead_33 (vk) is selected." in desk.text
        await desk.press("c")
        assert closed() == [33]
        await desk.press("c")  # one's own act took the row away: nothing to ask
        assert closed() == [32, 33]


async def test_a_row_meant_is_not_forgotten_when_its_neighbour_leaves_too(file: Path) -> None:
    async with open_desk(file) as desk:
        for operator in (1, 2):
            await desk.elsewhere(acts.set_weight, operator, 1, 0, actor="t")
        await desk.elsewhere(feed, 31, 35)
        await desk.press("f4", "right_square_bracket", "down", "c")
        assert closed() == [34]
        for appeal in (33, 32):
            version = desk.app.desk_screen.version
            await desk.elsewhere(acts.assign, [appeal], 1, actor="other")
            await desk.until(partial(later_than, desk, version))
        await desk.press("c")
        assert closed() == [34]
        assert "lead_33 (vk) has left this list: now lead_31 (vk) is selected." in desk.text


# --- what is marked -----------------------------------------------------------------------------


async def test_a_move_passes_over_what_changed_and_says_which_and_why(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "home", "space", "space", "space")
        await desk.elsewhere(acts.close, [29], actor="other")
        await desk.press("m")
        await desk.type("ver")
        await desk.press("enter")
        assert "lead_29 (vk) closed" in desk.text
        moved = rows("SELECT count(*) FROM appeal WHERE id IN (28, 30) AND operator_id = 3")
        assert moved == [(2,)]
        assert "1 marked" in desk.text
        await desk.press("escape")
        assert "1 marked" not in desk.text


async def test_what_a_colleague_moved_meanwhile_is_passed_over_by_every_act(file: Path) -> None:
    async with open_desk(file) as desk:
        for key, does, other, name in (("r", "returned", 3, "Vera"), ("c", "closed", 1, "Anna")):
            await desk.press("f4", "home", "space", "space", "space")
            await desk.elsewhere(acts.assign, [29], other, actor="other")
            await desk.press(key)
            assert f"2 appeals {does}" in desk.text
            assert f"skipped: lead_29 (vk) went to {name}" in desk.text
            await desk.press("escape")
        assert closed() == [28, 30]


async def test_marks_survive_a_refusal_an_escape_and_a_filter(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "space", "space", "m", "escape")
        assert "2 marked · esc unmarks" in desk.text
        await desk.press("o")
        assert "Nothing was changed: lead_29 (vk) open already, lead_30 (vk) open" in desk.text
        assert "2 marked" in desk.text
        await desk.press("slash", *"closed", "enter")
        await desk.settle()
        assert "2 marked · 2 not in view · esc unmarks" in desk.text
        await desk.press("escape")
        assert "2 marked · esc unmarks" in desk.text
        await desk.press("escape")
        assert "marked" not in desk.text


async def test_more_than_fit_are_asked_about(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.elsewhere(acts.add_operator, "Gleb", 12, actor="t")
        await desk.press("f4", *["shift+down"] * 19, "m")
        assert "Move 20 marked appeals to" in desk.text
        await desk.type("gle")
        await desk.press("enter")
        assert "12 of 20 fit: enter moves 12, y all 20 over the limit" in desk.text
        await desk.press("enter")
        assert rows("SELECT load FROM operator WHERE id = 4") == [(12,)]
        assert "8 marked" in desk.text
        assert "12 appeals → Gleb; skipped: lead_23 (vk) no place" in desk.text
        await desk.press("m")
        await desk.type("gle")
        await desk.press("enter")
        assert "Gleb is full (12/12). Give all 8 all the same?" in desk.text
        await desk.press("y")
        assert rows("SELECT load FROM operator WHERE id = 4") == [(20,)]
        assert "marked" not in desk.text


async def test_all_that_match_are_marked_with_one_key_and_a_range_with_two(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.elsewhere(feed, 31, 250)
        await desk.press("f4", "slash", *"lead_1", "enter")
        await desk.settle()
        await desk.press("asterisk")
        expected = sum(str(number).startswith("1") for number in range(1, 251))
        assert f"{expected} marked" in desk.text
        await desk.press("escape", "escape", "g", "V")
        assert "V marks from lead_250 up to here" in desk.text
        await desk.press("G", "k", "V")
        assert "249 marked" in desk.text
        await desk.press("c")
        assert len(closed()) == 249
        assert 1 not in closed()


async def test_a_batch_from_the_waiting_ones_leaves_those_that_went(file: Path) -> None:
    async with open_desk(file) as desk:
        for operator in (1, 2):
            await desk.elsewhere(acts.set_weight, operator, 1, 0, actor="t")
        await desk.elsewhere(feed, 31, 50)
        await desk.press("f4", "right_square_bracket", "asterisk")
        await desk.elsewhere(acts.assign, [40], 1, actor="other")
        await desk.press("m")
        await desk.type("ver")
        await desk.press("enter")
        assert "19 appeals → Vera; skipped: lead_40 (vk) went to Anna" in desk.text
        assert rows("SELECT operator_id FROM appeal WHERE id = 40") == [(1,)]


async def test_every_sentence_names_the_lead_and_the_source(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "c")
        assert "Appeal #30 of lead_30 (vk) closed" in desk.text
        await desk.press("c")
        assert "Appeal #30 of lead_30 (vk) is closed already." in desk.text
        await desk.elsewhere(acts.reopen, [30], actor="other")
        await desk.press("u")
        assert "Appeal #30 of lead_30 (vk) was changed since" in desk.text
        await desk.press("H")
        assert "Appeal #30 of lead_30 (vk) closed" in desk.text


# --- one reader ---------------------------------------------------------------------------------


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
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(file) as desk:
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
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(file) as desk:
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
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.widgets.reader.AGAIN", 0.02)
    read = appeals.newest_appeals
    failures = iter([True, False])

    def failing(*arguments: object, **options: object) -> Sequence[appeals.AppealRow]:
        if next(failures, False):
            raise Trouble("interrupted")
        return read(*arguments, **options)  # type: ignore[arg-type]

    async with open_desk(file) as desk:
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


async def test_an_older_board_does_not_take_the_counts_away(file: Path) -> None:
    async with open_desk(file) as desk:
        screen = desk.app.desk_screen
        assert screen.board.counts is not None
        screen._show(("older", replace(screen.board, counts=None)))
        assert screen.board.counts is not None
        assert "All 30" in desk.text


# --- what is saved ------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "downloads"
    monkeypatch.setattr("platformdirs.user_downloads_path", lambda: place)
    return place


async def saved(desk: Desk, folder: Path) -> list[list[str]]:
    """Save what has the focus, and return the cells of the file that is there then."""
    before = set(folder.glob("*")) if folder.exists() else set()
    desk.app.desk_screen.export_rows()
    await desk.settle()
    assert "saved as" in desk.text
    [new] = set(folder.glob("*")) - before
    assert new.stat().st_mode & 0o777 == 0o600
    with new.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


async def test_a_list_is_saved_with_all_its_rows_in_the_order_on_show(
    file: Path, folder: Path
) -> None:
    async with open_desk(file) as desk:
        await desk.elsewhere(feed, 31, 1_234)
        await desk.elsewhere(allocator.submit, "=cmd", 1, "x" * 9_000)
        await desk.press("f4")
        head, *lines = await saved(desk, folder)
        assert head[:4] == ["id", "timestamp", "external_id", "source"]
        assert [int(line[0]) for line in lines] == list(range(1_235, 0, -1))
        assert lines[0][2] == "'=cmd"
        assert len(lines[0][7]) == 9_000
        await desk.press("s", "slash", *"lead_2", "enter")
        await desk.settle()
        _, *found = await saved(desk, folder)
        expected = [each for each in range(1, 1_235) if str(each).startswith("2")]
        assert [int(line[0]) for line in found] == expected
        await desk.press("escape", "left_square_bracket")
        head, *leads = await saved(desk, folder)
        assert head == ["id", "external_id", "appeals", "open", "newest", "message"]
        assert len(leads) == 1_235
        assert leads[0][5] == "x" * 9_000


async def test_of_the_grid_the_weights_are_saved_and_of_the_team_the_team(
    file: Path, folder: Path
) -> None:
    async with open_desk(file) as desk:
        await desk.elsewhere(acts.add_source, "tg", actor="t")
        await desk.elsewhere(acts.set_weight, 3, 2, 77, actor="t")
        await desk.until(lambda: "77" in desk.text)
        await desk.press("f3")
        assert await saved(desk, folder) == [
            ["operator", "vk", "tg"],
            ["Anna", "10", ""],
            ["Boris", "10", ""],
            ["Vera", "", "77"],
        ]
        await desk.press("slash", *"ver", "enter")
        assert [line[0] for line in await saved(desk, folder)] == ["operator", "Vera"]
        await desk.press("f2")
        head, *people = await saved(desk, folder)
        assert head == ["id", "name", "is_active", "max_load", "load"]
        assert [line[1] for line in people] == ["Anna", "Boris", "Vera"]


async def test_nothing_is_offered_where_nothing_is_to_save(file: Path, folder: Path) -> None:
    async with open_desk(file) as desk:
        screen = desk.app.desk_screen

        def offers() -> bool:
            return any(each.title == "Save as CSV" for each in desk.app.get_system_commands(screen))

        await desk.press("f4")
        assert offers()
        for keys in (("right_square_bracket",), ("n",)):
            await desk.press(*keys)
            assert not offers()
            screen.export_rows()
            await desk.settle()
            assert "There is nothing here to save." in desk.text
        assert not folder.exists()


async def test_a_file_that_cannot_be_whole_is_not_there(
    file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> Iterator[object]:
        yield (1, "tg_1", 1, 1, None, "")
        raise Trouble("The database is gone.")

    monkeypatch.setattr("leadboard.transfer.showing._leads", failing)
    async with open_desk(file) as desk:
        await desk.press("f4", "left_square_bracket")
        desk.app.desk_screen.export_rows()
        await desk.settle()
        assert "Nothing was saved: The database is gone." in desk.text
        assert list(folder.glob("*")) == []


async def test_leaving_while_a_list_is_saved_leaves_nothing_half_written(
    file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def endless(*_: object) -> Iterator[object]:
        while True:
            yield (1, "tg_1", 1, 1, None, "")
            begun.set()
            time.sleep(0.001)

    monkeypatch.setattr("leadboard.transfer.showing._leads", endless)
    async with open_desk(file) as desk:
        await desk.press("f4", "left_square_bracket")
        await desk.until(lambda: "  1/1  " in desk.text)  # each lead with its appeals
        desk.app.desk_screen.export_rows()
        await desk.until(begun.is_set)
        await desk.until(lambda: "rows so far" in desk.text)
        assert len(list(folder.glob("*.csv"))) == 0
    assert list(folder.glob(".*")) + list(folder.glob("*")) == []

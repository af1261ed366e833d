"""Every refusal and every key is seen, at any size; acts that were lost are named and repeated."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import allocator
import models
from leadboard import desk as acts
from leadboard.database import transactions
from tests.support import Team, rows
from tests.support.screen import SMALL, USUAL, open_desk

SIZES = {"80x24": USUAL, "40x10": SMALL}
by_size = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Twenty operators with one place each, a long message, one appeal that waits."""
    path = tmp_path / "t.db"
    opened = models.open_database(path)
    acts.add_source("tg", actor="tester")
    for number in range(20):
        acts.add_operator(f"Operator {number}", 1, actor="tester")
    acts.set_weights([(number, 1, 50) for number in range(1, 21)], actor="tester")
    for number in range(21):
        allocator.submit(f"lead_{number}", 1, "a long message\n" * 30)
    opened.close()
    return path


def words_of(text: str) -> str:
    """Return the words of a screen whose dialog breaks its lines."""
    return " ".join(text.replace("│", " ").split())


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the database's write lock."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.close()


@by_size
async def test_keys_and_refusals_stay_in_sight(file: Path, size: tuple[int, int]) -> None:
    async with open_desk(file, size) as desk:
        await desk.press("3", "enter", "o")
        assert "is open already" in words_of(desk.text)
        assert "c close" in desk.text
        await desk.press("escape", "question_mark")
        assert "esc goes back" in desk.text
        await desk.press("escape", "m", *["down"] * 16)
        assert "Operator 16" in desk.text
        assert "enter moves" in desk.text
        await desk.press("escape", "f2", "d", "y")
        assert "enter or y: yes" in desk.text
        assert "has had appeals" in words_of(desk.text)
        await desk.press("escape", "a", *"Vera", "tab", "x", "enter")
        assert "enter saves" in desk.text
        assert "The limit must be" in words_of(desk.text)


@by_size
async def test_details_scroll_by_the_keys_of_the_lists(file: Path, size: tuple[int, int]) -> None:
    async with open_desk(file, size) as desk:
        await desk.press("3", "enter")
        assert "From      lead_20" in desk.text
        await desk.press(*"jjj")
        assert "From      lead_20" not in desk.text
        await desk.press("G")
        assert "and 8 more: 8 full" in desk.text
        await desk.press("g")
        assert "From      lead_20" in desk.text


async def test_a_small_screen_has_a_line_for_sentences(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(file, SMALL) as desk:
        assert "? q" in desk.lines()[-1]
        await desk.press("2", *"1234567", "enter")
        assert "The weight must be between" in desk.text
        monkeypatch.setattr("tui.screen.footer.FADES", 0.01)
        await desk.press("escape", "1", "plus")
        await desk.until(lambda: "? q" in desk.lines()[-1])
        assert "limit 1 → 2" not in desk.text


async def test_lost_acts_are_named_and_repeated_in_their_order(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "PATIENCE", 0.05)
    monkeypatch.setattr("tui.screen.acting.PROBE", 0.05)
    async with open_desk(file) as desk:
        with locked(file):
            await desk.press("plus", "down", "minus", "2", *"77", "enter")
            assert (
                "Not saved: Operator 0's limit +1, Operator 1's limit -1, Operator 1's" in desk.text
            )
            await desk.press("q")
            assert "enter or y: quit" in desk.text
            await desk.press("escape")
        await desk.until(lambda: "Database is back. Not saved: Operator 0's limit +1" in desk.text)
        assert "(. repeats it)" in words_of(desk.text)
        assert "Repeat" in desk.lines()[-1]
        await desk.press(".")
        assert rows("SELECT max_load FROM operator WHERE id < 3") == [(2,), (0,)]
        assert (77,) in rows("SELECT weight FROM operator_source WHERE operator_id < 3")
        assert "Repeat" not in desk.lines()[-1]
        await desk.press(".")
        assert rows("SELECT max_load FROM operator WHERE id < 3") == [(2,), (0,)]


async def test_leaving_waits_for_acts_and_asks_when_they_do_not_come_through(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screen.leaving.LAST_WAIT", 0.1)
    async with open_desk(file) as desk:
        with locked(file):
            await desk.pilot.press("plus", "q")
            await desk.until(lambda: "1 act still waiting for the database" in desk.text)
            await desk.pilot.press("escape")
        await desk.settle()
        assert rows("SELECT max_load FROM operator WHERE name = 'Operator 0'") == [(2,)]
        assert not desk.app._exit


async def test_leaving_saves_the_number_that_is_being_typed(file: Path) -> None:
    async with open_desk(file) as desk:
        team = Team()
        await desk.press("2", *"7999999", "q")
        assert "The weight must be between" in desk.text
        await desk.press("escape", *"79", "q")
        await desk.until(lambda: desk.app._exit)
        assert rows(
            "SELECT weight FROM operator_source WHERE operator_id = ?", team["Operator 0"]
        ) == [(79,)]


async def test_undo_while_a_number_is_typed_takes_that_back_and_no_act(file: Path) -> None:
    async with open_desk(file) as desk:
        team = Team()
        await desk.press("1", "plus", "2", "7", "u")
        assert rows("SELECT max_load FROM operator WHERE name = 'Operator 0'") == [(2,)]
        await desk.press("enter")
        assert rows(
            "SELECT weight FROM operator_source WHERE operator_id = ?", team["Operator 0"]
        ) == [(50,)]


async def test_a_row_that_cannot_be_drawn_says_so_and_the_desk_goes_on(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(file) as desk:
        await desk.press("3")

        def broken(row: object, width: int, is_cursor: bool) -> list[object]:
            raise ZeroDivisionError("odd row")

        monkeypatch.setattr(desk.app.focused, "draw_row", broken)
        await desk.press("down")
        assert "Unexpected error (ZeroDivisionError)" in desk.text

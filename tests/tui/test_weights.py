"""The weight grid: typed into while others change it, sorted, and pasted into."""

import re
import sqlite3
from pathlib import Path

import pytest
from textual import events

import allocator
from leadboard import desk as acts
from tests.support import Team, rows
from tests.support.screen import SIDE, Desk, open_desk


async def test_a_weight_that_somebody_else_changed_meanwhile_is_asked_about(file: Path) -> None:
    async with open_desk(file) as desk:
        team = Team()
        await desk.press("2", "7")
        await desk.elsewhere(acts.set_weight, team.anna, team.tg, 40, actor="bot")
        await desk.press("7", "enter")
        await desk.until(lambda: "Anna · tg was set to 40 by somebody else" in desk.text)
        await desk.press("9", "enter")  # typed on before the question was seen
        assert "Set it to 7" in desk.text
        await desk.press("escape")
        assert rows("SELECT weight FROM operator_source WHERE operator_id=?", team.anna) == [(40,)]
        await desk.press("up", "8", "enter")
        assert rows("SELECT weight FROM operator_source WHERE operator_id=?", team.anna) == [(8,)]


async def test_a_yes_sets_the_weight_that_somebody_else_changed_meanwhile(file: Path) -> None:
    async with open_desk(file) as desk:
        team = Team()
        await desk.press("2", "7")
        await desk.elsewhere(acts.unlink, team.anna, team.tg, actor="bot")
        await desk.press("7", "enter")
        await desk.until(lambda: "Anna · tg was unlinked by somebody else" in desk.text)
        await desk.press("y")
        await desk.until(lambda: "→ 77" in desk.text)
        assert rows("SELECT weight FROM operator_source WHERE operator_id=?", team.anna) == [(77,)]


async def test_ones_own_acts_under_way_are_nobody_elses(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 60)
    async with open_desk(file) as desk:
        team = Team()
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await desk.pilot.press("2", "plus", "7", "enter", "up", "8", "enter")
        other.execute("ROLLBACK")
        other.close()
        await desk.until(lambda: "weight 7 → 8" in desk.text)
        assert rows("SELECT weight FROM operator_source WHERE operator_id=?", team.anna) == [(8,)]
        assert "somebody else" not in desk.text


async def test_the_grid_is_sorted_by_the_column_and_holds_still_while_one_types(
    file: Path,
) -> None:
    async with open_desk(file) as desk:
        await desk.press("f3", "down", "8", "0", "enter", "s")
        assert names_in_grid(desk) == ["Boris", "Anna"]
        await desk.press("5", "enter")
        assert names_in_grid(desk) == ["Boris", "Anna"]
        assert rows("SELECT weight FROM operator_source ORDER BY operator_id") == [(50,), (5,)]
        await desk.press("s")
        assert names_in_grid(desk) == ["Anna", "Boris"]


def names_in_grid(desk: Desk) -> list[str]:
    sides = [SIDE.split(line)[1].split() for line in desk.lines() if len(SIDE.split(line)) > 4]
    return [words[1] for words in sides if words and words[0] == "●"]


async def test_a_block_of_a_spreadsheet_is_pasted_as_one_act(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.elsewhere(acts.add_source, "vk", actor="t")
        await desk.until(lambda: "vk" in desk.text)
        await desk.press("f3")
        desk.app.post_message(events.Paste("70\t5\r\n\t30\r\n"))
        await desk.until(lambda: "4 weights set" in desk.text)
        weights = "SELECT operator_id, source_id, weight FROM operator_source ORDER BY 1, 2"
        assert rows(weights) == [(1, 1, 70), (1, 2, 5), (2, 2, 30)]
        await desk.press("u")
        assert rows(weights) == [(1, 1, 50), (2, 1, 50)]


@pytest.mark.parametrize(
    ("pasted", "sentence"),
    [
        ("1\t2\t3", "the block has 1 rows and 3 columns"),
        ("7\n[bold]x", "row 2, column 1"),
        ("9999999", "row 1, column 1"),
    ],
)
async def test_what_cannot_be_pasted_says_why_and_changes_nothing(
    file: Path, pasted: str, sentence: str
) -> None:
    async with open_desk(file) as desk:
        await desk.press("f3")
        desk.app.post_message(events.Paste(pasted))
        await desk.until(lambda: f"Not pasted: {sentence}" in desk.text)
        assert rows("SELECT weight FROM operator_source") == [(50,), (50,)]


@pytest.mark.parametrize("strategy", ["quota", "headroom"])
async def test_chances_are_those_of_the_strategy(file: Path, strategy: str) -> None:
    async with open_desk(file) as desk:
        await desk.press("f3")
        for (operator_id,) in rows("SELECT id FROM operator"):
            await desk.elsewhere(acts.change_operator, operator_id, max_load=9, actor="bot")
        await desk.until(lambda: desk.text.count("50%") >= 2)
        await desk.elsewhere(acts.change_source, Team().tg, strategy=strategy, actor="bot")
        # Until one has more room; and by quota it is always somebody's turn.
        await desk.elsewhere(allocator.submit, "lead", Team().tg, "")
        if len(set(rows("SELECT load FROM operator"))) == 1:
            await desk.elsewhere(allocator.submit, "lead", Team().tg, "")
        await desk.until(lambda: "100%" in desk.text)
        assert re.search(r"\b0%", desk.text)
        assert "50%" not in desk.text


async def test_a_dimmed_key_of_the_grid_opens_nothing_behind_its_back(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "t.db") as desk:
        await desk.press("f3", "S")
        assert "Scale row: nothing is selected." in desk.text
        assert desk.app.screen is desk.app.desk_screen

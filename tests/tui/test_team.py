"""The team is one table in two panes: order, filter, cursor, scroll, marks, and rows of weights."""

import re
from pathlib import Path

import pytest

import models
from leadboard import desk as acts
from tests.support import Team, add_team, rows
from tests.support.screen import LARGE, Desk, open_desk


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Sixty operators, of whom three serve forty sources."""
    path = tmp_path / "house.db"
    opened = models.open_database(path)
    sources = {f"src_{number:02}": {"Op 00": 10, "Op 01": 30, "Op 02": 60} for number in range(40)}
    add_team({f"Op {number:02}": number % 7 + 1 for number in range(60)}, sources)
    opened.close()
    return path


def sides(desk: Desk) -> list[tuple[str, str]]:
    """Return the lines of the two panes of the team, left and right."""
    found = []
    for line in desk.frames():
        parts = line.split("│")
        if len(parts) >= 5:
            found.append((parts[1], parts[3]))
        elif line.startswith("╰"):
            break
    return found


def names(desk: Desk) -> list[str]:
    return [left.split()[1] + " " + left.split()[2] for left, _ in sides(desk) if " Op " in left]


async def test_both_panes_stand_on_the_same_lines_and_scroll_together(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("f3", *["down"] * 30)
        lines = sides(desk)
        here = [left for left, right in lines if "[" in right]
        assert len(here) == 1
        assert "Op 30" in here[0]
        await desk.press("f2", "G")
        assert names(desk)[-1] == "Op 59"
        await desk.press("f3")
        assert "Op 59" in next(left for left, right in sides(desk) if "[" in right)


async def test_a_filter_and_an_order_of_one_pane_are_those_of_the_other(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("f2", "slash", *"op 01", "enter")
        assert names(desk) == ["Op 01"]
        await desk.press("f3")
        assert "filter: op 01 · 1 operator, 40 sources found" in desk.text
        await desk.press("escape", "s")
        assert names(desk)[:3] == ["Op 02", "Op 01", "Op 00"]
        assert re.search(r"src_00 ↓", desk.text)
        await desk.press("f2", "s", "s")
        assert "operator ↑" in desk.text
        assert "src_00 ↓" not in desk.text


async def test_a_wide_screen_shows_no_name_twice_and_a_narrow_one_keeps_the_names(
    house: Path,
) -> None:
    async with open_desk(house) as desk:
        assert desk.text.count("Op 05") == 1
    async with open_desk(house, (80, 24)) as desk:
        await desk.press("f3")
        assert desk.text.count("Op 05") == 1


async def test_columns_are_passed_by_pages_from_end_to_end_and_by_name(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("f3", "ctrl+right")
        assert "sources 2 to 8 of 40" in desk.text
        await desk.press("dollar_sign")
        assert "sources 34 to 40 of 40" in desk.text
        await desk.press("circumflex_accent")
        assert "sources 1 to 7 of 40" in desk.text
        await desk.press("apostrophe", *"c_33")
        await desk.until(lambda: "Source src_33" in desk.text)
        await desk.press("enter")
        await desk.press("7", "enter")
        assert rows("SELECT source_id FROM operator_source WHERE weight = 7") == [(34,)]


async def test_columns_come_back_when_a_narrow_window_is_widened(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("f3", *["right"] * 5)
        await desk.pilot.resize_terminal(40, 20)
        await desk.settle()
        await desk.pilot.resize_terminal(600, 40)
        await desk.settle()
        assert "src_00" in desk.text
        assert "‹" not in desk.text


async def test_tab_goes_on_in_the_next_row_and_back(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("f3", "dollar_sign", "8", "tab", "9", "shift+tab", "7", "enter")
        query = (
            "SELECT operator_id, source_id, weight FROM operator_source WHERE weight IN (7, 8, 9)"
        )
        assert rows(f"{query} ORDER BY 1, 2") == [(1, 40, 7), (2, 1, 9)]


async def test_typing_a_weight_shows_what_it_would_do_before_it_is_stored(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("f3", "1", "0", "0")
        lines = sides(desk)
        assert "10→53%" in lines[1][1]
        assert "30→16%" in lines[2][1]
        assert "60→32%" in lines[3][1]
        assert rows("SELECT count(*) FROM operator_source WHERE weight = 100") == [(0,)]
        await desk.press("escape")
        assert "→" not in desk.text


async def test_a_row_of_weights_is_copied_onto_another_as_one_act(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("f3", "y", "down", "down", "down", "p")
        query = "SELECT weight, count(*) FROM operator_source WHERE operator_id = 4 GROUP BY 1"
        assert rows(query) == [(10, 40)]
        assert desk.app.clipboard.split("\t") == ["10"] * 40
        await desk.press("u")
        assert rows(query) == []


async def test_a_column_is_halved(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("f3", "asterisk", *"1/2", "enter")
        query = "SELECT weight FROM operator_source WHERE source_id = 1 ORDER BY operator_id"
        assert rows(query) == [(5,), (15,), (30,)]
        await desk.press("asterisk", *"no", "enter")
        assert "The factor must be a number above 0" in desk.text


async def test_marked_operators_are_switched_and_sent_home_together(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f2", "x", "x", "space")
        assert rows("SELECT count(*) FROM operator WHERE is_active") == [(0,)]
        assert "2 marked" in desk.text
        await desk.press("space", "R")
        assert "Send 2 operators home? 3 open appeals go back" in desk.text
        await desk.press("enter")
        assert rows("SELECT sum(load), sum(is_active) FROM operator") == [(0, 0)]
        await desk.press("u", "escape")
        assert "2 marked" not in desk.text
        assert rows("SELECT sum(load) FROM operator") == [(3,)]


async def test_enter_on_an_operator_shows_their_open_appeals_and_escape_comes_back(
    file: Path,
) -> None:
    async with open_desk(file) as desk:
        team = Team()
        await desk.press("f2", "down", "enter")
        assert "open of Boris · esc goes back" in desk.text
        mine = rows("SELECT count(*) FROM appeal WHERE operator_id = ?", team.boris)
        assert sum("  Boris  " in line for line in desk.lines()[10:]) == mine[0][0] == 2
        await desk.press("escape")
        assert "open of Boris" not in desk.text
        assert desk.app.focused is desk.app.desk_screen.query_one("#operators")


@pytest.mark.parametrize("keys", [("W",), ("G", "down", "enter")])
async def test_a_waiting_number_opens_those_appeals(file: Path, keys: tuple[str, ...]) -> None:
    async with open_desk(file) as desk:
        await desk.told(acts.add_source, "vk", actor="t")
        await desk.press("f3", *keys)
        assert "waiting of tg · esc goes back" in desk.text
        assert "lead_4" in desk.text
        await desk.press("escape", "right", "W")
        assert "Nothing is waiting." in desk.text


async def test_below_the_operators_no_key_sets_a_weight(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f3", "G", "down", "plus", "5", "delete")
        assert rows("SELECT weight FROM operator_source") == [(50,), (50,)]
        await desk.press("up", "6", "enter")
        assert rows("SELECT weight FROM operator_source ORDER BY operator_id") == [(50,), (6,)]


async def test_heads_sort_and_numbers_open_at_a_click(file: Path) -> None:
    async with open_desk(file, LARGE) as desk:
        await desk.pilot.click(offset=(4, 2))
        await desk.settle()
        assert "operator ↑" in desk.text
        await desk.pilot.click(offset=(36, 2))
        await desk.settle()
        assert "load ↓" in desk.text
        waiting = next(at for at, line in enumerate(desk.lines()) if " waiting " in line and at)
        await desk.pilot.click(offset=(46, waiting))
        await desk.settle()
        assert "waiting of tg · esc goes back" in desk.text

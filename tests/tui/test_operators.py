"""The pane of operators: sorted by what one looks for, and sent home with one key."""

from pathlib import Path

from leadboard import desk as acts
from tests.support import Team, rows
from tests.support.screen import Desk, open_desk


async def test_sending_home_returns_everything_and_one_key_takes_it_back(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("down", "space")
        assert "Boris is off and keeps 2 appeals" in desk.text
        await desk.press("space", "R")
        assert "Send Boris home? 2 open appeals go back" in desk.text
        await desk.press("y")
        assert rows("SELECT is_active, load FROM operator WHERE name = 'Boris'") == [(0, 0)]
        assert "Waiting 3" in desk.text
        await desk.press("u")
        assert rows("SELECT is_active, load FROM operator WHERE name = 'Boris'") == [(1, 2)]


async def test_operators_are_sorted_by_what_one_looks_for(file: Path) -> None:
    async with open_desk(file) as desk:
        team = Team()
        assert first_operator(desk) == "Anna"
        await desk.press("s", "s", "s")
        assert "most free places first" in desk.text
        await desk.elsewhere(acts.change_operator, team.boris, max_load=90, actor="bot")
        await desk.until(lambda: first_operator(desk) == "Boris")
        await desk.press("s")
        assert first_operator(desk) == "Anna"


def first_operator(desk: Desk) -> str:
    return desk.lines()[3].split()[2]

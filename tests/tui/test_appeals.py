"""The pane of appeals: its tabs, what waits, what goes back, and lists walked from either end."""

import re
from pathlib import Path

import pytest

import allocator
from bench.generate import Sizes, generate
from leadboard import desk as acts
from tests.support import Team, rows
from tests.support.screen import USUAL, Desk, open_desk
from tui.panes.appeals import Appeals


@pytest.mark.parametrize("size", [(120, 40), USUAL])
async def test_the_tabs_show_all_waiting_and_leads(file: Path, size: tuple[int, int]) -> None:
    async with open_desk(file, size) as desk:
        await desk.press("f4")
        assert "All 4" in desk.text
        assert "Waiting 1" in desk.text
        assert "Leads 4" in desk.text
        assert "message 1" in desk.text
        await desk.press("right_square_bracket")
        assert "message 4" in desk.text
        assert "message 1" not in desk.text
        await desk.press("right_square_bracket")
        assert "lead_1" in desk.text
        assert "1/1" in desk.text
        await desk.press("left_square_bracket", "left_square_bracket")
        assert "message 1" in desk.text


async def test_a_waiting_appeal_goes_as_soon_as_another_is_closed(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("3", "G", "c")
        assert "closed; 1 waiting handed out" in desk.text
        assert rows("SELECT count(*) FROM appeal WHERE operator_id IS NULL") == [(0,)]
        await desk.press("u")
        assert "Undone" in desk.text
        assert rows("SELECT count(*) FROM appeal WHERE operator_id IS NULL") == [(1,)]


async def test_several_are_marked_and_closed_at_once(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("3", "space", "space", "c")
        assert rows("SELECT id FROM appeal WHERE closed_at IS NOT NULL ORDER BY id") == [(3,), (4,)]
        await desk.press("home", "space", "space", "o")
        assert rows("SELECT count(*) FROM appeal WHERE closed_at IS NOT NULL") == [(0,)]


async def test_returning_draws_again(file: Path) -> None:
    async with open_desk(file) as desk:
        team = Team()
        await desk.elsewhere(acts.change_operator, team.anna, is_active=False, actor="t")
        await desk.elsewhere(acts.change_operator, team.boris, is_active=False, actor="t")
        await desk.press("3", "G", "r")
        assert "returned, waiting" in desk.text
        assert rows("SELECT operator_id FROM appeal WHERE id=1") == [(None,)]


async def test_a_lead_leads_to_its_appeals_and_back(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("3", "left_square_bracket")
        assert "lead_4" in desk.text
        await desk.press("down", "enter")
        assert "message 3" in desk.text
        assert "message 4" not in desk.text
        await desk.press("escape")
        assert "message 4" in desk.text


async def test_an_appeal_leads_to_everything_its_lead_wrote_and_back(file: Path) -> None:
    async with open_desk(file) as desk:
        team = Team()
        await desk.told(allocator.submit, "lead_2", team.tg, "again from 2")
        await desk.press("4", "f4", "G", "k", "L")
        assert "only lead_2 · esc goes back" in desk.text
        assert "again from 2" in desk.text
        assert "message 3" not in desk.text
        await desk.press("escape")
        assert "message 3" in desk.text
        await desk.press("y")
        assert "Appeal #2 of lead_2 (tg) copied" in desk.text


async def test_the_lists_are_turned_over_oldest_first(file: Path) -> None:
    async with open_desk(file) as desk:
        team = Team()
        await desk.press("f4", "s")
        assert "Oldest first" in desk.text
        assert messages(desk) == ["1", "2", "3", "4"]
        await desk.elsewhere(allocator.submit, "lead_5", team.tg, "message 5")
        await desk.until(lambda: messages(desk) == ["1", "2", "3", "4", "5"])
        await desk.press("G", "s")
        assert messages(desk) == ["5", "4", "3", "2", "1"]


def messages(desk: Desk) -> list[str]:
    return re.findall(r"message (\d)", desk.text)


async def test_a_long_list_is_walked_from_either_end(tmp_path: Path) -> None:
    path = tmp_path / "long.db"
    generate(path, Sizes(appeals=320))
    async with open_desk(path) as desk:
        shown = desk.app.desk_screen.query_one("#all", Appeals)
        for _ in range(2):
            await desk.press("f4", "s", "g")
            going_down = await walked(desk, shown, "pagedown")
            await desk.press("G")
            going_up = await walked(desk, shown, "pageup")
            assert {going_down[-1], going_up[-1]} == {1, 320}
            for ids in (going_down, going_up):
                assert ids in (sorted(ids), sorted(ids, reverse=True))


async def walked(desk: Desk, appeals: Appeals, key: str) -> list[int]:
    """Return the appeals to which a key goes until it goes no further."""
    ids: list[int] = []
    while appeals.current is not None and appeals.current.id not in ids[-1:]:
        ids.append(appeals.current.id)
        await desk.pilot.press(key)
    return ids


async def test_an_empty_queue_is_good_news(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "new.db") as desk:
        await desk.press("f4", "right_square_bracket")
        assert "Nothing is waiting." in desk.text

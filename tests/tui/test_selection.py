"""What is selected stays selected, whatever arrives, is filtered or leaves."""

from functools import partial
from pathlib import Path

import pytest

from leadboard import desk as acts
from tests.support import Team
from tests.support.lists import closed, fed, feed, later_than, shown
from tests.support.processes import IS_SOAK
from tests.support.screen import LARGE, USUAL, open_desk

# --- what is selected ---------------------------------------------------------------------------


@pytest.mark.parametrize("size", [LARGE, USUAL] if IS_SOAK else [USUAL])
@pytest.mark.parametrize("count", [40, 150, 450])
async def test_no_number_of_arrivals_moves_the_cursor_to_another_appeal(
    long_list: Path, size: tuple[int, int], count: int
) -> None:
    async with open_desk(long_list, size) as desk:
        await desk.press("f4", "down", "down", "y")
        assert "Appeal #28 of lead_28 (vk) copied" in desk.text
        await fed(desk, 31, 30 + count)
        await desk.press("y")
        assert "Appeal #28 of lead_28 (vk) copied" in desk.text
        await fed(desk, 31 + count, 130 + count)
        await desk.press("c")
        assert closed() == [28]
        assert "Appeal #28 of lead_28 (vk) closed" in desk.text


async def test_the_border_counts_what_is_newer_and_one_key_goes_there(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
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


async def test_more_newer_ones_than_anybody_counts_are_not_counted(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
        await desk.press("f4", "down")
        await fed(desk, 31, 1_300)
        assert "▲ 1000+ newer · g" in desk.text


async def test_a_list_turned_over_holds_its_row_and_says_what_is_newer_below(
    long_list: Path,
) -> None:
    async with open_desk(long_list) as desk:
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


async def test_a_filtered_list_holds_its_row(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
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


async def test_the_leads_hold_their_row_too(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
        await desk.press("f4", "left_square_bracket", "down", "down")
        await fed(desk, 31, 300)
        assert "newer · g" in desk.text
        await desk.press("enter")
        assert "only lead_28" in desk.text


async def test_a_list_nobody_has_touched_follows_the_newest_while_one_types(
    long_list: Path,
) -> None:
    async with open_desk(long_list) as desk:
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


async def test_what_was_selected_is_selected_when_one_comes_back(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
        await desk.press("f4", "down", "down", "f2")
        await fed(desk, 31, 250)
        await desk.press("f4", "y")
        assert "Appeal #28 of lead_28 (vk) copied" in desk.text
        await desk.press("question_mark")
        await fed(desk, 251, 500)
        await desk.press("escape", "y")
        assert "Appeal #28 of lead_28 (vk) copied" in desk.text


async def test_a_key_for_a_row_that_left_in_that_moment_hits_no_other(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
        team = Team()
        for operator in (team.anna, team.boris):
            await desk.elsewhere(acts.set_weight, operator, team.vk, 0, actor="t")
        await desk.told(feed, 31, 35)
        await desk.press("f4", "right_square_bracket", "down", "y")
        assert "Appeal #32 of lead_32 (vk) copied" in desk.text
        version = desk.app.desk_screen.version
        await desk.elsewhere(acts.assign, [32], team.anna, actor="other")
        await desk.until(lambda: desk.app.desk_screen.version > version)
        await desk.press("c")
        assert closed() == []
        assert "lead_32 (vk) has left this list: now lead_33 (vk) is selected." in desk.text
        await desk.press("c")
        assert closed() == [33]
        await desk.press("c")  # one's own act took the row away: nothing to ask
        assert closed() == [33, 34]


async def test_a_row_meant_is_not_forgotten_when_its_neighbour_leaves_too(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
        team = Team()
        for operator in (team.anna, team.boris):
            await desk.elsewhere(acts.set_weight, operator, team.vk, 0, actor="t")
        await desk.told(feed, 31, 35)
        await desk.press("f4", "right_square_bracket", "down", "c")
        assert closed() == [32]
        for appeal in (33, 34):
            version = desk.app.desk_screen.version
            await desk.elsewhere(acts.assign, [appeal], team.anna, actor="other")
            await desk.until(partial(later_than, desk, version))
        await desk.press("c")
        assert closed() == [32]
        assert "lead_33 (vk) has left this list: now lead_35 (vk) is selected." in desk.text

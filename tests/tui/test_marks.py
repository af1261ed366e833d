"""What is marked stays marked until it is done, and says what was passed over."""

from pathlib import Path

from leadboard import desk as acts
from tests.support import Team, rows
from tests.support.lists import closed, feed
from tests.support.screen import open_desk


async def test_a_move_passes_over_what_changed_and_says_which_and_why(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
        team = Team()
        await desk.press("f4", "home", "space", "space", "space")
        await desk.elsewhere(acts.close, [29], actor="other")
        await desk.press("m")
        await desk.type("ver")
        await desk.press("enter")
        assert "lead_29 (vk) closed" in desk.text
        moved = rows(
            "SELECT count(*) FROM appeal WHERE id IN (28, 30) AND operator_id = ?", team.vera
        )
        assert moved == [(2,)]
        assert "1 marked" in desk.text
        await desk.press("escape")
        assert "1 marked" not in desk.text


async def test_what_a_colleague_moved_meanwhile_is_passed_over_by_every_act(
    long_list: Path,
) -> None:
    async with open_desk(long_list) as desk:
        for key, does, other, name in (("r", "returned", 3, "Vera"), ("c", "closed", 1, "Anna")):
            await desk.press("f4", "home", "space", "space", "space")
            await desk.elsewhere(acts.assign, [29], other, actor="other")
            await desk.press(key)
            assert f"2 appeals {does}" in desk.text
            assert f"skipped: lead_29 (vk) went to {name}" in desk.text
            await desk.press("escape")
        assert closed() == [28, 30]


async def test_marks_survive_a_refusal_an_escape_and_a_filter(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
        await desk.press("f4", "space", "space", "m", "escape")
        assert "2 marked · esc unmarks" in desk.text
        await desk.press("o")
        assert "Nothing was changed: lead_29 (vk) open already, lead_30 (vk) open" in desk.text
        assert "2 marked" in desk.text
        await desk.press("slash", *"closed", "enter")
        await desk.settle()
        assert "2 marked · 2 not in view" in desk.text
        await desk.press("escape")
        assert "2 marked · esc unmarks" in desk.text
        await desk.press("escape")
        assert "marked" not in desk.text


async def test_more_than_fit_are_asked_about(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
        await desk.told(acts.add_operator, "Gleb", 12, actor="t")
        await desk.press("f4", *["shift+down"] * 19, "m")
        assert "Move 20 marked appeals to" in desk.text
        await desk.type("gle")
        await desk.press("enter")
        assert "12 of 20 fit: enter moves 12, y all 20 over the limit" in desk.text
        await desk.press("enter")
        assert rows("SELECT load FROM operator WHERE name = 'Gleb'") == [(12,)]
        assert "8 marked" in desk.text
        assert "12 appeals → Gleb; skipped: lead_23 (vk) no place" in desk.text
        await desk.press("m")
        await desk.type("gle")
        await desk.press("enter")
        assert "Gleb is full (12/12). Move all 8 anyway?" in desk.text
        await desk.press("y")
        assert rows("SELECT load FROM operator WHERE name = 'Gleb'") == [(20,)]
        assert "marked" not in desk.text


async def test_all_that_match_are_marked_with_one_key_and_a_range_with_two(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
        await desk.told(feed, 31, 250)
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


async def test_a_batch_from_the_waiting_ones_leaves_those_that_went(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
        team = Team()
        for operator in (team.anna, team.boris):
            await desk.elsewhere(acts.set_weight, operator, team.vk, 0, actor="t")
        await desk.told(feed, 31, 50)
        await desk.press("f4", "right_square_bracket", "asterisk")
        await desk.elsewhere(acts.assign, [40], team.anna, actor="other")
        await desk.press("m")
        await desk.type("ver")
        await desk.press("enter")
        assert "19 appeals → Vera; skipped: lead_40 (vk) went to Anna" in desk.text
        assert rows("SELECT operator_id FROM appeal WHERE id = 40") == [(1,)]


async def test_every_sentence_names_the_lead_and_the_source(long_list: Path) -> None:
    async with open_desk(long_list) as desk:
        await desk.press("f4", "c")
        assert "Appeal #30 of lead_30 (vk) closed" in desk.text
        await desk.press("c")
        assert "Appeal #30 of lead_30 (vk) is closed already." in desk.text
        await desk.elsewhere(acts.reopen, [30], actor="other")
        await desk.press("u")
        assert "Appeal #30 of lead_30 (vk) has changed since" in desk.text
        await desk.press("H")
        assert "Appeal #30 of lead_30 (vk) closed" in desk.text

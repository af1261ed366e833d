"""The history: whose acts it shows, what it finds, one act in full, and undo without leaving it."""

from functools import partial
from pathlib import Path

import pytest

from leadboard import desk as acts
from leadboard.common.errors import Trouble
from leadboard.queries import history
from tests.support import Team, add_team, opened, rows
from tests.support.screen import LARGE, SMALL, USUAL, Desk, open_desk
from tui.dialogs import act_list
from tui.dialogs.act_list import ActList

LIMITS = "SELECT max_load FROM operator ORDER BY id"


@pytest.fixture
def calm(tmp_path: Path) -> Path:
    """Anna with a limit of 1, Boris with one of 2, and no appeal."""
    path = tmp_path / "calm.db"
    with opened(path):
        add_team({"Anna": 1, "Boris": 2}, {"tg": {"Anna": 50, "Boris": 50}})
    return path


def limits() -> list[object]:
    return [limit for (limit,) in rows(LIMITS)]


def box(desk: Desk) -> list[str]:
    """Return the lines of the sheet, without its frame and what is around it."""
    lines = desk.lines()
    left = next(line for line in lines if "History" in line).index("╭", 1)
    inside = [line[left:].split("│")[1].strip() for line in lines if line[left : left + 1] == "│"]
    return [line for line in inside if line]


def under_cursor(desk: Desk) -> str:
    row = desk.app.screen.query_one(ActList).current
    assert row is not None
    return row.note


async def by_pavel(desk: Desk, *limits: int) -> None:
    """Let a colleague change Boris's limit."""
    for limit in limits:
        await desk.told(acts.change_operator, Team().boris, max_load=limit, actor="pavel")


# --- whose acts ---------------------------------------------------------------------------------


async def test_beside_others_it_starts_with_ones_own_acts_and_one_key_shows_all(calm: Path) -> None:
    async with open_desk(calm) as desk:
        await by_pavel(desk, 7)
        await desk.press("f2", "plus", "H")
        assert "Acts: mine" in desk.text
        assert box(desk)[0].endswith("Anna: limit 1 → 2")
        assert "Boris: limit 2 → 7" not in desk.text
        await desk.press("m")
        assert "Acts: all" in desk.text
        assert "pavel" in desk.line_with("Boris: limit 2 → 7")
        await desk.press("ь")
        assert "Acts: mine" in desk.text


async def test_alone_it_starts_with_all(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "t.db") as desk:
        await desk.press("H")
        assert "Acts: all" in desk.text
        assert "Nothing has been done yet." in desk.text
        await desk.press("escape", "a", *"Vera", "enter", "H")
        assert "Acts: all" in desk.text
        assert "Vera added" in desk.text


async def test_one_who_has_done_nothing_is_told_how_to_see_the_others(calm: Path) -> None:
    async with open_desk(calm) as desk:
        await desk.press("H")
        assert "You have done nothing yet: m shows everybody's acts." in desk.text


@pytest.mark.parametrize(("size", "width"), [(LARGE, 108), ((200, 50), 110), (SMALL, 40)])
async def test_it_is_as_wide_as_the_screen_allows_and_cuts_with_an_ellipsis(
    calm: Path, size: tuple[int, int], width: int
) -> None:
    async with open_desk(calm, size) as desk:
        await desk.told(acts.change_operator, Team().anna, name="x" * 80, actor="tester")
        await desk.told(acts.change_operator, Team()["x" * 80], name="y" * 80, actor="tester")
        await desk.press("H")
        top = next(line for line in desk.lines() if "History" in line)
        assert len(top[top.index("╭─ Hist") :].partition("╮")[0]) + 1 == width
        line = desk.line_with("xxxx")
        assert "… " in line
        assert ("esc back" in desk.text) is True


# --- looking for acts ---------------------------------------------------------------------------


async def test_a_filter_finds_names_and_notes_during_typing(calm: Path) -> None:
    async with open_desk(calm) as desk:
        await by_pavel(desk, 7, 8)
        await desk.press("H", "m", "slash")
        await desk.type("PAVEL 8")
        assert box(desk)[0].endswith("Boris: limit 7 → 8")
        assert "limit 2 → 7" not in desk.text
        await desk.press("enter")
        await desk.until(lambda: "filter: PAVEL 8 · 1 found" in desk.text)
        await desk.press("slash", *"pavel none", "enter")
        await desk.until(lambda: "No matches: esc clears the filter." in desk.text)
        await desk.press("escape")
        assert "limit 2 → 7" in desk.text
        assert "filter:" not in desk.text
        await desk.press("escape")
        assert desk.app.screen is desk.app.desk_screen


async def test_escape_in_the_filter_clears_it_and_stays(calm: Path) -> None:
    async with open_desk(calm) as desk:
        await by_pavel(desk, 7)
        await desk.press("H", "m", "slash", *"absent")
        await desk.until(lambda: "No matches" in desk.text)
        await desk.press("escape")
        assert "Boris: limit 2 → 7" in desk.text


async def test_what_is_new_joins_what_was_found_without_another_search(
    calm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(calm) as desk:
        await by_pavel(desk, 7)
        await desk.press("H", "m", "slash", *"pavel", "enter")
        await desk.until(lambda: "1 found" in desk.text)
        searched: list[object] = []
        monkeypatch.setattr(act_list, "search_back", lambda *each: searched.append(each))
        await by_pavel(desk, 8)
        await desk.until(lambda: "2 found" in desk.text)
        await desk.told(acts.change_operator, Team().anna, max_load=9, actor="vera")
        await desk.told(acts.undo, actor="pavel")
        await desk.until(lambda: "3 found" in desk.text)
        assert "× Boris: limit 7 → 8" in desk.text
        assert "vera" not in desk.text
        assert searched == []


async def test_a_search_through_very_many_acts_goes_on_by_itself(
    calm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "STEP", 2)
    monkeypatch.setattr(history, "STEPS", 1)
    async with open_desk(calm) as desk:
        await by_pavel(desk, *range(3, 9))
        await desk.press("H", "m", "slash", *"setup", "enter")
        await desk.until(lambda: "3 found" in desk.text)
        assert "Anna added, limit 1" in desk.text
        await desk.press("G")
        assert under_cursor(desk) == "Anna added, limit 1"
        await desk.press("down", "g")
        await desk.until(lambda: "3 found" in desk.text)
        assert desk.text.count("Anna added, limit 1") == 1


async def test_pages_of_what_was_found_are_read_on_the_way_down(calm: Path) -> None:
    async with open_desk(calm) as desk:

        def change_often(actor: str) -> None:
            for _ in range(130):
                acts.step_limit(Team().boris, 1, actor=actor)

        for actor in ("pavel", "vera"):
            await desk.told(change_often, actor)
        await desk.press("H", "m", "slash", *"pavel", "enter")
        await desk.until(lambda: "100+ found" in desk.text)
        assert under_cursor(desk) == "Boris: limit 131 → 132"
        for _ in range(6):
            await desk.press("pagedown")
        await desk.until(lambda: under_cursor(desk) == "Boris: limit 2 → 3")
        assert len(desk.app.screen.query_one(ActList).rows) == 130


async def test_the_cursor_stays_on_its_act_while_others_go_on(calm: Path) -> None:
    async with open_desk(calm) as desk:
        await by_pavel(desk, 7, 8)
        await desk.press("H", "m", "down")
        assert under_cursor(desk) == "Boris: limit 2 → 7"
        for limit in range(9, 15):
            await by_pavel(desk, limit)
        await desk.until(lambda: "Boris: limit 13 → 14" in desk.text)
        assert under_cursor(desk) == "Boris: limit 2 → 7"
        await desk.press("home")
        assert under_cursor(desk) == "Boris: limit 13 → 14"


async def test_nothing_is_read_once_it_is_closed(
    calm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(calm) as desk:
        await desk.press("H", "escape")

        def fail(*_: object) -> None:
            raise AssertionError("read again")

        monkeypatch.setattr(act_list, "newest_events", fail)
        await by_pavel(desk, 7)
        assert limits() == [1, 7]


# --- undo and redo ------------------------------------------------------------------------------


async def test_it_stays_open_while_acts_are_undone_and_redone(calm: Path) -> None:
    async with open_desk(calm) as desk:
        await desk.press("f2", "plus", "plus", "H", "down", "u")
        assert "Anna has changed since" not in desk.text
        assert "has changed since: nothing was undone." in desk.text
        assert limits() == [3, 2]
        await desk.press("up", "u")
        assert limits() == [2, 2]
        assert box(desk)[-2] == "Undone: Anna: limit 2 → 3"
        assert "× Anna: limit 2 → 3" in desk.text
        await desk.press("down", "u")
        assert limits() == [1, 2]
        await desk.press("U")
        assert limits() == [2, 2]
        assert box(desk)[-2].startswith("Redone: Anna: limit 1 → 2")
        await desk.press("H")
        assert desk.app.screen is desk.app.desk_screen
        assert "Redone: Anna: limit 1 → 2" in desk.text


async def test_somebody_elses_act_is_undone_only_after_a_yes(calm: Path) -> None:
    async with open_desk(calm) as desk:
        await by_pavel(desk, 7)
        await desk.press("H", "m", "u")
        assert "Undo pavel's act: Boris: limit 2 → 7?" in desk.text
        await desk.press("n")
        assert limits() == [1, 7]
        await desk.press("u", "enter")
        assert limits() == [1, 2]
        assert box(desk)[-2] == "Undone: Boris: limit 2 → 7"
        await desk.press("U")
        assert "Redo pavel's act: Boris: limit 2 → 7?" in desk.text
        await desk.press("y")
        assert limits() == [1, 7]
        assert rows("SELECT actor, act FROM event ORDER BY id DESC LIMIT 2") == [
            ("tester", "redo"),
            ("tester", "undo"),
        ]


async def test_the_undo_of_ones_own_act_by_somebody_else_is_redone_at_once(calm: Path) -> None:
    async with open_desk(calm) as desk:
        await desk.press("f2", "plus")
        [(act,)] = rows("SELECT max(id) FROM event")
        await desk.told(acts.undo, act, actor="pavel")
        await desk.press("H", "m")
        assert under_cursor(desk).startswith("Undone: Anna: limit 1 → 2")
        await desk.press("U")
        assert limits() == [2, 2]


async def test_a_refusal_of_somebody_elses_act_is_told_in_the_sheet(calm: Path) -> None:
    async with open_desk(calm) as desk:
        await by_pavel(desk, 7, 8)
        await desk.press("H", "m", "down", "u", "y")
        assert "has changed since: nothing was undone." in " ".join(box(desk))
        assert limits() == [1, 8]


# --- one act in full ----------------------------------------------------------------------------


async def test_enter_shows_an_act_in_full(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f2", "plus", "H", "enter")
        for words in (
            "Who     tester",
            "Act     change operator",
            "Anna: limit 1 → 2; 1 waiting handed out",
            "Operator Anna: limit 1 → 2",
            "Appeal #4 of lead_4 (tg): waiting → with Anna by lottery",
        ):
            assert words in desk.text
        await desk.press("escape", "u", "enter")
        assert "Undone by tester, " in desk.text
        await desk.press("q", "up", "enter")
        assert "of tester: Anna: limit 1 → 2" in desk.text


async def test_a_long_act_scrolls_and_its_keys_stay(file: Path) -> None:
    async with open_desk(file, SMALL) as desk:
        await desk.press("1", "plus", "H", "enter")
        assert "Operator Anna" not in desk.text
        await desk.press("G")
        await desk.until(lambda: "Appeal #4" in desk.text)
        assert "esc back" in desk.text


async def test_an_act_that_cannot_be_read_says_why(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise Trouble("The database is away.")

    monkeypatch.setattr("tui.dialogs.act.details_of", broken)
    async with open_desk(file) as desk:
        await desk.press("f2", "plus", "H", "enter")
        assert "The database is away." in desk.text


# --- notices ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [LARGE, USUAL, SMALL])
async def test_the_notices_are_the_other_list(calm: Path, size: tuple[int, int]) -> None:
    async with open_desk(calm, size) as desk:
        await desk.press("1", "plus", "plus", "2", *"1000001", "enter", "enter", "escape", "1", "H")
        await desk.press("right_square_bracket")
        shown = box(desk) if size != SMALL else [line.strip("│ ") for line in desk.lines()[1:]]
        assert "The weight must be" in shown[0]
        assert shown[0].endswith("x2")
        assert "Anna: limit 2 → 3" in shown[1]
        await desk.press("u")
        assert limits() == [3, 2]
        await desk.press("enter")
        assert "between 0 and 1 000 000." in " ".join(desk.text.replace("│", " ").split())
        await desk.press("tab")
        assert "/ filter" in desk.text or size == SMALL
        await desk.press("u")
        assert limits() == [2, 2]
        await desk.press("left_square_bracket")
        assert "Undone: Anna: limit 2 → 3" in desk.text


async def test_nothing_said_yet_is_said(calm: Path) -> None:
    async with open_desk(calm) as desk:
        await desk.press("H", "tab")
        assert "Nothing has been said yet." in desk.text


async def test_help_lists_the_keys_of_the_history(calm: Path) -> None:
    async with open_desk(calm) as desk:
        await desk.press("H", "question_mark")
        assert "This sheet" in desk.text
        assert "Mine or all" in desk.text
        await desk.press("escape")
        assert "Acts: mine" in desk.text


async def test_quick_keys_reach_the_list_in_their_order(calm: Path) -> None:
    async with open_desk(calm) as desk:
        await by_pavel(desk, 7)
        desk.burst("H", "m", "u", "y", "U", "y", "escape")
        mine = "SELECT act FROM event WHERE actor = 'tester' ORDER BY id"
        await desk.until(lambda: rows(mine) == [("undo",), ("redo",)])
        await desk.until(lambda: desk.app.screen is desk.app.desk_screen)


async def test_a_list_of_acts_that_cannot_be_read_says_so_and_recovers(
    calm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.widgets.list_reader.AGAIN", 0.05)
    working = history.search_back

    def broken(*_: object) -> None:
        raise Trouble("The database is away.")

    async with open_desk(calm) as desk:
        await by_pavel(desk, 7)
        monkeypatch.setattr(act_list, "search_back", broken)
        await desk.press("H", "m", "slash", *"pavel", "enter")
        assert "Searching…" in desk.text
        monkeypatch.setattr(act_list, "search_back", partial(working))
        await desk.until(lambda: "1 found" in desk.text)


async def test_it_opens_also_while_nothing_can_be_read(
    calm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.widgets.list_reader.AGAIN", 0.05)
    working = history.newest_events

    def broken(*_: object) -> None:
        raise Trouble("The database is away.")

    async with open_desk(calm) as desk:
        monkeypatch.setattr("tui.dialogs.history.has_others", broken)
        monkeypatch.setattr(act_list, "newest_events", broken)
        await desk.press("H")
        assert "The database is away." in desk.text
        monkeypatch.setattr(act_list, "newest_events", working)
        await desk.until(lambda: "Boris added, limit 2" in desk.text)


@pytest.mark.every_engine
async def test_it_does_the_same_on_every_engine(target: str) -> None:
    with opened(target):
        add_team({"Anna": 1, "Boris": 2}, {})
    async with open_desk(target) as desk:
        await by_pavel(desk, 7)
        await desk.press("f2", "plus", "H")
        await desk.until(lambda: "Acts: mine" in desk.text and "Anna: limit 1 → 2" in desk.text)
        await desk.press("m", "slash", *"pavel", "enter")
        await desk.until(lambda: "1 found" in desk.text)
        await desk.press("u", "y")
        await desk.until(lambda: "× Boris: limit 2 → 7" in desk.text)
        assert limits() == [2, 2]
        await desk.press("enter")
        await desk.until(lambda: "Undone by tester" in desk.text)

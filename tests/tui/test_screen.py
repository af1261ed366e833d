"""The desk under a dispatcher's fingers: what the keys do to rows, and what the screen shows."""

from pathlib import Path

import pytest

import allocator
import models
from leadboard import desk as acts
from leadboard.database.connection import database
from tests.support import Team, add_team, rows
from tests.support.processes import IS_SOAK
from tests.support.screen import LARGE, USUAL, Desk, open_desk


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sales.db"


@pytest.fixture
def staffed(file: Path) -> Path:
    """Two operators, two sources, weights 70 and 30 for the first."""
    opened = models.open_database(file)
    add_team({"Anna": 15, "Boris": 10}, {"tg_main": {"Anna": 70, "Boris": 30}, "site": {}})
    opened.close()
    return file


@pytest.mark.parametrize("size", [LARGE, USUAL] if IS_SOAK else [USUAL])
async def test_a_newcomer_gets_from_nothing_to_the_first_appeal(
    file: Path, size: tuple[int, int]
) -> None:
    async with open_desk(file, size) as desk:
        assert "First steps" in desk.text
        await desk.press("1")  # whoever knows the desk is not held up
        assert "No operators yet: press a to add one." in desk.text
        await desk.press("2", "a")
        await desk.type("tg_main")
        await desk.press("enter")
        assert rows("SELECT name FROM source") == [("tg_main",)]
        await desk.press("1", "a")
        await desk.type("Anna")
        await desk.press("tab", *("backspace",) * 2, "1", "5", "enter")
        await desk.press("a")
        await desk.type("Boris")
        await desk.press("enter")
        assert rows("SELECT name, max_load FROM operator") == [("Anna", 15), ("Boris", 10)]
        await desk.press("f3", "7", "0", "enter", "3", "0", "enter")
        assert rows("SELECT * FROM operator_source") == [(1, 1, 70), (2, 1, 30)]
        assert "70%" in desk.line_with("Anna") or "70%" in desk.text
        await desk.press("f2", "n")
        await desk.type("tg_1")
        await desk.press("tab")
        await desk.type("Hello there")
        await desk.press("ctrl+s")
        [(lead, operator, message)] = rows(
            "SELECT external_id, operator_id, message FROM appeal JOIN lead ON lead.id = lead_id"
        )
        assert (lead, message) == ("tg_1", "Hello there")
        assert operator in {1, 2}
        name = ("Anna", "Boris")[int(str(operator)) - 1]
        assert f"tg_1 → {name}" in desk.text
        assert "1/15" in desk.text if name == "Anna" else "1/10" in desk.text


async def test_the_form_is_ready_for_the_next_appeal_in_the_same_breath(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        await desk.press("n")
        await desk.type("tg")
        await desk.press("enter")
        await desk.pilot.press(*"one", "tab", *"first", "ctrl+s", *"two", "tab", *"second", "enter")
        await desk.settle()
        assert rows("SELECT external_id, message FROM appeal JOIN lead ON lead.id=lead_id") == [
            ("one", "first"),
            ("two", "second"),
        ]
        assert desk.app.focused is not None
        assert desk.app.focused.id == "lead"
        assert "tg_main" in desk.line_with("Source")


async def test_the_source_is_found_by_part_of_its_name_and_the_odds_follow(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        await desk.press("n")
        await desk.type("main")
        assert "tg_main" in desk.text
        await desk.press("enter")
        assert desk.app.focused is not None
        assert desk.app.focused.id == "lead"
        assert "next: Anna 70% · Boris 30%" in desk.text
        await desk.press("f2", "space")
        assert "next: Boris 100% · Anna off" in desk.text


async def test_a_known_lead_is_suggested(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        team = Team()
        await desk.told(allocator.submit, "tg_123456", team.tg_main, "earlier")
        await desk.press("n")
        await desk.type("tg_m")
        await desk.press("enter")
        await desk.type("tg_1")
        await desk.press("right", "enter")
        await desk.type("again")
        await desk.press("enter")
        assert rows("SELECT count(*), count(DISTINCT lead_id) FROM appeal") == [(2, 1)]


async def test_nobody_to_take_it_is_no_error(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        await desk.press("n")
        await desk.type("site")
        await desk.press("enter")
        await desk.type("web_1")
        await desk.press("ctrl+s")
        assert rows("SELECT operator_id FROM appeal") == [(None,)]
        assert " web_1 waits: nobody serves" in desk.text
        assert "waiting 1" in desk.lines()[0]


async def test_what_may_not_come_in_is_explained_and_kept(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        await desk.press("n", "ctrl+s")
        assert "Choose a source first." in desk.text
        await desk.type("tg")
        await desk.press("enter", "tab")
        await desk.type("words")
        await desk.press("ctrl+s")
        assert "The lead's id is empty." in desk.text
        assert "words" in desk.line_with("Message")
        assert rows("SELECT count(*) FROM appeal") == [(0,)]


async def test_escape_leaves_the_form_and_quitting_asks_about_its_text(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        await desk.press("n")
        await desk.type("tg")
        await desk.press("enter")
        await desk.type("tg_5")
        await desk.press("escape")
        assert desk.app.focused is not None
        assert desk.app.focused.id == "operators"
        await desk.press("q")
        assert "not saved" in desk.text
        await desk.press("escape")
        assert "tg_5" in desk.line_with("│ Lead  ")
        assert desk.app.is_running


async def test_operators_are_edited_limited_switched_and_deleted(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        team = Team()
        await desk.press("e", *("backspace",) * 4)
        await desk.type("Vera")
        await desk.press("enter")
        await desk.press("plus", "plus", "minus", "space")
        assert rows("SELECT name, max_load, is_active FROM operator WHERE id = ?", team.anna) == [
            ("Vera", 16, 0)
        ]
        assert "○ Vera" in desk.text
        await desk.press("down", "d")
        assert "Delete operator Boris?" in desk.text
        await desk.press("escape")
        assert rows("SELECT count(*) FROM operator") == [(2,)]
        await desk.press("d", "y")
        assert rows("SELECT name FROM operator") == [("Vera",)]


async def test_a_refused_dialog_stays_with_the_reason_beside_its_field(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        await desk.press("a")
        await desk.type("Boris")
        await desk.press("enter")
        assert "The name Boris is taken." in desk.text
        await desk.type("2")
        assert "taken" not in desk.text
        await desk.press("tab", "x", "enter")
        assert "The limit must be a whole number." in desk.text
        await desk.press("escape")
        assert rows("SELECT count(*) FROM operator") == [(2,)]


async def test_an_operator_with_appeals_is_not_deleted(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        team = Team()
        for lead in range(20):
            await desk.elsewhere(allocator.submit, f"tg_{lead}", team.tg_main, "")
        await desk.press("d", "enter")
        assert "has had appeals" in desk.text
        await desk.press("escape")
        assert rows("SELECT count(*) FROM operator") == [(2,)]


async def test_bars_move_when_a_load_changes(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        team = Team()
        before = desk.line_with("● Anna")
        await desk.elsewhere(acts.set_weight, team.boris, team.tg_main, 0, actor="t")
        for lead in range(10):
            await desk.elsewhere(allocator.submit, f"tg_{lead}", team.tg_main, "")
        await desk.until(lambda: "10/15" in desk.text)
        await desk.until(lambda: "● Anna" in desk.text)
        after = desk.line_with("● Anna")
        assert after.count("━") > before.count("━")


async def test_weights_are_typed_in_place(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        await desk.press("2")
        assert "[ 70]" in desk.text
        await desk.press("5")
        assert "5_" in desk.text
        await desk.press("escape")
        assert "[ 70]" in desk.text
        await desk.press("5", "0", "tab", "8", "backspace", "9", "enter")
        assert rows("SELECT * FROM operator_source ORDER BY 1, 2") == [
            (1, 1, 50),
            (1, 2, 9),
            (2, 1, 30),
        ]
        await desk.press("plus", "plus", "minus", "left", "equals_sign")
        assert rows("SELECT * FROM operator_source ORDER BY 1, 2") == [
            (1, 1, 40),
            (1, 2, 9),
            (2, 1, 40),
            (2, 2, 1),
        ]
        await desk.press("delete")
        assert (2, 1, 40) not in rows("SELECT * FROM operator_source")


async def test_a_weight_beyond_the_limit_is_refused_and_stays_in_the_cell(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        team = Team()
        await desk.press("2", *"1000001", "enter")
        assert "between 0 and 1 000 000" in desk.text
        assert "1000001_" in desk.text
        assert rows("SELECT weight FROM operator_source WHERE operator_id=?", team.anna) == [(70,)]


async def test_leaving_the_grid_saves_the_edit(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        team = Team()
        await desk.press("2", "4", "2", "f2")
        assert rows("SELECT weight FROM operator_source WHERE operator_id=?", team.anna) == [(42,)]


async def test_tab_goes_round_the_panes_when_no_edit_is_under_way(staffed: Path) -> None:
    async with open_desk(staffed, USUAL) as desk:
        seen = []
        for _ in range(7):
            assert desk.app.focused is not None
            seen.append(desk.app.focused.id)
            await desk.press("tab")
        assert seen == [
            "operators",
            "weights",
            "all",
            "source",
            "lead",
            "message",
            "operators",
        ]


async def test_sources_are_renamed_and_deleted_from_the_grid(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        await desk.press("2", "right", "e", *("backspace",) * 4)
        await desk.type("vk")
        await desk.press("enter")
        assert rows("SELECT name FROM source ORDER BY id") == [("tg_main",), ("vk",)]
        await desk.press("d", "enter")
        assert rows("SELECT name FROM source") == [("tg_main",)]


async def test_the_grid_says_who_is_full_off_or_without_weight(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        team = Team()
        await desk.elsewhere(acts.change_operator, team.anna, max_load=0, actor="t")
        await desk.elsewhere(acts.change_operator, team.boris, is_active=False, actor="t")
        await desk.elsewhere(acts.set_weight, team.boris, team.site, 0, actor="t")
        await desk.elsewhere(allocator.submit, "tg_1", team.tg_main, "")
        await desk.until(lambda: "full" in desk.text and "off" in desk.text)
        assert desk.line_with("total").split()[-3:-1] == ["0", "0"]
        assert desk.line_with(" waiting ").count("1") >= 1


async def test_appeals_are_shown_newest_first_one_line_each_and_closed(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        team = Team()
        await desk.elsewhere(allocator.submit, "old", team.tg_main, "first\nsecond line")
        await desk.elsewhere(allocator.submit, "new", team.tg_main, "x" * 9_000)
        await desk.until(lambda: "new" in desk.text)
        shown = [line for line in desk.lines() if "old" in line or " new " in line]
        assert [("new" in line) for line in shown[:2]] == [True, False]
        assert "first second line" in desk.text
        await desk.press("3", "c")
        assert rows("SELECT id FROM appeal WHERE closed_at IS NOT NULL") != []
        assert rows("SELECT sum(load) FROM operator") == [(1,)]


async def test_the_list_of_appeals_pages_through_more_than_it_keeps(staffed: Path) -> None:
    models.open_database(staffed)
    team = Team()
    acts.change_operator(team.anna, max_load=5_000, actor="t")
    acts.change_operator(team.boris, max_load=5_000, actor="t")
    database.execute_sql("INSERT INTO lead(external_id) VALUES ('bulk')")
    database.execute_sql(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 1500) "
        "INSERT INTO appeal(lead_id, source_id, timestamp, message) "
        "SELECT 1, 1, '2026-01-01T00:00:00.000000Z', 'number ' || i FROM n"
    )
    database.commit() if database.in_transaction() else None
    database.close()
    async with open_desk(staffed) as desk:
        await desk.press("3")
        assert "number 1500" in desk.text
        for _ in range(40):
            await desk.pilot.press("pagedown")
        await desk.settle()
        appeals = desk.app.desk_screen.query_one("#all")
        assert len(appeals.rows) <= 300  # type: ignore[attr-defined]
        await desk.press("G")
        assert "number 1 " in desk.text
        await desk.press("g")
        assert "number 1500" in desk.text


@pytest.mark.parametrize("size", [(20, 5), (200, 60)])
async def test_no_size_breaks_the_desk(staffed: Path, size: tuple[int, int]) -> None:
    async with open_desk(staffed, size) as desk:
        team = Team()
        for key in ("f2", "f3", "f4", "f5", "f1", "escape", "escape", "f2", "a", "escape"):
            await desk.press(key)
        await desk.press("f3", "9")
        await desk.pilot.resize_terminal(100, 30)
        await desk.settle()
        assert "9_" in desk.text
        await desk.press("enter")
        assert rows("SELECT weight FROM operator_source WHERE operator_id=?", team.anna) == [(9,)]


async def test_help_and_palette_name_the_keys_and_acts(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        await desk.press("2", "question_mark")
        assert "Equalise" in desk.text
        assert "2 Weights" in desk.text
        await desk.press("escape", "colon")
        await desk.type("operators: add")
        await desk.until(lambda: "Operators: Add" in desk.text)
        await desk.press("enter")
        await desk.until(lambda: "New operator" in desk.text)


async def test_a_click_puts_the_cursor_on_a_cell(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        await desk.press("f3")
        grid = desk.app.desk_screen.query_one("#weights")
        await desk.pilot.click(grid, offset=(3, 3))
        await desk.settle()
        assert "[ 30]" in desk.text


async def test_keys_work_in_their_order_and_each_act_once(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        await desk.pilot.press(*["plus"] * 20, *["minus"] * 5)
        await desk.settle()
        assert rows("SELECT max_load FROM operator WHERE name = 'Anna'") == [(30,)]
        assert isinstance(desk, Desk)


async def test_undo_and_redo_say_what_they_did_and_why_they_could_not(staffed: Path) -> None:
    async with open_desk(staffed) as desk:
        team = Team()
        await desk.press("plus", "plus")
        await desk.press("u")
        assert "Undone: Anna: limit 16 → 17" in desk.text
        await desk.press("u", "U")
        assert "Redone: Anna: limit 15 → 16" in desk.text
        assert rows("SELECT max_load FROM operator WHERE name = 'Anna'") == [(16,)]
        await desk.elsewhere(acts.change_operator, team.anna, max_load=40, actor="somebody else")
        await desk.press("u")
        assert "has changed since" in desk.text
        assert rows("SELECT max_load FROM operator WHERE name = 'Anna'") == [(40,)]

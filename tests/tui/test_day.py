"""A dispatcher's day: the appeals pane with its tabs, details, moves and marks; keys in bursts."""

import re
import sqlite3
import sys
import time
from pathlib import Path

import pytest
from textual import events

import allocator
import models
from bench.generate import Sizes, generate
from leadboard import desk as acts
from leadboard.database.fields import now
from leadboard.queries import appeals
from leadboard.queries.filters import parse
from tests.support.processes import ROOT
from tests.support.screen import USUAL, Desk, open_desk, rows
from tests.support.terminal import Terminal
from tui.panes.appeals import Appeals


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Anna with one place and Boris with two; four appeals, so that one waits."""
    path = tmp_path / "day.db"
    opened = models.open_database(path)
    acts.add_source("tg", actor="t")
    acts.add_operator("Anna", 1, actor="t")
    acts.add_operator("Boris", 2, actor="t")
    acts.set_weight(1, 1, 50, actor="t")
    acts.set_weight(2, 1, 50, actor="t")
    for number in range(1, 5):
        allocator.submit(f"lead_{number}", 1, f"message {number}")
    opened.close()
    return path


def burst(desk: Desk, *keys: str) -> None:
    """Hand keys over as one write on a terminal does: all at once."""
    for key in keys:
        desk.app.post_message(events.Key(key, key if len(key) == 1 else None))


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


async def test_moving_over_a_limit_needs_an_explicit_yes(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("3", "m")
        assert "Move appeal #4 of lead_4 (tg) to" in desk.text
        await desk.type("ann")
        await desk.press("enter")
        assert "Anna is full (1/1). Give it all the same?" in desk.text
        await desk.press("escape", "escape")
        assert rows("SELECT operator_id FROM appeal WHERE id=4") == [(None,)]
        await desk.press("m")
        await desk.type("ann")
        await desk.press("enter", "y")
        assert rows("SELECT operator_id FROM appeal WHERE id=4") == [(1,)]
        assert rows("SELECT load, max_load FROM operator WHERE id=1") == [(2, 1)]
        assert rows("SELECT forced FROM event ORDER BY id DESC LIMIT 1") == [(1,)]
        assert "Anna by force" in desk.text


async def test_returning_draws_again(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.elsewhere(acts.set_active, 1, False, actor="t")
        await desk.elsewhere(acts.set_active, 2, False, actor="t")
        await desk.press("3", "G", "r")
        assert "returned, waiting" in desk.text
        assert rows("SELECT operator_id FROM appeal WHERE id=1") == [(None,)]


async def test_details_explain_and_offer_what_would_let_it_go(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("3", "G", "enter")
        assert "Appeal #1" in desk.text
        assert "message 1" in desk.text
        assert "draw " in desk.text
        assert "50%" in desk.text
        await desk.press("escape", "g", "enter")
        assert "nobody: it waits" in desk.text
        assert "Anna's limit +1" in desk.text
        await desk.press("1")
        assert rows("SELECT operator_id FROM appeal WHERE id=4") == [(1,)]
        assert "Anna: limit 1 → 2" in desk.text


async def test_a_lead_leads_to_his_appeals_and_back(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("3", "left_square_bracket")
        assert "lead_4" in desk.text
        await desk.press("down", "enter")
        assert "message 3" in desk.text
        assert "message 4" not in desk.text
        await desk.press("escape")
        assert "message 4" in desk.text


async def test_keys_that_arrive_at_once_find_their_way_in_order(file: Path) -> None:
    async with open_desk(file) as desk:
        burst(desk, "f5", *"tg_9", "tab", *"hi", "ctrl+s", *"tg_10", "enter", *"ho", "enter")
        await desk.until(lambda: rows("SELECT count(*) FROM appeal") == [(6,)])
        assert rows("SELECT external_id FROM lead WHERE id > 4") == [("tg_9",), ("tg_10",)]
        await desk.settle()
        burst(
            desk, "escape", "f2", "a", *"Vera", "tab", "backspace", "backspace", "7", "enter", "+"
        )
        await desk.until(lambda: rows("SELECT max_load FROM operator WHERE name='Vera'") == [(7,)])


async def test_ctrl_q_asks_about_unsaved_text_as_q_does(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("n")
        await desk.type("tg_9")
        await desk.press("ctrl+q")
        assert "not saved" in desk.text
        await desk.press("y")
        assert not desk.app.is_running


async def test_filters_narrow_every_pane_live_and_escape_clears_them(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("slash")
        await desk.type("ann")
        assert "● Anna" in desk.text
        assert "● Boris" not in desk.text
        await desk.press("enter")
        assert "filter: ann" in desk.text
        await desk.press("escape")
        assert "● Boris" in desk.text
        await desk.press("3", "slash")
        await desk.type("MESSAGE 2")
        await desk.until(lambda: "message 1" not in desk.text)
        assert "message 2" in desk.text
        await desk.press("escape")
        await desk.until(lambda: "message 1" in desk.text)
        await desk.press("slash")
        await desk.type("waiting")
        await desk.until(lambda: "message 1" not in desk.text)
        assert "message 4" in desk.text
        await desk.press("enter", "escape", "2", "slash")
        await desk.type("src:nothing")
        assert "No sources yet" in desk.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [4, 3, 2, 1]),
        ("waiting", [4]),
        ("closed", []),
        ("op:ANN", [1]),
        ("lead_3", [3]),
        ("привет", []),
        ("src:tg message", [4, 3, 2, 1]),
        ("src:vk", []),
        ("since:2020-01-01", [4, 3, 2, 1]),
        ("since:2999-01-01", []),
        ("100%", []),
        ("_", [4, 3, 2, 1]),
    ],
)
def test_terms_find_what_they_name(file: Path, text: str, expected: list[int]) -> None:
    opened = models.open_database(file)
    acts.set_limit(2, 0, actor="t")
    rows("UPDATE appeal SET operator_id = 1 WHERE id = 1")
    rows("UPDATE appeal SET operator_id = 2 WHERE id IN (2, 3)")
    found = appeals.newest_appeals(10, wanted=parse(text, now()))
    opened.close()
    assert [row.id for row in found] == expected


def test_words_are_found_whatever_their_case_in_any_alphabet(file: Path) -> None:
    opened = models.open_database(file)
    allocator.submit("Лид", 1, "Хочу купить КУРС")
    for word in ("хочу", "ХОЧУ", "Курс", "лид"):
        assert [row.id for row in appeals.newest_appeals(9, wanted=parse(word, now()))] == [5]
    opened.close()


async def test_a_weight_that_somebody_else_changed_meanwhile_is_asked_about(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("2", "7")
        await desk.elsewhere(acts.set_weight, 1, 1, 40, actor="bot")
        await desk.press("7", "enter")
        await desk.until(lambda: "Anna · tg was set to 40 by somebody else" in desk.text)
        await desk.press("9", "enter")  # typed on before the question was seen
        assert "Set it to 7" in desk.text
        await desk.press("escape")
        assert rows("SELECT weight FROM operator_source WHERE operator_id=1") == [(40,)]
        await desk.press("up", "8", "enter")
        assert rows("SELECT weight FROM operator_source WHERE operator_id=1") == [(8,)]


async def test_a_yes_sets_the_weight_that_somebody_else_changed_meanwhile(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("2", "7")
        await desk.elsewhere(acts.unlink, 1, 1, actor="bot")
        await desk.press("7", "enter")
        await desk.until(lambda: "Anna · tg was unlinked by somebody else" in desk.text)
        await desk.press("y")
        await desk.until(lambda: "→ 77" in desk.text)
        assert rows("SELECT weight FROM operator_source WHERE operator_id=1") == [(77,)]


async def test_ones_own_acts_under_way_are_nobody_elses(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 60)
    async with open_desk(file) as desk:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await desk.pilot.press("2", "plus", "7", "enter", "up", "8", "enter")
        other.execute("ROLLBACK")
        other.close()
        await desk.until(lambda: "weight 7 → 8" in desk.text)
        assert rows("SELECT weight FROM operator_source WHERE operator_id=1") == [(8,)]
        assert "somebody else" not in desk.text


async def test_the_history_undoes_an_act_that_is_not_the_last(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("plus")
        await desk.press("down", "plus", "H")
        assert "Boris: limit 2 → 3" in desk.text
        assert "tester" in desk.text
        await desk.press("down", "u")
        assert rows("SELECT max_load FROM operator ORDER BY id") == [(1,), (3,)]
        assert "Undone: Anna: limit 1 → 2" in desk.text


async def test_a_foreign_change_shows_within_half_a_second(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.elsewhere(acts.set_limit, 2, 9, actor="bot")
        started = time.monotonic()
        await desk.until(lambda: "3/9" in desk.text)
        assert time.monotonic() - started < 0.5


async def test_sources_in_need_raise_an_alarm(file: Path) -> None:
    async with open_desk(file, (160, 40)) as desk:
        assert "tg: nobody eligible" in desk.lines()[0]
        await desk.press("plus", "plus")
        assert "tg: one operator left" in desk.lines()[0]


async def test_a_pane_can_be_enlarged_and_made_small_again(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("3", "f")
        assert "1 Operators" not in desk.text
        assert "message 1" in desk.text
        await desk.press("f")
        assert "1 Operators" in desk.text


async def test_a_locked_database_stands_in_the_header_and_drafts_go_out_when_it_ends(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 0.05)
    async with open_desk(file) as desk:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await desk.press("n")
        await desk.type("tg_7")
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: "locked" in desk.lines()[0])
        assert "1 kept, to be sent: tg_7" in desk.text
        assert "lead_1" in desk.text
        await desk.type("tg_8")
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: "2 kept, to be sent: tg_7, tg_8" in desk.text)
        await desk.press("escape", "q")
        assert "not saved" in desk.text
        await desk.press("n")
        other.execute("ROLLBACK")
        other.close()
        await desk.until(lambda: "locked" not in desk.lines()[0])
        await desk.settle()
        stored = rows("SELECT external_id FROM lead JOIN appeal ON lead.id = lead_id")
        assert stored[-2:] == [("tg_7",), ("tg_8",)]
        assert "kept, to be sent" not in desk.text


async def test_what_is_on_show_is_saved_privately_and_without_formulas(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_downloads_path", lambda: tmp_path)
    async with open_desk(file) as desk:
        await desk.elsewhere(allocator.submit, "=1+1", 1, "@SUM(A1)")
        await desk.press("3")
        await desk.until(lambda: "@SUM(A1)" in desk.text)
        desk.app.desk_screen.export_rows()
        desk.app.desk_screen.export_picture()
        await desk.settle()
    [table] = tmp_path.glob("leadboard-appeals-*.csv")
    assert "'=1+1" in table.read_text()
    assert "'@SUM(A1)" in table.read_text()
    assert table.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob("leadboard-screen-*.svg"))


async def test_the_theme_is_remembered(file: Path) -> None:
    async with open_desk(file) as desk:
        desk.app.theme = "textual-light"
        await desk.settle()
    async with open_desk(file) as desk:
        assert desk.app.theme == "textual-light"


async def test_the_header_draws_the_arrivals_of_the_last_minutes(file: Path) -> None:
    async with open_desk(file) as desk:
        assert "█ 4/min" in desk.lines()[0] or "█  4/min" in desk.lines()[0]


async def test_sending_home_returns_everything_and_one_key_takes_it_back(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("down", "space")
        assert "Boris is off and keeps 2 appeals" in desk.text
        await desk.press("space", "R")
        assert rows("SELECT is_active, load FROM operator WHERE id=2") == [(0, 0)]
        assert "Waiting 3" in desk.text
        await desk.press("u")
        assert rows("SELECT is_active, load FROM operator WHERE id=2") == [(1, 2)]


async def test_a_dimmed_key_says_why_it_does_nothing(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "empty.db") as desk:
        await desk.press("e")
        assert "Edit: there is nothing here to do it to." in desk.text
        await desk.press("2", "equals_sign")
        assert "Even out: there is nothing here" in desk.text
        await desk.press("3", "c")
        assert "Close: there is nothing here" in desk.text


async def test_two_quick_escapes_leave_a_dialog_once(file: Path) -> None:
    async with open_desk(file) as desk:
        for opening in ("a", "question_mark", "H"):
            burst(desk, opening, "escape", "escape", "escape")
            await desk.settle()
            await desk.until(lambda: desk.app.screen is desk.app.desk_screen)


async def test_operators_are_sorted_by_what_one_looks_for(file: Path) -> None:
    async with open_desk(file) as desk:
        assert first_operator(desk) == "Anna"
        await desk.press("s", "s", "s")
        assert "most free places first" in desk.text
        await desk.elsewhere(acts.set_limit, 2, 90, actor="bot")
        await desk.until(lambda: first_operator(desk) == "Boris")
        await desk.press("s")
        assert first_operator(desk) == "Anna"


def first_operator(desk: Desk) -> str:
    return desk.lines()[2].split()[2]


async def test_two_desks_on_one_file_follow_each_other(file: Path) -> None:
    async with open_desk(file) as desk:
        command = [sys.executable, "-m", "leadboard.cli", "--db", str(file)]
        with Terminal(command, size=(120, 40), cwd=ROOT, env={"HOME": str(file.parent)}) as other:
            other.wait_for("Anna")
            other.wait_quiet(0.3)
            other.press("+", "+")
            await desk.until(lambda: "2/3" in desk.text)
            await desk.press("down", "space")
            await desk.until(lambda: "○ Boris" in other.screen_text())
            await desk.until(lambda: "○ Boris" in desk.text)


async def test_a_writer_that_is_held_up_never_holds_up_the_keys(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 60)
    async with open_desk(file) as desk:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await desk.pilot.press("plus", "n")
        await desk.until(lambda: "Waiting for the database…" in desk.text)
        await desk.pilot.press(*"typed meanwhile")
        assert "typed meanwhile" in desk.text
        other.execute("ROLLBACK")
        other.close()
        await desk.until(lambda: "Anna: limit 1 → 2" in desk.text)
        assert rows("SELECT max_load FROM operator WHERE id=1") == [(2,)]


async def test_an_appeal_leads_to_everything_its_lead_wrote_and_back(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.elsewhere(allocator.submit, "lead_2", 1, "again from 2")
        await desk.press("4", "f4", "G", "k", "L")
        assert "only lead_2 · esc goes back" in desk.text
        assert "again from 2" in desk.text
        assert "message 3" not in desk.text
        await desk.press("escape")
        assert "message 3" in desk.text
        await desk.press("y")
        assert "Appeal #2 of lead_2 (tg) copied" in desk.text


async def test_moving_shows_loads_and_odds_and_who_is_full(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.elsewhere(acts.set_limit, 2, 9, actor="t")
        await desk.elsewhere(acts.add_operator, "Vera", 5, actor="t")
        await desk.elsewhere(acts.add_operator, "Gleb", 5, actor="t")
        await desk.elsewhere(acts.set_active, 4, False, actor="t")
        await desk.until(lambda: "Gleb" in desk.text)
        await desk.press("f4", "m")
        text = " ".join(desk.text.split())
        for line in ("1/1 full", "3/9 100%", "0/5 not linked", "0/5 off"):
            assert line in text


async def test_the_lists_are_turned_over_oldest_first(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "s")
        assert "Oldest first" in desk.text
        assert messages(desk) == ["1", "2", "3", "4"]
        await desk.elsewhere(allocator.submit, "lead_5", 1, "message 5")
        await desk.until(lambda: messages(desk) == ["1", "2", "3", "4", "5"])
        await desk.press("G", "s")
        assert messages(desk) == ["5", "4", "3", "2", "1"]


def messages(desk: Desk) -> list[str]:
    return re.findall(r"message (\d)", desk.text)


async def test_a_long_list_is_walked_from_either_end(tmp_path: Path) -> None:
    path = tmp_path / "long.db"
    generate(path, Sizes(appeals=420))
    async with open_desk(path) as desk:
        shown = desk.app.desk_screen.query_one("#all", Appeals)
        for _ in range(2):
            await desk.press("f4", "s", "g")
            going_down = await walked(desk, shown, "pagedown")
            await desk.press("G")
            going_up = await walked(desk, shown, "pageup")
            assert {going_down[-1], going_up[-1]} == {1, 420}
            for ids in (going_down, going_up):
                assert ids in (sorted(ids), sorted(ids, reverse=True))


async def walked(desk: Desk, appeals: Appeals, key: str) -> list[int]:
    """Return the appeals to which a key goes until it goes no further."""
    ids: list[int] = []
    while appeals.current is not None and appeals.current.id not in ids[-1:]:
        ids.append(appeals.current.id)
        await desk.pilot.press(key)
    return ids


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
    heads = [line.split("│")[3].split() for line in desk.lines() if line.count("│") >= 4]
    return [words[0] for words in heads if words and words[0] in {"Anna", "Boris"}]


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


async def test_where_nothing_is_the_list_says_why(file: Path) -> None:
    nothing = "Nothing matches: esc shows all."
    async with open_desk(file) as desk:
        for pane in ("f2", "f3", "f4"):
            await desk.press(pane, "slash")
            await desk.type("xyzzyq")
            await desk.press("enter")
            await desk.until(lambda: nothing in desk.text)
            await desk.press("escape")
            assert nothing not in desk.text


async def test_an_empty_queue_is_good_news(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "new.db") as desk:
        await desk.press("f4", "right_square_bracket")
        assert "Nothing is waiting." in desk.text

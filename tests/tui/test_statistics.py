"""The statistics on the screen: its pages, spans and sources, at any size, and what is new."""

import asyncio
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from allocator import submit
from leadboard import desk as acts
from leadboard.common.errors import Trouble
from leadboard.database.fields import as_if_at, now
from leadboard.queries import statistics
from leadboard.queries.shares import OperatorShare, Shares
from tests.support import Team, add_team, opened, rows
from tests.support.processes import ROOT
from tests.support.screen import LARGE, SMALL, USUAL, Desk, open_desk
from tui.dialogs import statistics as sheet
from tui.themes import LIGHT

NASTY = "[b]Zoë[/b] [@click=app.quit]王小明[/] with a very long name indeed"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Nine arrivals: two closed, one given by hand, two that wait, and a long name."""
    path = tmp_path / "t.db"
    with opened(path):
        with as_if_at(now() - timedelta(days=9)):
            team = add_team({"Anna": 3, NASTY: 9}, {"bot": {"Anna": 1}, "сайт": {NASTY: 1}})
            submit("old", team["сайт"], "")
        for each in range(7):
            submit(f"tg_{each}", team.bot, "")
        submit("web", team["сайт"], "")
        acts.assign([2], team[NASTY], actor="anna")
        acts.close([1, 3], actor="anna")
    return path


async def told(desk: Desk, *parts: str) -> str:
    """Wait until the sheet says each part; return the screen's text."""
    await desk.until(lambda: all(part in desk.text for part in parts))
    return desk.text


async def test_it_opens_with_the_arrivals_and_closings_of_today(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("S")
        text = await told(desk, "arrived 8", "closed 2", "by hand 1", "today · all sources")
        assert "Arrivals │ Waiting │ Load │ Times │ Shares" in text
        assert "██" in text
        assert "●" in text
        assert re.search(r"\d\d:00 +\d\d:00", text)
        await desk.press("escape")
        assert desk.app.screen is desk.app.desk_screen


async def test_f6_opens_it_also_from_the_grid_where_s_scales_a_row(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f3", "f6")
        await told(desk, "arrived 8")
        await desk.press("f6")
        assert desk.app.screen is desk.app.desk_screen
        await desk.press("f2", "Ы")
        await told(desk, "arrived 8")


async def test_spans_and_pages_go_by_keys(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("S", "a")
        await told(desk, "arrived 9", "all time")
        await desk.press("m")
        await told(desk, "this month")
        await desk.press("w")
        await told(desk, "this week")
        await desk.press("d", "tab")
        await told(desk, "today", "waiting now 2   most at a time", "had to wait")
        await desk.press("right_square_bracket")
        await told(desk, "load over time", "the tallest block is a load of")
        assert desk.line_with("Anna ").split("│")[-3].split()[-3:-1] == ["3", "3"]
        await desk.press("right_square_bracket")
        await told(desk, "handled", "By operator", "By source")
        await desk.press("left_square_bracket", "shift+tab", "shift+tab")
        await told(desk, "arrived 8")


async def test_a_source_is_chosen_by_key_or_by_name_and_escape_brings_all_back(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("S", "s")
        await told(desk, "source bot", "arrived 7")
        await desk.press("s")
        await told(desk, "source сайт", "arrived 1")
        await desk.press("s")
        await told(desk, "all sources", "arrived 8")
        await desk.press("slash", *"САЙ", "enter")
        await told(desk, "source сайт", "arrived 1")
        await desk.press("slash", *"none")
        await told(desk, "No source has that in its name.")
        await desk.press("enter", "escape")
        await told(desk, "all sources", "arrived 8")


async def test_it_follows_what_is_new(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "REST", 0.01)
    async with open_desk(file) as desk:
        await desk.press("S")
        await told(desk, "arrived 8")
        await desk.told(submit, "new", Team().bot, "")
        await told(desk, "arrived 9")


async def test_names_are_text_and_stay_in_their_column(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("S", "tab", "tab")
        await told(desk, "[b]Zoë[/b] [@click=app.…")
        await desk.press("tab")
        await told(desk, "[b]Zoë[/b] [@click=app.…")


@pytest.mark.parametrize("size", [LARGE, USUAL, SMALL, (200, 50), (30, 8)])
async def test_every_page_fits_any_size(file: Path, size: tuple[int, int]) -> None:
    async with open_desk(file, size) as desk:
        await desk.press("S")
        await told(desk, "arrived 8")
        for said in ("waiting now 2", "highest", "handled", "fair draws", "arrived 8"):
            await desk.press("tab")
            await told(desk, said)
            assert {len(line) for line in desk.lines()} <= {size[0], *range(size[0] - 3, size[0])}
            assert "esc back" in desk.text
        # A small screen has the figures alone.
        await desk.until(lambda: ("█" in desk.text) == (size[1] > 18))


async def test_a_picture_is_drawn_again_for_another_size_and_theme(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("S")
        await told(desk, "arrived 8", "┌──")
        wide = max(map(len, re.findall("─+", desk.line_with("┌──"))))
        await desk.pilot.resize_terminal(*USUAL)
        await desk.until(lambda: 30 < max(map(len, re.findall("─+", desk.line_with("┌──")))) < wide)
        desk.app.theme = LIGHT
        await desk.settle()
        assert "█" in desk.text


async def test_an_empty_database_has_statistics(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "t.db") as desk:
        await desk.press("S")
        await told(desk, "arrived 0")
        for key, said in (("tab", "Nothing waited."), ("tab", "Nobody had"), ("tab", "–")):
            await desk.press(key)
            await told(desk, said)
        await desk.press("s")
        assert "all sources" in desk.text


async def test_shares_of_no_draw_have_no_figures(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "t.db") as desk:
        await desk.press("S", "left_square_bracket")
        await told(desk, "No draw had more than one operator to choose from.")
        assert "evidence" not in desk.text
        assert "due" not in desk.text


async def test_the_verdict_on_the_shares_is_wrapped_and_not_cut(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict = "The draws fit the weights" + " as well as can be told" * 6 + ", and that is the end."
    found = replace(FAIR, verdict=verdict)
    monkeypatch.setattr("leadboard.queries.shares.shares", lambda *_: found)
    async with open_desk(file, USUAL) as desk:
        await desk.press("S", "left_square_bracket")
        await told(desk, "The draws fit the weights", "that is the end.")
        assert "…" not in desk.line_with("The draws fit")


FAIR = Shares(
    *(None, None, 1000, 900, 2, 0.34, 0.8, None),
    (
        OperatorShare(1, "Anna", 430.2, 441, 900, 0.72, 0.05, 3, 1, 0),
        OperatorShare(2, NASTY, 469.8, 459, 900, -0.72, 0.04, 0, 0, 0),
        OperatorShare(3, "Vera", 0.0, 0, 0, None, None, 0, 0, 4),
    ),
    "The draws fit the weights.",
)
BENT = replace(
    FAIR,
    evidence=35.2,
    p_value=0.0012,
    operators=(replace(FAIR.operators[0], got=520, z=6.0), *FAIR.operators[1:]),
    verdict="The lottery \x1b[31mfavours Anna.",
)


async def test_shares_show_the_verdict_and_an_error_bar_for_each(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int | None, date | None]] = []

    def shares(source_id: int | None = None, since: date | None = None) -> Shares:
        asked.append((source_id, since))
        return FAIR if since is None else BENT

    monkeypatch.setattr("leadboard.queries.shares.shares", shares)
    async with open_desk(file) as desk:
        await desk.press("S", "left_square_bracket")
        await told(desk, "The lottery ␛[31mfavours Anna.", "p 0.0012", "evidence 35.2")
        assert re.search(r"├─*┼─*┤ +●", desk.line_with("520"))
        await desk.press("a")
        await told(desk, "The draws fit the weights.", "p 0.34", "evidence 0.8")
        await told(desk, "1000 draws, 2 of them lost a race; 900 had a choice")
        await told(desk, "a bend of 4.0 to 5.0 points would be seen")
        assert re.search(r"430\.2 +441 +3 +1 +├─*┼─*●─*┤", desk.line_with("441"))
        assert "┼" not in desk.line_with("Vera")
        await desk.press("s")
        await desk.until(lambda: asked[-1] == (Team().bot, None))
        assert asked[0] == (None, now().astimezone().date())


async def test_shares_that_cannot_be_read_are_said(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Shares:
        raise Trouble("The database is locked.")

    monkeypatch.setattr("leadboard.queries.shares.shares", fail)
    async with open_desk(file) as desk:
        await desk.press("S", "left_square_bracket")
        await told(desk, "The database is locked.")


async def test_a_long_ledger_says_how_far_it_is_read_and_answers_keys(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lets_go = asyncio.Event()
    loop = asyncio.get_running_loop()
    catch_up = statistics.Gathering.catch_up

    def slowly(gathering: statistics.Gathering) -> bool:
        has_more = catch_up(gathering, 2)
        if gathering.progress > 0.5:
            asyncio.run_coroutine_threadsafe(lets_go.wait(), loop).result(10)
        return has_more

    monkeypatch.setattr(statistics.Gathering, "catch_up", slowly)
    async with open_desk(file) as desk:
        await desk.pilot.press("S")
        await desk.until(lambda: "reading the ledger: " in desk.text)
        assert "arrived" not in desk.text
        await desk.pilot.press("question_mark")
        await desk.until(lambda: "All figures come from the ledger." in desk.text)
        await desk.pilot.press("escape")
        lets_go.set()
        await told(desk, "arrived 8")
        assert "reading the ledger" not in desk.text


async def test_a_failure_is_said_and_the_next_reading_mends_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up = statistics.Gathering.catch_up

    def fail(_: statistics.Gathering) -> bool:
        raise Trouble("The database is locked.")

    monkeypatch.setattr(statistics.Gathering, "catch_up", fail)
    async with open_desk(file) as desk:
        await desk.press("S")
        await told(desk, "The database is locked.")
        monkeypatch.setattr(statistics.Gathering, "catch_up", catch_up)
        await desk.press("w")
        await told(desk, "arrived")
        assert "locked" not in desk.text


async def test_what_is_left_out_is_said(file: Path) -> None:
    with opened(file):
        rows("UPDATE ledger_bounds SET rebuilt = 2")
    async with open_desk(file) as desk:
        await desk.press("S", "a")
        await told(desk, "Some lines were made by an upgrade")


@pytest.mark.parametrize("module", ["tui.app", "tui.dialogs.statistics", "tui.keymap"])
def test_plotext_is_loaded_only_for_a_picture(module: str) -> None:
    code = f"import sys, {module}; sys.exit(any('plotext' in each for each in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0

"""Forecasts on the screen: beside what waits, on the border, as alarms, and on a sheet."""

import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import models
from allocator import submit
from leadboard import desk as acts
from leadboard.database.fields import as_if_at, now
from leadboard.foresight.forecast import Outlook
from tests.support import ACTOR, add_team
from tests.support.processes import ROOT
from tests.support.screen import SMALL, USUAL, Desk, open_desk
from tui.screen import background
from tui.themes import DARK, LIGHT

AHEAD = Outlook(median=41.0, low=25.0, high=92.0, soon=0.7)
NEAR = replace(AHEAD, is_near=True)
CLOSE = Outlook(9.0, 4.0, 21.0, 0.99, is_near=True, is_close=True)


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """Two who serve both sources, filling since an hour; nothing is ever closed but a few."""
    path = tmp_path / "busy.db"
    opened = models.open_database(path)
    with as_if_at(now() - timedelta(minutes=70)):
        weights = {"Anna": 70, "Boris": 30}
        team = add_team({"Anna": 20, "Boris": 30}, {"tg": weights, "vk": weights, "site": {}})
    for minute in range(60, 0, -2):
        with as_if_at(now() - timedelta(minutes=minute)):
            source = team.tg if minute % 3 else team.vk
            appeal = submit(f"lead {minute}", source, "hi", rng=random.Random(minute)).id
            if minute % 5 == 0:
                acts.close([appeal], actor=ACTOR)
    opened.close()
    return path


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first forecast come as soon as the desk is open."""
    monkeypatch.setattr(background, "FIRST", 0.0)
    monkeypatch.setattr(background, "AGAIN", 0.05)


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no forecast come but those that a test gives."""
    monkeypatch.setattr(background, "FIRST", 1e9)


async def foresee(desk: Desk, **outlooks: Outlook) -> None:
    """Give the screen forecasts of sources by their names."""
    screen = desk.app.desk_screen
    ids = {each.name: each.id for each in screen.board.sources}
    found = {ids[name]: outlook for name, outlook in outlooks.items()}
    screen.board = replace(screen.board, outlooks=found)
    await desk.settle()


@pytest.mark.usefixtures("at_once")
async def test_a_forecast_comes_by_itself_and_is_quiet(busy: Path) -> None:
    async with open_desk(busy) as desk:
        await desk.press("f3")
        await desk.until(lambda: "nobody in ~" in desk.text, 20)
        [line] = [each for each in desk.lines() if "nobody in ~" in each]
        assert "tg: nobody in ~" in line
        assert " to " in line
        assert "~" in desk.line_with("waiting  ")[45:]
        assert "▲" not in desk.text


@pytest.mark.usefixtures("at_once")
async def test_a_change_of_the_team_brings_another_forecast(busy: Path) -> None:
    async with open_desk(busy) as desk:
        await desk.until(lambda: bool(desk.app.desk_screen.board.outlooks), 20)
        before = desk.app.desk_screen.board.outlooks
        await desk.elsewhere(acts.change_operator, 1, max_load=200, actor=ACTOR)
        await desk.until(lambda: desk.app.desk_screen.board.outlooks != before, 20)
        after = desk.app.desk_screen.board.outlooks
        assert (after[1].median or 999) > (before[1].median or 999)


@pytest.mark.usefixtures("never")
async def test_it_stands_beside_what_waits_and_on_the_border(busy: Path) -> None:
    async with open_desk(busy) as desk:
        await desk.press("f3")
        await foresee(desk, tg=AHEAD, vk=Outlook(median=130.0, low=50.0, soon=0.2), site=Outlook())
        waiting = desk.line_with("│ waiting")
        assert "0 ~40m" in waiting
        assert "0 ~2h" in waiting
        assert "tg: nobody in ~40 m (25 m to 1 h 30 m)" in desk.text
        await desk.press("right")
        assert "vk: nobody in ~2 h 10 m (50 m to beyond 3 h)" in desk.text
        await desk.press("right")
        assert "nobody in" not in desk.text


@pytest.mark.usefixtures("never")
async def test_a_warning_says_more_in_words_the_closer_it_is(busy: Path) -> None:
    async with open_desk(busy) as desk:
        await foresee(desk, tg=AHEAD)
        assert "▲" not in desk.text
        await foresee(desk, tg=NEAR)
        assert "▲ tg: nobody in ~40 m" in desk.lines()[0]
        assert "▲tg" in desk.text
        assert "0 40m!" in desk.text
        await foresee(desk, tg=CLOSE)
        assert "▲ tg: soon nobody, in ~9 m" in desk.lines()[0]
        assert "0 9m!!" in desk.text
        await foresee(desk, tg=AHEAD)
        assert "▲" not in desk.text


@pytest.mark.usefixtures("never")
@pytest.mark.parametrize("theme", [DARK, LIGHT])
async def test_a_warning_has_the_colours_of_its_urgency(busy: Path, theme: str) -> None:
    async with open_desk(busy) as desk:
        desk.app.theme = theme
        await desk.settle()
        colours = desk.app.theme_variables
        for outlook, text, tone in ((NEAR, "40m!", "text-warning"), (CLOSE, "9m!!", "text-error")):
            await foresee(desk, tg=outlook)
            assert _ink(desk, text) == colours[tone].lower()


def _ink(desk: Desk, text: str) -> str:
    strips = desk.app.screen._compositor.render_strips()
    for strip in strips:
        for segment in strip:
            if text in segment.text and segment.style and segment.style.color:
                return segment.style.color.name
    raise AssertionError(desk.text)


@pytest.mark.usefixtures("never")
async def test_without_colour_the_words_say_it_all(
    busy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with open_desk(busy) as desk:
        await foresee(desk, tg=CLOSE, vk=NEAR)
        assert "▲ tg: soon nobody, in ~9 m +1" in desk.lines()[0]
        assert "9m!!" in desk.text
        assert "40m!" in desk.text


@pytest.mark.usefixtures("never")
async def test_nobody_now_is_said_and_not_foreseen(busy: Path) -> None:
    async with open_desk(busy) as desk:
        await foresee(desk, tg=CLOSE)
        await desk.told(acts.toggle_active, [1, 2], actor=ACTOR)
        assert "▲ tg: nobody available" in desk.lines()[0]
        assert "9m!!" not in desk.text
        assert "soon nobody" not in desk.text


@pytest.mark.usefixtures("never")
async def test_a_warning_never_rings(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[bool] = []
    async with open_desk(busy) as desk:
        monkeypatch.setattr(desk.app, "bell", lambda: rung.append(True))
        await foresee(desk, tg=CLOSE)
        await desk.told(submit, "lead 1", 1, "again")
        assert "soon nobody" in desk.lines()[0]
    assert not rung


@pytest.mark.usefixtures("never")
async def test_a_new_board_keeps_the_forecast(busy: Path) -> None:
    async with open_desk(busy) as desk:
        await foresee(desk, tg=NEAR)
        await desk.told(submit, "lead 1", 1, "again")
        assert "▲ tg: nobody in ~40 m" in desk.lines()[0]


@pytest.mark.usefixtures("never")
@pytest.mark.parametrize("size", [USUAL, SMALL])
async def test_small_screens_keep_their_lines(busy: Path, size: tuple[int, int]) -> None:
    async with open_desk(busy, size) as desk:
        await desk.press("f3")
        before = desk.lines()
        await foresee(desk, tg=CLOSE, vk=AHEAD)
        after = desk.lines()
        assert [len(line) for line in after] == [len(line) for line in before]
        assert "▲tg" in desk.text
        assert "9m!!" in desk.text or size == SMALL
        # Everything but names, borders and what waits stands where it stood.
        assert [line for line in before if "Anna" in line] == [
            line for line in after if "Anna" in line
        ]


@pytest.mark.usefixtures("never")
@pytest.mark.parametrize("size", [(120, 40), SMALL])
async def test_the_sheet_tells_when_who_helps_and_what_is_needed(
    busy: Path, size: tuple[int, int]
) -> None:
    async with open_desk(busy, size) as desk:
        await desk.press("f3", "F")
        await desk.until(lambda: "Anna: " in desk.text and "later" in desk.text, 30)
        assert "Forecast of tg" in desk.text
        await _scroll_through(
            desk,
            lambda text: "nobody can take" in " ".join(text.replace("│", " ").split()),
            lambda text: "places there are: 50, " in text,
            lambda text: "places needed: " in text,
        )
        await desk.press("escape")
        assert "Forecast" not in desk.text


@pytest.mark.usefixtures("never")
async def test_many_places_are_written_in_groups(tmp_path: Path) -> None:
    path = tmp_path / "many.db"
    opened = models.open_database(path)
    add_team({"Anna": 1_000_000}, {"tg": {"Anna": 1}})
    opened.close()
    async with open_desk(path) as desk:
        await desk.press("f3", "F")
        await desk.until(lambda: "places there are: 1 000 000, 1 000 000 of" in desk.text, 30)


async def _scroll_through(desk: Desk, *seen: Callable[[str], bool]) -> None:
    """Scroll down, and check that each condition held on some of the lines that came by."""
    rest = [each for each in seen if not each(desk.text)]
    for _ in range(20):
        await desk.press("down")
        rest = [each for each in rest if not each(desk.text)]
    assert not rest, desk.text


@pytest.mark.usefixtures("never")
async def test_the_sheet_of_a_source_that_nobody_serves_says_so(busy: Path) -> None:
    async with open_desk(busy) as desk:
        await desk.press("f3", "dollar_sign", "F")
        await desk.until(lambda: "Nobody can take the next appeal now." in desk.text, 10)


@pytest.mark.usefixtures("never")
async def test_the_list_of_alarms_leads_to_the_sheet(busy: Path) -> None:
    async with open_desk(busy) as desk:
        await foresee(desk, vk=NEAR)
        await desk.press("exclamation_mark")
        assert "▲ vk  nobody in ~40 m" in desk.text
        await desk.press("F")
        assert "Forecast of vk" in desk.text
        await desk.press("escape")
        assert "Alarms" in desk.text


def test_nothing_of_it_is_loaded_before_it_is_needed() -> None:
    body = "import sys, tui.app; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", body], capture_output=True, text=True, cwd=ROOT, check=True
    )
    names = done.stdout.split()
    assert "tui.screen.background" in names
    assert not [name for name in names if "foresight" in name or name.endswith("outlooks")]
    assert "leadboard.queries.floor_readings" not in names

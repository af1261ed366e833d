"""The tour of the demo: it tells one thing at a time, and goes on when that is done."""

from dataclasses import replace
from pathlib import Path

import pytest

from leadboard import desk as acts
from leadboard.common.elsewhere import Elsewhere
from leadboard.common.settings import DEFAULTS
from tests.support import number, rows
from tests.support.screen import LARGE, SIDE, SMALL, USUAL, Desk, open_desk
from tests.tui.test_mouse import click
from tui.screen.tour import Tour, firm_keys
from tui.screen.tour_steps import STEPS

SIZES = {"120x40": LARGE, "80x24": USUAL, "40x10": SMALL}
by_size = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)


def place(desk: Desk) -> str:
    """Return how far the tour is, as the screen says it."""
    found = [line for line in desk.lines() if " Tour " in line]
    return found[0].split("Tour ")[1].split("  ")[0] if found else ""


def words(desk: Desk) -> str:
    """Return the words of the strip, whatever lines they are broken into."""
    return " ".join(" ".join(line.lstrip("█") for line in desk.lines() if "█" in line[:1]).split())


@by_size
async def test_every_step_goes_on_once_it_is_done(file: Path, size: tuple[int, int]) -> None:
    async with open_desk(file, size, is_demo=True) as desk:
        await desk.press("f7")
        assert place(desk) == "1 of 8"
        assert "f2 goes to Operators, + raises a limit." in words(desk)
        await desk.press("f2", "plus")
        assert place(desk) == "2 of 8"
        await desk.press("f3", "7", "0", "enter")
        assert number("SELECT weight FROM operator_source WHERE operator_id = 1") == 70
        assert place(desk) == "3 of 8"
        await desk.press("n", *"tg", "enter", *"tg_9", "ctrl+s")
        assert place(desk) == "4 of 8"
        await desk.press("f4", "enter")
        await desk.press("escape")
        assert place(desk) == "5 of 8"
        await desk.press("u")
        assert rows("SELECT count(*) FROM appeal WHERE closed_at IS NOT NULL") == [(1,)]
        assert place(desk) == "6 of 8"
        await desk.press("t", "escape")
        assert place(desk) == "7 of 8"
        await desk.press("f6", "escape")
        assert place(desk) == "8 of 8"
        assert "f9 opens your own database" in words(desk)
        await desk.press("f7")
        assert not desk.app.desk_screen.query_one(Tour).display


async def test_a_step_waits_for_what_it_tells_of(file: Path) -> None:
    async with open_desk(file, is_demo=True) as desk:
        await desk.press("T", "f3", "7", "enter")
        assert place(desk) == "1 of 8"
        await desk.press("f2", "minus")
        assert place(desk) == "2 of 8"


async def test_what_others_do_does_no_step(file: Path) -> None:
    async with open_desk(file, is_demo=True) as desk:
        await desk.press("f7")
        await desk.told(acts.step_limit, 1, 1, actor="simulation")
        assert place(desk) == "1 of 8"
        await desk.press("f7")
        await desk.told(acts.set_weight, 1, 1, 3, actor="simulation")
        assert place(desk) == "2 of 8"


async def test_what_was_done_before_a_step_began_does_not_count(file: Path) -> None:
    async with open_desk(file, is_demo=True) as desk:
        await desk.press("f2", "plus", "f7")
        await desk.told(acts.add_source, "vk", actor="simulation")
        assert place(desk) == "1 of 8"


@by_size
async def test_it_is_offered_and_closed_by_a_key(file: Path, size: tuple[int, int]) -> None:
    async with open_desk(file, size, is_demo=True) as desk:
        assert "f7 tour" in words(desk)
        shown = sum("│" in line for line in desk.frames())
        await desk.press("f8")
        assert words(desk) == ""
        # What it took is given back to the panes.
        assert sum("│" in line for line in desk.frames()) > shown
        await desk.press("f7", "f7", "f8", "f7")
        assert place(desk) == "1 of 8"


@by_size
async def test_a_step_takes_at_most_two_lines_and_covers_nothing(
    file: Path, size: tuple[int, int]
) -> None:
    async with open_desk(file, size, is_demo=True) as desk:
        for count in range(1, len(STEPS) + 1):
            await desk.press("f7")
            assert place(desk) == f"{count} of 8"
            strip = [line for line in desk.lines() if line.startswith("█")]
            assert 2 <= len(strip) <= 3
            told = desk.app.with_keys(STEPS[count - 1].to_do)
            assert words(desk).endswith(told.split()[-1])
            assert not any(SIDE.search(line) for line in strip)


async def test_it_speaks_of_keys_that_work_while_text_is_typed(file: Path) -> None:
    async with open_desk(file, is_demo=True) as desk:
        await desk.press("n", "T")
        assert words(desk).startswith("f7 tour")
        await desk.press("f7", "f7", "f7", "f7")
        assert "f4, enter on an appeal; esc comes back." in words(desk)


def test_keys_that_type_nothing_come_first_but_no_binding_loses_one() -> None:
    keys = firm_keys({"desk.quit": "Q,ctrl+x"})
    assert keys["desk.quit"] == "ctrl+x,Q"
    assert keys["desk.operators"].startswith("f2,1")
    assert keys["desk.new"].startswith("n")


async def test_keys_of_the_settings_go_before_those_of_the_demo(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped = replace(DEFAULTS, keys={"desk.undo": "f9", "desk.redo": "X"})
    monkeypatch.setattr("leadboard.common.settings.read", lambda: mapped)
    async with open_desk(file, is_demo=True) as desk:
        assert desk.app.faults == []
        assert "O own database" in words(desk)
        await desk.press("plus", "f9")
        assert rows("SELECT max_load FROM operator WHERE name = 'Anna'") == [(1,)]
        await desk.press("X")
        assert rows("SELECT max_load FROM operator WHERE name = 'Anna'") == [(2,)]
        await desk.press("O")
        assert desk.app.goes_to is Elsewhere.OWN


async def test_it_speaks_of_keys_as_the_settings_have_them(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped = replace(DEFAULTS, keys={"demo.tour": "f10", "desk.operators": "ctrl+o"})
    monkeypatch.setattr("leadboard.common.settings.read", lambda: mapped)
    async with open_desk(file, is_demo=True) as desk:
        assert words(desk).startswith("f10 tour")
        await desk.press("f10")
        assert "ctrl+o goes to Operators" in words(desk)


@by_size
async def test_it_is_taken_by_mouse(file: Path, size: tuple[int, int]) -> None:
    async with open_desk(file, size, is_demo=True) as desk:
        await click(desk, "f7 tour")
        assert place(desk) == "1 of 8"
        await click(desk, "f7 next")
        assert place(desk) == "2 of 8"
        await click(desk, "f8 leave")
        assert place(desk) == ""


async def test_the_palette_has_what_only_the_demo_has(file: Path) -> None:
    async with open_desk(file, is_demo=True) as desk:
        await desk.press("f8", ":", *"take the tour")
        await desk.until(lambda: "Take the tour" in desk.text)
        await desk.press("down", "enter")
        await desk.until(lambda: place(desk) == "1 of 8")
        await desk.press(":", *"open my own")
        await desk.until(lambda: "Open my own database" in desk.text)
        await desk.press("down", "enter")
        await desk.until(lambda: not desk.app.is_running)
        assert desk.app.goes_to is Elsewhere.OWN


@pytest.mark.parametrize("key", ["O", "Щ", "f9"])
async def test_the_demo_is_left_for_ones_own_database(file: Path, key: str) -> None:
    async with open_desk(file, is_demo=True) as desk:
        await desk.press(key)
        assert not desk.app.is_running
        assert desk.app.goes_to is Elsewhere.OWN


async def test_no_other_desk_has_any_of_it(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("T", "f7", "X", "f8", "O", "f9")
        assert desk.app.is_running
        assert not desk.app.desk_screen.query(Tour)
        assert "DEMO" not in desk.text
        await desk.press("f1")
        assert "Demo:" not in desk.text
        await desk.press("escape", ":", *"own database")
        await desk.until(lambda: "Search" in desk.text or "own database" in desk.text)
        assert "Open my own database" not in desk.text


async def test_the_help_of_the_demo_names_its_keys(file: Path) -> None:
    async with open_desk(file, is_demo=True) as desk:
        await desk.press("f1", *"demo")
        assert "O f9" in desk.line_with("Demo: open my own database")
        assert "T f7" in desk.line_with("Demo: tour, next step")

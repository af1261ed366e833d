"""No piece of a cursor where there is none, and no age that stands still."""

from datetime import timedelta
from pathlib import Path

import pytest

from leadboard.database import fields
from tests.support.screen import Desk, open_desk


def grounds(desk: Desk, part: str) -> list[set[object]]:
    """Return the colours behind the right half of each line that holds `part`."""
    strips = desk.app.screen._compositor.render_strips()
    lines = [each for each in strips if part in each.text]
    halves = [each.crop(each.cell_length // 2, each.cell_length - 7) for each in lines]
    return [{each.style.bgcolor for each in half if each.style and each.text} for half in halves]


async def test_the_first_choice_of_the_triage_looks_like_the_others(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("t")
        await desk.until(lambda: ", weight 50" in desk.text)
        first, second = grounds(desk, ", weight 50")
        assert first == second


async def test_the_line_of_a_source_has_a_cursor_only_with_the_focus(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("3", "right_square_bracket")
        [before] = grounds(desk, "1 waiting, nobody")
        assert len(before) == 1
        await desk.press("up")
        assert grounds(desk, "1 waiting, nobody") != [before]


async def test_the_oldest_wait_below_the_operators_goes_on(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.panes.operators.TICK", 0.05)
    later = fields.now() + timedelta(minutes=9)
    async with open_desk(file) as desk:
        monkeypatch.setattr("tui.panes.operators.now", lambda: later)
        await desk.until(lambda: "oldest 9 m" in desk.text)

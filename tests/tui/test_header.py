"""The top line: sources in need, and the arrivals of the last minutes."""

from pathlib import Path

from tests.support.screen import open_desk


async def test_sources_in_need_raise_an_alarm(file: Path) -> None:
    async with open_desk(file, (160, 40)) as desk:
        assert "tg: nobody available" in desk.lines()[0]
        await desk.press("plus", "plus")
        assert "tg: only Anna available" in desk.lines()[0]


async def test_the_header_draws_the_arrivals_of_the_last_minutes(file: Path) -> None:
    async with open_desk(file, (160, 40)) as desk:
        assert "█ 4/min" in desk.lines()[0] or "█  4/min" in desk.lines()[0]

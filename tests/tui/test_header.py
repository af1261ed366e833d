"""The top line: sources in need, and the arrivals of the last minutes."""

import re
from pathlib import Path

from tests.support.screen import open_desk


async def test_sources_in_need_raise_an_alarm(file: Path) -> None:
    async with open_desk(file, (160, 40)) as desk:
        assert "tg: nobody available" in desk.lines()[0]
        await desk.press("plus", "plus")
        assert "tg: only Anna available" in desk.lines()[0]


async def test_the_header_draws_the_arrivals_of_the_last_minutes(file: Path) -> None:
    async with open_desk(file, (160, 40)) as desk:
        # The four may lie on two sides of a full minute.
        assert re.search(r"arrivals ▁{10,11}[▂-█]?█[▁-█]? 4/min", desk.lines()[0])


async def test_the_arrivals_lose_their_name_before_they_leave(file: Path) -> None:
    async with open_desk(file, (136, 40)) as desk:
        assert "arrivals" not in desk.lines()[0]
        assert "▁ 4/min" in desk.lines()[0] or "█ 4/min" in desk.lines()[0]

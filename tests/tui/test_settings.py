"""What the desk remembers from one time to the next."""

from pathlib import Path

from tests.support.screen import open_desk


async def test_the_theme_is_remembered(file: Path) -> None:
    async with open_desk(file) as desk:
        desk.app.theme = "textual-light"
        await desk.settle()
    async with open_desk(file) as desk:
        assert desk.app.theme == "textual-light"

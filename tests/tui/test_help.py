"""Help: what a pane shows, and its keys by section; typing leaves those that match."""

from pathlib import Path

import pytest

from tests.support.screen import LARGE, SMALL, USUAL, open_desk


async def test_keys_are_listed_by_section(file: Path) -> None:
    async with open_desk(file, (110, 70)) as desk:
        await desk.press("f4", "question_mark")
        here, moves, everywhere = map(desk.text.index, ("This pane", "│  Move ", "Everywhere"))
        sections = [desk.text[here:moves], desk.text[moves:everywhere], desk.text[everywhere:]]
        for place, words in enumerate(("Mark all shown", "Page down", "Previous pane")):
            assert [words in part for part in sections] == [place == each for each in range(3)]


async def test_typing_leaves_only_what_matches_on_either_layout(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "question_mark")
        assert "The newest appeal is on top" in desk.text
        for typed in ("reopen", "REOP", "re en", "кущзут"):
            await desk.type(typed)
            assert "Reopen" in desk.text
            for words in ("The newest appeal is on top", "Mark downwards", "Everywhere", "Page up"):
                assert words not in desk.text
            await desk.press("escape")
            assert "The newest appeal is on top" in desk.text
        await desk.press("escape")
        assert desk.app.screen is desk.app.desk_screen


async def test_a_key_is_found_by_its_name(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f2", "question_mark")
        await desk.type("shift+tab")
        assert "Previous pane" in desk.text
        assert "Send home" not in desk.text


async def test_no_match_says_so_and_the_sheet_keeps_its_size(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f2", "question_mark")
        before = [line.find("╰") for line in desk.lines()]
        await desk.type("nothing like it")
        assert "No matches: esc clears the filter." in desk.text
        assert [line.find("╰") for line in desk.lines()] == before


async def test_f1_closes_what_it_has_opened(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f2", "f1", "f1")
        assert desk.app.screen is desk.app.desk_screen


@pytest.mark.parametrize(
    ("size", "width"), [(LARGE, 108), ((200, 50), 110), (USUAL, 72), (SMALL, 40)]
)
async def test_it_is_as_wide_as_the_screen_allows(
    file: Path, size: tuple[int, int], width: int
) -> None:
    async with open_desk(file, size) as desk:
        await desk.press("1", "question_mark")
        top = [line for line in desk.lines() if "─ 1 Operators ───" in line][-1]
        sheet = top[top.rindex("╭", 0, top.index("1 Operators")) :].partition("╮")[0]
        assert len(sheet) + 1 == width


async def test_the_smallest_screen_scrolls_and_always_shows_the_way_out(file: Path) -> None:
    async with open_desk(file, SMALL) as desk:
        await desk.press("3", "question_mark")
        assert "Everywhere" not in desk.text
        for _ in range(20):
            await desk.press("pagedown")
            assert "esc goes back" in desk.text
        await desk.until(lambda: "Quit" in desk.text)
        await desk.press("up")
        await desk.until(lambda: "Quit" not in desk.text)
        await desk.press("down")
        await desk.until(lambda: "Quit" in desk.text)
        await desk.press("pageup")
        await desk.until(lambda: "Quit" not in desk.text)
        await desk.type("zoom")
        await desk.until(lambda: "Zoom" in desk.text)
        assert "Everywhere" in desk.text

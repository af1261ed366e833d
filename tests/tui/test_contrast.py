"""Everything on the screen can be read: the contrast of each word with the ground it stands on."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.constants import DIM_FACTOR
from textual.filter import dim_color
from textual.geometry import Region
from textual.strip import Strip

import allocator
import models
from leadboard import desk as acts
from tests.support import add_operator, add_team
from tests.support.screen import LARGE, Desk, open_desk
from tui.themes import OWN

ENOUGH, ENOUGH_FOR_FRAMES = 4.5, 3.0
"""What WCAG 2 asks of text, and of what tells one thing on the screen from another."""
DRAWN = r"\s\u2500-\u259f"
"""Blanks, and the pieces of frames, meters and sparklines."""
WORDS = re.compile(rf"[^{DRAWN}]+(?: [^{DRAWN}]+)*")
FRAME = re.compile(r"[╭╮╰╯┏┓┗┛]")
DIALOGS = ".dialog, CommandPalette Horizontal, CommandList"

STATES: dict[str, Sequence[str]] = {
    "operators": ("f2", "down"),
    "an operator who is off": ("f2", "end"),
    "weights while typing": ("f3", "right", "7", "5"),
    "a column with an alarm": ("f3", "end"),
    "appeals, marked and closed": ("f4", "down", "space", "down", "c", "up", "space", "down"),
    "waiting": ("f4", "right_square_bracket"),
    "leads": ("f4", "left_square_bracket"),
    "an empty form": ("f5",),
    "a form": ("f5", *"tg", "enter", *"lead_9", "tab", *"Hello"),
    "an answer": ("f5", *"tg", "enter", *"lead_9", "tab", *"Hello", "enter"),
    "sources to choose from": ("f5", "down", "down"),
    "details": ("f4", "right_square_bracket", "enter"),
    "help": ("f3", "question_mark"),
    "move": ("f4", "m", "down"),
    "history": ("f2", "plus", "u", "H"),
    "statistics": ("f2", "S"),
    "how long": ("f2", "S", "left_square_bracket"),
    "a question": ("f2", "d"),
    "a dialog with an error": ("f2", "a", "enter"),
    "a filter": ("f2", "slash", *"ann"),
    "a filter to type": ("f4", "slash"),
    "a filter that finds nothing": ("f4", "slash", *"nothing", "enter"),
    "bad news": ("f3", *"9999999", "enter"),
    "the palette": ("colon", *"the"),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A team with all that can be said of operators and sources, and nine appeals."""
    path = tmp_path / "contrast.db"
    opened = models.open_database(path)
    team = add_team(
        {"Anna": 2, "Boris": 5, "Vera": 1, "Egor": 2000},
        {"tg": {"Anna": 70, "Boris": 30, "Egor": 1}, "vk": {"Vera": 50}, "site": {"Anna": 0}},
    )
    acts.set_weight(add_operator("Gleb", is_active=False), team.tg, 5, actor="t")
    for number in range(9):
        allocator.submit(f"lead_{number % 4}", (team.tg, team.vk)[number % 2], f"text {number}")
    acts.close([1], actor="t")
    opened.close()
    return path


class Pale(NamedTuple):
    """Words that can hardly be read: their colour, the one below them, and the contrast."""

    state: str
    words: str
    ink: str
    ground: str
    contrast: float


@pytest.mark.parametrize("state", STATES)
async def test_every_word_can_be_read_in_both_themes(file: Path, state: str) -> None:
    async with open_desk(file, LARGE) as desk:
        await desk.press(*STATES[state])
        found = []
        for theme in OWN:
            desk.app.theme = theme
            await desk.settle()
            seen = list(segments(desk))
            assert sum(len(WORDS.findall(each.text)) for each in seen) > 1
            found += [*pale(f"{state}, {theme}", seen), *pale_frames(f"{state}, {theme}", seen)]
    assert found == []


def test_pale_words_are_found() -> None:
    def words(ink: str, ground: str, *, reverse: bool = False, dim: bool = False) -> list[str]:
        style = Style(color=ink, bgcolor=ground, reverse=reverse, dim=dim)
        return [each.words for each in pale("", [Segment(" one two │ ─ three ", style)])]

    all_of_it = ["one two", "three"]
    assert words("#767676", "#ffffff") == []
    assert words("#777777", "#ffffff") == all_of_it
    assert words("#777777", "#ffffff", reverse=True) == all_of_it
    assert words("#000000", "#777777", reverse=True) == []
    assert words("#595959", "#ffffff") == []
    assert words("#595959", "#ffffff", dim=True) == all_of_it
    assert words("default", "#ffffff") == all_of_it
    assert contrast(Color.parse("#000000"), Color.parse("#ffffff")) == 21


async def test_a_pale_theme_is_found(file: Path) -> None:
    async with open_desk(file, LARGE) as desk:
        theme = OWN["leadboard-dark"]
        usual, theme.variables["quiet"] = theme.variables["quiet"], "#5a5a5a"
        try:
            desk.app._watch_theme(theme.name)
            await desk.settle()
            words = {each.words for each in pale("", segments(desk))}
        finally:
            theme.variables["quiet"] = usual
    assert {"Gleb", "chance of the next appeal"} <= words


async def test_an_alarm_keeps_its_colour_under_the_cursor(file: Path) -> None:
    async with open_desk(file, LARGE) as desk:
        await desk.press("f3")
        before = style_of(desk, "vk")
        await desk.press("right")
        after = style_of(desk, "vk")
        assert after.color == before.color != style_of(desk, "tg").color
        assert (before.underline, after.underline) == (False, True)


@pytest.mark.parametrize("is_monochrome", [False, True])
async def test_one_frame_is_heavy_that_of_the_focus(
    file: Path, is_monochrome: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_monochrome:
        monkeypatch.setenv("NO_COLOR", "1")
    async with open_desk(file, LARGE) as desk:
        for key, pane in (("f2", "1 Operators"), ("f3", "2 Weights"), ("f5", "4 New appeal")):
            await desk.press(key)
            assert f"┏━ {pane} ━" in desk.text
            assert desk.text.count("┏") == desk.text.count("┛") == 1


def style_of(desk: Desk, start: str) -> Style:
    """Return the style of the first segment with a text that starts so."""
    return next(each.style for each in segments(desk) if each.style and each.text.startswith(start))


def segments(desk: Desk) -> Iterator[Segment]:
    """Yield the segments of the screen, or of the dialog over it, which dims the rest."""
    screen = desk.app.screen
    strips: Sequence[Strip] = screen._compositor.render_strips()
    boxes = [box.region for box in screen.query(DIALOGS)] or [Region(0, 0, *LARGE)]
    for region in boxes:
        for y in region.line_range:
            yield from strips[y].crop(region.x, region.right)


def pale(state: str, seen: Iterable[Segment]) -> Iterator[Pale]:
    """Yield the words with too little contrast."""
    for text, style, _ in seen:
        for words in WORDS.findall(text):
            yield from _judged(state, words, style or Style(), ENOUGH)


def pale_frames(state: str, seen: Iterable[Segment]) -> Iterator[Pale]:
    """Yield the corners of frames with too little contrast."""
    for text, style, _ in seen:
        for corner in FRAME.findall(text):
            yield from _judged(state, corner, style or Style(), ENOUGH_FOR_FRAMES)


def _judged(state: str, words: str, style: Style, enough: float) -> Iterator[Pale]:
    ink, ground = shown(style)
    found = contrast(ink, ground)
    if found < enough:
        yield Pale(state, words, ink.name, ground.name, round(found, 2))


def shown(style: Style) -> tuple[Color, Color]:
    """Return the colour of the text and the one below it, as a terminal shows them."""
    ink, ground = style.color or Color.default(), style.bgcolor or Color.default()
    if style.reverse:
        ink, ground = ground, ink
    if style.dim and ink.triplet and ground.triplet:
        ink = dim_color(ground, ink, DIM_FACTOR)
    return ink, ground


def contrast(ink: Color, ground: Color) -> float:
    """Return the contrast by WCAG 2, from 1 to 21; 0 for a colour that only the terminal knows."""
    if ink.triplet is None or ground.triplet is None:
        return 0.0
    darker, lighter = sorted((_luminance(ink), _luminance(ground)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    assert color.triplet is not None
    red, green, blue = (_linear(part / 255) for part in color.triplet)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

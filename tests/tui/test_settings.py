"""The settings on the screen: the theme, and the sentence about mistakes in the file."""

from pathlib import Path

import pytest

from leadboard.common import settings
from leadboard.common.settings_file import path
from tests.support.screen import Desk, open_desk
from tui.themes import OWN


def write(text: str) -> None:
    path().parent.mkdir(parents=True, exist_ok=True)
    path().write_text(text, encoding="utf-8")


def words_of(desk: Desk) -> str:
    """Return what the notice says, on however many lines it is broken."""
    return " ".join(desk.text.split())


async def test_the_theme_is_remembered_and_the_rest_of_the_file_stays(file: Path) -> None:
    write("# mine\nbell = false\n")
    async with open_desk(file) as desk:
        desk.app.theme = "textual-light"
        await desk.settle()
    assert path().read_text() == '# mine\nbell = false\ntheme = "textual-light"\n'
    async with open_desk(file) as desk:
        assert desk.app.theme == "textual-light"


async def test_the_theme_of_the_environment_goes_first(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('theme = "nord"')
    async with open_desk(file) as desk:
        assert desk.app.theme == "nord"
    monkeypatch.setenv("TEXTUAL_THEME", "gruvbox")
    monkeypatch.setattr("tui.themes.DEFAULT_THEME", "gruvbox")
    async with open_desk(file) as desk:
        assert desk.app.theme != "nord"


async def test_the_first_mistake_is_told_once_the_desk_is_open(file: Path) -> None:
    write('theme = "no such"')
    async with open_desk(file) as desk:
        usual = desk.app.theme
        assert 'settings.toml: theme names no theme: "no such" is not known here.' in words_of(desk)
    write('bel = 1\ntheme = "no such"\n[keys]\n"desk.quti" = "x"')
    async with open_desk(file) as desk:
        told = "settings.toml: bel is no setting. And 2 more: leadboard config."
        assert told in words_of(desk)
        assert desk.app.theme == usual
    write("bell = false")
    async with open_desk(file) as desk:
        assert "settings.toml" not in desk.text


async def test_a_theme_is_not_written_over_a_file_that_is_not_understood(file: Path) -> None:
    write("theme =\n")
    async with open_desk(file) as desk:
        assert "the defaults hold: Invalid value (at line 1, column 8)." in words_of(desk)
        desk.app.theme = "nord"
        await desk.until(lambda: "The theme cannot be remembered: settings.toml" in desk.text)
    assert path().read_text() == "theme =\n"


async def test_a_folder_in_the_place_of_settings_opens_the_desk_and_stays(tmp_path: Path) -> None:
    path().mkdir(parents=True)
    async with open_desk(tmp_path / "t.db") as desk:
        usual = desk.app.theme
        desk.app.theme = "nord"
        await desk.until(lambda: "cannot be remembered" in desk.text)
        assert usual != "nord"
    assert list(path().parent.iterdir()) == [path()]


async def test_the_desk_starts_in_its_own_dark_theme(file: Path) -> None:
    async with open_desk(file) as desk:
        assert desk.app.theme == "leadboard-dark"
        assert "leadboard-light" in desk.app.available_themes


async def test_an_own_theme_is_remembered_and_has_its_colours_from_the_start(file: Path) -> None:
    settings.remember_theme("leadboard-light")
    async with open_desk(file) as desk:
        assert desk.app.theme == "leadboard-light"
        light = OWN["leadboard-light"].background
        assert desk.app.desk_screen.styles.background.hex.lower() == light
        assert not desk.app.has_class("-dark-mode")

"""The command palette: acts on one line each, and a way to whatever has a name."""

from pathlib import Path

import pytest
from textual.command import CommandList
from textual.widgets import Input

import allocator
from leadboard import desk as acts
from leadboard.common.errors import Trouble
from tests.support import add_team, opened, rows
from tests.support.screen import LARGE, SMALL, Desk, open_desk
from tui import palette
from tui.panes.operators import Operators
from tui.panes.weights import Weights


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Thirty operators and as many sources, leads of one source, one of them in two cases."""
    path = tmp_path / "house.db"
    people = {f"Operator {number:02}": 5 for number in range(30)}
    sources: dict[str, dict[str, int]] = {f"tg_{number:02}": {} for number in range(30)}
    with opened(path):
        team = add_team(people | {"Анна [b]": 5}, sources | {"site": {"Анна [b]": 1}})
        for lead in ("web_1", "web_2", "Web_3", "[/x]", "a" * 41):
            allocator.submit(lead, team.site, f"from {lead}")
    return path


async def sought(desk: Desk, text: str) -> list[str]:
    """Type into a newly opened palette; return what it offers, in order."""
    await desk.press("ctrl+p")
    desk.app.screen.query_one(Input).value = text
    await desk.settle()
    await desk.pilot.pause(0.1)
    found = desk.app.screen.query_one(CommandList)
    return [str(option.prompt) for option in found.options]


async def chosen(desk: Desk, text: str) -> None:
    """Choose the first that the palette offers for a text."""
    assert await sought(desk, text)
    await desk.press("enter")
    await desk.settle()


# --- acts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "first"),
    [("f2", "Operators: Add"), ("f4", "Appeals: Details"), ("f3", "Weights: Save")],
)
async def test_the_acts_of_the_focused_pane_come_first_one_line_each(
    house: Path, key: str, first: str
) -> None:
    async with open_desk(house) as desk:
        await desk.press(key)
        offered = await sought(desk, "")
        pane = first.partition(":")[0]
        assert first in [line.partition("  ")[0] for line in offered]
        here = [line.startswith(f"{pane}:") for line in offered]
        assert here == sorted(here, reverse=True)
        assert not any("\n" in line for line in offered)
        assert offered[-3:] == [
            "Theme  Choose the colours",
            "Save as CSV  Everything the focused list shows",
            "Save as picture  The screen as SVG",
        ]


@pytest.mark.parametrize(
    ("key", "first"), [("f2", "Operators: Delete  d"), ("f3", "Weights: Delete  d")]
)
async def test_of_equal_matches_that_of_the_focused_pane_comes_first(
    house: Path, key: str, first: str
) -> None:
    async with open_desk(house) as desk:
        await desk.press(key)
        assert (await sought(desk, "delete"))[0] == first


@pytest.mark.parametrize("typed", ["close", "сдщыу", "СДЩЫУ"])
async def test_acts_are_found_on_either_layout(house: Path, typed: str) -> None:
    async with open_desk(house) as desk:
        await desk.press("f4")
        await chosen(desk, typed)
        assert rows("SELECT id FROM appeal WHERE closed_at IS NOT NULL") == [(5,)]


@pytest.mark.parametrize("typed", ["hire", "staff: hire", "ршку", "operators: add"])
async def test_acts_are_found_by_the_words_that_are_translated_too(
    house: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    known = {"Operators": ["Crew", "Staff"], "Add": ["Hire"]}
    monkeypatch.setattr(palette, "originals", lambda text: known.get(text, ()))
    async with open_desk(house) as desk:
        await desk.press("f4")
        assert (await sought(desk, typed))[0] == "Operators: Add  a"


async def test_it_says_when_nothing_matches(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(palette.Palette, "_NO_MATCHES_COUNTDOWN", 0.01)
    monkeypatch.setattr(palette, "_", str.upper)
    async with open_desk(house) as desk:
        await sought(desk, "nothing is called so")
        await desk.until(lambda: "NO MATCHES FOUND" in desk.text)


@pytest.mark.parametrize(("size", "width"), [(LARGE, 80), (SMALL, 40)])
async def test_it_is_no_wider_than_eighty_cells(
    house: Path, size: tuple[int, int], width: int
) -> None:
    async with open_desk(house, size) as desk:
        await sought(desk, "")
        assert desk.app.screen.query_one(CommandList).outer_size.width == width
        assert "Search for commands" in desk.text or size == SMALL


# --- names --------------------------------------------------------------------------------------


async def test_an_operator_is_gone_to_without_the_filter_that_hides_them(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("f2", "slash", *"07", "enter", "f4")
        await chosen(desk, "operator 23")
        operators = desk.app.desk_screen.query_one(Operators)
        assert desk.app.focused is operators
        assert operators.current is not None
        assert operators.current.name == "Operator 23"
        assert "● Operator 23" in desk.text
        assert operators.filter_text == ""
        await desk.press("plus")
        assert rows("SELECT max_load FROM operator WHERE name = 'Operator 23'") == [(6,)]


async def test_a_filter_that_shows_the_operator_stays(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("f2", "slash", *"2", "enter")
        await chosen(desk, "operator 23")
        operators = desk.app.desk_screen.query_one(Operators)
        assert operators.filter_text == "2"
        assert operators.current is not None
        assert operators.current.name == "Operator 23"


async def test_names_are_found_as_searches_compare(house: Path) -> None:
    async with open_desk(house) as desk:
        for typed in ("анна", "АННА", "fyyf", "[b]"):
            offered = await sought(desk, typed)
            assert ("Operator Анна [b]" in offered) is (typed != "fyyf")
            await desk.press("escape")


async def test_a_source_is_gone_to_in_the_grid(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("f3", "slash", *"src:site", "enter", "f2")
        await chosen(desk, "tg_27")
        grid = desk.app.desk_screen.query_one(Weights)
        assert desk.app.focused is grid
        assert grid.source is not None
        assert grid.source.name == "tg_27"
        assert "tg_27" in desk.text
        await desk.press("7", "enter")
        assert rows(
            "SELECT weight FROM operator_source JOIN source ON source.id = source_id"
            " WHERE source.name = 'tg_27'"
        ) == [(7,)]


async def test_a_lead_is_found_by_its_beginning_and_shows_its_appeals(house: Path) -> None:
    async with open_desk(house) as desk:
        assert await sought(desk, "web_") == ["Lead web_1", "Lead web_2"]
        await desk.press("escape")
        assert await sought(desk, "web_3") == ["Lead Web_3"]
        await desk.press("escape")
        await chosen(desk, "web_2")
        assert "only web_2 · esc goes back" in desk.text
        assert "from web_2" in desk.text
        await desk.until(lambda: "from web_1" not in desk.text)
        await desk.press("c")
        assert rows("SELECT id FROM appeal WHERE closed_at IS NOT NULL") == [(2,)]


async def test_what_is_typed_on_the_other_layout_finds_a_lead(house: Path) -> None:
    async with open_desk(house) as desk:
        assert await sought(desk, "цуи_2") == ["Lead web_2"]


async def test_a_lead_whose_id_looks_like_markup_is_shown_as_it_is(house: Path) -> None:
    async with open_desk(house) as desk:
        assert await sought(desk, "[/") == ["Lead [/x]"]


async def test_a_name_that_repeats_a_letter_is_no_burden(house: Path) -> None:
    async with open_desk(house) as desk:
        offered = await sought(desk, "a" * 25)
        assert offered == [f"Lead {'a' * 41}"]


async def test_an_appeal_is_found_by_its_number(house: Path) -> None:
    async with open_desk(house) as desk:
        for typed in ("#2", "№2"):
            assert await sought(desk, typed) == ["Appeal #2 of web_2 (site)"]
            await desk.press("enter")
            await desk.until(lambda: "From      web_2 via site" in desk.text)
            await desk.press("escape")


async def test_what_is_nowhere_is_not_offered(house: Path) -> None:
    async with open_desk(house) as desk:
        for typed in ("#99", "#0", "#" + "9" * 18, "#x", "\x00"):
            assert not any("Appeal #" in line for line in await sought(desk, typed))
            assert desk.app.desk_screen.notices == ()
            await desk.press("escape")


async def test_at_most_twenty_of_a_kind_are_offered(house: Path) -> None:
    async with open_desk(house) as desk:
        offered = await sought(desk, "operator ")
        assert sum(line.startswith("Operator ") for line in offered) == 20
        await desk.press("escape")
        offered = await sought(desk, "tg_")
        assert sum(line.startswith("Source ") for line in offered) == 20


@pytest.mark.every_engine
async def test_it_finds_the_same_on_every_engine(target: str) -> None:
    with opened(target):
        team = add_team({"Anna": 5}, {"site": {"Anna": 1}})
        appeal = allocator.submit("web_1", team.site, "hello").id
    async with open_desk(target) as desk:
        await desk.press("f2")
        for typed, offered in (("anna", "Operator Anna"), ("web", "Lead web_1")):
            assert offered in await sought(desk, typed)
            await desk.press("escape")
        assert await sought(desk, f"#{appeal}") == [f"Appeal #{appeal} of web_1 (site)"]
        await desk.press("enter")
        await desk.until(lambda: "From      web_1 via site" in desk.text)


# --- trouble ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Trouble("The database is away."), "The database is away."),
        (ZeroDivisionError("odd"), "Unexpected error (ZeroDivisionError)"),
    ],
)
@pytest.mark.parametrize(
    "where", ["tui.finder._look_up", "tui.palette._words", "tui.finder._named"]
)
async def test_trouble_brings_a_notice_and_no_hits_of_that_kind(
    house: Path, where: str, error: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(where, broken)
    async with open_desk(house) as desk:
        offered = await sought(desk, "site")
        assert ("Source site" in offered) is (where != "tui.finder._named")
        assert words in desk.app.desk_screen.notices[0].sentence
        await desk.press("escape")
        assert desk.app.is_running


async def test_names_are_not_offered_over_a_dialog(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("f2", "e")
        assert await sought(desk, "operator 2") == []
        await desk.press("escape")
        assert "Edit operator" in desk.text


async def test_who_was_deleted_meanwhile_is_not_gone_to(house: Path) -> None:
    async with open_desk(house) as desk:
        await sought(desk, "operator 23")
        [(key,)] = rows("SELECT id FROM operator WHERE name = 'Operator 23'")
        await desk.told(acts.delete_operator, key, actor="t")
        await desk.press("enter")
        operators = desk.app.desk_screen.query_one(Operators)
        assert operators.current is not None
        assert operators.current.name == "Operator 00"

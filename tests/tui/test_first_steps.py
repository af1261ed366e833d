"""The greeting of an empty database: from nothing to the first appeal, and out of the way."""

from pathlib import Path

import pytest

import allocator
import models
from leadboard import desk as acts
from leadboard.common.elsewhere import Elsewhere
from leadboard.common.errors import Trouble
from tests.support import add_team, rows
from tests.support.screen import LARGE, SMALL, USUAL, Desk, open_desk
from tests.tui.test_mouse import click
from tui.dialogs.first_steps import MOST_EVEN, FirstSteps
from tui.panes.weights import Weights
from tui.screen.desk import DeskScreen

SIZES = {"120x40": LARGE, "80x24": USUAL, "40x10": SMALL}
by_size = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
WEIGHTS = "SELECT operator_id, source_id, weight FROM operator_source ORDER BY 1, 2"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The path of a database that is not there yet."""
    return tmp_path / "own.db"


def is_greeting(desk: Desk) -> bool:
    return isinstance(desk.app.screen, FirstSteps)


def step(desk: Desk, words: str) -> str:
    """Return the mark, the key and the words of a step, as its line begins."""
    line = desk.line_with(words)
    return " ".join(line[: line.index(words) + len(words)].split("│")[-1].split())


@by_size
async def test_from_nothing_to_the_first_appeal_by_its_keys(
    bare: Path, size: tuple[int, int]
) -> None:
    async with open_desk(bare, size) as desk:
        assert step(desk, "Add a source") == "▸ s Add a source"
        assert step(desk, "Add an operator") == "o Add an operator"
        assert step(desk, "Give weights") == "Give weights"
        await desk.press("s", *"tg_main", "enter")
        assert rows("SELECT name FROM source") == [("tg_main",)]
        assert step(desk, "Add a source") == "✓ s Add a source"
        assert step(desk, "Add an operator") == "▸ o Add an operator"
        await desk.press("o", *"Anna", "enter")
        assert rows("SELECT name FROM operator") == [("Anna",)]
        assert step(desk, "Add an operator") == "✓ o Add an operator"
        assert step(desk, "Give weights") == "▸ w Give weights"
        await desk.press("w")
        assert rows(WEIGHTS) == [(1, 1, 10)]
        assert step(desk, "Give weights") == "✓ w Give weights"
        assert step(desk, "Enter an appeal") == "▸ n Enter an appeal"
        await desk.press("n", *"tg_1", "tab", *"hello", "ctrl+s")
        assert rows("SELECT operator_id, message FROM appeal") == [(1, "hello")]
        assert not is_greeting(desk)
        assert "The first steps are done." in desk.text
        assert not desk.app.desk_screen.has_first_steps


@pytest.mark.every_engine
async def test_it_greets_on_every_engine(target: str) -> None:
    async with open_desk(target, USUAL) as desk:
        await desk.until(lambda: is_greeting(desk))
        await desk.press("s", *"tg", "enter", "o", *"Anna", "enter")
        await desk.until(lambda: "▸ w" in desk.text)
        await desk.press("w")
        await desk.until(lambda: "▸ n" in desk.text)
        assert rows(WEIGHTS) == [(1, 1, 10)]


async def test_enter_alone_takes_one_step_after_the_other(bare: Path) -> None:
    async with open_desk(bare, USUAL) as desk:
        await desk.press("enter", *"site", "enter", "enter", *"Vera", "enter", "enter")
        assert rows(WEIGHTS) == [(1, 1, 10)]
        assert "1 weight" in desk.line_with("Give weights")
        assert "Vera" in desk.line_with("Add an operator")
        await desk.press("enter")
        assert desk.app.focused is not None
        assert desk.app.focused.id == "lead"


async def test_an_even_weight_is_for_everybody_and_can_be_taken_back(bare: Path) -> None:
    async with open_desk(bare) as desk:
        await desk.press("s", *"tg", "enter", "s", *"vk", "enter", "o", *"Anna", "enter")
        await desk.press("o", *"Boris", "enter")
        assert "tg, vk" in desk.line_with("Add a source")
        await desk.press("w")
        assert rows(WEIGHTS) == [(1, 1, 10), (1, 2, 10), (2, 1, 10), (2, 2, 10)]
        await desk.press("escape", "u")
        assert rows(WEIGHTS) == []


async def test_the_weights_can_be_typed_and_the_greeting_comes_back_after_the_first(
    bare: Path,
) -> None:
    async with open_desk(bare) as desk:
        await desk.press("s", *"tg", "enter", "o", *"Anna", "enter", "o", *"Boris", "enter")
        await desk.press("W")
        assert not is_greeting(desk)
        await desk.press("7", "0", "enter")
        assert rows(WEIGHTS) == [(1, 1, 70)]
        assert is_greeting(desk)
        # Whoever goes on typing is not held up.
        await desk.press("3", "0", "enter")
        assert rows(WEIGHTS) == [(1, 1, 70), (2, 1, 30)]
        assert not is_greeting(desk)


async def test_weights_that_are_there_are_not_made_even(bare: Path) -> None:
    async with open_desk(bare) as desk:
        await desk.told(add_team, {"Anna": 5}, {"tg": {"Anna": 33}, "vk": {}})
        assert step(desk, "Give weights") == "✓ w Give weights"
        await desk.press("w")
        assert rows(WEIGHTS) == [(1, 1, 33)]
        assert desk.app.focused is not None
        assert desk.app.focused.id == "weights"


async def test_so_many_weights_are_left_to_somebody_who_chooses(bare: Path) -> None:
    async with open_desk(bare) as desk:
        team = {f"operator {number}": 1 for number in range(MOST_EVEN + 1)}
        await desk.elsewhere(add_team, team, {"tg": {}})
        await desk.until(lambda: f"0/{MOST_EVEN + 1} active" in desk.text or "▸ w" in desk.text)
        await desk.press("w")
        assert rows(WEIGHTS) == []
        assert desk.app.focused is not None
        assert desk.app.focused.id == "weights"


async def test_what_others_do_ticks_the_steps_and_all_of_them_close_it(bare: Path) -> None:
    async with open_desk(bare, USUAL) as desk:
        await desk.told(acts.add_operator, "Anna", 5, actor="colleague")
        assert step(desk, "Add an operator") == "✓ o Add an operator"
        assert step(desk, "Add a source") == "▸ s Add a source"
        await desk.told(acts.add_source, "tg", actor="colleague")
        await desk.told(acts.set_weight, 1, 1, 5, actor="colleague")
        assert step(desk, "Enter an appeal") == "▸ n Enter an appeal"
        await desk.told(allocator.submit, "tg_1", 1, "hello")
        assert not is_greeting(desk)
        assert "The first steps are done." in desk.text


async def test_others_may_finish_while_a_dialog_is_open_over_it(bare: Path) -> None:
    async with open_desk(bare, USUAL) as desk:
        await desk.press("s", *"tg")
        await desk.told(add_team, {"Anna": 5}, {"vk": {"Anna": 1}})
        await desk.told(allocator.submit, "vk_1", 1, "hello")
        assert "New source" in desk.text
        await desk.press("enter")
        assert rows("SELECT name FROM source ORDER BY id") == [("vk",), ("tg",)]
        assert isinstance(desk.app.screen, DeskScreen)


async def test_a_step_that_is_not_possible_yet_says_so(bare: Path) -> None:
    async with open_desk(bare, USUAL) as desk:
        await desk.press("w")
        assert "A source and an operator come first." in desk.text
        await desk.press("n")
        assert "A source comes first." in desk.text
        assert is_greeting(desk)


# --- out of the way ------------------------------------------------------------------------------


@by_size
async def test_one_key_closes_it_and_the_palette_brings_it_back(
    bare: Path, size: tuple[int, int]
) -> None:
    async with open_desk(bare, size) as desk:
        await desk.press("escape")
        assert not is_greeting(desk)
        await desk.press(":", *"first steps")
        await desk.until(lambda: "What is still missing" in desk.text or "First steps" in desk.text)
        await desk.press("down", "enter")
        await desk.until(lambda: is_greeting(desk))


@pytest.mark.parametrize("key", ["a", "ф"])
async def test_a_key_of_the_desk_closes_it_and_is_not_lost(bare: Path, key: str) -> None:
    async with open_desk(bare) as desk:
        await desk.press(key)
        assert "New operator" in desk.text
        await desk.press(*"Anna", "enter")
        assert rows("SELECT name FROM operator") == [("Anna",)]
        assert not is_greeting(desk)


async def test_keys_in_one_burst_keep_their_order(bare: Path) -> None:
    async with open_desk(bare) as desk:
        desk.burst("2", "a", *"vk", "enter", "1", "a", *"Vera", "enter", "2", "5", "enter")
        await desk.until(lambda: rows(WEIGHTS) == [(1, 1, 5)])
        assert rows("SELECT operator.name, source.name FROM operator, source") == [("Vera", "vk")]


async def test_it_greets_on_the_russian_layout_as_well(bare: Path) -> None:
    async with open_desk(bare) as desk:
        await desk.press("ы", *"тг", "enter", "щ", *"Анна", "enter", "ц")
        assert rows("SELECT operator.name, source.name FROM operator, source") == [("Анна", "тг")]
        assert rows(WEIGHTS) == [(1, 1, 10)]


async def test_a_desk_with_anything_on_it_does_not_greet(bare: Path) -> None:
    opened = models.open_database(bare)
    acts.add_source("tg", actor="colleague")
    opened.close()
    async with open_desk(bare) as desk:
        assert not is_greeting(desk)
        assert desk.app.desk_screen.has_first_steps
        desk.app.desk_screen.open_first_steps()
        await desk.settle()
        assert step(desk, "Add an operator") == "▸ o Add an operator"


async def test_leaving_the_form_comes_back_to_it_and_an_early_appeal_ticks_it(bare: Path) -> None:
    async with open_desk(bare) as desk:
        await desk.press("s", *"tg", "enter", "n", "escape")
        assert is_greeting(desk)
        await desk.press("n", *"tg_1", "ctrl+s")
        assert rows("SELECT operator_id FROM appeal") == [(None,)]
        assert is_greeting(desk)
        assert step(desk, "Enter an appeal") == "✓ n Enter an appeal"
        assert step(desk, "Add an operator") == "▸ o Add an operator"


async def test_it_does_not_come_back_over_what_is_being_typed(bare: Path) -> None:
    async with open_desk(bare) as desk:
        await desk.press("s", *"tg", "enter", "o", *"Anna", "enter", "W", "7")
        await desk.told(acts.set_weight, 1, 1, 5, actor="colleague")
        assert not is_greeting(desk)
        assert desk.app.query_one(Weights).typed == "7"
        await desk.press("escape")
        await desk.told(acts.add_operator, "Boris", 5, actor="colleague")
        assert step(desk, "Give weights") == "✓ w Give weights"


async def test_a_draft_comes_first(bare: Path) -> None:
    async with open_desk(bare) as desk:
        await desk.press("escape", "w")
        desk.app.desk_screen.open_first_steps()
        await desk.settle()
        assert not is_greeting(desk)
        assert "not in a draft" in desk.text


# --- the mouse, and what cannot be done ---------------------------------------------------------


@by_size
async def test_the_steps_are_clicked(bare: Path, size: tuple[int, int]) -> None:
    async with open_desk(bare, size) as desk:
        await click(desk, "Add a source")
        await desk.press(*"tg", "enter")
        await click(desk, "Add an operator")
        await desk.press(*"Anna", "enter")
        await click(desk, "Give weights")
        assert rows(WEIGHTS) == [(1, 1, 10)]
        await click(desk, "Enter an appeal")
        assert desk.app.focused is not None
        assert desk.app.focused.id == "lead"


async def test_a_step_that_is_not_offered_is_not_clicked_and_one_beside_it_closes(
    bare: Path,
) -> None:
    async with open_desk(bare) as desk:
        await click(desk, "Give weights")
        assert is_greeting(desk)
        assert "come first" not in desk.text
        await desk.pilot.click(offset=(2, 30))
        await desk.settle()
        assert not is_greeting(desk)


@by_size
async def test_a_lost_database_offers_only_the_demo_until_it_is_back(
    bare: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> object:
        raise Trouble("The disk is gone.")

    async with open_desk(bare, size) as desk:
        with monkeypatch.context() as lost:
            lost.setattr("leadboard.queries.board.data_version", fail)
            await desk.until(lambda: step(desk, "Add a source") == "Add a source")
            assert step(desk, "Look around first") == "d Look around first"
            await desk.press("s", "enter")
            assert is_greeting(desk)
            assert sum("The disk is gone." in line for line in desk.lines()) >= 1
            assert "next step" not in desk.text
        await desk.until(lambda: step(desk, "Add a source") == "▸ s Add a source")
        assert "next step" in desk.text
        await desk.press("s", *"tg", "enter")
        assert rows("SELECT name FROM source") == [("tg",)]


async def test_looking_around_leaves_for_the_demo(bare: Path) -> None:
    async with open_desk(bare) as desk:
        await desk.press("d")
        assert not desk.app.is_running
        assert desk.app.goes_to is Elsewhere.DEMO
        assert desk.app.return_code == 0


async def test_looking_around_loses_no_typed_appeal(bare: Path) -> None:
    async with open_desk(bare) as desk:
        await desk.press("s", *"tg", "enter", "n", *"tg_5", "escape")
        assert is_greeting(desk)
        await desk.press("d")
        assert "The form holds an appeal that is not saved." in desk.text
        assert desk.app.goes_to is None
        assert desk.app.is_running


async def test_names_of_strangers_stay_text(bare: Path) -> None:
    async with open_desk(bare, USUAL) as desk:
        await desk.told(acts.add_source, "[@click=app.quit]x[/", actor="colleague")
        assert "[@click=app.quit]x[/" in desk.line_with("Add a source")
        await click(desk, "[@click")
        assert "New source" in desk.text

"""The mouse: the keys of dialogs are clicked, a double click is enter, and the wheel scrolls."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual import events

import allocator
import models
from leadboard import desk as acts
from tests.support import add_team, rows
from tests.support.screen import LARGE, SMALL, USUAL, Desk, open_desk
from tui.dialogs.base import clickable
from tui.dialogs.details import Details

SIZES = {"120x40": LARGE, "80x24": USUAL, "40x10": SMALL}
by_size = pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Forty operators, of whom one serves; sixty appeals of as many leads, some of them waiting."""
    path = tmp_path / "mouse.db"
    opened = models.open_database(path)
    team = add_team({"Anna": 50}, {"tg": {"Anna": 1}})
    for number in range(39):
        acts.add_operator(f"Operator {number}", 3, actor="tester")
    for number in range(60):
        allocator.submit(f"lead_{number}", team.tg, "a long message\n" * 30)
    opened.close()
    return path


def place_of(desk: Desk, part: str, after: str = "") -> tuple[int, int]:
    """Return the cell at which a text begins: the last of its kind, or the first after another."""
    lines = desk.lines()
    first = next((at for at, line in enumerate(lines) if after and after in line), 0)
    found = [(at, line) for at, line in enumerate(lines) if part in line and at >= first]
    assert found, f"{part!r} is not on the screen:\n{desk.text}"
    y, line = found[0] if after else found[-1]
    return cell_len(line[: line.index(part)]), y


async def click(desk: Desk, part: str, times: int = 1) -> None:
    await desk.pilot.click(offset=place_of(desk, part), times=times)
    await desk.settle()


async def scroll(desk: Desk, part: str) -> None:
    """Turn the wheel over a text."""
    x, y = place_of(desk, part)
    desk.app.post_message(
        events.MouseScrollDown(
            None, x=x, y=y, delta_x=0, delta_y=1, button=0, shift=False, meta=False, ctrl=False
        )
    )
    await desk.settle()


# --- the keys of dialogs -------------------------------------------------------------------------


def test_a_hint_reads_as_it_was_written_and_leaves_out_what_is_no_single_key() -> None:
    assert Details.BINDINGS  # which makes its keys known
    written = "{details.close} close · ↑↓ scroll · 1-9 apply · {dialog.cancel} or n: no"
    hint = clickable(f"{written} · {{text.new-line}} new line", {})
    assert hint.plain == "c close · ↑↓ scroll · 1-9 apply · esc or n: no · ctrl+j new line"
    keys = [str(span.style) for span in hint.spans]
    assert len(keys) == 3


@by_size
async def test_the_keys_of_the_details_are_clicked(file: Path, size: tuple[int, int]) -> None:
    async with open_desk(file, size) as desk:
        await desk.press("f4", "s", "enter")
        await click(desk, "c close")
        assert rows("SELECT count(*) FROM appeal WHERE closed_at IS NOT NULL") == [(1,)]
        await desk.press("f4", "enter")
        await click(desk, "move")
        assert "Move appeal #1" in desk.text
        # On a narrow screen the words of a key may stand on two lines.
        await click(desk, "cancels")
        await click(desk, "back")
        assert desk.app.screen is desk.app.desk_screen


@by_size
async def test_all_keys_of_the_longest_line_are_seen_and_none_is_cut(
    file: Path, size: tuple[int, int]
) -> None:
    async with open_desk(file, size) as desk:
        await desk.press("f4", "enter")
        words = " ".join(desk.text.replace("│", " ").split())
        assert "1-9 apply · c close · o reopen · m move · r return · esc back" in words


async def test_in_a_form_the_keys_go_to_the_field_in_use(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f2", "a", *"Vera")
        await click(desk, "enter saves")
        assert rows("SELECT max_load FROM operator WHERE name = 'Vera'") == [(10,)]
        await desk.press("a", *"Gleb")
        await click(desk, "esc cancels")
        assert desk.app.screen is desk.app.desk_screen
        assert rows("SELECT count(*) FROM operator WHERE name = 'Gleb'") == [(0,)]


async def test_a_note_gets_a_new_line_by_a_click(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f2", "e", "tab", "tab", *"one")
        await click(desk, "new line")
        await desk.press(*"two")
        await click(desk, "saves")
        assert rows("SELECT note FROM operator WHERE name = 'Anna'") == [("one\ntwo",)]


async def test_questions_help_and_history_are_answered_by_clicks(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f2", "down", "d")
        await click(desk, "esc or n: no")
        assert rows("SELECT count(*) FROM operator") == [(40,)]
        await desk.press("d")
        await click(desk, "enter or y: yes")
        assert rows("SELECT count(*) FROM operator") == [(39,)]
        await desk.press("H")
        await click(desk, "u undo")
        assert rows("SELECT count(*) FROM operator") == [(40,)]
        await click(desk, "U redo")
        assert rows("SELECT count(*) FROM operator") == [(39,)]
        await desk.press("escape")
        await desk.press("question_mark")
        await click(desk, "scroll")
        assert "esc goes back" in desk.text
        await click(desk, "esc goes back")
        assert desk.app.screen is desk.app.desk_screen


async def test_a_move_is_chosen_and_made_by_clicks(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "m", *"operator 7")
        await click(desk, "enter moves")
        assert rows("SELECT name FROM operator WHERE load = 1") == [("Operator 7",)]


# --- a double click ------------------------------------------------------------------------------


async def test_a_double_click_on_an_appeal_shows_it(file: Path) -> None:
    async with open_desk(file) as desk:
        await click(desk, "lead_57")
        assert desk.app.screen is desk.app.desk_screen
        await desk.pilot.pause(0.6)
        await click(desk, "lead_57", times=2)
        assert "Appeal #58" in desk.text
        assert "From      lead_57" in desk.text


async def test_a_double_click_on_an_operator_opens_their_appeals(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.pilot.double_click(offset=place_of(desk, "● Operator 3", "Operators"))
        await desk.settle()
        assert "open of Operator 3 · esc goes back" in desk.text


async def test_a_double_click_on_a_lead_shows_their_appeals(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "left_square_bracket")
        await click(desk, "lead_55 ", times=2)
        assert "only lead_55" in desk.text


async def test_a_double_click_beside_the_rows_or_in_the_grid_does_nothing(tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    opened = models.open_database(path)
    add_team({"Anna": 50}, {"tg": {"Anna": 17}})
    opened.close()
    async with open_desk(path) as desk:
        x, y = place_of(desk, "● Anna")
        await desk.pilot.double_click(offset=(x, y + 3))
        await click(desk, "17", times=2)
        assert desk.app.screen is desk.app.desk_screen
        assert rows("SELECT weight FROM operator_source") == [(17,)]


# --- the wheel -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "part"),
    [
        (["f2"], "● Operator 1 "),
        (["f3"], "Operator 1 "),
        (["f4"], "lead_58"),
        (["f4", "left_square_bracket"], "lead_58"),
        (["f4", "enter"], "From      lead_59"),
        (["f2", "question_mark"], "Each line is one operator"),
        (["H"], "Operator 30 added"),
        (["f4", "m"], "● Operator 3 "),
    ],
    ids=["operators", "weights", "appeals", "leads", "details", "help", "history", "move"],
)
async def test_the_wheel_scrolls_every_list_and_sheet(
    file: Path, keys: Sequence[str], part: str
) -> None:
    async with open_desk(file, USUAL) as desk:
        await desk.press(*keys)
        _, y = place_of(desk, part)
        await scroll(desk, part)
        assert part not in desk.lines()[y]

"""Keys: both layouts, one declaration each, and the page that lists them."""

import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest
from textual.binding import Binding
from textual.events import Key

from leadboard import desk as acts
from tests.support import rows
from tests.support.screen import open_desk
from tui.keys import TWINS, both, without_twins
from tui.keytable import PLACES, key_table
from tui.typeahead import Fence

PAGE = Path(__file__).parent.parent.parent / "docs" / "keys.md"


def bindings() -> Iterator[Binding]:
    for _, owner in PLACES:
        yield from owner.BINDINGS


@pytest.mark.parametrize("binding", list(bindings()), ids=lambda binding: str(binding.id))
def test_every_letter_has_its_twin_of_the_russian_layout(binding: Binding) -> None:
    keys = binding.key.split(",")
    for key in keys:
        if (twin := TWINS.get(key.split("+")[-1])) is not None:
            assert any(other.endswith(twin) for other in keys), key


def test_every_binding_has_an_id_of_its_own_and_words() -> None:
    ids = [binding.id for binding in bindings()]
    assert None not in ids
    assert len(set(ids)) == len(ids)
    assert all(binding.description for binding in bindings())


def test_no_two_bindings_of_a_pane_share_a_key() -> None:
    for _, owner in PLACES:
        keys = [key for binding in owner.BINDINGS for key in binding.key.split(",")]
        assert len(set(keys)) == len(keys)


def test_twins_are_the_same_physical_keys() -> None:
    assert both("n,ctrl+s") == "n,т,ctrl+s,ctrl+ы"
    assert both("U,f1,question_mark,slash") == "U,Г,f1,question_mark,comma,slash,full_stop"
    assert without_twins(["n", "т", "ctrl+s", "ctrl+ы"]) == ["n", "ctrl+s"]
    assert without_twins(["comma", "full_stop"]) == ["comma", "full_stop"]


def test_the_page_of_keys_lists_every_key_and_no_other() -> None:
    listed = re.findall(
        r"^\| ([^|]+) \| `([^`]+)` \| ([^|]+) \|$", PAGE.read_text(encoding="utf-8"), re.M
    )
    assert listed == key_table()


async def test_the_desk_is_used_with_the_russian_layout_switched_on(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "t.db") as desk:
        await desk.told(acts.add_source, "tg", actor="t")
        await desk.press("ф")  # a
        await desk.type("Анна")
        await desk.press("enter")
        assert rows("SELECT name FROM operator") == [("Анна",)]
        await desk.press("у", "escape")  # e
        await desk.press("f3", "5", "enter", "л", "о")  # k, j
        assert rows("SELECT weight FROM operator_source") == [(5,)]
        await desk.press("f2", "т")  # n
        assert desk.app.focused is not None
        assert desk.app.focused.id == "lead"
        await desk.type("й")  # typed, not q
        await desk.press("ctrl+ы")
        assert rows("SELECT external_id FROM lead") == [("й",)]
        await desk.press("escape", "comma")  # ?
        assert "esc goes back" in desk.text
        await desk.press("escape", "Ж")  # :
        await desk.until(lambda: "Search for commands" in desk.text)
        await desk.press("escape", "f2", "в", "т")  # d, then no
        assert rows("SELECT count(*) FROM operator") == [(1,)]
        await desk.press("f4", "с")  # c
        assert rows("SELECT count(*) FROM appeal WHERE closed_at IS NULL") == [(0,)]
        await desk.press("й")
        assert not desk.app.is_running


async def test_no_key_acts_once_the_app_is_leaving(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "t.db") as desk:
        await desk.elsewhere(acts.add_operator, "Anna", 5, actor="t")
        await desk.until(lambda: "0/5" in desk.text)
        await desk.press("f2")
        with patch.object(type(desk.app), "return_code", 0):  # as exit() leaves it
            await desk.app.on_event(Key("plus", "+"))
            await desk.settle()
        assert rows("SELECT max_load FROM operator") == [(5,)]


async def test_a_key_that_comes_back_after_the_last_screen_has_gone_is_dropped(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path / "t.db") as desk:
        await desk.press("f2")
        app = desk.app
    assert not app.screen_stack
    app.on_fence(Fence(1))  # what followed the last key comes home only now
    for event in (Key("n", "n"), Key("q", "q")):
        await app.on_event(event)
    await app.open_keys()


async def test_keys_behind_a_dialog_that_is_still_storing_are_not_typed_into_it(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path / "t.db") as desk:
        desk.app.writer.do(partial(time.sleep, 0.4))
        desk.burst("f2", "a", *"Vera", "enter", "f3", "a", *"tg", "enter", "7", "enter")
        await desk.until(lambda: rows("SELECT weight FROM operator_source") == [(7,)])
        assert rows("SELECT operator.name, source.name FROM operator, source") == [("Vera", "tg")]


async def test_keys_that_arrive_at_once_find_their_way_in_order(file: Path) -> None:
    async with open_desk(file) as desk:
        desk.burst("f5", *"tg_9", "tab", *"hi", "ctrl+s", *"tg_10", "enter", *"ho", "enter")
        await desk.until(lambda: rows("SELECT count(*) FROM appeal") == [(6,)])
        assert rows("SELECT external_id FROM lead WHERE id > 4") == [("tg_9",), ("tg_10",)]
        await desk.settle()
        desk.burst("escape", "f2", "a", *"Vera", "tab", "backspace", "backspace", "7", "enter", "+")
        await desk.until(lambda: rows("SELECT max_load FROM operator WHERE name='Vera'") == [(7,)])


async def test_ctrl_q_asks_about_unsaved_text_as_q_does(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("n")
        await desk.type("tg_9")
        await desk.press("ctrl+q")
        assert "not saved" in desk.text
        await desk.press("y")
        assert not desk.app.is_running


async def test_a_pane_can_be_enlarged_and_made_small_again(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("3", "f")
        assert "1 Operators" not in desk.text
        assert "message 1" in desk.text
        await desk.press("f")
        assert "1 Operators" in desk.text


async def test_a_dimmed_key_says_why_it_does_nothing(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "empty.db") as desk:
        await desk.press("e")
        assert "Edit: nothing is selected." in desk.text
        await desk.press("2", "equals_sign")
        assert "Equalise: nothing is selected" in desk.text
        await desk.press("3", "c")
        assert "Close: nothing is selected" in desk.text

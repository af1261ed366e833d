"""Keys of one's own: what may be given to a binding, and that the screen works and shows it so."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding

import tui
from leadboard import desk as acts
from leadboard.common.errors import Refused
from leadboard.common.settings_file import path
from tests.support import rows
from tests.support.screen import LARGE, Desk, open_desk
from tests.tui.test_form import choose
from tests.tui.test_sheets import locked
from tui.key_names import keys_written
from tui.keymap import PLACES, all_keys, keymap_of
from tui.keys import MADE


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(tui.__path__, "tui."):
        if found.name != "tui.driver":  # for POSIX terminals alone
            yield importlib.import_module(found.name)


def owners() -> dict[str, type[Any]]:
    """Return every class of the screen that has bindings of its own."""
    return {
        each.__name__: each
        for module in modules()
        for _, each in inspect.getmembers(module, inspect.isclass)
        if each.__module__.startswith("tui.") and each.__dict__.get("BINDINGS")
    }


OWNERS = owners()


@pytest.mark.parametrize("owner", OWNERS.values(), ids=OWNERS.keys())
def test_every_binding_has_an_id_that_the_settings_know(owner: type[Any]) -> None:
    assert any(issubclass(each, owner) for place in PLACES for each in place)
    for binding in owner.BINDINGS:
        assert isinstance(binding, Binding)
        assert binding.id
        assert MADE[binding.id] is binding


def test_no_two_bindings_have_one_id() -> None:
    ids = [binding.id for owner in OWNERS.values() for binding in owner.BINDINGS]
    assert len(ids) == len(set(ids)) == len(MADE)
    assert len(OWNERS) > 15


def test_every_binding_may_have_one_more_key_beside_its_own() -> None:
    for id, written, _ in all_keys({}):
        keymap, faults = keymap_of({id: f"{written}, f12"})
        assert (list(keymap), faults) == ([id], [])
        assert set(keymap[id].split(",")) == {*MADE[id].key.split(","), "f12"}


def test_keys_as_they_are_change_nothing() -> None:
    assert keymap_of({id: written for id, written, _ in all_keys({})}) == ({}, [])


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("c", "c"),
        ("C", "C"),
        ("shift+c", "C"),
        ("?, /,+ , -", "question_mark slash plus minus"),
        ("esc,pgup,PgDn,del,space", "escape pageup pagedown delete space"),
        ("escape,pageup,slash,left_square_bracket", "escape pageup slash left_square_bracket"),
        ("Ctrl+S, ctrl++, shift+tab, shift+↓", "ctrl+s ctrl+plus shift+tab shift+down"),
        ("shift+ctrl+f5", "ctrl+shift+f5"),
        ("comma,.", "comma full_stop"),
        ("с,Ц,х,ctrl+ы", "c W left_square_bracket ctrl+s"),
        ("ctrl+i,ctrl+m,ctrl+[", "tab enter escape"),
        ("c,c", "c"),
        ("пробел,Ctrl+Пробел", "space ctrl+space"),
    ],
)
def test_keys_are_written_as_people_do_or_as_textual_does(text: str, keys: str) -> None:
    assert keys_written(text) == keys.split()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", 'lists an empty key (a comma is written "comma")'),
        ("c,,d", 'lists an empty key (a comma is written "comma")'),
        ("close", 'lists "close", which is no key'),
        ("ctrl+", 'lists "ctrl+", which is no key'),
        ("f25", 'lists "f25", which is no key'),
        ("hyper+c", 'lists "hyper+c", which is no key'),
        ("shift+1", 'lists "shift+1": name the sign that shift gives'),
    ],
)
def test_other_words_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        keys_written(text)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("id", "text", "what"),
    [
        ("a.b", "x", "is no setting: leadboard config lists them"),
        ("appeals.close", "xx", 'lists "xx", which is no key'),
        # Keys of the same pane, of what it is made of, and of the desk around it.
        ("appeals.close", "m", "cannot be m, which is the key of appeals.move"),
        ("grid.add", "j", "cannot be j, which is the key of list.down"),
        ("leads.sort", "]", "cannot be ], which is the key of appeals.next"),
        ("operators.add", "n", "cannot be n, which is the key of desk.new"),
        ("desk.new", "a", "cannot be a, which is the key of operators.add"),
        ("details.close", "q", "cannot be q, which is the key of details.back"),
        # The twin of ? is a comma, and that of / a full stop, which repeats.
        ("grid.add", "comma", "cannot be ,, which is the key of desk.help"),
        ("grid.add", ".", "cannot be ., which is the key of desk.repeat"),
        # Textual's own.
        ("desk.new", "ctrl+q", "cannot be ctrl+q, which is the key of Quit"),
        ("form.submit", "home", "cannot be home, which is the key of Go to start"),
        # What widgets take themselves.
        ("grid.add", "7", "cannot be 7: digits have a meaning there"),
        ("list.first", "0", "cannot be 0: digits have a meaning there"),
        ("details.move", "3", "cannot be 3: digits have a meaning there"),
        ("form.submit", "x", "cannot be only x, which is typed as text there"),
        ("dialog.cancel", "/", "cannot be only /, which is typed as text there"),
    ],
)
def test_keys_that_cannot_work_are_refused(id: str, text: str, what: str) -> None:
    keymap, faults = keymap_of({"desk.quit": "f10", id: text})
    assert faults == [f'settings.toml: keys."{id}" {what}.']
    assert keymap == {"desk.quit": "f10"}


def test_of_two_bindings_with_one_key_the_later_loses() -> None:
    keymap, faults = keymap_of({"appeals.close": "x", "appeals.move": "x"})
    assert set(keymap) == {"appeals.close"}
    assert [fault.split()[1] for fault in faults] == ['keys."appeals.move"']


def test_the_key_of_a_binding_whose_new_one_is_refused_is_its_own_again() -> None:
    keymap, faults = keymap_of({"appeals.move": "c", "appeals.close": "xx"})
    assert keymap == {}
    assert [fault.split()[1] for fault in faults] == ['keys."appeals.move"', 'keys."appeals.close"']


@pytest.mark.parametrize(
    "written",
    [
        {"appeals.close": "m", "appeals.move": "c"},  # exchanged
        {"grid.restore": "f9", "desk.clear-filter": "f9"},  # one passes the key on to the other
        {"operators.add": "7"},  # no digits are typed there
        {"desk.new": "9"},  # as the panes have theirs
        {"desk.help": "f1", "grid.add": "?"},
        {"form.submit": "x,f9"},
        {"desk.undo": "ctrl+a"},  # in a field that goes to its start
    ],
)
def test_keys_that_can_work_are_taken(written: dict[str, str]) -> None:
    keymap, faults = keymap_of(written)
    assert (set(keymap), faults) == (set(written), [])


def test_repeat_is_the_full_stop_that_the_desk_hears_itself() -> None:
    assert keymap_of({"desk.repeat": "., f9"}) == ({"desk.repeat": "ю,f9"}, [])


# On the screen.


def write(**keys: str) -> None:
    lines = [f'{id.replace("__", ".").replace("_", "-")} = "{text}"' for id, text in keys.items()]
    path().parent.mkdir(parents=True, exist_ok=True)
    path().write_text("\n".join(["[keys]", *lines]), encoding="utf-8")


def is_open(appeal_id: int) -> bool:
    return rows("SELECT closed_at IS NULL FROM appeal WHERE id = ?", appeal_id) == [(1,)]


async def test_a_key_of_ones_own_works_on_both_layouts_and_the_old_one_does_not(
    file: Path,
) -> None:
    write(appeals__close="x")
    async with open_desk(file) as desk:
        await desk.press("3", "c")
        assert is_open(4)
        await desk.press("x")
        assert not is_open(4)
        await desk.press("down", "ч")  # x
        assert not is_open(3)


async def test_what_the_screen_says_of_keys_is_as_they_are_mapped(tmp_path: Path) -> None:
    write(operators__add="z", desk__operators="f9", desk__new="b", desk__help="f1", desk__quit="Q")
    async with open_desk(tmp_path / "empty.db") as desk:
        assert "z Add" in desk.lines()[-1]
        assert "b New appeal" in desk.lines()[-1]
        assert "No operators yet: press z to add one." in desk.text
        assert "f9 Operators" in desk.lines()[1]
        await desk.press("2")
        assert "No operators yet: press f9, then z." in desk.text
        await desk.press("3")
        assert "No appeals yet: press b to enter one." in desk.text
        await desk.press("f9", "f1")
        assert keys_in_help(desk)["Add"] == "z"
        await desk.type("quit")
        assert keys_in_help(desk)["Quit"] == "Q"
        await desk.press("escape", "escape", "colon")
        await desk.type("operators: add")
        await desk.until(lambda: "Operators: Add" in desk.text)
        await desk.press("escape", "ctrl+c")
        assert "Press Q to quit." in desk.text


def keys_in_help(desk: Desk) -> dict[str, str]:
    """Return the keys that the open help gives, by what they do."""
    lines = [line.split("│")[1:-1] for line in desk.lines()]
    cells = [cell.strip() for line in lines for cell in line]
    return {does: keys.strip() for keys, _, does in (cell.rpartition("  ") for cell in cells)}


async def test_keys_in_dialogs_work_and_are_named_as_they_are_mapped(file: Path) -> None:
    write(details__close="x", confirm__yes="x", dialog__cancel="f9")
    async with open_desk(file) as desk:
        await desk.press("3", "enter")
        assert "x close" in desk.text
        assert "f9 back" in desk.text
        await desk.press("x")
        assert not is_open(4)
        await desk.press("1", "a")
        assert "f9 cancels" in desk.text
        await desk.press("f9", "d")
        assert "enter or x: yes · f9 or n: no" in desk.text


async def test_panes_name_keys_as_they_are_mapped(file: Path) -> None:
    write(operators__unmark="f9", form__submit="f8")
    async with open_desk(file, LARGE) as desk:
        await desk.press("x")
        assert "1 marked · f9 unmarks" in desk.text
        await desk.press("f9")
        assert "marked" not in desk.text
        await choose(desk, "tg_new")
        await desk.press("ctrl+g")
        assert "Nobody has had this lead: use f8." in desk.text


async def test_a_key_taken_off_a_letter_works_in_a_text_field_and_on_one_does_not(
    file: Path,
) -> None:
    write(desk__quit="f10", desk__help="z")
    async with open_desk(file) as desk:
        await desk.press("n", "tab", *"qz")
        assert desk.app.is_running
        assert "Help" not in desk.lines()[-1]
        await desk.press("f10")
        assert "The form holds an appeal that is not saved." in desk.text


async def test_a_digit_that_a_binding_lost_is_still_typed_in_the_grid(file: Path) -> None:
    write(desk__operators="f9", desk__new="9")
    async with open_desk(file) as desk:
        await desk.press("2", "1", "9", "enter")
        assert (19,) in rows("SELECT weight FROM operator_source")
        await desk.press("f9", "9")
        assert desk.app.focused is not None
        assert desk.app.focused.id == "lead"


async def test_lost_acts_are_repeated_by_the_key_of_ones_own(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 0.05)
    monkeypatch.setattr("tui.screen.acting.PROBE", 0.05)
    write(desk__repeat="f9")
    async with open_desk(file) as desk:
        with locked(file):
            await desk.press("plus")
        await desk.until(lambda: "(f9 repeats it)" in " ".join(desk.text.split()))
        await desk.press(".")
        assert rows("SELECT max_load FROM operator") == [(1,), (2,)]
        await desk.press("escape", "f9")
        assert rows("SELECT max_load FROM operator") == [(2,), (2,)]


async def test_a_dimmed_key_of_ones_own_says_why_it_does_nothing(tmp_path: Path) -> None:
    write(operators__edit="z")
    async with open_desk(tmp_path / "empty.db") as desk:
        await desk.press("z")
        assert "Edit: nothing is selected." in desk.text


async def test_a_key_that_is_refused_leaves_the_binding_its_own(file: Path) -> None:
    write(appeals__close="m", desk__undo="f9")
    async with open_desk(file) as desk:
        told = 'settings.toml: keys."appeals.close" cannot be m, which is the key of appeals.move.'
        assert told in " ".join(desk.text.split())
        await desk.press("3", "c")
        assert not is_open(4)
        await desk.press("f9")
        assert is_open(4)
        await desk.elsewhere(acts.close, [4], actor="t")

"""The note and the contact of an operator: typed in the dialog, found, and taken back."""

from pathlib import Path

from leadboard import desk as acts
from leadboard.common.validation import MAX_NOTE
from tests.support import ACTOR, Team, rows
from tests.support.screen import open_desk


async def test_a_note_is_typed_shown_found_and_taken_back(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f2", "e", "tab", "tab")
        await desk.type("German")
        await desk.press("ctrl+j")
        await desk.type("till 16:00")
        await desk.press("enter")
        assert rows("SELECT note FROM operator WHERE name = 'Anna'") == [("German\ntill 16:00",)]
        assert "Anna: note changed" in desk.text
        await desk.press("e")
        assert "German" in desk.text
        assert "till 16:00" in desk.text
        await desk.press("escape", "slash")
        await desk.type("german")
        await desk.press("enter")
        assert "1 found" in desk.text
        assert "Boris" not in desk.line_with("Anna")
        await desk.press("u")
        assert rows("SELECT note FROM operator WHERE name = 'Anna'") == [("",)]


async def test_a_field_that_is_left_alone_keeps_its_value_to_the_letter(file: Path) -> None:
    odd = "two\u2028lines \x1b[31m\u200b"
    acts.change_operator(Team().anna, note=odd, actor=ACTOR)
    async with open_desk(file) as desk:
        await desk.press("f2", "e", "tab", "end", "5", "enter")
        assert rows("SELECT note, max_load > 9 FROM operator WHERE name = 'Anna'") == [(odd, 1)]


async def test_a_note_that_is_too_long_is_refused_beside_its_field(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f2", "e", "tab", "tab")
        desk.app.screen.query_one("#field-note").insert("x" * (MAX_NOTE + 1))  # type: ignore[attr-defined]
        await desk.press("enter")
        assert "The note has 1,001 characters" in desk.text
        assert rows("SELECT note FROM operator WHERE name = 'Anna'") == [("",)]


async def test_a_contact_is_typed_found_and_removed_again(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f2", "e", "tab", "tab", "tab")
        await desk.type("tg:555")
        await desk.press("enter")
        assert rows("SELECT contact FROM operator WHERE name = 'Anna'") == [("tg:555",)]
        assert "Anna: contact none → tg:555" in desk.text
        await desk.press("slash")
        await desk.type("tg:5")
        await desk.press("enter")
        assert "1 found" in desk.text
        await desk.press("escape", "e", "tab", "tab", "tab", "ctrl+u", "enter")
        assert rows("SELECT contact FROM operator WHERE name = 'Anna'") == [("",)]
        await desk.press("u")
        assert rows("SELECT contact FROM operator WHERE name = 'Anna'") == [("tg:555",)]

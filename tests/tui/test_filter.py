"""The filter line: what it offers, what it says of a term that is none, and how much it finds."""

from pathlib import Path

import pytest

from allocator import submit
from models import open_database
from tests.support import team
from tests.support.screen import Desk, open_desk
from tui.widgets import hits


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "desk.db"
    opened = open_database(path)
    team({"Anna": 900, "Артём": 900}, {"tg": {"Anna": 1}, "ВК": {"Артём": 1}})
    with opened.atomic():
        for number in range(150):
            submit(f"Lead_{number}", 1, "iPhone" if number % 5 else "WhatsApp")
    opened.close()
    return path


async def filter_by(desk: Desk, text: str) -> None:
    await desk.press("slash")
    await desk.type(text)
    await desk.press("enter")


async def test_a_filter_says_how_much_it_finds_also_when_more_arrives(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4")
        await filter_by(desk, "WHATSAPP")
        await desk.until(lambda: "filter: WHATSAPP · 30 found" in desk.text)
        await desk.elsewhere(submit, "new", 1, "whatsapp")
        await desk.until(lambda: "filter: WHATSAPP · 31 found" in desk.text)
        await desk.press("escape")
        await filter_by(desk, "iphone")
        await desk.until(lambda: "filter: iphone · 120 found" in desk.text)
        await desk.elsewhere(submit, "new", 1, "iPhone")
        await desk.until(lambda: "filter: iphone · 121 found" in desk.text)
        await desk.press("right_square_bracket", "right_square_bracket")
        await desk.until(lambda: "filter: iphone · 0 found" in desk.text)
        await desk.press("escape")
        await desk.until(lambda: "found" not in desk.text)


async def test_more_than_are_counted_are_said_to_be_more(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hits, "MOST_COUNTED", 110)
    async with open_desk(file) as desk:
        await desk.press("f4")
        await filter_by(desk, "iph")
        await desk.until(lambda: "filter: iph · 110+ found" in desk.text)
        await desk.press("right_square_bracket")
        await desk.until(lambda: "filter: iph · 0 found" in desk.text)


async def test_each_pane_offers_its_own_terms_and_says_which_mean_nothing(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("slash")
        assert "part of a name" in desk.text
        await desk.type("op:АРТЕМ")
        assert "filter: op:АРТЕМ · 1 found" in desk.text
        assert "○ Anna" not in desk.text
        await desk.press("escape", "f3", "slash")
        assert "part of an operator's name, src:tg for sources" in desk.text
        await desk.type("src:вк anna")
        assert "1 operator, 1 source found" in desk.text
        await desk.press("escape", "slash")
        await desk.type("waiting")
        assert "waiting means nothing here." in desk.text
        assert "● Anna" in desk.text
        await desk.press("enter")
        assert "waiting means nothing here" in desk.text
        await desk.press("escape")
        assert "means nothing" not in desk.text
        await desk.press("f4", "left_square_bracket", "slash")
        assert "part of a lead's id" in desk.text
        await desk.type("since:10:00 lead_7")
        await desk.until(lambda: "filter: since:10:00 lead_7 · since means nothing" in desk.text)
        assert "Lead_77" in desk.text
        assert "Lead_6" not in desk.text


async def test_a_term_that_is_none_is_said_to_be_none_and_hides_nothing(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "slash")
        await desk.type("operator:anna")
        assert "operator: is no term: write op:anna." in desk.text
        assert "Lead_149" in desk.text
        await desk.press("enter")
        assert "filter: operator:anna · operator: is no term: write op:anna" in desk.text
        await desk.press("slash", "home", *["delete"] * 13)
        assert "is no term" not in desk.text
        await desk.type("OP:anna Lead_149")
        await desk.until(lambda: "OP:anna Lead_149 · 1 found" in desk.text)


async def test_the_hits_of_one_lead_stand_beside_whose_they_are(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "L")
        assert "only Lead_149 · esc goes back" in desk.text
        await filter_by(desk, "absent")
        await desk.until(
            lambda: "only Lead_149 · esc goes back · filter: absent · 0 found" in desk.text
        )


async def test_names_are_found_in_the_dialogs_as_a_reader_finds_them(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "m")
        await desk.type("артем")
        assert "● Артём" in desk.line_with("Артём")
        await desk.press("escape", "f5", "backspace", "backspace")
        await desk.type("вк")
        await desk.press("enter")
        assert "ВК" in desk.line_with("Source")

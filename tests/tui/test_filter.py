"""The filter line: what it offers, what it says of a term that is none, and how much it finds."""

from pathlib import Path

import pytest

import allocator
import models
from allocator import submit
from leadboard import desk as acts
from leadboard.database.fields import now
from leadboard.queries import appeals
from leadboard.queries.terms import parse
from models import open_database
from tests.support import Team, add_team, rows
from tests.support.screen import Desk, open_desk
from tui.widgets import hit_count


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    path = tmp_path / "desk.db"
    opened = open_database(path)
    team = add_team({"Anna": 900, "Артём": 900}, {"tg": {"Anna": 1}, "ВК": {"Артём": 1}})
    with opened.atomic():
        for number in range(150):
            submit(f"Lead_{number}", team.tg, "iPhone" if number % 5 else "WhatsApp")
    opened.close()
    return path


async def filter_by(desk: Desk, text: str) -> None:
    await desk.press("slash")
    await desk.type(text)
    await desk.press("enter")


async def test_a_filter_says_how_much_it_finds_also_when_more_arrives(crowded: Path) -> None:
    async with open_desk(crowded) as desk:
        team = Team()
        await desk.press("f4")
        await filter_by(desk, "WHATSAPP")
        await desk.until(lambda: "filter: WHATSAPP · 30 found" in desk.text)
        await desk.elsewhere(submit, "new", team.tg, "whatsapp")
        await desk.until(lambda: "filter: WHATSAPP · 31 found" in desk.text)
        await desk.press("escape")
        await filter_by(desk, "iphone")
        await desk.until(lambda: "filter: iphone · 120 found" in desk.text)
        await desk.elsewhere(submit, "new", team.tg, "iPhone")
        await desk.until(lambda: "filter: iphone · 121 found" in desk.text)
        await desk.press("right_square_bracket", "right_square_bracket")
        await desk.until(lambda: "filter: iphone · 0 found" in desk.text)
        await desk.press("escape")
        await desk.until(lambda: "found" not in desk.text)


async def test_more_than_are_counted_are_said_to_be_more(
    crowded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hit_count, "MOST_COUNTED", 110)
    async with open_desk(crowded) as desk:
        await desk.press("f4")
        await filter_by(desk, "iph")
        await desk.until(lambda: "filter: iph · 110+ found" in desk.text)
        await desk.press("right_square_bracket")
        await desk.until(lambda: "filter: iph · 0 found" in desk.text)


async def test_each_pane_offers_its_own_terms_and_says_which_mean_nothing(crowded: Path) -> None:
    async with open_desk(crowded) as desk:
        await desk.press("slash")
        assert "part of a name, src:tg for sources" in desk.text
        await desk.type("op:АРТЕМ")
        assert "filter: op:АРТЕМ · 1 found" in desk.text
        assert "○ Anna" not in desk.text
        await desk.press("escape", "f3", "slash")
        assert "part of a name, src:tg for sources" in desk.text
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


async def test_each_pane_knows_its_terms_by_their_russian_names(crowded: Path) -> None:
    async with open_desk(crowded) as desk:
        await desk.press("slash")
        await desk.type("оп:АРТЕМ")
        assert "filter: оп:АРТЕМ · 1 found" in desk.text
        assert "○ Anna" not in desk.text
        await desk.press("escape", "f3", "slash")
        await desk.type("ист:вк anna")
        assert "1 operator, 1 source found" in desk.text
        await desk.press("escape", "slash")
        await desk.type("ждёт")
        assert "waiting means nothing here." in desk.text
        await desk.press("escape", "f4", "slash")
        await desk.type("опер:anna Lead_149")
        await desk.until(lambda: "опер:anna Lead_149 · 1 found" in desk.text)


async def test_a_term_that_is_none_is_said_to_be_none_and_hides_nothing(crowded: Path) -> None:
    async with open_desk(crowded) as desk:
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


async def test_the_hits_of_one_lead_stand_beside_whose_they_are(crowded: Path) -> None:
    async with open_desk(crowded) as desk:
        await desk.press("f4", "L")
        assert "only Lead_149 · esc goes back" in desk.text
        await filter_by(desk, "absent")
        await desk.until(
            lambda: "only Lead_149 · esc goes back · filter: absent · 0 found" in desk.text
        )


async def test_names_are_found_in_the_dialogs_as_a_reader_finds_them(crowded: Path) -> None:
    async with open_desk(crowded) as desk:
        await desk.press("f4", "m")
        await desk.type("артем")
        assert "● Артём" in desk.line_with("Артём")
        await desk.press("escape", "f5", "backspace", "backspace")
        await desk.type("вк")
        await desk.press("enter")
        assert "ВК" in desk.line_with("Source")


async def test_filters_narrow_every_pane_live_and_escape_clears_them(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("slash")
        await desk.type("ann")
        assert "● Anna" in desk.text
        assert "● Boris" not in desk.text
        await desk.press("enter")
        assert "filter: ann" in desk.text
        await desk.press("escape")
        assert "● Boris" in desk.text
        await desk.press("3", "slash")
        await desk.type("MESSAGE 2")
        await desk.until(lambda: "message 1" not in desk.text)
        assert "message 2" in desk.text
        await desk.press("escape")
        await desk.until(lambda: "message 1" in desk.text)
        await desk.press("slash")
        await desk.type("waiting")
        await desk.until(lambda: "message 1" not in desk.text)
        assert "message 4" in desk.text
        await desk.press("enter", "escape", "2", "slash")
        await desk.type("src:nothing")
        assert "No sources yet" in desk.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [4, 3, 2, 1]),
        ("waiting", [4]),
        ("closed", []),
        ("op:ANN", [1]),
        ("lead_3", [3]),
        ("привет", []),
        ("src:tg message", [4, 3, 2, 1]),
        ("src:vk", []),
        ("since:2020-01-01", [4, 3, 2, 1]),
        ("since:2999-01-01", []),
        ("ждёт", [4]),
        ("ЖДЕТ", [4]),
        ("закрыто", []),
        ("оп:ANN", [1]),
        ("ист:vk", []),
        ("с:2020-01-01 старше:0с", [4, 3, 2, 1]),
        ("100%", []),
        ("_", [4, 3, 2, 1]),
    ],
)
def test_terms_find_what_they_name(file: Path, text: str, expected: list[int]) -> None:
    opened = models.open_database(file)
    team = Team()
    acts.change_operator(team.boris, max_load=0, actor="t")
    rows("UPDATE appeal SET operator_id = ? WHERE id = 1", team.anna)
    rows("UPDATE appeal SET operator_id = ? WHERE id IN (2, 3)", team.boris)
    found = appeals.newest_appeals(10, wanted=parse(text, now()))
    opened.close()
    assert [row.id for row in found] == expected


def test_words_are_found_whatever_their_case_in_any_alphabet(file: Path) -> None:
    opened = models.open_database(file)
    team = Team()
    allocator.submit("Лид", team.tg, "Хочу купить КУРС")
    for word in ("хочу", "ХОЧУ", "Курс", "лид"):
        assert [row.id for row in appeals.newest_appeals(9, wanted=parse(word, now()))] == [5]
    opened.close()


async def test_where_nothing_is_the_list_says_why(file: Path) -> None:
    nothing = "No matches: esc clears the filter."
    async with open_desk(file) as desk:
        for pane in ("f2", "f3", "f4"):
            await desk.press(pane, "slash")
            await desk.type("xyzzyq")
            await desk.press("enter")
            await desk.until(lambda: nothing in desk.text)
            await desk.press("escape")
            assert nothing not in desk.text

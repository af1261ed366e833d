"""The form: what it knows of a lead, one key to give them to who had them last, and its answers."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import allocator
import models
from leadboard import desk as acts
from leadboard.common.errors import Trouble
from leadboard.database.fields import as_if_at, now
from leadboard.entities import OperatorRow
from leadboard.queries import leads
from leadboard.queries.odds import Standing
from tests.support import Team, add_team, rows
from tests.support.acts import assert_clean
from tests.support.screen import LARGE, SMALL, USUAL, Desk, open_desk
from tui.panes.form_odds import odds_lines
from tui.panes.known_lead import PAUSE, ordinal

TALL = (120, 60)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "form.db"
    fill(path)
    return path


def fill(target: str | Path) -> None:
    """Anna, who serves only vk, has had lead_1 three times; Boris, who is full, had lead_2."""
    opened = models.open_database(target)
    team = add_team({"Anna": 9, "Boris": 1}, {"tg": {"Boris": 1}, "vk": {"Anna": 1}, "site": {}})
    with as_if_at(now() - timedelta(hours=2)):
        first = [allocator.submit("lead_1", team.vk, "hello").id for _ in range(3)]
        allocator.submit("lead_2", team.tg, "hello")
    acts.close(first[:1], actor="t")
    opened.close()


async def choose(desk: Desk, lead: str, source: str = "tg") -> None:
    """Choose a source and type a lead, and wait until it has been looked up."""
    await desk.press("n")
    if desk.app.focused is desk.app.desk_screen.query_one("#lead"):
        await desk.press("shift+tab")
    await desk.type(source)
    await desk.press("enter")
    await desk.type(lead)
    await desk.pilot.pause(PAUSE * 1.5)
    await desk.settle()


def below_lead(desk: Desk) -> str:
    """Return the words between the lead and the message."""
    lines = desk.frames()
    [start] = [at for at, line in enumerate(lines) if line.startswith("│ Lead ")]
    [end] = [at for at, line in enumerate(lines) if line.startswith("│ Message ")]
    return " ".join(" ".join(line.split("│")[1] for line in lines[start + 1 : end]).split())


def line_of(desk: Desk, part: str) -> str:
    """Return the first line that holds `part`, with all frames alike."""
    return next(line for line in desk.frames() if part in line)


def form_lines(desk: Desk) -> list[str]:
    """Return the lines of the form within its border."""
    lines = [line.split("│")[1].rstrip() for line in desk.frames() if line.startswith("│ ")]
    return lines[next(at for at, line in enumerate(lines) if line.startswith(" Source")) :]


# --- what is known of a lead ---------------------------------------------------------------------


async def test_a_known_lead_is_told_with_who_had_them_and_the_key(file: Path) -> None:
    async with open_desk(file) as desk:
        await choose(desk, "lead_1")
        assert below_lead(desk) == (
            "4th appeal, last with Anna, 2 h ago 2 open · ctrl+g gives it to Anna"
        )


async def test_an_id_is_known_as_it_is_stored_and_not_in_part(file: Path) -> None:
    async with open_desk(file) as desk:
        await choose(desk, "lead_")
        assert below_lead(desk) == "new lead"
        await desk.type("1")
        await desk.until(lambda: "4th appeal" in desk.text)
        await desk.type("  ")
        assert "4th appeal" in desk.text
        await desk.type("0")
        assert "4th appeal" not in desk.text
        await desk.until(lambda: "new lead" in desk.text)


async def test_where_rows_are_scarce_a_new_lead_takes_none(file: Path) -> None:
    async with open_desk(file, SMALL) as desk:
        await choose(desk, "lead_7")
        assert below_lead(desk) == ""
        await desk.press("backspace", "1")
        await desk.until(lambda: "4th appeal" in desk.text)


async def test_without_a_lead_nothing_is_said(file: Path) -> None:
    async with open_desk(file) as desk:
        await choose(desk, "lead_1")
        await desk.press(*["backspace"] * 6)
        await desk.pilot.pause(PAUSE * 2)
        assert below_lead(desk) == ""


async def test_who_cannot_have_it_is_said_instead_of_the_key(file: Path) -> None:
    async with open_desk(file) as desk:
        await choose(desk, "lead_2")
        assert below_lead(desk) == "2nd appeal, last with Boris, 2 h ago 1 open · Boris is full"
        await desk.told(acts.change_operator, Team().boris, is_active=False, actor="t")
        assert below_lead(desk).endswith("Boris is off")
        await desk.told(acts.change_operator, Team().boris, is_active=True, max_load=2, actor="t")
        assert below_lead(desk).endswith("ctrl+g gives it to Boris")


async def test_a_lead_whom_nobody_had_has_no_key(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.told(allocator.submit, "lead_3", Team().site, "")
        await choose(desk, "lead_3")
        assert below_lead(desk).startswith("2nd appeal, last ")
        assert below_lead(desk).endswith(" ago · 1 open")
        await desk.press("ctrl+g")
        assert "Nobody has had this lead: use ctrl+s." in desk.text
        assert rows("SELECT count(*) FROM appeal") == [(5,)]


async def test_an_appeal_that_comes_meanwhile_counts(file: Path) -> None:
    async with open_desk(file) as desk:
        await choose(desk, "lead_1")
        await desk.told(allocator.submit, "lead_1", Team().vk, "")
        await desk.until(lambda: "5th appeal" in desk.text)


async def test_no_key_waits_for_the_look_up(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = leads.past_of

    def past_of(lead: str) -> object:
        asked.append(lead)
        return real(lead)

    monkeypatch.setattr("leadboard.queries.leads.past_of", past_of)
    async with open_desk(file) as desk:
        await choose(desk, "", "tg")
        desk.burst(*"lead", "_", "1")
        await desk.until(lambda: "4th appeal" in desk.text)
    assert asked == ["lead_1"]


async def test_a_stranger_s_name_of_an_operator_is_cleaned(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.elsewhere(rows, "UPDATE operator SET name = ? WHERE id = 1", "[/b]\x1b]0;A")
        await desk.told(acts.step_limit, Team().boris, 0, actor="t")
        await choose(desk, "lead_1")
        assert "ctrl+g gives it to [/b]␛]0;A" in below_lead(desk)


@pytest.mark.parametrize("failure", [Trouble("The database is gone."), RuntimeError("odd")])
async def test_a_look_up_that_fails_says_nothing(
    file: Path, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: str) -> None:
        raise failure

    monkeypatch.setattr("leadboard.queries.leads.past_of", failing)
    async with open_desk(file) as desk:
        await choose(desk, "lead_1")
        assert below_lead(desk) == ""
        await desk.type("0")
        assert desk.app.is_running


def test_ordinals_read_as_people_say_them() -> None:
    said = [1, 2, 3, 4, 11, 12, 13, 21, 22, 101, 111]
    assert [ordinal(number) for number in said] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "101st", "111th")
    ]


# --- one key gives it to who had the lead last ---------------------------------------------------

GIVEN = "SELECT operator_id, source_id, draw FROM appeal WHERE message = 'again'"


async def test_one_key_submits_and_gives_it_to_who_had_the_lead(file: Path) -> None:
    async with open_desk(file) as desk:
        await choose(desk, "lead_1")
        await desk.press("tab", *"again", "ctrl+g")
        team = Team()
        assert rows(GIVEN) == [(team.anna, team.tg, None)]
        assert "lead_1 → Anna" in desk.text
        assert form_lines(desk)[1].split() == ["Lead", "e.g.", "tg_123456789"]
        await desk.press("escape", "f4", "enter")
        assert "Assigned by hand." in desk.text
        assert "received by tester (submit), with Anna" in desk.text
        await desk.press("escape", "u")
        assert rows("SELECT withdrawn FROM appeal WHERE message = 'again'") == [(1,)]
        assert_clean()


@pytest.mark.every_engine
async def test_on_every_engine_the_lead_is_known_and_given(target: str) -> None:
    fill(target)
    async with open_desk(target) as desk:
        await choose(desk, "lead_1")
        await desk.until(lambda: "ctrl+g gives it to Anna" in desk.text)
        await desk.press("tab", *"again", "ctrl+g")
        await desk.until(lambda: "lead_1 → Anna" in desk.text)
        assert rows(GIVEN) == [(Team().anna, Team().tg, None)]


@pytest.mark.every_engine
async def test_it_works_on_the_other_layout_and_before_the_look_up(target: str) -> None:
    fill(target)
    async with open_desk(target) as desk:
        await choose(desk, "", "tg")
        desk.burst(*"lead", "_", "1", "tab", *"again", "ctrl+п", *"next")
        await desk.until(lambda: rows(GIVEN) == [(Team().anna, Team().tg, None)])
        await desk.until(lambda: "next" in line_of(desk, "│ Lead "))


async def test_for_a_full_operator_nothing_is_sent_and_the_draft_stays(file: Path) -> None:
    async with open_desk(file) as desk:
        await choose(desk, "lead_2")
        await desk.press("tab", *"again", "ctrl+g")
        assert "Boris is full: use ctrl+s." in desk.text
        assert rows(GIVEN) == []
        assert "lead_2" in line_of(desk, "│ Lead ")
        await desk.press("ctrl+s")
        assert rows(GIVEN) == [(None, Team().tg, None)]
        assert "lead_2 waits: " in desk.text


async def test_a_place_lost_meanwhile_is_refused_and_the_draft_comes_back(file: Path) -> None:
    async with open_desk(file) as desk:
        await choose(desk, "lead_1")
        await desk.type("")
        with hidden_from_the_desk(desk):
            await desk.elsewhere(acts.change_operator, Team().anna, max_load=2, actor="t")
            await desk.press("tab", *"again", "ctrl+g")
        await desk.settle()
        assert "Not saved: Anna is full (2/2)." in desk.text
        assert rows(GIVEN) == []
        assert "lead_1" in line_of(desk, "│ Lead ")
        assert "again" in line_of(desk, "│ Message ")


@contextmanager
def hidden_from_the_desk(desk: Desk) -> Iterator[None]:
    """Keep the desk from reading what others do."""
    screen = desk.app.desk_screen
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(screen, "_read", lambda *_, **__: None)
        yield


async def test_what_could_not_be_stored_is_sent_to_the_same_operator_later(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screen.acting.PROBE", 0.05)
    real, calls = acts.submit_to, []

    def submit_to(*arguments: Any, **options: Any) -> object:
        calls.append(arguments)
        if len(calls) == 1:
            raise Trouble("The disk is full.")
        return real(*arguments, **options)

    monkeypatch.setattr("leadboard.desk.submit_to", submit_to)
    async with open_desk(file) as desk:
        await choose(desk, "lead_1")
        await desk.press("tab", *"again", "ctrl+g")
        await desk.until(lambda: "lead_1 → Anna" in desk.text)
        assert calls[0] == calls[1]
        assert rows(GIVEN) == [(Team().anna, Team().tg, None)]


async def test_without_a_source_or_a_lead_it_says_what_is_missing(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("n", "ctrl+g")
        assert "Choose a source first." in desk.text
        await desk.type("tg")
        await desk.press("enter", "ctrl+g")
        assert "The lead's id is empty." in desk.text


# --- the answers ---------------------------------------------------------------------------------


async def submit(desk: Desk, *names: str) -> None:
    for name in names:
        await desk.press(*name, "ctrl+s")


async def test_the_last_five_answers_stay_newest_first(file: Path) -> None:
    async with open_desk(file, TALL) as desk:
        await choose(desk, "", "vk")
        await submit(desk, *"abcd")
        await choose(desk, "", "site")
        await submit(desk, *"ef")
        answers = [re.sub(r"^ \d\d:\d\d ", "", line) for line in form_lines(desk)[-8:]]
        assert [line for line in answers if line][1:6] == [
            "f waits: nobody serves this sou…",
            "e waits: nobody serves this sou…",
            "d → Anna",
            "c → Anna",
            "b → Anna",
        ]
        assert "a → Anna" not in desk.text


async def test_answers_have_the_colour_of_their_outcome(file: Path) -> None:
    async with open_desk(file, TALL) as desk:
        await choose(desk, "", "vk")
        await submit(desk, "a")
        await choose(desk, "", "site")
        await submit(desk, "b")
        colours = {part: colour_of(desk, part) for part in ("a → Anna", "b waits", "next: nob")}
        assert len(set(colours.values())) == 3
        # While her new load is marked, the first dot is that of Boris, who is full.
        await desk.until(lambda: "● Anna" in desk.text)
        assert colours["a → Anna"] == colour_of(desk, "●")


def colour_of(desk: Desk, part: str) -> object:
    """Return the colour of the first text with a part."""
    strips = desk.app.screen._compositor.render_strips()
    styles = [each.style for strip in strips for each in strip if part in each.text]
    assert styles, desk.text
    assert styles[0] is not None
    return styles[0].color


@pytest.mark.parametrize(("size", "answers"), [(SMALL, 1), (USUAL, 5), (LARGE, 5), (TALL, 5)])
async def test_as_many_answers_as_there_is_room_for_beside_three_rows_of_message(
    file: Path, size: tuple[int, int], answers: int
) -> None:
    async with open_desk(file, size) as desk:
        await choose(desk, "", "site")
        await submit(desk, *"abcdef")
        found = [line for line in form_lines(desk) if "waits: nobody" in line]
        assert len(found) == answers
        assert " f waits" in found[0]
        assert rows_of_message(desk) >= (2 if size == SMALL else 3)


def rows_of_message(desk: Desk) -> int:
    return int(desk.app.desk_screen.query_one("#message").size.height)


@pytest.mark.parametrize("size", [SMALL, USUAL, LARGE])
async def test_at_every_size_the_lines_of_a_known_lead_leave_room_for_all(
    file: Path, size: tuple[int, int]
) -> None:
    async with open_desk(file, size) as desk:
        await choose(desk, "lead_9", "vk")
        await desk.press("ctrl+s", *"lead_1")
        await desk.until(lambda: "4th appeal" in desk.text)
        assert "ctrl+g gives it to Anna" in below_lead(desk)
        assert "next: Anna 100%" in desk.text
        assert "lead_9 → Anna" in desk.text
        assert rows_of_message(desk) >= {SMALL: 1, USUAL: 2, LARGE: 3}[size]


async def test_a_reason_stands_on_the_first_line_above_the_answers(file: Path) -> None:
    async with open_desk(file, TALL) as desk:
        await choose(desk, "", "vk")
        await submit(desk, "a")
        await desk.press("ctrl+s")
        lines = form_lines(desk)
        place = next(at for at, line in enumerate(lines) if "The lead's id is empty." in line)
        assert "a → Anna" in lines[place + 1]
        await submit(desk, "b")
        assert "The lead's id is empty." not in desk.text


async def test_a_long_lead_leaves_room_for_who_got_it(file: Path) -> None:
    async with open_desk(file) as desk:
        await choose(desk, "", "vk")
        await submit(desk, "x" * 60)
        assert "x… → Anna" in desk.text


# --- the odds ------------------------------------------------------------------------------------


def team_of(*names: str) -> list[Standing]:
    return [
        Standing(OperatorRow(number, name, True, 9, 0), 1, None, len(names), len(names))
        for number, name in enumerate(names)
    ]


SHORT = team_of("Anna", "Boris", "Vera", "Gleb")


@pytest.mark.parametrize(
    ("standing", "width", "most", "lines"),
    [
        ([], 40, 3, ["next: nobody serves this source"]),
        (SHORT, 60, 3, ["next: Anna 25% · Boris 25% · Vera 25% · Gleb 25%"]),
        (SHORT, 38, 1, ["next: Anna 25% · Boris 25% · 2 more"]),
        (SHORT, 30, 3, ["next: Anna 25% · Boris 25%", "      Vera 25% · Gleb 25%"]),
        (SHORT, 20, 3, ["next: Anna 25%", "      Boris 25%", "      Vera 25% · 1 more"]),
        (team_of("A" * 40, "Boris"), 30, 1, [f"next: {'A' * 10}… 50% · 1 more"]),
        (team_of("Anna", "B" * 40), 30, 2, ["next: Anna 50%", f"      {'B' * 19}… 50%"]),
    ],
)
def test_odds_fit_without_a_name_cut_at_the_end_of_a_line(
    standing: Sequence[Standing], width: int, most: int, lines: Sequence[str]
) -> None:
    found = odds_lines(standing, width, most)
    assert found == lines
    assert all(len(line) <= max(width, 31) for line in found)


async def test_on_a_short_screen_the_odds_end_with_how_many_more(file: Path) -> None:
    async with open_desk(file, SMALL) as desk:
        team = Team()
        for name in ("Konstantin", "Vera", "Gleb"):
            await desk.elsewhere(acts.add_operator, name, 5, actor="t")
        weights = [(each, team.tg, 10) for each in range(1, 6)]
        await desk.told(acts.set_weights, weights, actor="t")
        await choose(desk, "", "tg")
        assert "next: Anna 25% · Konstantin 25% · 3 m" not in desk.text
        assert line_of(desk, "next:").split("│")[1].strip().endswith("more")

"""Waiting as a place of work: ages first, lines by source, alarms, and triage."""

from datetime import timedelta
from pathlib import Path

import pytest

import models
from allocator import submit
from leadboard import desk as acts
from leadboard.common.settings_file import path
from leadboard.database.fields import as_if_at, now
from tests.support import Team, add_team, rows
from tests.support.screen import LARGE, Desk, open_desk
from tests.tui.test_sheets import locked


@pytest.fixture
def crisis(tmp_path: Path) -> Path:
    """Nobody serves vk, where three wait for 20, 7 and 1 minutes; tg is full, with one waiting.

    Boris has two places, and had lead_1 before.
    """
    path = tmp_path / "crisis.db"
    opened = models.open_database(path)
    team = add_team({"Anna": 1, "Boris": 2, "Vera": 9}, {"tg": {"Anna": 5}, "vk": {}})
    acts.change_operator(team.vera, is_active=False, actor="t")
    for minutes, lead, source in (
        (60, "lead_1", team.vk), (50, "held", team.tg), (20, "lead_2", team.vk),
        (7, "lead_1", team.vk), (3, "lead_3", team.tg), (1, "lead_4", team.vk),
    ):  # fmt: skip
        with as_if_at(now() - timedelta(minutes=minutes, seconds=5)):
            submit(lead, source, f"message of {lead}")
            if minutes == 60:
                acts.assign([1], team.boris, actor="t")
                acts.close([1], actor="t")
    opened.close()
    return path


async def test_the_waiting_list_begins_with_ages_and_has_a_line_per_source(crisis: Path) -> None:
    async with open_desk(crisis) as desk:
        await desk.press("f4", "right_square_bracket")
        assert "!!  20 m  vk  3 waiting, nobody serves it" in desk.text
        assert "3 m  tg  1 waiting, nobody available" in desk.text
        lines = [line for line in desk.lines() if "message of" in line]
        assert ["!!  20 m" in lines[0], "!    7 m" in lines[1]] == [True, True]
        assert all("!" not in line for line in lines[2:])
        assert "waiting 4, oldest 20 m" in desk.lines()[0]


async def test_thresholds_are_those_of_the_source(crisis: Path) -> None:
    path().parent.mkdir(parents=True, exist_ok=True)
    path().write_text(
        '[waiting.sources."vk"]\namber = "1h"\nred = "2h"\n[waiting]\namber = "1m"\nred = "2m"\n',
        encoding="utf-8",
    )
    async with open_desk(crisis) as desk:
        await desk.press("f4", "right_square_bracket")
        assert "!!   3 m  tg  1 waiting" in desk.text
        assert "!!  20 m" not in desk.text


async def test_enter_on_a_source_shows_only_what_waits_for_it(crisis: Path) -> None:
    async with open_desk(crisis) as desk:
        await desk.press("f4", "right_square_bracket", "up", "down")
        assert desk.app.focused is not None
        await desk.press("up", "up", "enter")
        assert "waiting of vk · esc goes back" in desk.text
        assert "lead_3" not in waiting_leads(desk)
        assert waiting_leads(desk) == ["lead_2", "lead_1", "lead_4"]
        await desk.press("escape")
        assert "waiting of vk" not in desk.text
        assert "lead_3" in waiting_leads(desk)


def waiting_leads(desk: Desk) -> list[str]:
    lines = [line for line in desk.lines() if "message of" in line]
    return [next(word for word in line.split() if word.startswith("lead_")) for line in lines]


async def test_all_alarms_are_listed_and_lead_to_their_columns(crisis: Path) -> None:
    async with open_desk(crisis, (80, 24)) as desk:
        await desk.press("exclamation_mark")
        assert "▲ vk  3 waiting, nobody serves it" in desk.text
        assert "▲ tg  nobody available" in desk.text
        await desk.press("enter", "5", "enter")
        team = Team()
        assert rows("SELECT weight FROM operator_source WHERE source_id = ?", team.vk) == [(5,)]
        await desk.press("exclamation_mark", "w")
        assert "waiting of" in desk.text


async def test_triage_gives_one_after_another_and_says_why(crisis: Path) -> None:
    async with open_desk(crisis) as desk:
        team = Team()
        await desk.press("t")
        assert "lead_2 via vk" in desk.text
        assert "waits 20 m" in desk.text
        assert "1  Boris" in desk.text
        assert "2 free, not linked" in desk.text
        assert "2  Anna" in desk.text
        assert "full, not linked" in desk.text
        assert "Vera" not in dialog(desk)
        await desk.press("1")
        assert rows("SELECT operator_id FROM appeal WHERE id = 3") == [(team.boris,)]
        assert "lead_1 via vk" in desk.text
        assert "1 free, had this lead" in desk.text
        await desk.press("space")
        assert "lead_3 via tg" in desk.text
        await desk.press("2")
        assert "Anna is full. Give it to them over the limit?" in desk.text
        await desk.press("y")
        assert rows("SELECT operator_id FROM appeal WHERE id = 5") == [(team.anna,)]
        await desk.press("c")
        assert rows("SELECT closed_at IS NULL FROM appeal WHERE id = 6") == [(0,)]
        assert "lead_1 via vk" in desk.text  # the one that was skipped comes round
        await desk.press("1")
        assert "Nothing is waiting." in dialog(desk)
        await desk.press("escape", "u", "u", "u", "u")
        assert rows("SELECT count(*) FROM appeal WHERE operator_id IS NULL") == [(4,)]


def dialog(desk: Desk) -> str:
    """Return the lines of the dialog."""
    region = desk.app.screen.query(".dialog").first().region
    return "\n".join(
        line[region.x : region.right] for line in desk.lines()[region.y : region.bottom]
    )


async def test_triage_passes_over_what_found_its_operator_meanwhile(crisis: Path) -> None:
    async with open_desk(crisis) as desk:
        team = Team()
        await desk.press("t")
        await desk.elsewhere(acts.assign, [3], team.boris, actor="bot")
        await desk.press("1")
        assert "lead_1 via vk" in desk.text
        assert rows("SELECT operator_id FROM appeal WHERE id = 4") == [(None,)]


async def test_tabs_alarms_and_what_waits_are_opened_by_clicks(crisis: Path) -> None:
    async with open_desk(crisis, LARGE) as desk:
        line = next(at for at, each in enumerate(desk.lines()) if "All 6 │" in each)
        await desk.pilot.click(offset=(desk.lines()[line].index("Leads"), line))
        await desk.settle()
        assert "lead ↓" in desk.text
        await desk.pilot.click(offset=(desk.lines()[0].index("waiting"), 0))
        await desk.settle()
        assert "waits ↓" in desk.text
        await desk.pilot.click(offset=(desk.lines()[0].index("▲"), 0))
        await desk.settle()
        assert "enter its weights" in desk.text


async def test_a_click_where_a_sentence_hides_what_waits_opens_nothing(
    crisis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 0.05)
    async with open_desk(crisis, LARGE) as desk:
        hidden = desk.lines()[0].index("waiting")
        with locked(crisis):
            await desk.press("plus")
            await desk.until(lambda: "locked" in desk.lines()[0])
            await desk.pilot.click(offset=(hidden, 0))
            await desk.settle()
            assert "waits ↓" not in desk.text

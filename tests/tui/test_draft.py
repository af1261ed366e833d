"""A draft on the desk: what keys change in it, what it shows, and how it ends."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from textual import events

import models
from leadboard import desk as acts
from tests.support import Team, add_team, rows
from tests.support.screen import LARGE, SMALL, USUAL, Desk, open_desk
from tui.messages import ApplyWanted

WEIGHTS = "SELECT weight FROM operator_source ORDER BY operator_id"
LIMITS = "SELECT max_load, is_active FROM operator ORDER BY id"


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """Anna and Boris serve tg alike, with ten places each."""
    path = tmp_path / "team.db"
    opened = models.open_database(path)
    add_team({"Anna": 10, "Boris": 10}, {"tg": {"Anna": 50, "Boris": 50}})
    opened.close()
    return path


@pytest.mark.parametrize("size", [LARGE, USUAL, SMALL], ids=str)
async def test_a_draft_says_so_and_changes_nothing_until_it_is_applied(
    team: Path, size: tuple[int, int]
) -> None:
    async with open_desk(team, size) as desk:
        await desk.press("f3")
        assert "DRAFT" not in desk.text
        await desk.press("w")
        assert "2 Weights · DRAFT" in desk.text
        await desk.press("7", "5", "enter")
        assert "75*" in desk.text
        assert "draft: 1 change" in desk.text
        assert rows(WEIGHTS) == [(50,), (50,)]
        await desk.press("ctrl+s")
        assert rows(WEIGHTS) == [(75,), (50,)]
        assert "DRAFT" not in desk.text
        assert rows("SELECT act, note FROM event ORDER BY id DESC LIMIT 1") == [
            ("apply draft", "Draft applied: 1 weight")
        ]
        await desk.press("u")
        assert rows(WEIGHTS) == [(50,), (50,)]


async def test_every_cell_of_the_column_shows_its_chance_now_and_then(team: Path) -> None:
    async with open_desk(team) as desk:
        await desk.press("f3", "w", "1", "5", "0", "enter")
        assert "150*50→75%" in desk.text
        assert "50]50→25%" in desk.text
        await desk.press("1")  # on top of the draft, what is being typed
        assert "50→<1%" in desk.text or "50→0.7%" in desk.text
        await desk.press("escape")
        assert "50]50→25%" in desk.text


async def test_without_colours_the_draft_can_still_be_told(
    team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with open_desk(team) as desk:
        await desk.press("f2", "w", "plus", "down", "space")
        assert "1 Operators · DRAFT" in desk.text
        assert "│*● Anna" in desk.frames()[2] + desk.frames()[3]
        assert "*○ Boris" in desk.text
        assert "r replay" in desk.text
        assert "ctrl+s apply" in desk.text
        assert "w end draft" in desk.text


async def test_all_keys_of_the_grid_change_the_draft_alone(team: Path) -> None:
    async with open_desk(team) as desk:
        await desk.press("f3", "w", "plus", "plus", "down", "minus")
        assert "52*" in desk.text
        await desk.press("equals_sign")
        assert "52*" not in desk.text
        assert "draft: 0 changes" in desk.text  # both are 50 again
        await desk.press("asterisk", "2", "enter")
        assert desk.text.count("100*") + desk.text.count("100]") == 2
        await desk.press("delete")
        assert "draft: 2 changes" in desk.text
        desk.app.post_message(events.Paste("7\n"))
        await desk.until(lambda: "7]" in desk.text)
        await desk.press("E", "y", "up", "p")
        assert rows(WEIGHTS) == [(50,), (50,)]
        assert rows("SELECT count(*) FROM event WHERE actor = 'tester'") == [(0,)]
        await desk.press("ctrl+s")
        assert rows(WEIGHTS) == [(7,), (7,)]


async def test_limits_activity_and_newcomers_are_drafted_and_applied_as_one_act(
    team: Path,
) -> None:
    async with open_desk(team) as desk:
        await desk.press("f2", "w", "plus", "down", "space", "a")
        await desk.type("Vera")
        await desk.press("tab", "end", "backspace", "backspace", "4", "enter")
        assert "0/11" in desk.text
        assert "0/4" in desk.text
        assert rows(LIMITS) == [(10, 1), (10, 1)]
        await desk.press("f3", "G", "3", "0", "enter", "ctrl+s")
        assert rows(LIMITS) == [(11, 1), (10, 0), (4, 1)]
        assert rows(WEIGHTS) == [(50,), (50,), (30,)]
        await desk.press("u")
        assert rows(LIMITS) == [(10, 1), (10, 1)]
        assert rows(WEIGHTS) == [(50,), (50,)]


async def test_a_newcomer_whose_name_is_taken_is_refused_beside_the_field(team: Path) -> None:
    async with open_desk(team) as desk:
        await desk.press("f3", "w", "a")
        await desk.type("Boris")
        await desk.press("enter")
        assert "The name Boris is taken." in desk.text
        await desk.press("escape", "f2", "a")
        await desk.type("Vera")
        await desk.press("enter", "G", "d")
        assert "Vera" not in desk.text
        assert "draft: 0 changes" in desk.text


async def test_undo_and_redo_among_the_team_go_through_the_draft(team: Path) -> None:
    async with open_desk(team) as desk:
        await desk.press("f3", "w", "7", "0", "enter", "up", "8", "0", "enter")
        assert "80*" in desk.text
        await desk.press("u")
        assert "70*" in desk.text
        await desk.press("u", "u")
        assert "nothing to undo in the draft" in desk.text
        await desk.press("U", "U")
        assert "80*" in desk.text


async def test_what_a_draft_cannot_do_says_why_and_does_nothing(team: Path) -> None:
    async with open_desk(team) as desk:
        await desk.press("f2", "w", "e")
        assert "Edit: not in a draft. Apply or discard it first." in desk.text
        await desk.press("d")
        assert "it switches operators off" in desk.text
        await desk.press("R")
        assert "Send home: not in a draft." in desk.text
        await desk.press("f3", "d")
        assert "Delete: not in a draft." in desk.text
        await desk.press("ctrl+s")
        assert "The draft changes nothing yet." in desk.text
        assert rows("SELECT count(*) FROM event WHERE actor = 'tester'") == [(0,)]


async def test_the_same_key_asks_before_it_discards(team: Path) -> None:
    async with open_desk(team) as desk:
        await desk.press("f3", "w", "w")
        assert "DRAFT" not in desk.text  # it had changed nothing
        await desk.press("w", "7", "0", "w")  # an edit that is not saved is part of it
        assert "Drafted: 1 weight. Discard the draft?" in desk.text
        await desk.press("escape")
        assert "70]" in desk.text
        await desk.press("w", "d")
        assert "DRAFT" not in desk.text
        assert "The draft is discarded" in desk.text
        assert rows(WEIGHTS) == [(50,), (50,)]
        await desk.press("w", "7", "0", "w", "ctrl+s")
        assert rows(WEIGHTS) == [(70,), (50,)]


async def test_quitting_asks_about_a_draft(team: Path) -> None:
    async with open_desk(team) as desk:
        await desk.press("f3", "w", "plus", "q")
        assert "There is a draft that is not applied." in desk.text
        await desk.press("n")
        assert desk.app.is_running
        assert "51]" in desk.text


async def test_the_russian_layout_drafts_as_well(team: Path) -> None:
    async with open_desk(team) as desk:
        await desk.press("f3", "ц", "7", "0", "enter")
        assert "DRAFT" in desk.text
        await desk.press("ctrl+ы")
        assert rows(WEIGHTS) == [(70,), (50,)]


async def test_the_draft_stays_while_others_change_the_team(team: Path) -> None:
    async with open_desk(team) as desk:
        ids = Team()
        await desk.press("f3", "w", "7", "0", "enter")
        await desk.told(acts.set_weight, ids.boris, ids.tg, 30, actor="bot")
        assert "70*62→70%" in desk.text
        await desk.told(acts.add_operator, "Gleb", 3, actor="bot")
        assert "Gleb" in desk.text
        await desk.press("ctrl+s")
        assert rows(WEIGHTS) == [(70,), (30,)]


async def test_a_cell_that_changed_underneath_is_asked_about(team: Path) -> None:
    async with open_desk(team) as desk:
        ids = Team()
        await desk.press("f3", "w", "7", "0", "enter", "8", "0", "enter")
        await desk.told(acts.set_weight, ids.anna, ids.tg, 40, actor="bot")
        await desk.press("ctrl+s")
        await desk.until(lambda: "Anna · tg set to 40" in words(desk))
        assert "Apply the draft anyway?" in words(desk)
        await desk.press("escape")
        assert rows(WEIGHTS) == [(40,), (50,)]
        assert "DRAFT" in desk.text
        await desk.press("ctrl+s", "y")
        await desk.until(lambda: "DRAFT" not in desk.text)
        assert rows(WEIGHTS) == [(70,), (80,)]


def words(desk: Desk) -> str:
    return " ".join(desk.text.replace("│", " ").split())


async def test_a_draft_that_could_not_be_stored_stays(
    team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 0.05)
    async with open_desk(team) as desk:
        await desk.press("f3", "w", "7", "0", "enter")
        with closing(sqlite3.connect(team, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await desk.press("ctrl+s")
            await desk.until(lambda: "the draft applied" in desk.text)
            other.execute("ROLLBACK")
        assert "DRAFT" in desk.text
        await desk.press("ctrl+s")
        await desk.until(lambda: "DRAFT" not in desk.text)
        assert rows(WEIGHTS) == [(70,), (50,)]


async def test_a_draft_that_is_being_applied_is_not_discarded_and_says_so(team: Path) -> None:
    async with open_desk(team) as desk:
        await desk.press("f3", "w", "7", "0", "enter")
        with closing(sqlite3.connect(team, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            desk.app.desk_screen.post_message(ApplyWanted())
            await desk.until(lambda: desk.app.desk_screen.acts_under_way > 0)
            await desk.pilot.press("w", "d")
            await desk.until(lambda: "The draft is being applied" in desk.text)
            other.execute("ROLLBACK")
        await desk.until(lambda: rows(WEIGHTS) == [(70,), (50,)])


async def test_a_repeated_draft_does_not_end_what_was_drafted_since(
    team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 0.05)
    async with open_desk(team) as desk:
        await desk.press("f3", "w", "7", "0", "enter")
        with closing(sqlite3.connect(team, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await desk.press("ctrl+s")
            await desk.until(lambda: "the draft applied" in desk.text)
            other.execute("ROLLBACK")
        await desk.press("8", "0", "enter")
        await desk.until(lambda: "draft: 2 changes" in desk.text)
        await desk.press("full_stop")
        await desk.until(lambda: rows(WEIGHTS) == [(70,), (50,)])
        await desk.settle()
        assert "DRAFT" in desk.text

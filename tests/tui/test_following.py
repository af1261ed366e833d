"""Following the database: what others do is seen, and a lock holds up no key."""

import sqlite3
import sys
from pathlib import Path

import pytest

from leadboard import desk as acts
from tests.support import Team, rows
from tests.support.processes import ROOT
from tests.support.screen import open_desk
from tests.support.terminal import Terminal


async def test_a_foreign_change_shows_by_itself(file: Path) -> None:
    async with open_desk(file) as desk:
        team = Team()
        await desk.elsewhere(acts.change_operator, team.boris, max_load=9, actor="bot")
        # How soon, `bench follow` measures.
        await desk.until(lambda: "3/9" in desk.text)


async def test_a_locked_database_stands_in_the_header_and_drafts_go_out_when_it_ends(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 0.05)
    async with open_desk(file) as desk:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await desk.press("n")
        await desk.type("tg_7")
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: "locked" in desk.lines()[0])
        assert "1 kept, to be sent: tg_7" in desk.text
        assert "lead_1" in desk.text
        await desk.type("tg_8")
        await desk.pilot.press("ctrl+s")
        await desk.until(lambda: "2 kept, to be sent: tg_7, tg_8" in desk.text)
        await desk.press("escape", "q")
        assert "not saved" in desk.text
        await desk.press("n")
        other.execute("ROLLBACK")
        other.close()
        await desk.until(lambda: "locked" not in desk.lines()[0])
        await desk.settle()
        stored = rows("SELECT external_id FROM lead JOIN appeal ON lead.id = lead_id")
        assert stored[-2:] == [("tg_7",), ("tg_8",)]
        assert "kept, to be sent" not in desk.text


async def test_two_desks_on_one_file_follow_each_other(file: Path) -> None:
    async with open_desk(file) as desk:
        command = [sys.executable, "-m", "leadboard.cli", "--db", str(file)]
        with Terminal(command, size=(120, 40), cwd=ROOT, env={"HOME": str(file.parent)}) as other:
            other.wait_for("Anna")
            other.wait_quiet(0.3)
            other.press("+", "+")
            await desk.until(lambda: "2/3" in desk.text)
            await desk.press("down", "space")
            await desk.until(lambda: "○ Boris" in other.screen_text())
            await desk.until(lambda: "○ Boris" in desk.text)


async def test_a_writer_that_is_held_up_never_holds_up_the_keys(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 60)
    async with open_desk(file) as desk:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await desk.pilot.press("plus", "n")
        await desk.until(lambda: "Waiting for the database…" in desk.text)
        await desk.pilot.press(*"typed meanwhile")
        assert "typed meanwhile" in desk.text
        other.execute("ROLLBACK")
        other.close()
        await desk.until(lambda: "Anna: limit 1 → 2" in desk.text)
        assert rows("SELECT max_load FROM operator WHERE name = 'Anna'") == [(2,)]

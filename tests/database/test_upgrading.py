"""How tables are brought up to date: a copy first, all steps or none, once for all programs."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from peewee import Database

import models
from leadboard.common.errors import Trouble
from leadboard.common.progress import Advance
from leadboard.database import upgrades
from leadboard.database.backup import backup
from leadboard.database.connection import database
from leadboard.database.upgrades import Step
from tests.support import add_team, rows

NOW = models.SCHEMA_VERSION


def step(statement: str) -> Step:
    def run(_: Advance) -> None:
        database.execute_sql(statement)

    return run


def upgrade_by(monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    monkeypatch.setattr(models, "SCHEMA_VERSION", NOW + 1)
    monkeypatch.setattr(upgrades, "UPGRADES", {NOW: step(statement)})


def test_an_older_file_is_upgraded_after_a_copy_was_made(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_team({"Anna": 5}, {})
    db.close()
    upgrade_by(monkeypatch, "ALTER TABLE operator ADD COLUMN shift TEXT")
    opened = models.open_database(tmp_path / "t.db")
    assert rows("SELECT name, shift FROM operator") == [("Anna", None)]
    assert rows("SELECT version FROM schema_version") == [(NOW + 1,)]
    opened.close()
    with sqlite3.connect(tmp_path / f"t.db.v{NOW}.bak") as copy:
        assert copy.execute("SELECT version FROM schema_version").fetchall() == [(NOW,)]
        assert copy.execute("SELECT name FROM operator").fetchall() == [("Anna",)]
    models.open_database(tmp_path / "t.db").close()


def test_an_upgrade_that_fails_changes_nothing(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.close()
    with monkeypatch.context() as patched:
        upgrade_by(patched, "ALTER TABLE nowhere ADD COLUMN shift TEXT")
        with pytest.raises(Trouble):
            models.open_database(tmp_path / "t.db")
    opened = models.open_database(tmp_path / "t.db")
    assert rows("SELECT version FROM schema_version") == [(NOW,)]
    opened.close()


UPGRADE = """
import sys
import models
from leadboard.database import upgrades
from leadboard.database.connection import database
was = models.SCHEMA_VERSION
models.SCHEMA_VERSION += 1
def step(_):
    database.execute_sql("CREATE TABLE once (x INTEGER)")
upgrades.UPGRADES[was] = step
print("ready", flush=True); sys.stdin.readline()
models.open_database(sys.argv[1])
"""


def test_processes_that_start_at_once_upgrade_once(db: Database, tmp_path: Path) -> None:
    db.close()
    command = [sys.executable, "-c", UPGRADE, str(tmp_path / "t.db")]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        process.communicate("go\n", timeout=30)
    assert [process.returncode for process in processes] == [0, 0, 0]


def test_when_a_later_step_fails_the_earlier_one_is_taken_back(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.close()
    with monkeypatch.context() as patched:
        patched.setattr(models, "SCHEMA_VERSION", NOW + 2)
        again = step("CREATE TABLE early (x INTEGER)")
        patched.setattr(upgrades, "UPGRADES", {NOW: again, NOW + 1: again})
        with pytest.raises(Trouble):
            models.open_database(tmp_path / "t.db")
    opened = models.open_database(tmp_path / "t.db")
    assert rows("SELECT name FROM sqlite_master WHERE name = 'early'") == []
    assert rows("SELECT version FROM schema_version") == [(NOW,)]
    opened.close()


def test_the_copy_of_an_upgrade_holds_what_was_there_just_before(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.close()
    with monkeypatch.context() as patched:
        upgrade_by(patched, "ALTER TABLE nowhere ADD COLUMN shift TEXT")
        with pytest.raises(Trouble):
            models.open_database(tmp_path / "t.db")
    opened = models.open_database(tmp_path / "t.db")
    add_team({"Came later": 5}, {})
    opened.close()
    upgrade_by(monkeypatch, "ALTER TABLE operator ADD COLUMN shift TEXT")
    models.open_database(tmp_path / "t.db").close()
    copied = []
    for path in tmp_path.glob(f"t.db.v{NOW}*"):
        with sqlite3.connect(path) as copy:
            copied += copy.execute("SELECT name FROM operator").fetchall()
        copy.close()
    assert ("Came later",) in copied


def test_an_upgrade_goes_on_when_another_process_made_the_copy_meanwhile(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.close()
    upgrade_by(monkeypatch, "CREATE TABLE once (x INTEGER)")
    real = backup

    def late(source: Path, target: Path, *, force: bool = False) -> int:
        real(source, target)
        return real(source, target, force=force)

    monkeypatch.setattr("leadboard.database.backup.backup", late)
    opened = models.open_database(tmp_path / "t.db")
    assert rows("SELECT version FROM schema_version") == [(NOW + 1,)]
    opened.close()

"""Disks, rights and locks that fail: one sentence, nothing half done, and work goes on after."""

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from peewee import Database

from tests.support import add_team, rows
from tests.support.processes import ROOT

LINE = json.dumps({"external_id": "tg_1", "source": "tg", "message": "x" * 5_000})


def leadboard(
    path: Path,
    *arguments: str,
    given: str = "",
    before: Callable[[], None] | None = None,
    program: Sequence[str] = ("-m", "leadboard.cli"),
) -> "subprocess.CompletedProcess[str]":
    """Run the command on a database file and return what came of it."""
    return subprocess.run(
        [sys.executable, *program, "--db", str(path), *arguments],
        input=given,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        preexec_fn=before,
        check=False,
    )


def assert_one_sentence(outcome: "subprocess.CompletedProcess[str]", *words: str) -> None:
    """Check for exit code 2 and one line on standard error that holds the words."""
    assert outcome.returncode == 2, outcome
    assert outcome.stderr.count("\n") == 1, outcome.stderr
    assert "Traceback" not in outcome.stderr + outcome.stdout
    for word in words:
        assert word in outcome.stderr


AS_NOBODY = """
import os, sys
import sqlite3
import rich.progress
from leadboard import desk
from leadboard.cli import main
from leadboard.cli import feed
from leadboard.cli import importing
from leadboard.allocation import audit
os.setgid(65534)
os.setuid(65534)
main.main()
"""
"""The command without the rights that a root user has over every file."""


NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
COMMANDS: list[Sequence[str]] = [("feed",), ("check",), ("verify",)]


@pytest.fixture
def file(db: Database, tmp_path: Path) -> Path:
    """Return a database with a team, closed and in one file."""
    add_team({"Anna": 50}, {"tg": {"Anna": 1}})
    rows("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return tmp_path / "t.db"


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_database(tmp_path: Path, command: Sequence[str]) -> None:
    text = tmp_path / "words.txt"
    text.write_text("no database at all, but long enough to be looked at " * 50)
    assert_one_sentence(leadboard(text, *command), "not a Leadboard database")
    assert text.read_text().startswith("no database")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_damaged_page_never_shows_a_traceback(file: Path, command: Sequence[str]) -> None:
    size = file.stat().st_size
    with file.open("r+b") as damaged:
        for page in range(4096, size, 4096):
            damaged.seek(page)
            damaged.write(b"\xa5" * 300)
    outcome = leadboard(file, *command, given=LINE + "\n")
    assert "Traceback" not in outcome.stderr + outcome.stdout
    assert outcome.returncode in {1, 2}
    assert "damaged" in outcome.stderr + outcome.stdout


def test_a_file_that_may_not_grow_is_a_full_disk_and_keeps_what_was_stored(file: Path) -> None:
    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    outcome = leadboard(file, "feed", given=(LINE + "\n") * 400, before=small)
    assert_one_sentence(outcome, "nothing from line")
    answered = [json.loads(line)["id"] for line in outcome.stdout.splitlines()]
    again = leadboard(file, "feed", given=LINE + "\n")
    assert again.returncode == 0
    with sqlite3.connect(file) as stored:
        ids = [key for (key,) in stored.execute("SELECT id FROM appeal ORDER BY id")]
    assert ids == [*answered, *[json.loads(again.stdout)["id"]]]
    assert leadboard(file, "check").returncode == 0


@NEEDS_ROOT
def test_a_file_and_a_folder_without_rights(file: Path, tmp_path: Path) -> None:
    program = ("-c", AS_NOBODY)
    for folder in (tmp_path, *tmp_path.parents):
        folder.chmod(folder.stat().st_mode | 0o055)
    assert_one_sentence(leadboard(file, "check", program=program), "cannot be opened")
    file.chmod(0o644)
    read_only = leadboard(file, "feed", given=LINE + "\n", program=program)
    assert_one_sentence(read_only, "read-only")
    missing = tmp_path / "no rights" / "new.db"
    assert_one_sentence(leadboard(missing, "check", program=program), "no database at")
    (table := tmp_path / "sources.csv").write_text("name\nbot\n")
    taking = leadboard(missing, "import", "sources", str(table), program=program)
    assert_one_sentence(taking, "Cannot create")


def test_a_feed_outwaits_a_lock_and_says_so_once(file: Path) -> None:
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    code = (
        "from leadboard.database import transactions; transactions.PATIENCE = 0.1\n"
        "from leadboard.cli.main import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "--db", str(file), "feed"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(LINE + "\n")
    process.stdin.flush()
    assert "still trying" in process.stderr.readline()
    holder.execute("ROLLBACK")
    holder.close()
    answers, complaints = process.communicate(timeout=30)
    assert json.loads(answers)["operator"] == "Anna"
    assert complaints == ""
    assert process.returncode == 0


def test_an_abandoned_log_is_taken_up(file: Path) -> None:
    """A process that died leaves its log beside the file: the next one reads what was stored."""
    code = (
        "import os, sys, models, allocator\n"
        "models.open_database(sys.argv[1])\n"
        "allocator.submit('tg_9', 1, 'kept')\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(file)], cwd=ROOT, check=False)
    assert leadboard(file, "check").stdout == "Every rule holds.\n"
    with sqlite3.connect(file) as stored:
        assert stored.execute("SELECT message FROM appeal").fetchall() == [("kept",)]

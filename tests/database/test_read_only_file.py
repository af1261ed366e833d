"""A file that may only be read: it is shown, says so, and is not changed."""

import errno
import os
import shutil
import sqlite3
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from peewee import Database

import models
from allocator import submit
from leadboard import desk
from leadboard.common.elsewhere import Elsewhere
from leadboard.common.errors import Refused, Trouble
from leadboard.database import file as file_database
from leadboard.database.backup import backup
from leadboard.database.connection import engine
from models import open_database
from tests.support import ACTOR, Team, rows
from tests.support.processes import ROOT
from tests.support.screen import Desk
from tui.app import LeadboardApp


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take the rights to write away, also from root, who has them whatever the file says."""
    real_access, real_connect = os.access, sqlite3.connect

    def connect(name: str, *arguments: object, **options: object) -> object:
        if str(name).endswith("mode=rw") or not str(name).startswith("file:"):
            raise sqlite3.OperationalError(errno.EACCES, "no rights to write")
        return real_connect(name, *arguments, **options)  # type: ignore[call-overload]

    def access(path: Path, mode: int) -> bool:
        return mode != os.W_OK and real_access(path, mode)

    monkeypatch.setattr(os, "access", access)
    monkeypatch.setattr(sqlite3, "connect", connect)
    yield
    monkeypatch.undo()


def test_what_may_only_be_read_can_be_read_and_says_so(
    house: Database, file: Path, unwritable: None
) -> None:
    team = Team()
    submit("tg_1", team.tg, "kept")
    house.close()
    opened = open_database(file, may_create=False, may_only_read=True)
    try:
        assert rows("SELECT message FROM appeal") == [("kept",)]
        assert engine().title == "t.db (read only)"
        with pytest.raises(Refused, match="read-only"):
            desk.change_operator(team.anna, max_load=3, actor=ACTOR)
    finally:
        opened.close()
    with pytest.raises(Trouble, match="read-only: check its rights"):
        open_database(file)


def test_an_older_file_that_may_only_be_read_says_what_to_do(
    house: Database, file: Path, unwritable: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.close()
    monkeypatch.setattr(models, "SCHEMA_VERSION", models.SCHEMA_VERSION + 1)
    with pytest.raises(Trouble, match="open a copy of it"):
        open_database(file, may_only_read=True)


def test_a_file_that_changes_while_it_is_taken_for_unchangeable_is_noticed(
    house: Database, file: Path
) -> None:
    team = Team()
    house.close()
    frozen = file_database.DatabaseFile(file, "ro&immutable=1")
    frozen.confirm()
    open_database(file)
    submit("tg_1", team.tg, "written meanwhile")
    with pytest.raises(Trouble, match="changed by another program"):
        frozen.confirm()


def test_an_empty_log_keeps_nobody_from_reading(
    house: Database, file: Path, unwritable: None
) -> None:
    team = Team()
    submit("tg_1", team.tg, "kept")
    house.close()
    Path(f"{file}-wal").touch()  # as in a copy of the folder while it was open
    with closing(open_database(file, may_create=False, may_only_read=True)):
        assert rows("SELECT message FROM appeal") == [("kept",)]


def test_a_log_without_its_index_says_what_to_do(
    house: Database, file: Path, unwritable: None
) -> None:
    team = Team()
    submit("tg_1", team.tg, "in the log")
    read = file.with_name("read.db")
    for ending in ("", "-wal"):
        shutil.copy(f"{file}{ending}", f"{read}{ending}")
    with pytest.raises(Trouble, match="copy both to a folder of yours"):
        open_database(read, may_create=False, may_only_read=True)


def as_nobody(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command without any rights, by a Python that others may run."""
    others = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3"]
    modules = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    return subprocess.run(
        [*others, "-m", "leadboard.cli", *arguments],
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": modules, "HOME": "/nonexistent"},
        check=False,
    )


@pytest.fixture
def strangers_may_run() -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None or as_nobody("--version").returncode:
        pytest.skip("needs root, setpriv and a Python that others may run")


@pytest.mark.parametrize("name", ["t.db", "copy.db"])
def test_a_stranger_reads_what_may_only_be_read(
    house: Database, file: Path, name: str, strangers_may_run: None
) -> None:
    team = Team()
    submit("tg_1", team.tg, "kept")
    backup(file, file.with_name("copy.db"))
    house.close()
    with tempfile.TemporaryDirectory() as folder:  # pytest's own is for nobody else
        Path(folder).chmod(0o755)
        read = Path(shutil.copy(file.with_name(name), folder))
        read.chmod(0o644)
        assert_only_read(read)


def assert_only_read(read: Path) -> None:
    for command in (["check"], ["verify"], ["export", "leads"]):
        done = as_nobody("--db", str(read), *command)
        assert (done.returncode, done.stderr) == (0, ""), command
    assert done.stdout.splitlines() == ["id,external_id", "1,tg_1"]
    for command in (["check", "--repair"], ["feed"], ["import", "sources", "/dev/null"]):
        done = as_nobody("--db", str(read), *command)
        assert done.returncode == 2
        assert "read-only" in done.stderr
    assert list(read.parent.iterdir()) == [read]


@pytest.mark.parametrize("is_read_only", [True, False])
async def test_the_screen_says_that_it_may_only_read(
    house: Database, file: Path, request: pytest.FixtureRequest, is_read_only: bool
) -> None:
    house.close()
    if is_read_only:
        request.getfixturevalue("unwritable")
    opened = open_database(file, may_only_read=True)
    app = LeadboardApp(actor="tester", title=engine().title)
    async with app.run_test(size=(100, 30)) as pilot:
        desk_ = Desk(app, pilot)
        await desk_.settle()
        assert ("(read only)" in desk_.lines()[0]) is is_read_only
        await desk_.press("f2", "+")
        assert ("read-only: nothing can be changed" in desk_.text) is is_read_only
        assert rows("SELECT max_load FROM operator") == [(50 if is_read_only else 51,)]
    opened.close()


async def test_the_greeting_offers_only_the_demo(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    bare = tmp_path / "bare.db"
    open_database(bare).close()
    request.getfixturevalue("unwritable")
    opened = open_database(bare, may_only_read=True)
    app = LeadboardApp(actor="tester", title=engine().title)
    async with app.run_test(size=(100, 30)) as pilot:
        desk_ = Desk(app, pilot)
        await desk_.settle()
        assert "This database can only be read" in desk_.text
        assert " s  Add a source" not in desk_.text
        assert " d  Look around first" in desk_.text
        await desk_.press("s", "enter", "w")
        assert "New source" not in desk_.text
        await desk_.press("d")
        assert app.goes_to is Elsewhere.DEMO
    opened.close()

"""The file that was named: who may make it, who may only read it, and whether it is still there."""

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from peewee import Database

import models
from allocator import submit
from leadboard import desk
from leadboard.common.errors import Refused, Trouble, Uncertain
from leadboard.database import file as file_database
from leadboard.database.backup import backup
from leadboard.database.connection import database, engine
from leadboard.database.transactions import reading_in_place, transact
from models import open_database
from tests.support import T, rows, team
from tests.support.door import running
from tests.support.processes import ROOT
from tests.support.screen import Desk, open_desk
from tui.app import LeadboardApp

LINE = '{"external_id": "tg_1", "source": "tg", "message": "Привет"}\n'


def leadboard(path: Path, *arguments: str, text: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "leadboard.cli", "--db", str(path), *arguments],
        input=text,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "house" / "t.db"


@pytest.fixture
def house(file: Path) -> Iterator[Database]:
    """Return an open database with a team, in a folder of its own."""
    opened = open_database(file)
    team({"Anna": 50}, {"tg": {"Anna": 1}})
    yield opened
    opened.close()


def stored(path: Path) -> int:
    with closing(sqlite3.connect(path)) as found:
        return int(found.execute("SELECT count(*) FROM appeal").fetchone()[0])


# --- who may make one -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "--repair"],
        ["verify"],
        ["export", "operators"],
        ["backup", "copy.db"],
        ["backup", "--force", "good.db"],
        ["copy", "--to", "copy.db"],
        ["feed"],
    ],
)
def test_what_only_reads_makes_no_file(arguments: list[str], tmp_path: Path) -> None:
    good = tmp_path / "good.db"
    good.write_bytes(b"a good backup")
    missing = tmp_path / "salse" / "sales.db"
    named = [str(tmp_path / each) if each.endswith(".db") else each for each in arguments]
    done = leadboard(missing, *named, text=LINE)
    assert (done.returncode, done.stdout) == (2, "")
    assert str(missing) in done.stderr
    assert done.stderr.count("\n") == 1
    assert [each.name for each in tmp_path.iterdir() if "XDG" not in each.name] == ["good.db"]
    assert good.read_bytes() == b"a good backup"


def test_tables_are_made_by_none_of_those_either(tmp_path: Path) -> None:
    empty = tmp_path / "empty.db"
    empty.touch()
    good = tmp_path / "good.db"
    good.write_bytes(b"a good backup")
    done = leadboard(empty, "backup", "--force", str(good))
    assert (done.returncode, good.read_bytes()) == (2, b"a good backup")
    assert "no tables of Leadboard" in done.stderr
    assert empty.stat().st_size == 0


def test_an_import_may_make_one(tmp_path: Path) -> None:
    new = tmp_path / "new" / "sales.db"
    done = leadboard(new, "import", "sources", "-", "--yes", text="name\ntg\n")
    assert done.returncode == 0
    assert leadboard(new, "check").stdout == "Every rule holds.\n"


def test_a_look_at_what_an_import_would_do_makes_none(tmp_path: Path) -> None:
    new = tmp_path / "new" / "sales.db"
    done = leadboard(new, "import", "sources", "-", "--dry-run", text="name\ntg\n")
    assert (done.returncode, done.stdout) == (0, "+ source tg\nsources: 1 added\n")
    assert not new.parent.exists()


# --- still the one that was named -------------------------------------------------------------


def deleted(file: Path) -> None:
    for each in file.parent.iterdir():
        each.unlink()


def moved(file: Path) -> None:
    file.rename(file.with_name("other.db"))


def folder_moved(file: Path) -> None:
    file.parent.rename(file.parent.with_name("elsewhere"))


def replaced(file: Path) -> None:
    with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(f"{file}.new")) as new:
        old.backup(new)
    Path(f"{file}.new").replace(file)


def given_a_second_name(file: Path) -> None:
    file.with_name("second.db").hardlink_to(file)


def moved_behind_a_link(file: Path) -> None:
    moved(file)
    file.symlink_to(file.with_name("other.db"))


def log_deleted(file: Path) -> None:
    Path(f"{file}-wal").unlink()


def index_of_the_log_deleted(file: Path) -> None:
    Path(f"{file}-shm").unlink()


def emptied(file: Path) -> None:
    os.truncate(file, 0)


MISHAPS = [
    *(deleted, moved, folder_moved, replaced, given_a_second_name),
    *(moved_behind_a_link, log_deleted, index_of_the_log_deleted),
]


@pytest.mark.parametrize("mishap", MISHAPS)
def test_nothing_is_acknowledged_that_is_not_in_the_file(
    house: Database, file: Path, mishap: Callable[[Path], None]
) -> None:
    submit("tg_1", 1, "kept")
    mishap(file)
    before = sorted(file.parent.parent.rglob("*"))
    with pytest.raises(Trouble, match=r"deleted|second name"):
        submit("tg_2", 1, "lost")
    with pytest.raises(Trouble):
        desk.set_limit(1, 3, actor=T)
    with pytest.raises(Trouble):
        reading_in_place(lambda: rows("SELECT 1"))
    assert sorted(file.parent.parent.rglob("*")) == before
    assert rows("SELECT message FROM appeal") == [("kept",)]


@pytest.mark.parametrize("mishap", [deleted, moved, folder_moved, replaced])
def test_a_new_connection_makes_nothing_in_its_place(
    house: Database, file: Path, mishap: Callable[[Path], None]
) -> None:
    submit("tg_1", 1, "kept")
    mishap(file)
    house.close()
    before = sorted(file.parent.parent.rglob("*"))
    with pytest.raises(Trouble, match="put it back"):
        submit("tg_2", 1, "lost")
    assert sorted(file.parent.parent.rglob("*")) == before


def test_a_file_that_is_emptied_takes_no_more(house: Database, file: Path) -> None:
    submit("tg_1", 1, "kept")
    emptied(file)
    for act in (lambda: submit("tg_2", 1, "lost"), lambda: desk.set_limit(1, 3, actor=T)):
        with pytest.raises(Trouble, match="emptied while it was open"):
            act()


def test_what_is_put_back_goes_on_by_itself(house: Database, file: Path) -> None:
    submit("tg_1", 1, "before")
    folder_moved(file)
    with pytest.raises(Trouble):
        submit("tg_2", 1, "lost")
    file.parent.with_name("elsewhere").rename(file.parent)
    submit("tg_3", 1, "after")
    second = file.with_name("second.db")
    second.hardlink_to(file)
    with pytest.raises(Trouble, match="second name"):
        submit("tg_4", 1, "lost")
    second.unlink()
    submit("tg_5", 1, "later")
    assert rows("SELECT message FROM appeal") == [("before",), ("after",), ("later",)]


def test_what_went_while_it_was_stored_is_uncertain(house: Database, file: Path) -> None:
    def work() -> None:
        rows("UPDATE operator SET max_load = 7")
        moved(file)

    with pytest.raises(Uncertain, match="look whether it was stored"):
        transact(work)


def test_links_that_lead_to_the_file_are_one_name(house: Database, file: Path) -> None:
    for name in ("one.db", "two.db"):
        link = file.parent.parent / name
        link.symlink_to(file)
        assert leadboard(link, "feed", text=LINE).returncode == 0
    submit("tg_9", 1, "by the name itself")
    assert rows("SELECT count(*) FROM appeal") == [(3,)]


def test_a_log_under_another_name_is_never_left_behind(house: Database, file: Path) -> None:
    other = file.parent.parent / "second.db"
    other.hardlink_to(file)
    in_use = leadboard(other, "feed", text=LINE)
    assert (in_use.returncode, in_use.stdout) == (2, "")
    assert "under another name" in in_use.stderr
    beside = file.with_name("third.db")
    beside.hardlink_to(file)
    assert "second name of" in leadboard(beside, "check").stderr
    house.close()
    assert leadboard(other, "feed", text=LINE).returncode == 0
    assert stored(file) == 1


def test_a_file_that_is_mounted_alone_is_refused(
    file: Path, house: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounts = tmp_path / "mountinfo"
    odd = file.with_name("a b.db")
    odd.write_bytes(b"")
    mounts.write_text(
        f"36 35 98:0 /x {str(odd).replace(' ', chr(92) + '040')} rw - ext4 /dev/sda rw\n"
    )
    monkeypatch.setattr(file_database, "MOUNTS", mounts)
    with pytest.raises(Trouble, match="mount the folder"):
        open_database(odd)
    open_database(file).close()


def test_the_door_answers_503_until_it_is_back(house: Database, file: Path) -> None:
    appeal = {"external_id": "tg_1", "source_id": 1, "message": "x"}
    with running(str(file)) as door, door.client() as client:
        assert client.post("/appeals/", json=appeal).status_code == 201
        folder_moved(file)
        refused = client.post("/appeals/", json=appeal)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert str(file) in refused.json()["detail"]
        assert client.get("/healthz").status_code == client.get("/appeals/").status_code == 503
        assert not file.parent.exists()
        file.parent.with_name("elsewhere").rename(file.parent)
        assert client.get("/healthz").status_code == 200
        assert client.post("/appeals/", json=appeal).status_code == 201


def test_a_feed_says_which_lines_are_stored(house: Database, file: Path) -> None:
    house.close()
    process = subprocess.Popen(
        [sys.executable, "-m", "leadboard.cli", "--db", str(file), "feed"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(LINE)
    process.stdin.flush()
    assert '"id": 1' in process.stdout.readline()
    moved(file)
    answers, complaints = process.communicate(LINE, timeout=30)
    assert (process.returncode, answers) == (2, "")
    assert complaints.endswith("; nothing from line 2 on was stored.\n")
    assert not file.exists()


def test_no_connection_makes_a_second_log(
    house: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def work() -> None:
        try:
            submit("tg_2", 1, "lost")
        except Trouble as trouble:
            told.append(str(trouble))
        finally:
            database.close()

    submit("tg_1", 1, "kept")
    log_deleted(file)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(told) == 1
    assert "-wal" in told[0]
    hasty = "from leadboard.database import file; file.PATIENCE = 0.1\n"
    hasty += "from leadboard.cli.main import main; main()"
    other = subprocess.run(
        [sys.executable, "-c", hasty, "--db", str(file), "feed"],
        input=LINE,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (other.returncode, other.stdout) == (2, "")
    assert "its log" in other.stderr
    assert not Path(f"{file}-wal").exists()
    house.close()
    assert stored(file) == 1


def test_what_another_closed_and_opened_again_is_the_right_log(house: Database, file: Path) -> None:
    submit("tg_1", 1, "first")
    spoken_of = house.connection()  # type: ignore[no-untyped-call]
    house.close()
    assert leadboard(file, "feed", text=LINE).returncode == 0
    submit("tg_2", 1, "third")
    assert stored(file) == 3
    del spoken_of


# --- where it may only be read ----------------------------------------------------------------


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
    submit("tg_1", 1, "kept")
    house.close()
    opened = open_database(file, may_create=False, may_only_read=True)
    try:
        assert rows("SELECT message FROM appeal") == [("kept",)]
        assert engine().title == "t.db (read only)"
        with pytest.raises(Refused, match="read-only"):
            desk.set_limit(1, 3, actor=T)
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
    house.close()
    frozen = file_database.DatabaseFile(file, "ro&immutable=1")
    frozen.confirm()
    open_database(file)
    submit("tg_1", 1, "written meanwhile")
    with pytest.raises(Trouble, match="changed by another program"):
        frozen.confirm()


def test_an_empty_log_keeps_nobody_from_reading(
    house: Database, file: Path, unwritable: None
) -> None:
    submit("tg_1", 1, "kept")
    house.close()
    Path(f"{file}-wal").touch()  # as in a copy of the folder while it was open
    with closing(open_database(file, may_create=False, may_only_read=True)):
        assert rows("SELECT message FROM appeal") == [("kept",)]


def test_a_log_without_its_index_says_what_to_do(
    house: Database, file: Path, unwritable: None
) -> None:
    submit("tg_1", 1, "in the log")
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
    submit("tg_1", 1, "kept")
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


async def test_the_screen_says_that_its_file_is_gone_and_goes_on_when_it_is_back(
    file: Path,
) -> None:
    with closing(open_database(file)):
        team({"Anna": 50}, {"tg": {"Anna": 1}})
    async with open_desk(file) as desk_:
        folder_moved(file)
        await desk_.until(lambda: "was deleted, moved or replaced" in desk_.lines()[0])
        await desk_.press("f2", "+")
        assert "Not saved: Anna's limit +1." in desk_.text
        assert not file.parent.exists()
        file.parent.with_name("elsewhere").rename(file.parent)
        await desk_.until(lambda: "operators 1/1 active" in desk_.lines()[0])
        await desk_.press("+")
        assert rows("SELECT max_load FROM operator") == [(51,)]

"""The file that was named: who may make it, and whether it is still there."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.common.errors import Trouble, Uncertain
from leadboard.database import file_logs, file_opening
from leadboard.database.connection import database
from leadboard.database.transactions import reading_in_place, transact
from models import open_database
from tests.support import ACTOR, Team, add_team, rows
from tests.support.door import running
from tests.support.processes import ROOT, leadboard
from tests.support.screen import open_desk

LINE = '{"external_id": "tg_1", "source": "tg", "message": "Привет"}\n'


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
    done = leadboard(missing, *named, given=LINE)
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
    done = leadboard(new, "import", "sources", "-", "--yes", given="name\ntg\n")
    assert done.returncode == 0
    assert leadboard(new, "check").stdout == "Every rule holds.\n"


def test_a_look_at_what_an_import_would_do_makes_none(tmp_path: Path) -> None:
    new = tmp_path / "new" / "sales.db"
    done = leadboard(new, "import", "sources", "-", "--dry-run", given="name\ntg\n")
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
    team = Team()
    submit("tg_1", team.tg, "kept")
    mishap(file)
    before = sorted(file.parent.parent.rglob("*"))
    with pytest.raises(Trouble, match=r"deleted|second name"):
        submit("tg_2", team.tg, "lost")
    with pytest.raises(Trouble):
        desk.change_operator(team.anna, max_load=3, actor=ACTOR)
    with pytest.raises(Trouble):
        reading_in_place(lambda: rows("SELECT 1"))
    assert sorted(file.parent.parent.rglob("*")) == before
    assert rows("SELECT message FROM appeal") == [("kept",)]


@pytest.mark.parametrize("mishap", [deleted, moved, folder_moved, replaced])
def test_a_new_connection_makes_nothing_in_its_place(
    house: Database, file: Path, mishap: Callable[[Path], None]
) -> None:
    team = Team()
    submit("tg_1", team.tg, "kept")
    mishap(file)
    house.close()
    before = sorted(file.parent.parent.rglob("*"))
    with pytest.raises(Trouble, match="put it back"):
        submit("tg_2", team.tg, "lost")
    assert sorted(file.parent.parent.rglob("*")) == before


def test_a_file_that_is_emptied_takes_no_more(house: Database, file: Path) -> None:
    team = Team()
    submit("tg_1", team.tg, "kept")
    emptied(file)
    for act in (
        lambda: submit("tg_2", team.tg, "lost"),
        lambda: desk.change_operator(team.anna, max_load=3, actor=ACTOR),
    ):
        with pytest.raises(Trouble, match="emptied while it was open"):
            act()


def test_what_is_put_back_goes_on_by_itself(house: Database, file: Path) -> None:
    team = Team()
    submit("tg_1", team.tg, "before")
    folder_moved(file)
    with pytest.raises(Trouble):
        submit("tg_2", team.tg, "lost")
    file.parent.with_name("elsewhere").rename(file.parent)
    submit("tg_3", team.tg, "after")
    second = file.with_name("second.db")
    second.hardlink_to(file)
    with pytest.raises(Trouble, match="second name"):
        submit("tg_4", team.tg, "lost")
    second.unlink()
    submit("tg_5", team.tg, "later")
    assert rows("SELECT message FROM appeal") == [("before",), ("after",), ("later",)]


def test_what_went_while_it_was_stored_is_uncertain(house: Database, file: Path) -> None:
    def work() -> None:
        rows("UPDATE operator SET max_load = 7")
        moved(file)

    with pytest.raises(Uncertain, match="check whether it was stored"):
        transact(work)


def test_links_that_lead_to_the_file_are_one_name(house: Database, file: Path) -> None:
    team = Team()
    for name in ("one.db", "two.db"):
        link = file.parent.parent / name
        link.symlink_to(file)
        assert leadboard(link, "feed", given=LINE).returncode == 0
    submit("tg_9", team.tg, "by the name itself")
    assert rows("SELECT count(*) FROM appeal") == [(3,)]


def test_a_log_under_another_name_is_never_left_behind(house: Database, file: Path) -> None:
    other = file.parent.parent / "second.db"
    other.hardlink_to(file)
    in_use = leadboard(other, "feed", given=LINE)
    assert (in_use.returncode, in_use.stdout) == (2, "")
    assert "under another name" in in_use.stderr
    beside = file.with_name("third.db")
    beside.hardlink_to(file)
    assert "second name of" in leadboard(beside, "check").stderr
    house.close()
    assert leadboard(other, "feed", given=LINE).returncode == 0
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
    monkeypatch.setattr(file_opening, "MOUNTS", mounts)
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
    team = Team()
    told: list[str] = []

    def work() -> None:
        try:
            submit("tg_2", team.tg, "lost")
        except Trouble as trouble:
            told.append(str(trouble))
        finally:
            database.close()

    submit("tg_1", team.tg, "kept")
    log_deleted(file)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(told) == 1
    assert "-wal" in told[0]
    hasty = "from leadboard.database import file_opening as f; f.PATIENCE = 0.1\n"
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
    team = Team()
    submit("tg_1", team.tg, "first")
    spoken_of = house.connection()  # type: ignore[no-untyped-call]
    house.close()
    assert leadboard(file, "feed", given=LINE).returncode == 0
    submit("tg_2", team.tg, "third")
    assert stored(file) == 3
    del spoken_of


async def test_the_screen_says_that_its_file_is_gone_and_goes_on_when_it_is_back(
    file: Path,
) -> None:
    with closing(open_database(file)):
        add_team({"Anna": 50}, {"tg": {"Anna": 1}})
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


@pytest.mark.parametrize("is_there_again", [False, True])
def test_a_log_that_goes_while_it_is_looked_at_is_no_lack_of_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there_again: bool
) -> None:
    path = tmp_path / "t.db"
    open_database(path).close()
    log = Path(f"{path}-wal")
    log.touch()
    access = os.access

    def late(place: Path, mode: int) -> bool:
        """Answer as when another program closed the file just before, and opened it after."""
        if place != log or not log.exists():
            return access(place, mode)
        log.unlink()
        found = access(place, mode)
        if is_there_again and not tries:
            tries.append(1)
            log.touch()
        return found

    tries: list[int] = []
    monkeypatch.setattr(os, "access", late)
    assert file_logs.may_write(path)

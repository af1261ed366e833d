"""Opening a database: made on first use, and refused and left alone where it is not ours."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from peewee import Database

import models
from leadboard.common.errors import TooBusy, Trouble
from leadboard.database import sqlite
from leadboard.database.sqlite import connect_sqlite
from leadboard.database.transactions import plainly
from tests.support import add_team, dump, rows
from tests.support.processes import let_go


def test_a_new_file_is_private_durable_and_of_this_version(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "new.db"
    opened = models.open_database(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert rows("PRAGMA journal_mode") == [("wal",)]
    assert rows("PRAGMA synchronous") == [(2,)]
    assert rows("PRAGMA foreign_keys") == [(1,)]
    assert rows("SELECT version FROM schema_version") == [(models.SCHEMA_VERSION,)]
    opened.close()


@pytest.mark.parametrize("form", ["{path}", "sqlite:////{path}"])
def test_a_database_is_named_by_path_or_url(tmp_path: Path, form: str) -> None:
    path = tmp_path / "with space.db"
    target = form.format(path=str(path).lstrip("/") if "://" in form else path)
    models.open_database(target.replace(" ", "%20") if "://" in form else target).close()
    assert path.exists()


def test_other_addresses_are_refused_in_a_sentence() -> None:
    for address in ("mysql://u:secret@h/d", "postgres://u:secret@[h/d"):
        with pytest.raises(Trouble) as caught:
            models.open_database(address)
        assert "secret" not in str(caught.value)


def test_a_newer_database_is_refused_and_left_alone(db: Database, tmp_path: Path) -> None:
    rows("UPDATE schema_version SET version = 99")
    db.close()
    before = (tmp_path / "t.db").read_bytes()
    with pytest.raises(Trouble, match="newer Leadboard"):
        models.open_database(tmp_path / "t.db")
    assert (tmp_path / "t.db").read_bytes() == before


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    with pytest.raises(Trouble, match="another program"):
        models.open_database(path)
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]


def test_what_is_no_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("these are only words, and enough of them to be read as a header " * 20)
    for path, words in ((text, "not a Leadboard database"), (tmp_path, "cannot be opened")):
        with pytest.raises(Trouble, match=words):
            models.open_database(path)
    with pytest.raises(Trouble, match="Cannot create"):
        models.open_database(text / "below" / "a.db")
    assert text.read_text().startswith("these are only words")


OPEN = """
import sys
import models
models.open_database(sys.argv[1])
print(models.SchemaVersion.select().count())
"""


def test_several_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPEN, str(tmp_path / "new.db")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate(timeout=30)[0] for process in processes] == ["1\n"] * 4


def test_the_file_of_another_program_is_not_changed_by_a_byte(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(Trouble):
        models.open_database(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.glob("other*")] == ["other.db"]


def test_a_table_named_like_ours_in_a_foreign_file_is_no_version(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE schema_version (number TEXT)")
    other.close()
    with pytest.raises(Trouble):
        models.open_database(path)


@pytest.mark.parametrize(
    "target",
    ["{folder}/" + "x" * 300, "sqlite:///{folder}/a%00b", "~no-such-account/x.db"],
    ids=["a name too long", "a NUL in the name", "the home of nobody"],
)
def test_a_path_that_cannot_be_is_a_sentence(tmp_path: Path, target: str) -> None:
    with pytest.raises(Trouble) as caught:
        models.open_database(target.format(folder=tmp_path))
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("path", ["/proc/new.db", "/dev/null/new.db", "/proc/self/new/new.db"])
def test_a_place_that_cannot_be_written_is_a_sentence(path: str) -> None:
    with pytest.raises(Trouble, match=f"Cannot create {path}"):
        models.open_database(path)


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    (tmp_path / "t.db").touch()
    opened = models.open_database(tmp_path / "t.db")
    assert rows("SELECT version FROM schema_version") == [(models.SCHEMA_VERSION,)]
    opened.close()


def test_the_files_beside_a_database_are_private_too(db: Database, tmp_path: Path) -> None:
    add_team({"Anna": 5}, {})
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.glob("t.db*")}
    assert modes == dict.fromkeys(["t.db", "t.db-wal", "t.db-shm"], 0o600)


def test_opening_again_changes_nothing(db: Database, tmp_path: Path) -> None:
    add_team({"Anna": 5}, {"tg": {"Anna": 1}})
    before = rows("SELECT sql FROM sqlite_master"), dump()
    models.open_database(tmp_path / "t.db").close()
    opened = models.open_database(tmp_path / "t.db")
    assert (rows("SELECT sql FROM sqlite_master"), dump()) == before
    opened.close()


OPEN_MANY = """
import sys
import models
print("ready", flush=True); sys.stdin.readline()
for number in range(12):
    opened = models.open_database(f"{sys.argv[1]}/{number}/new.db")
    assert models.SchemaVersion.select().count() == 1
    opened.close()
"""


def test_processes_that_create_one_file_after_another_side_by_side_all_succeed(
    tmp_path: Path,
) -> None:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", OPEN_MANY, str(tmp_path)]
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(4)]
    let_go(processes)
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0] * 4


@pytest.fixture
def locked(db: Database, tmp_path: Path) -> Iterator[Path]:
    """Return a database that another program has for itself alone."""
    db.close()
    path = tmp_path / "t.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("INSERT INTO source(name) VALUES ('theirs')")
        yield path


def test_a_database_that_another_has_for_itself_is_a_sentence(
    locked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 0.05)
    with pytest.raises(TooBusy, match="locked by another program"):
        models.open_database(locked)
    with pytest.raises(TooBusy), plainly():
        connect_sqlite(locked).connect()

"""The tables as any program meets them: constraints, file rights, versions, opening at once."""

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
from leadboard import desk
from leadboard.common.errors import TooBusy, Trouble
from leadboard.database import sqlite, upgrades
from leadboard.database.backup import backup
from leadboard.database.connection import database
from leadboard.database.sqlite import connect_sqlite
from leadboard.database.transactions import plainly
from tests.support import T, dump, rows, team

MOMENT = "'2026-11-23T10:42:07.000000Z'"


@pytest.fixture
def raw(db: Database, tmp_path: Path) -> sqlite3.Connection:
    """Return a plain connection to a database with one operator, source, lead and appeal."""
    team({"Anna": 5}, {"tg": {"Anna": 1}})
    connection = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("INSERT INTO lead(external_id) VALUES ('tg_1')")
    connection.execute(
        f"INSERT INTO appeal(lead_id, source_id, timestamp, message) VALUES (1, 1, {MOMENT}, 'm')"
    )
    return connection


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO operator(name, max_load) VALUES ('Anna', 1)",
        "INSERT INTO operator(name, max_load) VALUES ('', 1)",
        f"INSERT INTO operator(name, max_load) VALUES ('{'x' * 81}', 1)",
        "INSERT INTO operator(name, max_load) VALUES (NULL, 1)",
        "INSERT INTO operator(name, max_load) VALUES ('B', -1)",
        "INSERT INTO operator(name, max_load) VALUES ('B', 1000001)",
        "INSERT INTO operator(name, max_load) VALUES ('B', 'many')",
        "INSERT INTO operator(name, max_load, is_active) VALUES ('B', 1, 2)",
        "INSERT INTO operator(name, max_load, load) VALUES ('B', 1, -1)",
        "INSERT INTO source(name) VALUES ('tg')",
        "INSERT INTO source(name) VALUES ('')",
        "INSERT INTO operator_source VALUES (1, 1, 5)",
        "INSERT INTO operator_source VALUES (1, 9, 5)",
        "INSERT INTO operator_source VALUES (9, 1, 5)",
        "UPDATE operator_source SET weight = -1",
        "UPDATE operator_source SET weight = 1000001",
        "UPDATE operator_source SET weight = 'heavy'",
        "INSERT INTO lead(external_id) VALUES ('tg_1')",
        "INSERT INTO lead(external_id) VALUES ('')",
        "UPDATE appeal SET lead_id = 9",
        "UPDATE appeal SET source_id = 9",
        "UPDATE appeal SET operator_id = 9",
        "UPDATE appeal SET roster_id = 9",
        "UPDATE appeal SET lead_id = NULL",
        "UPDATE appeal SET message = NULL",
        "UPDATE appeal SET timestamp = NULL",
        "UPDATE appeal SET draw = 1",
        "UPDATE appeal SET withdrawn = 1",
        f"UPDATE appeal SET message = '{'x' * 10_001}'",
        "INSERT INTO appeal(lead_id, source_id, timestamp, message, key) "
        f"SELECT 1, 1, {MOMENT}, 'm', 'k' FROM (SELECT 1 UNION ALL SELECT 2)",
        "DELETE FROM operator",
        "DELETE FROM source",
        "DELETE FROM lead",
        "UPDATE event SET target_id = 99",
        "INSERT INTO event_change(event_id, subject) VALUES (99, 'x')",
    ],
)
def test_the_schema_refuses(raw: sqlite3.Connection, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)


def test_ids_hold_64_bits(raw: sqlite3.Connection) -> None:
    raw.execute(f"INSERT INTO lead(id, external_id) VALUES ({2**62}, 'far')")
    assert raw.execute("SELECT max(id) FROM lead").fetchone() == (2**62,)


def test_the_id_of_a_deleted_operator_or_source_is_never_given_again(db: Database) -> None:
    for add, delete in (
        (desk.add_source, desk.delete_source),
        (lambda name, actor: desk.add_operator(name, 1, actor=actor), desk.delete_operator),
    ):
        add("first", actor=T)
        delete(1, actor=T)
        add("second", actor=T)
    assert rows("SELECT id FROM source") == rows("SELECT id FROM operator") == [(2,)]


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


NOW = models.SCHEMA_VERSION


def upgrade_by(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    monkeypatch.setattr(models, "SCHEMA_VERSION", NOW + 1)
    monkeypatch.setattr(upgrades, "UPGRADES", {NOW: lambda: database.execute_sql(step)})


def test_an_older_file_is_upgraded_after_a_copy_was_made(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team({"Anna": 5}, {})
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
upgrades.UPGRADES[was] = lambda: database.execute_sql("CREATE TABLE once (x INTEGER)")
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


def test_every_table_is_strict(db: Database) -> None:
    listed = rows("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'")
    strict = {name: is_strict for name, is_strict in listed if not str(name).startswith("sqlite_")}
    assert strict == {model._meta.table_name: 1 for model in models.TABLES}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO operator(name, max_load) VALUES (x'41', 1)",
        "INSERT INTO operator(name, max_load) VALUES ('B', 1.5)",
        "INSERT INTO operator(name, max_load) VALUES ('B', NULL)",
        "UPDATE operator SET is_active = NULL",
        "UPDATE operator SET load = NULL",
        "UPDATE operator SET name = NULL",
        "UPDATE operator SET id = 'one'",
        "UPDATE source SET name = NULL",
        f"UPDATE source SET name = '{'x' * 81}'",
        "UPDATE operator_source SET weight = NULL",
        "UPDATE operator_source SET weight = 0.5",
        "UPDATE operator_source SET operator_id = NULL",
        "INSERT INTO lead(external_id) VALUES (NULL)",
        f"INSERT INTO lead(external_id) VALUES ('{'x' * 201}')",
        "UPDATE appeal SET source_id = NULL",
        "UPDATE appeal SET key = ''",
        f"UPDATE appeal SET key = '{'x' * 201}'",
        "UPDATE appeal SET withdrawn = 2",
        "UPDATE appeal SET withdrawn = NULL",
        "INSERT INTO roster(digest, content) VALUES (x'01', '[]'), (x'01', '[]')",
        "INSERT INTO roster(digest, content) VALUES ('text', '[]')",
        "UPDATE event SET actor = NULL",
        "UPDATE event SET forced = 2",
        "DELETE FROM event",
        "UPDATE event_change SET subject = NULL",
        f"INSERT INTO schema_version(version) VALUES ({models.SCHEMA_VERSION})",
    ],
)
def test_the_schema_refuses_wrong_kinds_and_nothing(
    raw: sqlite3.Connection, statement: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)


def test_a_draw_is_never_negative(raw: sqlite3.Connection) -> None:
    raw.execute("INSERT INTO roster(digest, content) VALUES (x'01', '[]')")
    raw.execute("UPDATE appeal SET roster_id = 1, draw = 0")
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute("UPDATE appeal SET draw = -1")


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE operator SET name = '{'я' * 80}', max_load = 1000000",
        "UPDATE operator SET name = 'x', max_load = 0, load = 7",
        "UPDATE operator_source SET weight = 0",
        "UPDATE operator_source SET weight = 1000000",
        f"UPDATE lead SET external_id = '{'x' * 200}'",
        f"UPDATE appeal SET message = '{'я' * 10_000}'",
        "UPDATE appeal SET message = ''",
        f"UPDATE appeal SET withdrawn = 1, closed_at = {MOMENT}",
        f"UPDATE appeal SET key = '{'x' * 200}'",
    ],
)
def test_the_schema_takes_what_stands_on_the_bound(raw: sqlite3.Connection, statement: str) -> None:
    raw.execute(statement)


def test_any_number_of_appeals_may_have_no_key(raw: sqlite3.Connection) -> None:
    raw.execute(
        f"INSERT INTO appeal(lead_id, source_id, timestamp, message) VALUES (1, 1, {MOMENT}, 'm')"
    )
    assert raw.execute("SELECT count(*) FROM appeal WHERE key IS NULL").fetchone() == (2,)


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


def test_when_a_later_step_fails_the_earlier_one_is_taken_back(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.close()
    with monkeypatch.context() as patched:
        patched.setattr(models, "SCHEMA_VERSION", NOW + 2)
        first, second = "CREATE TABLE early (x INTEGER)", "CREATE TABLE early (x INTEGER)"
        steps = {
            NOW: lambda: database.execute_sql(first),
            NOW + 1: lambda: database.execute_sql(second),
        }
        patched.setattr(upgrades, "UPGRADES", steps)
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
    team({"Came later": 5}, {})
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

    monkeypatch.setattr(upgrades, "backup", late)
    opened = models.open_database(tmp_path / "t.db")
    assert rows("SELECT version FROM schema_version") == [(NOW + 1,)]
    opened.close()


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
    team({"Anna": 5}, {})
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.glob("t.db*")}
    assert modes == dict.fromkeys(["t.db", "t.db-wal", "t.db-shm"], 0o600)


def test_opening_again_changes_nothing(db: Database, tmp_path: Path) -> None:
    team({"Anna": 5}, {"tg": {"Anna": 1}})
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
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0] * 4


def test_an_operator_added_by_another_program_is_active_and_has_no_load(
    raw: sqlite3.Connection,
) -> None:
    raw.execute("INSERT INTO operator(name, max_load) VALUES ('Boris', 5)")
    models.Operator.create(name="Vera", max_load=5)
    assert rows("SELECT is_active, load FROM operator WHERE id > 1") == [(1, 0), (1, 0)]


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

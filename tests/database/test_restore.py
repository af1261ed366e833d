"""The way back: a backup put where the database was, whole or not at all."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from allocator import submit
from leadboard.allocation import audit
from leadboard.common.errors import Refused, Trouble
from leadboard.database.backup import backup
from leadboard.database.restore import restore
from models import SCHEMA_VERSION, open_database
from tests.support import Team, add_team, rows
from tests.support.processes import ROOT, leadboard

KILLED = """
import os
import sys
import models
import allocator
models.open_database(sys.argv[1])
for each in range(300):
    allocator.submit(f"late{each}", 1, "m" * 3000)
os.kill(os.getpid(), 9)
"""
HOLDER = """
import sys
import models
models.open_database(sys.argv[1])
print("open", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return where the database is, closed, in a folder of its own."""
    path = tmp_path / "house" / "sales.db"
    with closing(open_database(path)):
        team = add_team({"Anna": 1000}, {"tg": {"Anna": 1}})
        submit("first", team.tg, "in the backup")
    return path


@pytest.fixture
def copy(place: Path, tmp_path: Path) -> Path:
    """Return a backup of it, with one appeal."""
    copy = tmp_path / "backup.db"
    backup(place, copy)
    return copy


def leads(path: Path) -> list[object]:
    with closing(open_database(path, may_create=False)):
        assert audit.check() == []
        return [lead for (lead,) in rows("SELECT external_id FROM lead ORDER BY id")]


def names(place: Path) -> list[str]:
    return sorted(each.name for each in place.parent.iterdir())


def kept(place: Path) -> Path:
    [old] = [each for each in place.parent.iterdir() if each.name.endswith(".old")]
    return old


def test_a_killed_program_leaves_a_log_that_is_not_replayed_over_the_backup(
    place: Path, copy: Path
) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(place)], cwd=ROOT, check=False)
    assert Path(f"{place}-wal").stat().st_size
    done = leadboard(place, "restore", str(copy))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{place}: restored with 1 appeals" in done.stdout
    assert str(kept(place)) in done.stdout
    assert leads(place) == ["first"]
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert (place.stat().st_nlink, kept(place).stat().st_nlink) == (1, 1)
    assert len(leads(kept(place))) == 301  # with its log, it is what it was


@pytest.mark.parametrize("damage", ["half", "text", "empty", "gone", "folder gone"])
def test_a_damaged_or_lost_database_comes_back(place: Path, copy: Path, damage: str) -> None:
    whole = place.read_bytes()
    if damage == "half":
        place.write_bytes(whole[: len(whole) // 2])
    elif damage == "text":
        place.write_text("no database " * 900)
    elif damage == "empty":
        place.write_bytes(b"")
    else:
        place.unlink()
        shutil.rmtree(place.parent) if damage == "folder gone" else None
    done = restore(copy, place)
    assert (done.appeals, done.kept is None) == (1, "gone" in damage)
    assert leads(place) == ["first"]


def test_a_log_without_its_file_is_taken_away(place: Path, copy: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(place)], cwd=ROOT, check=False)
    place.unlink()
    restore(copy, place)
    assert leads(place) == ["first"]
    assert [each for each in names(place) if each.endswith("-wal")] == [
        each for each in names(place) if ".old-wal" in each
    ]


def test_a_file_in_use_is_never_replaced(place: Path, copy: Path) -> None:
    before = place.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        there = names(place)
        done = leadboard(place, "restore", str(copy))
        assert (done.returncode, done.stdout) == (2, "")
        assert "is in use" in done.stderr
        assert names(place) == there
        holder.communicate("\n")
    assert place.read_bytes() == before
    assert leadboard(place, "restore", str(copy)).returncode == 0


@pytest.fixture
def useless(request: pytest.FixtureRequest, copy: Path, tmp_path: Path) -> Path:
    """Return a file that is no sound backup of a Leadboard that this one knows."""
    kind: str = request.param
    path = tmp_path / "useless.db"
    if kind == "foreign":
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE theirs (x)")
    elif kind == "text":
        path.write_text("no database " * 900)
    elif kind == "newer":
        shutil.copy(copy, path)
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("UPDATE schema_version SET version = ?", (SCHEMA_VERSION + 1,))
    elif kind == "damaged":
        whole = bytearray(copy.read_bytes())
        for page in range(4096, len(whole), 4096):
            whole[page : page + 300] = b"\xa5" * 300
        path.write_bytes(whole)
    return path


@pytest.mark.parametrize(
    ("useless", "words"),
    [
        ("foreign", "not a Leadboard database"),
        ("text", "damaged or not a database"),
        ("newer", "upgrade Leadboard"),
        ("damaged", "damaged"),
        ("missing", "There is no backup"),
    ],
    indirect=["useless"],
)
def test_what_is_no_sound_backup_changes_nothing(place: Path, useless: Path, words: str) -> None:
    before, there = place.read_bytes(), names(place)
    with pytest.raises(Trouble, match=words):
        restore(useless, place)
    assert (place.read_bytes(), names(place)) == (before, there)


def test_the_database_of_another_program_is_not_replaced(copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "theirs.db"
    with closing(sqlite3.connect(other)) as theirs:
        theirs.execute("CREATE TABLE theirs (x)")
    with pytest.raises(Trouble, match="another program"):
        restore(copy, other)
    with pytest.raises(Refused, match="the database itself"):
        restore(copy, copy)


@pytest.mark.parametrize("step", ["os.link", "pathlib.Path.replace"])
def test_what_fails_on_the_way_changes_nothing(
    place: Path, copy: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(place)], cwd=ROOT, check=False)
    before, there = place.read_bytes(), names(place)

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(step, fail)
    with pytest.raises(KeyboardInterrupt):
        restore(copy, place)
    monkeypatch.undo()
    assert (place.read_bytes(), names(place)) == (before, there)
    assert len(leads(place)) == 301


def test_a_kill_in_the_middle_leaves_all_of_the_old_one_and_nothing_that_is_opened(
    place: Path, copy: Path
) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(place)], cwd=ROOT, check=False)
    program = (
        "import os, pathlib, sys\nfrom leadboard.database import restore as restoring\n"
        "pathlib.Path.replace = lambda *_: os._exit(9)\n"
        "restoring.restore(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    )
    killed = subprocess.run([sys.executable, "-c", program, copy, place], cwd=ROOT, check=False)
    assert killed.returncode == 9
    assert "which has a log" in leadboard(place, "check").stderr
    with_log = kept(place)
    assert leadboard(place, "restore", str(copy)).returncode == 0
    assert leads(place) == ["first"]
    assert len(leads(with_log)) == 301


def test_no_journal_is_left_that_would_be_replayed(place: Path, copy: Path) -> None:
    journal = Path(f"{place}-journal")
    journal.write_bytes(b"of a program that was killed")
    restore(copy, place)
    assert not journal.exists()
    assert Path(f"{kept(place)}-journal").exists()


def test_it_is_put_where_a_link_leads(place: Path, copy: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(place)
    restore(copy, link)
    assert link.is_symlink()
    assert leads(place) == ["first"]


def test_a_backup_is_taken_with_its_log_and_from_where_nobody_may_write(
    place: Path, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(place)], cwd=ROOT, check=False)
    folder = tmp_path / "medium"
    shutil.copytree(place.parent, folder)
    for each in folder.iterdir():
        each.chmod(0o444)
    assert restore(folder / place.name, tmp_path / "new.db").appeals == 301


def test_on_a_server_it_says_what_to_do(copy: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "leadboard.cli",
            "--db",
            "postgresql://h/sales",
            "restore",
            str(copy),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 2
    assert "copy --to" in done.stderr


# --- the backup itself ------------------------------------------------------------------------


@pytest.fixture
def good(place: Path, tmp_path: Path) -> Iterator[Path]:
    """Return a good backup, which stays as it is."""
    good = tmp_path / "good.db"
    backup(place, good)
    before = good.read_bytes()
    yield good
    assert good.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".good")] == []


@pytest.mark.parametrize("useless", ["foreign", "text", "damaged", "missing"], indirect=True)
def test_no_useless_copy_replaces_a_good_backup(useless: Path, good: Path) -> None:
    assert leadboard(useless, "backup", "--force", str(good)).returncode == 2
    with pytest.raises(Trouble):
        backup(useless, good, force=True)


def test_no_backup_is_written_over_a_database_in_use(place: Path, good: Path) -> None:
    Path(f"{good}-wal").touch()
    for force in (True, False):
        with pytest.raises(Refused):
            backup(place, good, force=force)


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
def test_nothing_is_written_over_a_part_of_a_database_in_use(
    place: Path, good: Path, ending: str, tmp_path: Path
) -> None:
    team = Team()
    (tmp_path / "link").symlink_to(f"{place}{ending}")
    open_database(place)
    submit("tg_9", team.tg, "in the log alone")
    before = sorted(tmp_path.rglob("*"))
    for part in (Path(f"{place}{ending}"), tmp_path / "link"):
        for arguments in (
            (place, "backup", "--force", part),
            (place, "export", "leads", part, "--force"),
            (part, "restore", good),
            (part, "import", "leads", good, "--yes"),
        ):
            done = leadboard(*map(str, arguments))
            assert (done.returncode, "is a part of the database" in done.stderr) == (2, True)
    assert sorted(tmp_path.rglob("*")) == before
    assert rows("SELECT message FROM appeal ORDER BY id DESC LIMIT 1") == [("in the log alone",)]


def test_a_journal_that_would_be_replayed_over_a_copy_is_noticed(place: Path, good: Path) -> None:
    Path(f"{good}-journal").touch()
    with pytest.raises(Refused, match="a log lies beside it"):
        backup(place, good, force=True)


@pytest.mark.parametrize("force", [True, False])
def test_a_backup_is_put_where_a_link_leads(place: Path, tmp_path: Path, force: bool) -> None:
    (tmp_path / "other disk").mkdir()
    real, link = tmp_path / "other disk" / "copy.db", tmp_path / "latest.db"
    link.symlink_to(real)
    if force:
        real.write_bytes(b"old")
    backup(place, link, force=force)
    assert link.is_symlink()
    assert real.read_bytes().startswith(b"SQLite format 3")


def test_what_is_no_ordinary_file_is_never_replaced(place: Path, good: Path) -> None:
    pipe = good.with_name("pipe")
    os.mkfifo(pipe)
    with pytest.raises(Refused, match="no ordinary file"):
        backup(place, pipe, force=True)
    for restored in (leadboard(pipe, "restore", str(good)), leadboard(pipe, "check")):
        assert (restored.returncode, "no ordinary file" in restored.stderr) == (2, True)
    assert pipe.is_fifo()


def test_a_full_disk_leaves_the_old_backup(
    place: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("leadboard.database.backup.sync", full)
    with pytest.raises(Trouble, match="No space left"):
        backup(place, good, force=True)


def test_help_and_sentences_name_the_way_back(place: Path) -> None:
    assert "leadboard restore" in leadboard(place, "backup", "--help").stdout
    whole = bytearray(place.read_bytes())
    for page in range(4096, len(whole), 4096):
        whole[page : page + 300] = b"\xa5" * 300
    place.write_bytes(whole)
    assert "leadboard restore BACKUP" in leadboard(place, "verify").stderr

"""A copy of the database: whole, private, and never in the way of anything."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from leadboard.allocation import audit
from leadboard.allocation.verification import verify
from leadboard.common.errors import Refused, Trouble
from leadboard.database.backup import backup
from leadboard.database.connection import database
from models import open_database
from tests.support import add_operator, add_source, arrive, number, opened
from tests.support.processes import ROOT, leadboard

WRITER = """
import sys
import allocator
from leadboard import desk
import models
models.open_database(sys.argv[1])
print("ready", flush=True)
while True:
    placed = allocator.submit("lead", 1, "hello")
    print(placed.id, flush=True)
    desk.close([placed.id], actor="writer")
"""


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Path]:
    with opened(tmp_path / "book.db") as path:
        arrive(add_source("bot", (add_operator("Vera", 50), 5)), 20)
        yield path


def assert_sound(copy: Path) -> None:
    """Open a copy as any other database and check every rule."""
    database.close()
    open_database(copy)
    assert audit.check() == []
    assert verify().findings == []


def left_behind(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if each.name.endswith(".part")]


def test_a_copy_holds_everything_and_is_private(book: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    size = backup(book, copy)
    assert size == copy.stat().st_size
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert_sound(copy)
    assert number("SELECT count(*) FROM appeal") == 20
    assert left_behind(tmp_path) == []


def test_a_copy_is_private_whatever_the_umask(book: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        backup(book, tmp_path / "copy.db")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600


def test_a_copy_is_one_file(book: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    backup(book, folder / "copy.db")
    assert [each.name for each in folder.iterdir()] == ["copy.db"]
    with closing(sqlite3.connect(folder / "copy.db")) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_copy_made_while_others_write_is_consistent(book: Path, tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(book)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        copies, counts = [tmp_path / f"copy {each}.db" for each in range(5)], []
        for copy in copies:
            last = int(writer.stdout.readline())
            assert backup(book, copy) > 0
            counts.append(last)
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.communicate()
    for copy, count in zip(copies, counts, strict=True):
        assert_sound(copy)
        assert number("SELECT count(*) FROM appeal") >= count


def test_an_existing_file_is_left_as_it_is(book: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious.txt"
    target.write_bytes(b"precious")
    with pytest.raises(Refused, match=r"exists already.*--force"):
        backup(book, target)
    done = leadboard(book, "backup", str(target))
    assert (done.returncode, done.stdout) == (2, "")
    assert "exists already" in done.stderr
    assert target.read_bytes() == b"precious"
    assert left_behind(tmp_path) == []


def test_an_existing_file_is_written_over_by_force_only(book: Path, tmp_path: Path) -> None:
    target = tmp_path / "old.db"
    target.write_bytes(b"old")
    done = leadboard(book, "backup", "--force", str(target))
    assert (done.returncode, done.stderr) == (0, "")
    assert_sound(target)


def test_the_target_appearing_meanwhile_is_left_as_it_is(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy.db"
    monkeypatch.setattr(
        "leadboard.database.backup._prove", lambda *_: target.write_bytes(b"precious")
    )
    with pytest.raises(Trouble, match="Cannot write"):
        backup(book, target)
    assert target.read_bytes() == b"precious"
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_the_database_is_never_copied_over_itself(book: Path, force: tuple[str, ...]) -> None:
    done = leadboard(book, "backup", *force, str(book))
    assert (done.returncode, done.stdout) == (2, "")
    assert "the database itself" in done.stderr
    assert number("SELECT count(*) FROM appeal") == 20


def test_the_database_is_not_copied_over_itself_by_another_name(book: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(book)
    with pytest.raises(Refused, match="the database itself"):
        backup(book, link, force=True)


def test_a_missing_folder_is_told_in_one_sentence(book: Path, tmp_path: Path) -> None:
    done = leadboard(book, "backup", str(tmp_path / "nowhere" / "copy.db"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such file or directory" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "nowhere").exists()
    assert left_behind(tmp_path) == []


def test_a_copy_that_fails_half_way_leaves_nothing_behind(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path, partial: Path) -> None:
        partial.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("leadboard.database.backup._copy", fail)
    with pytest.raises(Trouble, match="No space left on device"):
        backup(book, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    assert left_behind(tmp_path) == []

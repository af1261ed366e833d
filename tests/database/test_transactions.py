"""Transactions that wait their turn, and troubles in sentences."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peewee import Database, IntegrityError

import models
from leadboard import desk
from leadboard.common.errors import Refused, TooBusy, Trouble
from leadboard.database import transactions
from leadboard.database.fields import UtcField, stamp
from leadboard.database.transactions import plainly, transact, try_writing
from leadboard.queries import board
from models import Source
from tests.support import ACTOR, add_team, dump, rows


@pytest.fixture
def other(db: Database, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Return the connection of another program."""
    connection = sqlite3.connect(tmp_path / "t.db", isolation_level=None, timeout=0)
    yield connection
    connection.close()


def test_an_inner_transaction_joins_the_outer_one(db: Database) -> None:
    def outer() -> None:
        desk.add_source("tg", actor=ACTOR)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        transact(outer)
    assert rows("SELECT count(*) FROM source") == [(0,)]


def test_a_write_waits_for_its_turn_and_then_succeeds(
    db: Database, other: sqlite3.Connection, tmp_path: Path
) -> None:
    holder = sqlite3.connect(tmp_path / "t.db", isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, lambda: holder.execute("ROLLBACK"))
    timer.start()
    started = time.monotonic()
    desk.add_source("tg", actor=ACTOR)
    assert time.monotonic() - started > 0.15
    assert rows("SELECT name FROM source") == [("tg",)]
    timer.join()
    holder.close()


def test_after_its_patience_a_write_says_that_the_database_is_locked(
    db: Database, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "PATIENCE", 0.05)
    other.execute("BEGIN IMMEDIATE")
    before = dump()
    with pytest.raises(TooBusy, match="locked by another program"):
        desk.add_source("tg", actor=ACTOR)
    with pytest.raises(TooBusy):
        try_writing()
    assert dump() == before
    other.execute("ROLLBACK")
    try_writing()
    desk.add_source("tg", actor=ACTOR)


def test_a_full_disk_is_a_sentence_and_work_goes_on_when_it_ends(db: Database) -> None:
    team = add_team({"Anna": 5}, {"tg": {"Anna": 1}})
    [(pages,)] = rows("PRAGMA page_count")
    rows(f"PRAGMA max_page_count = {pages}")
    before, sentence = dump(), ""
    while not sentence:
        before = dump()
        try:
            desk.submit("somebody", team.tg, "x" * 9_000, actor=ACTOR)
        except Trouble as trouble:
            sentence = str(trouble)
    assert "disk is full" in sentence
    assert dump() == before
    rows("PRAGMA max_page_count = 1000000")
    desk.submit("at last", team.tg, "x" * 9_000, actor=ACTOR)


def test_a_database_that_may_only_be_read_is_a_sentence(db: Database) -> None:
    rows("PRAGMA query_only = 1")
    with pytest.raises(Trouble, match="read-only"):
        desk.add_source("tg", actor=ACTOR)


def test_a_probe_leaves_no_trace(db: Database) -> None:
    before = rows("SELECT name FROM sqlite_master")
    try_writing()
    assert rows("SELECT name FROM sqlite_master") == before


def test_a_damaged_page_is_a_sentence(db: Database, tmp_path: Path) -> None:
    for number in range(300):
        Source.insert(name=f"source {number} {'x' * 60}").execute()
    rows("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    with (tmp_path / "t.db").open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 40)
    with pytest.raises(Trouble, match=r"damaged|not a Leadboard"):
        open_and_add(tmp_path / "t.db")


def open_and_add(path: Path) -> None:
    opened = models.open_database(path)
    try:
        desk.add_source("one more", actor=ACTOR)
    finally:
        opened.close()


# --- transactions -----------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [Refused("no."), KeyError("x"), KeyboardInterrupt()])
def test_whatever_fails_takes_back_all_that_was_written(
    db: Database, failure: BaseException
) -> None:
    def work() -> None:
        Source.insert(name="tg").execute()
        raise failure

    before = dump()
    with pytest.raises(type(failure)):
        transact(work)
    assert dump() == before
    assert not db.in_transaction()


def test_work_inside_joins_and_has_no_savepoint_of_its_own(db: Database) -> None:
    def inner() -> None:
        Source.insert(name="tg").execute()
        raise Refused("no.")

    def outer() -> None:
        with pytest.raises(Refused):
            transact(inner)

    transact(outer)
    assert rows("SELECT name FROM source") == [("tg",)]


def test_what_finds_itself_overtaken_is_run_again_from_the_outermost_start(db: Database) -> None:
    runs = {"outer": 0, "inner": 0}

    def inner() -> None:
        runs["inner"] += 1
        Source.insert(name=f"run {runs['outer']}").execute()
        if runs["outer"] < 3:
            raise TooBusy("overtaken.")

    def outer() -> str:
        runs["outer"] += 1
        transact(inner)
        return "done"

    assert transact(outer) == "done"
    assert runs == {"outer": 3, "inner": 3}
    assert rows("SELECT name FROM source") == [("run 3",)]


HOLD = """
import sqlite3, sys
holder = sqlite3.connect(sys.argv[1], isolation_level=None)
holder.execute("BEGIN IMMEDIATE")
holder.execute("INSERT INTO source(name) VALUES ('theirs')")
print("held", flush=True)
sys.stdin.readline()
holder.execute("COMMIT")
"""


@pytest.fixture
def holder(db: Database, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start another process that holds the write lock until it reads a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "t.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.communicate("go\n", timeout=30)
    assert process.returncode == 0


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def test_a_write_waits_for_another_process_and_comes_after_it(
    holder: subprocess.Popen[str],
) -> None:
    timer = threading.Timer(0.1, let_go, [holder])
    timer.start()
    desk.add_source("ours", actor=ACTOR)
    timer.join()
    assert rows("SELECT name FROM source ORDER BY id") == [("theirs",), ("ours",)]


def test_reading_never_waits_for_a_writer(
    holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "PATIENCE", 0.0)
    assert board.board().sources == ()
    assert rows("SELECT count(*) FROM source") == [(0,)]


def test_a_reader_at_work_does_not_hold_up_a_writer(
    db: Database, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "PATIENCE", 0.0)
    other.execute("BEGIN")
    assert other.execute("SELECT count(*) FROM source").fetchone() == (0,)
    desk.add_source("tg", actor=ACTOR)
    assert other.execute("SELECT count(*) FROM source").fetchone() == (0,)
    other.execute("ROLLBACK")


# --- troubles in sentences --------------------------------------------------------------------


def failure(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("some words of the library")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("SQLITE_BUSY", TooBusy, "locked by another program"),
        ("SQLITE_BUSY_SNAPSHOT", TooBusy, "locked by another program"),
        ("SQLITE_LOCKED_SHAREDCACHE", TooBusy, "locked by another program"),
        ("SQLITE_READONLY", Trouble, "read-only"),
        ("SQLITE_READONLY_DBMOVED", Trouble, "read-only"),
        ("SQLITE_FULL", Trouble, "disk is full"),
        ("SQLITE_IOERR_WRITE", Trouble, "disk could not be read or written"),
        ("SQLITE_NOTADB", Trouble, "not a Leadboard database"),
        ("SQLITE_CORRUPT_INDEX", Trouble, "damaged"),
        ("SQLITE_CANTOPEN_ISDIR", Trouble, "cannot be opened"),
        ("SQLITE_PERM", Trouble, "cannot be opened"),
        ("SQLITE_TOOBIG", Trouble, "some words of the library"),
    ],
)
def test_each_failure_of_the_library_is_a_sentence(
    name: str, kind: type[Trouble], words: str
) -> None:
    with pytest.raises(Trouble, match=words) as caught, plainly():
        raise failure(name)
    assert type(caught.value) is kind
    assert str(caught.value).endswith(".")


def test_the_cause_is_looked_for_behind_what_was_raised_last() -> None:
    last = failure("SQLITE_ERROR")
    last.__context__ = failure("SQLITE_FULL")
    with pytest.raises(Trouble, match="disk is full"), plainly():
        raise last


def test_a_broken_rule_of_the_schema_is_no_trouble_but_a_mistake_of_ours(db: Database) -> None:
    Source.insert(name="tg").execute()
    with pytest.raises(IntegrityError):
        transact(lambda: Source.insert(name="tg").execute())


def test_what_is_no_failure_of_the_library_passes_as_it_is() -> None:
    with pytest.raises(Refused, match="no"), plainly():
        raise Refused("no.", "field")


# --- moments ----------------------------------------------------------------------------------

MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(MOMENTS, MOMENTS)
def test_moments_sort_as_text_and_are_read_back(left: datetime, right: datetime) -> None:
    assert (stamp(left) < stamp(right)) == (left < right)
    assert len(stamp(left)) == len("2026-11-23T10:42:07.000000Z")
    assert UtcField().python_value(stamp(left)) == left


def test_a_moment_of_another_zone_is_kept_in_utc() -> None:
    moment = datetime(2026, 11, 23, 13, 42, 7, tzinfo=timezone(timedelta(hours=3)))
    assert stamp(moment) == "2026-11-23T10:42:07.000000Z"
    field = UtcField()
    assert field.db_value(None) is None
    assert field.python_value(None) is None

"""Transactions that wait their turn, and troubles in sentences."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

import desk
import models
import store
from models import Source
from store import TooBusy, Trouble, transact, try_writing
from tests.support import T, dump, rows, team


@pytest.fixture
def other(db: Database, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Return the connection of another program."""
    connection = sqlite3.connect(tmp_path / "t.db", isolation_level=None, timeout=0)
    yield connection
    connection.close()


def test_an_inner_transaction_joins_the_outer_one(db: Database) -> None:
    def outer() -> None:
        desk.add_source("tg", actor=T)
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
    desk.add_source("tg", actor=T)
    assert time.monotonic() - started > 0.15
    assert rows("SELECT name FROM source") == [("tg",)]
    timer.join()
    holder.close()


def test_after_its_patience_a_write_says_that_the_database_is_locked(
    db: Database, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    other.execute("BEGIN IMMEDIATE")
    before = dump()
    with pytest.raises(TooBusy, match="locked by another program"):
        desk.add_source("tg", actor=T)
    with pytest.raises(TooBusy):
        try_writing()
    assert dump() == before
    other.execute("ROLLBACK")
    try_writing()
    desk.add_source("tg", actor=T)


def test_a_full_disk_is_a_sentence_and_work_goes_on_when_it_ends(db: Database) -> None:
    team({"Anna": 5}, {"tg": {"Anna": 1}})
    [(pages,)] = rows("PRAGMA page_count")
    rows(f"PRAGMA max_page_count = {pages}")
    before, sentence = dump(), ""
    while not sentence:
        before = dump()
        try:
            desk.submit("somebody", 1, "x" * 9_000, actor=T)
        except Trouble as trouble:
            sentence = str(trouble)
    assert "disk is full" in sentence
    assert dump() == before
    rows("PRAGMA max_page_count = 1000000")
    desk.submit("at last", 1, "x" * 9_000, actor=T)


def test_a_database_that_may_only_be_read_is_a_sentence(db: Database) -> None:
    rows("PRAGMA query_only = 1")
    with pytest.raises(Trouble, match="read-only"):
        desk.add_source("tg", actor=T)


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
        desk.add_source("one more", actor=T)
    finally:
        opened.close()

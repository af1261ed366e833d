"""What the benchmarks stand on: a generated database keeps every rule, and tables are readable."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import models
from bench import databases
from bench.generate import Sizes, generate
from bench.words import RARE_WORD
from leadboard.allocation import audit

SMALL = Sizes(appeals=3_000, operators=20, sources=4)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(databases.HOME, str(tmp_path / "bench"))
    return tmp_path / "bench"


def test_a_generated_database_keeps_every_rule(tmp_path: Path) -> None:
    generate(tmp_path / "g.db", SMALL)
    opened = models.open_database(tmp_path / "g.db")
    try:
        assert list(audit.check()) == []
    finally:
        opened.close()


def test_a_generated_database_has_the_indexes_of_a_new_one(tmp_path: Path) -> None:
    generate(tmp_path / "g.db", SMALL)
    models.open_database(tmp_path / "new.db").close()
    assert _schema(tmp_path / "g.db") == _schema(tmp_path / "new.db")


def _schema(path: Path) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return set(connection.execute("SELECT type, name, sql FROM sqlite_master"))


def test_the_rare_word_stands_in_one_message(tmp_path: Path) -> None:
    generate(tmp_path / "g.db", SMALL)
    with closing(sqlite3.connect(tmp_path / "g.db")) as connection:
        query = "SELECT count(*), count(DISTINCT lead_id) FROM appeal WHERE instr(message, ?) > 0"
        assert connection.execute(query, (RARE_WORD,)).fetchone() == (1, 1)


def test_leads_are_long_tailed(tmp_path: Path) -> None:
    generate(tmp_path / "g.db", SMALL)
    with closing(sqlite3.connect(tmp_path / "g.db")) as connection:
        query = "SELECT count(*) FROM appeal GROUP BY lead_id ORDER BY 1 DESC"
        counts = [count for (count,) in connection.execute(query)]
    assert counts[0] > 100
    assert counts[len(counts) // 2] <= 3


def test_a_kept_database_is_made_once_and_copied(home: Path, tmp_path: Path) -> None:
    first = databases.kept(SMALL)
    made = first.stat().st_mtime_ns
    copy = databases.copied(SMALL, tmp_path / "copy.db")
    assert databases.kept(SMALL) == first
    assert first.stat().st_mtime_ns == made
    assert copy.read_bytes() == first.read_bytes()
    assert list(home.iterdir()) == [first]


def test_other_sizes_are_another_file(home: Path) -> None:
    assert databases.kept(SMALL) != databases.kept(Sizes(appeals=10))

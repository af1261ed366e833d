"""What the benchmarks report, and that each baseline does what it is said to do."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import models
from bench import counted, feed, submit
from bench.databases import with_room
from bench.generate import generate
from bench.growth import growth
from bench.plan import office
from bench.result import Result, table
from bench.writer import writing

OFFICE = office(500)


def count(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        found: int = connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        return found


@pytest.fixture
def database(tmp_path: Path) -> Path:
    generate(tmp_path / "office.db", OFFICE)
    return with_room(tmp_path / "office.db")


def test_a_rate_costs_more_when_it_is_lower() -> None:
    assert Result("submit", 50, 100, "appeals/s", 2).ratio == 2
    assert Result("start", 50, 100, "ms", 2).ratio == 0.5


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (Result("a", 3, 1, "ms"), ""),
        (Result("a", 2, 1, "ms", 2), "<= 2.00 met"),
        (Result("a", 3, 1, "ms", 2), "<= 2.00 MISSED"),
        (Result("a", 900, 2, "appeals/s", 1 / 300), "<= 1/300 met"),
        (Result("a", 151, 1, "ms", limit=150), "<= 150 ms MISSED"),
    ],
)
def test_a_verdict_names_the_promise(result: Result, verdict: str) -> None:
    assert result.verdict == verdict
    assert table([result]).endswith(verdict)


def test_growth_fits_an_exponent_to_the_costs() -> None:
    flat = [Result(f"flat, {name}", 7, 1, "ms", size=size) for name, size in SIZES.items()]
    walk = [
        Result(f"walk, {name}", 1e9 / size, 1, "rows/s", size=size) for name, size in SIZES.items()
    ]
    lone = Result("lone", 1, 1, "ms")
    head, first, second = growth([*flat, *walk, lone]).splitlines()
    assert head.split() == ["growth", "10k", "1M", "10M", "unit", "exponent"]
    assert first.split() == ["flat", "7.00", "7.00", "7.00", "ms", "+0.00"]
    assert second.split()[-1] == "+1.00"


SIZES = {"10k": 10_000, "1M": 1_000_000, "10M": 10_000_000}


def test_one_size_has_no_growth() -> None:
    assert growth([Result("flat, 10k", 7, 1, "ms", size=10_000)]) == ""


def test_the_replay_stores_what_the_allocator_stored(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "APPEALS", 20)
    raw = tmp_path / "raw.db"
    raw.write_bytes(database.read_bytes())
    assert submit.replay(raw, submit.record(database, 0)) > 0
    for name in ("appeal", "lead", "roster"):
        assert count(raw, name) == count(database, name)
    assert count(database, "appeal") == OFFICE.appeals + 20
    assert _placed(raw) == _placed(database)


def _placed(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.execute("SELECT id, lead_id, operator_id, roster_id FROM appeal"))


def test_the_bulk_rows_are_as_many_as_the_feed_stores(database: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw.db"
    raw.write_bytes(database.read_bytes())
    lines = feed.write_lines(tmp_path / "lines.jsonl", 200)
    assert feed.most_memory(database, lines) > 10
    assert feed.write_rows(raw, 200) > 0
    for name in ("appeal", "lead"):
        assert count(raw, name) == count(database, name)


def test_the_writer_submits_until_it_is_stopped(database: Path) -> None:
    with writing(database, 200) as bot:
        took = bot.stop()
    assert count(database, "appeal") == OFFICE.appeals + len(took)
    assert all(each > 0 for each in took)


def test_the_counting_service_gives_appeals_to_operators_below_their_limit(tmp_path: Path) -> None:
    if not counted.is_installed():
        pytest.skip(counted.MISSING)
    assert counted.counting_rate(tmp_path / "counting.db", 100, 10) > 0
    assert count(tmp_path / "counting.db", "appeals") == 111
    assert count(tmp_path / "counting.db", "appeals WHERE operator_id IS NULL") == 0
    # 100 appeals of 30 leads, and one new lead a request with one to warm up.
    assert count(tmp_path / "counting.db", "leads") == office(100).leads + 11


def test_a_generated_database_can_be_opened(database: Path) -> None:
    models.open_database(database).close()

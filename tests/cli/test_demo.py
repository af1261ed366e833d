"""The demo: its past, its traffic, and that it leaves nothing behind."""

import random
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import fn

from leadboard import desk
from leadboard.cli import demo, samples, screen
from leadboard.cli.demo import Traffic, flowing, seed
from leadboard.cli.screen import Left
from leadboard.common.settings import Settings
from leadboard.common.validation import checked_external_id, checked_message
from leadboard.database import transactions
from leadboard.database.connection import rows
from leadboard.database.fields import now
from leadboard.database.transactions import transact
from models import Appeal, Event, Operator, OperatorSource, Source, open_database


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Path]:
    opened = open_database(tmp_path / "demo.db")
    yield tmp_path / "demo.db"
    opened.close()


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a seeded database to copy: seeding takes a second."""
    path = tmp_path_factory.mktemp("demo") / "past.db"
    opened = open_database(path)
    seed(random.Random(1))
    opened.close()
    return path


@pytest.fixture
def seeded(past: Path, tmp_path: Path) -> Iterator[Path]:
    opened = open_database(shutil.copy(past, tmp_path / "seeded.db"))
    yield tmp_path / "seeded.db"
    opened.close()


def assert_loads_are_counts() -> None:
    held = Appeal.select(fn.COUNT(Appeal.id)).where(
        Appeal.operator == Operator.id, Appeal.closed_at.is_null()
    )
    for load, count, max_load in rows(Operator.select(Operator.load, held, Operator.max_load)):
        assert load == count <= max_load


def test_seed_makes_a_team_with_a_past(seeded: Path) -> None:
    assert Operator.select().count() == len(samples.OPERATORS)
    assert {name for (name,) in rows(Source.select(Source.name))} == set(samples.SOURCES)
    assert Appeal.select().count() == demo.PAST_APPEALS
    is_open = Appeal.closed_at.is_null()
    assert 10 < Appeal.select().where(is_open).count() < demo.PAST_APPEALS / 2
    moments = [moment for (moment,) in rows(Appeal.select(Appeal.timestamp).order_by(Appeal.id))]
    assert moments == sorted(moments)
    assert moments[-1] <= now()
    assert not Appeal.select().where(Appeal.closed_at < Appeal.timestamp).exists()
    assert not Event.select().where(Event.at > now()).exists()
    assert_loads_are_counts()


def test_clients_come_back(seeded: Path) -> None:
    writers = Appeal.select(Appeal.lead, fn.COUNT(Appeal.id)).group_by(Appeal.lead)
    counts = sorted((count for _, count in rows(writers)), reverse=True)
    assert counts[0] >= 5
    assert counts.count(1) > len(counts) / 2


def test_the_same_seed_is_the_same_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(demo, "PAST_APPEALS", 60)
    for name in ("a.db", "b.db"):
        opened = open_database(tmp_path / name)
        rng = random.Random(5)
        seed(rng)
        traffic = Traffic(rng)
        for _ in range(30):
            traffic.beat()
        seen.append(rows(Appeal.select(Appeal.message, Appeal.operator, Appeal.draw)))
        opened.close()
    assert seen[0] == seen[1]


def test_two_hundred_beats_keep_loads_equal_to_counts(seeded: Path) -> None:
    rng = random.Random(2)
    traffic = Traffic(rng)
    seen = set()
    for _ in range(200):
        traffic.beat()
        assert 0 <= traffic.pause() <= 2
        seen.add(round(demo.fullness(), 1))
    assert Appeal.select().count() > demo.PAST_APPEALS + 50
    assert len(seen) >= 3
    assert_loads_are_counts()


def test_traffic_survives_whatever_people_do(seeded: Path) -> None:
    rng = random.Random(3)
    traffic = Traffic(rng)
    for (operator_id,) in rows(Operator.select(Operator.id)):
        desk.change_operator(operator_id, is_active=False, actor="test")
        traffic.beat()
    for _ in range(100):
        traffic.beat()
    assert demo.count_waiting() <= demo.MOST_WAITING
    transact(lambda: OperatorSource.delete().execute())
    desk.add_source("новый", actor="test")
    for _ in range(50):
        traffic.beat()
    assert_loads_are_counts()


def test_traffic_needs_neither_team_nor_sources(db: Path) -> None:
    traffic = Traffic(random.Random(4))
    for _ in range(20):
        traffic.beat()
    assert not Appeal.select().exists()


def test_a_locked_database_costs_a_beat(seeded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "PATIENCE", 0.02)
    other = sqlite3.connect(seeded, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    Traffic(random.Random(1)).beat()
    other.execute("ROLLBACK")
    other.close()
    assert Appeal.select().count() == demo.PAST_APPEALS


def test_the_thread_stops_with_its_block(seeded: Path) -> None:
    with flowing(Traffic(random.Random(1))):
        give_up = time.monotonic() + 10
        while Appeal.select().count() == demo.PAST_APPEALS and time.monotonic() < give_up:
            time.sleep(0.01)
    assert "traffic" not in {thread.name for thread in threading.enumerate()}
    assert Appeal.select().count() > demo.PAST_APPEALS


def test_the_demo_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo, "PAST_APPEALS", 20)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(screen, "require_terminal", lambda: None)

    def show(actor: str, title: str, *, settings: Settings, is_demo: bool) -> Left:
        assert (actor, settings.theme, is_demo) == ("anna", "nord", True)
        assert title.startswith("DEMO")
        assert len(list(tmp_path.glob("leadboard-*/demo.db"))) == 1
        return Left(3)

    monkeypatch.setattr(screen, "show", show)
    assert demo.run("anna", Settings(theme="nord")) == Left(3)
    assert not list(tmp_path.iterdir())


def test_samples_are_fit_to_come_in() -> None:
    rng = random.Random(8)
    for source in (*samples.SOURCES, "added later"):
        for _ in range(100):
            assert "{" not in checked_message(samples.message(rng))
            assert "{" not in checked_external_id(samples.external_id(source, rng))
    assert all(len(weights) == len(samples.OPERATORS) for weights in samples.WEIGHTS.values())

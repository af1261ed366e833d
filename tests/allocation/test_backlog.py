"""Waiting appeals flow, oldest first, and nobody overtakes them."""

import random
import sqlite3
from collections.abc import Callable

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.allocation.backlog import DRAIN_BATCH, drain
from leadboard.allocation.journal import Journal
from leadboard.database.connection import database
from leadboard.database.sqlite import SqliteStore
from leadboard.database.transactions import transact
from tests.support import ACTOR, add_team, assert_loads_equal_counts, holders, rows

pytestmark = pytest.mark.every_engine


def test_waiting_appeals_flow_oldest_first_and_a_blocked_source_holds_up_nobody(
    db: Database,
) -> None:
    team = add_team({"Anna": 0, "Boris": 0}, {"dead": {"Boris": 1}, "tg": {"Anna": 1}})
    for number, source in enumerate((1, 2, 1, 2, 2)):
        submit(f"lead_{number}", source, "")
    desk.change_operator(team.anna, max_load=2, actor=ACTOR)
    assert holders() == [None, team.anna, None, team.anna, None]
    assert_loads_equal_counts()


def test_a_new_arrival_never_overtakes_one_that_waits_for_the_same_source(db: Database) -> None:
    team = add_team({"Anna": 0}, {"tg": {"Anna": 1}})
    submit("old", team.tg, "")
    # Another program makes room without draining.
    rows("UPDATE operator SET max_load = 1")
    assert submit("new", team.tg, "").operator_id is None
    assert holders() == [team.anna, None]


def test_a_drain_takes_a_bounded_batch_and_says_that_there_is_more(db: Database) -> None:
    team = add_team({"Anna": 0}, {"tg": {"Anna": 1}})
    for number in range(5):
        submit(f"lead_{number}", team.tg, "")
    rows("UPDATE operator SET max_load = 9")
    first = transact(lambda: drain(Journal(), batch=3))
    assert first == (3, True)
    assert transact(lambda: drain(Journal(), batch=3)) == (2, False)
    assert holders() == [team.anna] * 5


def test_an_act_drains_more_than_one_batch(db: Database) -> None:
    team = add_team({"Anna": 0}, {"tg": {"Anna": 1}})
    for number in range(DRAIN_BATCH + 30):
        submit(f"lead_{number}", team.tg, "")
    desk.change_operator(team.anna, max_load=1_000, actor=ACTOR)
    assert rows("SELECT load FROM operator") == [(DRAIN_BATCH + 30,)]
    assert_loads_equal_counts()


def crowd(count: int, source: int = 1) -> None:
    """Let many appeals wait, as quickly as can be."""
    rows("INSERT INTO lead(external_id) VALUES ('crowd') ON CONFLICT DO NOTHING")
    rows(
        "INSERT INTO appeal(lead_id, source_id, timestamp, message) "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
        "SELECT 1, ?, '2026-11-23T10:42:07.000000Z', '' FROM n",
        count,
        source,
    )


def test_behind_more_than_one_batch_a_new_arrival_waits_although_there_is_room(
    db: Database,
) -> None:
    team = add_team({"Anna": 0}, {"tg": {"Anna": 1}})
    crowd(2 * DRAIN_BATCH + 5)
    # Another program makes room without draining.
    rows("UPDATE operator SET max_load = 1000")
    placed = submit("new", team.tg, "")
    assert (placed.operator_id, placed.reason) == (None, "older appeals go first")
    # On a server it looks once more while everybody is held, and a second batch flows.
    assert holders()[:DRAIN_BATCH] == [team.anna] * DRAIN_BATCH
    assert holders()[-6:] == [None] * 6
    submit("newer", team.tg, "")
    assert submit("newest", team.tg, "").operator_id == team.anna
    assert set(holders()) == {team.anna}
    assert_loads_equal_counts()


def test_an_arrival_for_one_source_does_not_wait_for_those_of_another(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}, "vk": {}})
    crowd(5, source=2)
    assert submit("new", team.tg, "").operator_id == team.anna
    assert holders() == [None] * 5 + [team.anna]


def test_a_drain_of_one_source_leaves_the_others_alone(db: Database) -> None:
    team = add_team({"Anna": 0}, {"tg": {"Anna": 1}, "vk": {"Anna": 1}})
    crowd(2, source=1)
    crowd(2, source=2)
    rows("UPDATE operator SET max_load = 9")
    assert transact(lambda: drain(Journal(), source_id=team.vk)) == (2, False)
    assert holders() == [None, None, team.anna, team.anna]


def test_two_sources_share_the_last_place_and_the_older_appeal_gets_it(db: Database) -> None:
    team = add_team({"Anna": 0}, {"tg": {"Anna": 1}, "vk": {"Anna": 1}})
    crowd(1, source=2)
    crowd(1, source=1)
    rows("UPDATE operator SET max_load = 1")
    assert transact(lambda: drain(Journal())).given == 1
    assert holders() == [team.anna, None]


def test_closed_appeals_do_not_flow(db: Database) -> None:
    team = add_team({"Anna": 0}, {"tg": {"Anna": 1}})
    crowd(3)
    desk.close([1, 3], actor=ACTOR)
    desk.change_operator(team.anna, max_load=9, actor=ACTOR)
    assert holders() == [None, team.anna, None]


@pytest.mark.parametrize("seed", range(15))
def test_a_drain_leaves_nobody_waiting_whom_somebody_could_take(db: Database, seed: int) -> None:
    rng = random.Random(seed)
    names = ["Anna", "Boris", "Vera"]
    column = {name: rng.choice([0, 1, 9]) for name in names}
    add_team(dict.fromkeys(names, 0), {source: dict(column) for source in ("tg", "vk", "site")})
    rows("DELETE FROM operator_source WHERE (operator_id + source_id * ?) % 3 = 0", seed)
    for _ in range(4):
        for source in (1, 2, 3):
            crowd(rng.randint(0, 2), source)
    for operator in (1, 2, 3):
        rows("UPDATE operator SET max_load = ? WHERE id = ?", rng.randint(0, 4), operator)
    transact(lambda: drain(Journal(), rng))
    assert rows("SELECT 1 FROM operator WHERE load > max_load") == []
    assert (
        rows(
            "SELECT 1 FROM appeal a JOIN operator_source s ON s.source_id = a.source_id "
            "JOIN operator o ON o.id = s.operator_id "
            "WHERE a.operator_id IS NULL AND s.weight > 0 AND o.load < o.max_load"
        )
        == []
    )
    younger_first = (
        "SELECT 1 FROM appeal a JOIN appeal b ON a.source_id = b.source_id AND a.id < b.id "
        "WHERE a.operator_id IS NULL AND b.operator_id IS NOT NULL"
    )
    assert rows(younger_first) == []
    assert_loads_equal_counts()


@pytest.mark.sqlite
def test_ten_thousand_that_nobody_can_take_cost_an_act_no_more_than_ten_do(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = add_team({"Anna": 0, "Boris": 5}, {"tg": {"Anna": 1}, "vk": {"Boris": 1}})
    statements: list[str] = []
    real: Callable[..., object] = SqliteStore.execute_sql

    def counted(self: SqliteStore, sql: str, *rest: object) -> object:
        statements.append(sql)
        return real(self, sql, *rest)

    monkeypatch.setattr(SqliteStore, "execute_sql", counted)
    ticks: list[int] = []
    raw: sqlite3.Connection = database.cursor().connection
    raw.set_progress_handler(lambda: ticks.append(1), 100)
    counts, steps = [], []
    for number in (10, 9_990):
        crowd(number)
        statements.clear()
        ticks.clear()
        desk.step_limit(team.boris, 1, actor=ACTOR)
        submit("vk lead", team.vk, "")
        counts.append(len(statements))
        steps.append(len(ticks))
    raw.set_progress_handler(None, 0)
    assert counts[1] <= counts[0] <= 40
    # In hundreds of SQLite's own steps: reading all of the crowd would take several hundred.
    assert steps[1] <= steps[0] + 5

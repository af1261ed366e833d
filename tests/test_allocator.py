"""Submitting and draining on a real file: the limit, the queue, the key, the kept roster."""

import itertools
import random
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest
from peewee import Database

from allocator import DRAIN_BATCH, drain, submit
from leadboard import desk
from leadboard.allocation import draws, load
from leadboard.allocation.journal import Journal
from leadboard.allocation.lottery import Candidates, pick
from leadboard.common.errors import Missing, Refused
from leadboard.database.connection import database
from leadboard.database.sqlite import SqliteStore
from leadboard.database.transactions import transact
from tests.support import T, assert_loads_equal_counts, dump, holders, rows, team

pytestmark = pytest.mark.every_engine


def test_an_appeal_goes_to_somebody_eligible_and_keeps_its_roster_and_draw(db: Database) -> None:
    team({"Anna": 5, "Boris": 5}, {"tg": {"Anna": 70, "Boris": 30}})
    placed = submit("tg_1", 1, "Hello")
    [(operator, content, draw)] = rows(
        "SELECT operator_id, content, draw FROM appeal JOIN roster ON roster.id = roster_id"
    )
    assert placed.operator_id == operator == pick(Candidates.parse(str(content)), int(str(draw)))
    assert rows("SELECT sum(load) FROM operator") == [(1,)]
    assert placed.reason is None


@pytest.mark.parametrize(
    ("weights", "limit", "is_active", "reason"),
    [
        ({}, 5, True, "nobody serves this source"),
        ({"Anna": 0}, 5, True, "1 zero weight"),
        ({"Anna": 9}, 0, True, "1 full"),
        ({"Anna": 9}, 5, False, "1 inactive"),
    ],
)
def test_nobody_eligible_waits_with_a_reason_and_no_error(
    db: Database, weights: dict[str, int], limit: int, is_active: bool, reason: str
) -> None:
    team({"Anna": limit}, {"tg": weights})
    desk.set_active(1, is_active, actor=T)
    placed = submit("tg_1", 1, "Hello")
    assert (placed.operator_id, placed.reason) == (None, reason)
    assert holders() == [None]


def test_a_limit_is_reached_exactly_and_never_passed(db: Database) -> None:
    team({"Anna": 5, "Boris": 7}, {"tg": {"Anna": 1, "Boris": 1}})
    for number in range(100):
        submit(f"lead_{number}", 1, "")
    assert rows("SELECT load FROM operator ORDER BY id") == [(5,), (7,)]
    assert holders().count(None) == 88
    assert_loads_equal_counts()


def test_a_limit_spans_all_sources_of_an_operator(db: Database) -> None:
    team({"Anna": 1}, {"tg": {"Anna": 1}, "vk": {"Anna": 1}})
    assert submit("a", 1, "").operator_id == 1
    assert submit("b", 2, "").operator_id is None


def test_a_lead_exists_once(db: Database) -> None:
    team({"Anna": 9}, {"tg": {"Anna": 1}})
    first, second = submit("tg_1", 1, "a"), submit(" tg_1 ", 1, "b")
    assert first.lead_id == second.lead_id
    assert rows("SELECT count(*) FROM lead") == [(1,)]


def test_the_same_key_returns_the_first_appeal_and_changes_nothing(db: Database) -> None:
    team({"Anna": 9}, {"tg": {"Anna": 1}})
    first = submit("tg_1", 1, "a", key="m1")
    before = dump()
    again = submit("tg_1", 1, "other words", key="m1")
    assert (again.is_repeat, again.differs) == (True, True)
    assert not submit("tg_1", 1, "a", key="m1").differs
    assert (again.id, again.operator_id, again.timestamp) == (
        first.id,
        first.operator_id,
        first.timestamp,
    )
    assert dump() == before


@pytest.mark.parametrize(
    ("external_id", "source", "message"),
    [("", 1, "m"), ("a\0b", 1, "m"), ("x" * 201, 1, "m"), ("x", 9, "m"), ("x", 1, "m" * 10_001)],
)
def test_what_may_not_come_in_changes_nothing(
    db: Database, external_id: str, source: int, message: str
) -> None:
    team({"Anna": 9}, {"tg": {"Anna": 1}})
    before = dump()
    with pytest.raises(Refused):
        submit(external_id, source, message)
    assert dump() == before


def test_a_million_appeals_would_share_a_few_rosters(db: Database) -> None:
    team({"Anna": 500, "Boris": 500}, {"tg": {"Anna": 1, "Boris": 1}})
    for number in range(50):
        submit(f"lead_{number}", 1, "")
    assert rows("SELECT count(*) FROM roster") == [(1,)]


@pytest.mark.sqlite
def test_a_place_that_went_meanwhile_is_drawn_again_among_the_rest(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    team({"Anna": 9, "Boris": 9}, {"tg": {"Anna": 1_000_000, "Boris": 1}})
    real = load.claim
    monkeypatch.setattr(draws, "claim", lambda each: each != 1 and real(each))
    placed = submit("tg_1", 1, "", rng=random.Random(1))
    assert placed.operator == "Boris"
    [(content,)] = rows("SELECT content FROM roster JOIN appeal ON appeal.roster_id = roster.id")
    assert content == '[[1,1000000,"full"],[2,1]]'


def test_waiting_appeals_flow_oldest_first_and_a_blocked_source_holds_up_nobody(
    db: Database,
) -> None:
    team({"Anna": 0, "Boris": 0}, {"dead": {"Boris": 1}, "tg": {"Anna": 1}})
    for number, source in enumerate((1, 2, 1, 2, 2)):
        submit(f"lead_{number}", source, "")
    desk.set_limit(1, 2, actor=T)
    assert holders() == [None, 1, None, 1, None]
    assert_loads_equal_counts()


def test_a_new_arrival_never_overtakes_one_that_waits_for_the_same_source(db: Database) -> None:
    team({"Anna": 0}, {"tg": {"Anna": 1}})
    submit("old", 1, "")
    # Another program makes room without draining.
    rows("UPDATE operator SET max_load = 1")
    assert submit("new", 1, "").operator_id is None
    assert holders() == [1, None]


def test_a_drain_takes_a_bounded_batch_and_says_that_there_is_more(db: Database) -> None:
    team({"Anna": 0}, {"tg": {"Anna": 1}})
    for number in range(5):
        submit(f"lead_{number}", 1, "")
    rows("UPDATE operator SET max_load = 9")
    first = transact(lambda: drain(Journal(), batch=3))
    assert first == (3, True)
    assert transact(lambda: drain(Journal(), batch=3)) == (2, False)
    assert holders() == [1] * 5


def test_an_act_drains_more_than_one_batch(db: Database) -> None:
    team({"Anna": 0}, {"tg": {"Anna": 1}})
    for number in range(DRAIN_BATCH + 30):
        submit(f"lead_{number}", 1, "")
    desk.set_limit(1, 1_000, actor=T)
    assert rows("SELECT load FROM operator") == [(DRAIN_BATCH + 30,)]
    assert_loads_equal_counts()


HAMMER = textwrap.dedent(
    """
    import sys, models
    from allocator import submit
    models.open_database(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(120):
        submit(f"lead_{number % 40}", 1 + number % 2, "text")
    """
)


def test_four_processes_reach_every_limit_exactly_and_pass_none(db: Database, target: str) -> None:
    team(
        {"Anna": 90, "Boris": 60, "Vera": 50},
        {"tg": {"Anna": 5, "Boris": 1}, "vk": {"Boris": 1, "Vera": 9, "Anna": 3}},
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER, target],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.communicate("go\n", timeout=60)
    assert [process.returncode for process in processes] == [0] * 4
    assert rows("SELECT count(*) FROM appeal") == [(480,)]
    assert rows("SELECT count(*) FROM lead") == [(40,)]
    assert rows("SELECT load FROM operator ORDER BY id") == [(90,), (60,), (50,)]
    assert_loads_equal_counts()


# --- the lottery, as it is played on a real file ----------------------------------------------


class Scripted(random.Random):
    """A source of chance that draws what it was told, and remembers out of how many."""

    def __init__(self, draw: int) -> None:
        super().__init__(0)
        self.draw, self.asked = draw, []  # type: int, list[int]

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        self.asked.append(start)
        return self.draw


@pytest.mark.parametrize("weights", list(itertools.product((0, 1, 3), repeat=3)))
def test_over_all_draws_each_operator_gets_exactly_his_weight(
    db: Database, weights: tuple[int, ...]
) -> None:
    names = ("Anna", "Boris", "Vera")
    column = dict(zip(names, weights, strict=True))
    team(dict.fromkeys(names, 99), {"tg": dict(reversed(column.items()))})
    total = sum(weights)
    got: list[int | None] = []
    for draw in range(total):
        rng = Scripted(draw)
        got.append(submit(f"lead {draw}", 1, "", rng=rng).operator_id)
        assert rng.asked == [total]
    assert got == [number for number, weight in enumerate(weights, 1) for _ in range(weight)]
    assert rows("SELECT draw FROM appeal ORDER BY id") == [(draw,) for draw in range(total)]


def test_whoever_becomes_full_is_out_of_the_next_draw(db: Database) -> None:
    team({"Anna": 1, "Boris": 9}, {"tg": {"Anna": 70, "Boris": 30}})
    asked = []
    for number in range(2):
        rng = Scripted(0)
        submit(f"lead {number}", 1, "", rng=rng)
        asked += rng.asked
    assert asked == [100, 30]
    assert holders() == [1, 2]


def test_with_nobody_eligible_no_draw_is_made(db: Database) -> None:
    team({"Anna": 9}, {"tg": {"Anna": 0}})
    rng = Scripted(0)
    submit("lead", 1, "", rng=rng)
    assert rng.asked == []
    assert rows("SELECT operator_id, draw, roster_id FROM appeal") == [(None, None, 1)]


# --- the key ----------------------------------------------------------------------------------


def test_without_a_key_the_same_words_are_two_appeals(db: Database) -> None:
    team({"Anna": 9}, {"tg": {"Anna": 1}})
    first, second = submit("a", 1, "m"), submit("a", 1, "m")
    assert first.id != second.id
    assert not first.is_repeat
    assert not second.is_repeat


def test_a_key_of_another_lead_or_source_is_another_message(db: Database) -> None:
    team({"Anna": 9}, {"tg": {"Anna": 1}, "site": {"Anna": 1}})
    first = submit("a", 1, "m", key=" k ")
    others = [submit("b", 1, "m", key="k"), submit("a", 2, "m", key="k")]
    assert [each.is_repeat for each in others] == [False, False]
    assert len({first.id, *(each.id for each in others)}) == 3
    assert submit("\u202aa\u202c", 1, "m", key="k").id == first.id
    with pytest.raises(Missing):
        submit("a", 99, "m", key="k")


def test_a_known_key_that_waits_says_why_as_it_did_at_first(db: Database) -> None:
    team({"Anna": 0}, {"tg": {"Anna": 1}})
    first = submit("a", 1, "m", key="k")
    again = submit("a", 1, "m", key="k")
    assert (again.operator_id, again.reason) == (None, first.reason) == (None, "1 full")


def test_a_known_key_that_was_returned_does_not_say_that_nobody_serves_its_source(
    db: Database,
) -> None:
    team({"Anna": 9}, {"tg": {"Anna": 1}})
    first = submit("a", 1, "m", key="k")
    desk.set_active(1, False, actor=T)
    desk.give_back([first.id], actor=T)
    again = submit("a", 1, "m", key="k")
    assert again.operator_id is None
    assert again.reason != "nobody serves this source"


@pytest.mark.parametrize("source", [0, -1, 2**63, -(2**63) - 1, 2**100])
def test_a_source_that_cannot_be_is_refused_in_a_sentence(db: Database, source: int) -> None:
    team({"Anna": 9}, {"tg": {"Anna": 1}})
    before = dump()
    with pytest.raises(Refused, match=r"no source|so large a number"):
        submit("a", source, "m")
    assert dump() == before


# --- the queue --------------------------------------------------------------------------------


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
    team({"Anna": 0}, {"tg": {"Anna": 1}})
    crowd(2 * DRAIN_BATCH + 5)
    # Another program makes room without draining.
    rows("UPDATE operator SET max_load = 1000")
    placed = submit("new", 1, "")
    assert (placed.operator_id, placed.reason) == (None, "older appeals go first")
    # On a server it looks once more while everybody is held, and a second batch flows.
    assert holders()[:DRAIN_BATCH] == [1] * DRAIN_BATCH
    assert holders()[-6:] == [None] * 6
    submit("newer", 1, "")
    assert submit("newest", 1, "").operator_id == 1
    assert set(holders()) == {1}
    assert_loads_equal_counts()


def test_an_arrival_for_one_source_does_not_wait_for_those_of_another(db: Database) -> None:
    team({"Anna": 9}, {"tg": {"Anna": 1}, "vk": {}})
    crowd(5, source=2)
    assert submit("new", 1, "").operator_id == 1
    assert holders() == [None] * 5 + [1]


def test_a_drain_of_one_source_leaves_the_others_alone(db: Database) -> None:
    team({"Anna": 0}, {"tg": {"Anna": 1}, "vk": {"Anna": 1}})
    crowd(2, source=1)
    crowd(2, source=2)
    rows("UPDATE operator SET max_load = 9")
    assert transact(lambda: drain(Journal(), source_id=2)) == (2, False)
    assert holders() == [None, None, 1, 1]


def test_two_sources_share_the_last_place_and_the_older_appeal_gets_it(db: Database) -> None:
    team({"Anna": 0}, {"tg": {"Anna": 1}, "vk": {"Anna": 1}})
    crowd(1, source=2)
    crowd(1, source=1)
    rows("UPDATE operator SET max_load = 1")
    assert transact(lambda: drain(Journal())).given == 1
    assert holders() == [1, None]


def test_closed_appeals_do_not_flow(db: Database) -> None:
    team({"Anna": 0}, {"tg": {"Anna": 1}})
    crowd(3)
    desk.close([1, 3], actor=T)
    desk.set_limit(1, 9, actor=T)
    assert holders() == [None, 1, None]


@pytest.mark.parametrize("seed", range(15))
def test_a_drain_leaves_nobody_waiting_whom_somebody_could_take(db: Database, seed: int) -> None:
    rng = random.Random(seed)
    names = ["Anna", "Boris", "Vera"]
    column = {name: rng.choice([0, 1, 9]) for name in names}
    team(dict.fromkeys(names, 0), {source: dict(column) for source in ("tg", "vk", "site")})
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
    team({"Anna": 0, "Boris": 5}, {"tg": {"Anna": 1}, "vk": {"Boris": 1}})
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
        desk.step_limit(2, 1, actor=T)
        submit("vk lead", 2, "")
        counts.append(len(statements))
        steps.append(len(ticks))
    raw.set_progress_handler(None, 0)
    assert counts[1] <= counts[0] <= 40
    # In hundreds of SQLite's own steps: reading all of the crowd would take several hundred.
    assert steps[1] <= steps[0] + 5

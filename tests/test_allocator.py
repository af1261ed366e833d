"""Submitting and draining on a real file: the limit, the queue, the key, the kept roster."""

import random
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from peewee import Database

import allocator
import desk
import places
from allocator import DRAIN_BATCH, drain, submit
from journal import Journal
from lottery import Candidates, pick
from store import Refused, transact
from tests.support import T, assert_loads_equal_counts, dump, holders, rows, team


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
    again = submit("somebody else", 1, "other words", key="m1")
    assert again.is_repeat
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


def test_a_place_that_went_meanwhile_is_drawn_again_among_the_rest(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    team({"Anna": 9, "Boris": 9}, {"tg": {"Anna": 1_000_000, "Boris": 1}})
    real = places.claim
    monkeypatch.setattr(allocator, "claim", lambda each: each != 1 and real(each))
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


def test_four_processes_reach_every_limit_exactly_and_pass_none(
    db: Database, tmp_path: Path
) -> None:
    team(
        {"Anna": 90, "Boris": 60, "Vera": 50},
        {"tg": {"Anna": 5, "Boris": 1}, "vk": {"Boris": 1, "Vera": 9, "Anna": 3}},
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER, str(tmp_path / "t.db")],
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

"""Many processes at once on one file: nothing lost, nothing twice, no limit passed."""

import os
import random

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.allocation import audit
from leadboard.allocation.verification import verify
from leadboard.common.errors import Refused
from tests.support import ACTOR, add_team, assert_loads_equal_counts, deadlocks, dump, rows
from tests.support.processes import IS_SOAK, together

pytestmark = [pytest.mark.every_engine, pytest.mark.race]

SEED = int(os.environ.get("LEADBOARD_SEED", "20261123"))
FEEDERS = 8
EACH, ON_SERVERS = 500, 500 if IS_SOAK else 120
"""Appeals of a process, more in all than there are places."""


def feed(appeals: int) -> str:
    """Return what a process does that submits so many appeals."""
    return f"""
for number in range({appeals}):
    allocator.submit(f"lead_{{rng.randrange(900)}}", rng.randrange(1, 4), f"text {{number}}")
"""


DISPATCH = """
def some_appeals():
    newest = rows(Appeal.select(Appeal.id).order_by(Appeal.id.desc()).limit(1))
    return [rng.randrange(1, newest[0][0] + 1)] if newest else [1]

for number in range(150):
    operator = rng.randrange(1, 5)
    act = rng.choice([
        lambda: desk.close(some_appeals(), actor=str(seed)),
        lambda: desk.reopen(some_appeals(), actor=str(seed)),
        lambda: desk.give_back(some_appeals(), actor=str(seed)),
        lambda: desk.assign(some_appeals(), operator, actor=str(seed)),
        lambda: desk.step_limit(operator, rng.choice([-3, 2]), actor=str(seed)),
        lambda: desk.toggle_active([operator], actor=str(seed)),
        lambda: desk.undo(actor=str(seed)),
        lambda: desk.redo(actor=str(seed)),
    ])
    try:
        act()
    except Refused:
        pass
"""


def busy_team() -> None:
    """Four operators shared by three sources, with far less room than will be asked for."""
    add_team(
        {"Anna": 300, "Boris": 200, "Vera": 150, "Gleb": 90},
        {
            "tg": {"Anna": 70, "Boris": 30},
            "vk": {"Boris": 10, "Vera": 90, "Gleb": 5},
            "site": {"Anna": 1, "Gleb": 1, "Vera": 1},
        },
    )


def test_eight_processes_fill_every_place_exactly_and_pass_no_limit(
    db: Database, target: str
) -> None:
    busy_team()
    each = ON_SERVERS if "://" in target else EACH
    together(target, [feed(each)] * FEEDERS, SEED)
    assert rows("SELECT count(*) FROM appeal") == [(FEEDERS * each,)]
    assert rows("SELECT count(*) - count(DISTINCT external_id) FROM lead") == [(0,)]
    assert rows("SELECT load FROM operator ORDER BY id") == [(300,), (200,), (150,), (90,)]
    assert_loads_equal_counts()
    assert audit.check() == []
    assert verify().findings == []


def test_dispatchers_at_work_meanwhile_break_nothing(db: Database, target: str) -> None:
    busy_team()
    rings = deadlocks()
    together(target, [feed(150)] * 4 + [DISPATCH] * 4, SEED)
    assert deadlocks() == rings
    assert rows("SELECT count(*) FROM appeal") == [(600,)]
    assert_loads_equal_counts()
    assert audit.check() == []
    assert verify().findings == []


def test_one_free_place_goes_to_one_of_two(db: Database, target: str) -> None:
    team = add_team({"Anna": 0}, {"tg": {"Anna": 1}})
    body = """
for number in range(40):
    allocator.submit(f"{seed}_{number}", 1, "")
"""
    rows("UPDATE operator SET max_load = 1")
    together(target, [body, body], SEED)
    assert rows("SELECT count(*) FROM appeal WHERE operator_id = ?", team.anna) == [(1,)]
    assert_loads_equal_counts()


def test_a_freed_place_goes_to_who_waited_and_not_to_who_arrives(db: Database, target: str) -> None:
    team = add_team({"Anna": 1}, {"tg": {"Anna": 1}})
    for number in range(30):
        submit(f"old_{number}", team.tg, "")
    close = """
for number in range(25):
    [(held,)] = rows(Appeal.select(Appeal.id).where(
        Appeal.operator == 1, Appeal.closed_at.is_null()))
    desk.close([held], actor="closer")
"""
    arrive = 'for number in range(60): allocator.submit(f"new_{number}", 1, "")'
    together(target, [close, arrive], SEED)
    served = [
        key for (key,) in rows("SELECT id FROM appeal WHERE operator_id = ? ORDER BY id", team.anna)
    ]
    assert served == list(range(1, 27))


def test_the_same_key_from_two_processes_is_one_appeal_with_one_answer(
    db: Database, target: str
) -> None:
    add_team({"Anna": 900}, {"tg": {"Anna": 1}})
    body = """
for number in range(50):
    placed = allocator.submit(f"lead_{number}", 1, "text", key=f"m{number}")
    print(placed.id, placed.lead_id, placed.operator_id)
"""
    first, second = together(target, [body, body], SEED)
    assert first == second
    assert rows("SELECT count(*), count(DISTINCT key) FROM appeal") == [(50, 50)]
    assert rows("SELECT load FROM operator") == [(50,)]


def test_one_event_is_undone_by_one_of_two(db: Database, target: str) -> None:
    team = add_team({"Anna": 5}, {})
    done = desk.change_operator(team.anna, max_load=9, actor=ACTOR)
    body = f"""
try:
    desk.undo({done.event_id}, actor=str(seed))
    print("undone")
except Refused as refusal:
    print("refused")
"""
    assert sorted(together(target, [body, body], SEED)) == ["refused\n", "undone\n"]
    assert rows("SELECT max_load FROM operator") == [(5,)]


def test_undo_is_refused_when_another_process_took_the_place(db: Database, target: str) -> None:
    team = add_team({"Anna": 1}, {"tg": {"Anna": 1}})
    submit("first", team.tg, "")
    desk.close([1], actor=ACTOR)
    together(target, ['allocator.submit("second", 1, "")'], SEED)
    before = dump()
    with pytest.raises(Refused, match="no room"):
        desk.undo(actor=ACTOR)
    assert dump() == before


@pytest.mark.skipif(not IS_SOAK, reason="part of make soak")
def test_any_seed_will_do(db: Database, target: str) -> None:
    busy_team()
    seed = random.SystemRandom().randrange(10**6)
    together(target, [feed(EACH)] * 4 + [DISPATCH] * 4, seed)
    assert audit.check() == []

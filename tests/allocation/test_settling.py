"""Readers of the ledger beside many writers: each line once, none missed, none out of place."""

import json
import os
from typing import Any

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.allocation import audit
from leadboard.allocation.ledger import SETTLING_BATCH, settle
from leadboard.allocation.verification import verify
from leadboard.database.transactions import transact
from tests.support import ACTOR, add_team, deadlocks, rows
from tests.support.lines import BROKEN
from tests.support.processes import IS_SOAK, together

pytestmark = [pytest.mark.every_engine, pytest.mark.race]

SEED = int(os.environ.get("LEADBOARD_SEED", "20261123"))
WRITERS = 8

WRITE = (
    f"rounds = {8 if IS_SOAK else 4}"
    + """
from leadboard.allocation.intake import Draft
from leadboard.database.transactions import transact

class Broken(Exception):
    pass

def batch():
    return [Draft(f"lead {rng.randrange(60)}", rng.randrange(1, 3), "batch") for _ in range(7)]

def break_off():
    allocator.place_all(batch())
    raise Broken

def some():
    newest = rows(Appeal.select(Appeal.id).order_by(Appeal.id.desc()).limit(1))
    return [rng.randrange(1, newest[0][0] + 1) for _ in range(3)] if newest else [1]

def do(act):
    # Others may have been quicker, or keep the database busy.
    try:
        return act()
    except (Broken, Refused, Trouble):
        return None

actor = f"writer {seed}"
for number in range(rounds):
    do(lambda: allocator.submit(f"lead {number}", rng.randrange(1, 3), "one"))
    do(lambda: transact(lambda: allocator.place_all(batch())))
    do(lambda: transact(break_off))
    do(rng.choice([
        lambda: desk.close(some(), actor=actor),
        lambda: desk.assign(some(), rng.randrange(1, 4), force=True, actor=actor),
        lambda: desk.give_back(some(), actor=actor),
        lambda: desk.undo(actor=actor),
    ]))
while not do(lambda: allocator.submit("end", 3, "end", str(seed))):
    pass
"""
)

READ = f"""
import json, time
from leadboard.allocation.ledger import settle
from models import Change
pages, last, ends = [], 0, 0
latest = time.monotonic() + 100
while ends < {WRITERS} and time.monotonic() < latest:
    try:
        settle()
    except Trouble:
        continue
    page = rows(
        Change.select(Change.seq, Change.appeal, Change.kind, Appeal.source)
        .join(Appeal).where(Change.seq > last).order_by(Change.seq).limit(50)
    )
    if page:
        last = page[-1][0]
    else:
        time.sleep(0.01)
    # Others may act on it at once: only that it came tells of its end.
    ends += sum(kind == "received" and source == 3 for *_, kind, source in page)
    pages += page
print(json.dumps(pages))
"""


def test_readers_who_settle_beside_writers_miss_nothing_and_see_nothing_twice(
    db: Database, target: str
) -> None:
    add_team(
        {"Anna": 60, "Boris": 40, "Vera": 20},
        {"tg": {"Anna": 70, "Boris": 30}, "vk": {"Boris": 1, "Vera": 9}, "end": {}},
    )
    rings = deadlocks()
    *_, first, second = together(target, [WRITE] * WRITERS + [READ] * 2, SEED)
    assert deadlocks() == rings
    settle()
    settled = stored()
    assert [line[0] for line in settled] == list(range(1, len(settled) + 1))
    assert seen(first) == seen(second) == settled
    assert rows("SELECT * FROM pending_change") == []
    assert rows(BROKEN) == []
    received = [appeal for _, appeal, kind, _ in settled if kind == "received"]
    assert sorted(received) == [key for (key,) in rows("SELECT id FROM appeal ORDER BY id")]
    assert audit.check() == []
    assert verify().findings == []


def seen(printed: str) -> list[list[Any]]:
    found: list[list[Any]] = json.loads(printed)
    return found


def stored() -> list[list[Any]]:
    found = rows(
        "SELECT seq, appeal_id, kind, source_id FROM change"
        " JOIN appeal ON appeal.id = appeal_id ORDER BY seq"
    )
    return [list(line) for line in found]


# --- one after the other -----------------------------------------------------------------------


def test_a_line_of_a_transaction_that_is_still_open_is_neither_read_nor_stepped_over(
    db: Database, target: str
) -> None:
    """On a server the one that began first has the smaller number, and commits last."""
    if "://" not in target:
        pytest.skip("SQLite has one writer at a time")
    team = add_team({"Anna": 9, "Boris": 9}, {"tg": {"Anna": 1}, "vk": {"Boris": 1}})
    between = """
from leadboard.allocation.ledger import settle
allocator.submit("second", 2, "commits while the first is open")
settle()
"""

    def first() -> None:
        submit("first", team.tg, "")
        if rows("SELECT * FROM change") == []:
            together(target, [between], SEED)

    transact(first)
    told = (
        "SELECT seq, external_id FROM change JOIN appeal ON appeal.id = appeal_id"
        " JOIN lead ON lead.id = lead_id ORDER BY seq"
    )
    assert rows(told) == [(1, "second")]
    settle()
    assert rows(told) == [(1, "second"), (2, "first")]


def test_more_than_a_batch_is_settled_whole(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    team = add_team({"Anna": 99}, {"tg": {"Anna": 1}})
    monkeypatch.setattr("leadboard.allocation.ledger.SETTLING_BATCH", 4)
    assert SETTLING_BATCH > 4
    for count in (9, 8, 1, 0):
        for _ in range(count):
            submit("lead", team.tg, "")
        settle()
        assert rows("SELECT * FROM pending_change") == []
    assert [line[:2] for line in stored()] == [[each, each] for each in range(1, 19)]


def test_settling_keeps_every_column_and_the_order_of_each_appeal(db: Database) -> None:
    team = add_team({"Anna": 9, "Boris": 9}, {"tg": {"Anna": 1}})
    submit("lead", team.tg, "")
    desk.assign([1], team.boris, actor=ACTOR)
    desk.close([1], actor=ACTOR)
    columns = "appeal_id, at, kind, operator_id, was_operator_id, closed_at, roster_id, draw, drawn"
    steps = f"SELECT {columns}, event_id FROM appeal_step ORDER BY place"
    before = rows(steps)
    settle()
    desk.reopen([1], actor=ACTOR)
    assert rows(steps)[:3] == before
    assert [row[2] for row in rows(steps)] == ["received", "moved", "closed", "reopened"]

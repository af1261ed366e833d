"""A known key is answered by its own appeal, whoever sends it and however often."""

import io
import json
import os
import random

import pytest
from peewee import Database

from allocator import place_all, submit
from leadboard.allocation import audit
from leadboard.allocation.intake import Draft, Placed
from leadboard.cli.feed import answer, parsed, store_batch
from leadboard.cli.line_reader import Line
from leadboard.database.transactions import transact
from leadboard.transfer.appeals import plan_appeals
from tests.support import ACTOR, add_team, number, rows
from tests.support.processes import together

pytestmark = pytest.mark.every_engine

SEED = int(os.environ.get("LEADBOARD_SEED", "20261125"))


def fed(*lines: dict[str, object]) -> list[dict[str, object]]:
    entries = [parsed(Line(number, json.dumps(each).encode())) for number, each in enumerate(lines)]
    return [json.loads(answer(outcome)) for outcome in store_batch(entries, None)]


def keyed(lead: str, message: str, source: str = "tg") -> dict[str, object]:
    return {"external_id": lead, "source": source, "message": message, "key": "5"}


def test_the_feed_answers_a_key_by_its_own_appeal_and_says_what_differs(db: Database) -> None:
    add_team({}, {"tg": {}, "site": {}})
    sent = [keyed("a", "x"), keyed("b", "x"), keyed("a", "x", "site"), keyed("a", "y")]
    answers = fed(*sent, keyed("a", "x"), keyed("\u200ba", "x"))
    assert [each["id"] for each in answers] == [1, 2, 3, 1, 1, 1]
    assert ["differs" in each for each in answers] == [False, False, False, True, False, False]
    again = fed(*sent)
    assert [each["id"] for each in again] == [1, 2, 3, 1]
    assert [each.get("differs") for each in again] == [None, None, None, True]
    assert number("SELECT count(*) FROM appeal") == 3


def test_an_import_keeps_the_first_text_of_a_key_and_says_so(db: Database) -> None:
    team = add_team({}, {"tg": {}, "site": {}})
    submit("a", team.tg, "x\r\ny", "5")
    file = "external_id,source,message,key\na,tg,x\ny,5\n".replace("x\ny", '"x\ny"')
    file += "a,tg,z,5\nb,tg,x,5\na,site,x,5\nb,tg,other,5\n"
    plan = plan_appeals(io.BytesIO(file.encode()), "csv")
    counts = {"the same": 1, "known by their key with another text": 2, "waiting": 2}
    assert plan.counts == counts
    assert plan.changes == 2
    assert "row 3: appeal of a by tg is known by its key with another text" in plan.words
    plan.act(ACTOR)
    assert rows("SELECT message FROM appeal ORDER BY id") == [("x\r\ny",), ("x",), ("x",)]
    without = b"external_id,source,key\na,tg,5\n"
    assert plan_appeals(io.BytesIO(without), "csv").counts == {"the same": 1}


def test_a_batch_of_many_senders_with_one_key_is_read_by_the_index(db: Database) -> None:
    team = add_team({}, {"tg": {}})
    drafts = [Draft(f"lead {number}", team.tg, "m", "1") for number in range(250)]
    first = transact(lambda: place_all(drafts))
    again = transact(lambda: place_all(drafts, random.Random(1)))
    assert [each.id for each in again if isinstance(each, Placed)] == [
        each.id for each in first if isinstance(each, Placed)
    ]
    assert all(isinstance(each, Placed) and each.is_repeat for each in again)


RACE = """
from leadboard.allocation.intake import Draft
from allocator import place_all
from leadboard.database.connection import database
from leadboard.database.transactions import transact
for number in range(40):
    sent = str(number)
    drafts = [Draft(f"lead {each % 3}", 1 + each % 2, sent, sent) for each in range(6)]
    rng.shuffle(drafts)
    if rng.random() < 0.5:
        transact(lambda: place_all(drafts))
    else:
        for draft in drafts:
            allocator.submit(*draft)
"""


def test_programs_that_send_the_same_keys_at_once_store_each_once(
    db: Database, target: str
) -> None:
    add_team({"Anna": 1_000}, {"tg": {"Anna": 1}, "site": {"Anna": 1}})
    together(target, [RACE] * 3, SEED)
    assert rows("SELECT count(*), count(DISTINCT lead_id) FROM appeal") == [(240, 3)]
    assert rows("SELECT load FROM operator") == [(240,)]
    assert audit.check() == []

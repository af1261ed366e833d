"""The times of appeals over HTTP: as sent, as read, and as described."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from allocator import submit
from leadboard import desk
from leadboard.database.fields import as_if_at, now, stamp
from tests.support import ACTOR, add_team, opened
from tests.support.door import running

TIMES = ("first_assigned_at", "assigned_at", "waited", "held")


@pytest.fixture
def file(tmp_path: Path) -> str:
    """An hour: the first, last with Boris, is closed; Anna has the second; the third waits."""
    path, start = str(tmp_path / "door.db"), now() - timedelta(hours=1)
    with opened(path):
        team = add_team({"Anna": 9, "Boris": 9}, {"tg": {}, "vk": {"Anna": 1}})
        with as_if_at(start):
            for number in range(3):
                submit(f"tg_{number}", team.tg, "")
        with as_if_at(start + timedelta(minutes=5)):
            desk.assign([1], team.anna, actor=ACTOR)
            desk.assign([2], team.anna, actor=ACTOR)
        with as_if_at(start + timedelta(minutes=15)):
            desk.assign([1], team.boris, actor=ACTOR)
        with as_if_at(start + timedelta(minutes=45)):
            desk.close([1], actor=ACTOR)
    return path


def test_times_are_told_where_they_are_known(file: str) -> None:
    with running(file) as door, door.client() as client:
        closed, held, waits = client.get("/appeals/").json()
        sent = client.post("/appeals/", json={"external_id": "a", "source_id": 2, "message": ""})
        late = client.post("/appeals/", json={"external_id": "b", "source_id": 1, "message": ""})
        by_lead = [each for lead in client.get("/leads/").json() for each in lead["appeals"]]
    start = datetime.fromisoformat(closed["timestamp"])
    moments = [stamp(start + timedelta(minutes=each)) for each in (5, 15)]
    assert [closed[name] for name in TIMES] == [*moments, 300, 30 * 60]
    assert [held[name] for name in TIMES[:3]] == [moments[0], moments[0], 300]
    assert 55 * 60 <= held["held"] < 56 * 60
    assert [waits[name] for name in TIMES] == [None] * 4
    new, new_late = sent.json(), late.json()
    assert [new[name] for name in TIMES] == [new["timestamp"], new["timestamp"], 0, 0]
    assert [new_late[name] for name in TIMES] == [None] * 4
    # How long an open one is held goes on between two answers.
    told = (closed, held, waits, new, new_late)
    assert [{**each, "held": 0} for each in by_lead] == [{**each, "held": 0} for each in told]


def test_they_are_described(file: str) -> None:
    with running(file) as door, door.client() as client:
        described = client.get("/openapi.json").json()["components"]["schemas"]["AppealOut"]
    for name in TIMES:
        assert described["properties"][name]["description"].endswith(".")
        assert {"type": "null"} in described["properties"][name]["anyOf"]
        assert name in described["required"]

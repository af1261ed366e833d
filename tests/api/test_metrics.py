"""The figures for Prometheus: as its own parser reads them, from a real door."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from allocator import submit
from leadboard import desk
from leadboard.allocation.draws import LOST_CLAIMS, Wheels, decide
from leadboard.allocation.rosters import candidates_of
from leadboard.common.errors import TooBusy
from leadboard.database.connection import database
from leadboard.database.fields import as_if_at, now
from leadboard.database.transactions import transact
from models import Operator, Source
from tests.support import ACTOR, add_team, opened
from tests.support.door import STACKS, RunningDoor, running
from tests.support.hooks import add_secret_hook
from tests.support.waiting import until

RUN = "from leadboard.cli.main import main; main()"
Samples = dict[tuple[str, str], float]


def samples(text: str) -> Samples:
    """Return the values by series and by the name or status that it is about."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for each in family.samples:
            about = {key: value for key, value in each.labels.items() if not key.endswith("_id")}
            key = each.name, " ".join(about.values())
            assert key not in found, key
            found[key] = each.value
    return found


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Two wait for tg, the first for an hour; nothing for vk; Anna is full, Boris is off."""
    path = str(tmp_path / "door.db")
    with opened(path):
        team = add_team({"Anna": 1, "Boris": 9}, {"tg": {"Anna": 1}, "vk": {"Boris": 1}})
        desk.change_operator(team.boris, is_active=False, actor=ACTOR)
        submit("tg_1", team.tg, "")
        with as_if_at(now() - timedelta(hours=1)):
            submit("tg_2", team.tg, "")
        submit("tg_3", team.tg, "")
    return path


@pytest.fixture(params=STACKS)
def door(request: pytest.FixtureRequest, file: str) -> Iterator[RunningDoor]:
    with running(file, program=("-c", STACKS[request.param] + RUN)) as opened:
        yield opened


def test_it_tells_what_waits_how_the_load_is_and_what_the_door_did(door: RunningDoor) -> None:
    with door.client() as client:
        first = samples(client.get("/metrics").text)
        sent = {"external_id": "tg_4", "source_id": 1, "message": "", "key": "k"}
        assert client.post("/appeals/", json=sent).status_code == 201
        assert client.post("/appeals/", json=sent).status_code == 200
        assert client.post("/appeals/", json={}).status_code == 422
        client.patch("/operators/2", json={"is_active": True, "max_load": 7})
        then = samples(client.get("/metrics").text)
    assert first["leadboard_waiting", "tg"] == 2
    assert first["leadboard_waiting", "vk"] == 0
    assert 3600 <= first["leadboard_oldest_wait_seconds", "tg"] < 3700
    assert first["leadboard_oldest_wait_seconds", "vk"] == 0
    loads = [first[f"leadboard_operator_{each}", "Anna"] for each in ("load", "limit", "active")]
    assert loads == [1, 1, 1]
    assert first["leadboard_operator_active", "Boris"] == 0
    assert first["leadboard_appeals_stored_total", "tg"] == 0
    assert first["leadboard_claims_lost_total", "Anna"] == 0
    assert first["leadboard_database_up", ""] == 1
    assert then["leadboard_waiting", "tg"] == 3
    assert then["leadboard_appeals_stored_total", "tg"] == 1
    assert then["leadboard_operator_active", "Boris"] == 1
    assert then["leadboard_operator_limit", "Boris"] == 7
    answers = {each: then["leadboard_http_request_seconds_count", each] for each in ("2xx", "4xx")}
    assert answers == {"2xx": 4, "4xx": 1}
    assert then["leadboard_writes_queued", ""] == 0
    assert then["leadboard_process_open_fds", ""] > 0


def test_it_tells_what_a_hook_has_yet_to_get(file: str) -> None:
    with opened(file):
        add_secret_hook("http://127.0.0.1:1/in")  # where nobody listens
    with running(file) as door, door.client() as client:
        client.post("/appeals/", json={"external_id": "tg_4", "source_id": 1, "message": ""})

        def told() -> Samples:
            return samples(client.get("/metrics").text)

        until(lambda: told()["leadboard_hook_held", ""] == 1)
        then = told()
    figures = [then[f"leadboard_hook_{each}", ""] for each in ("on", "behind", "failed")]
    assert figures == [1, 0, 0]


def test_it_is_in_the_format_that_it_says(door: RunningDoor) -> None:
    with door.client() as client:
        answer, head = client.get("/metrics"), client.head("/metrics")
        described = client.get("/openapi.json").json()["paths"]["/metrics"]["get"]
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert (head.status_code, head.content) == (200, b"")
    assert list(described["responses"]["200"]["content"]) == ["text/plain"]
    lines = answer.text.splitlines()
    assert answer.text.endswith("\n")
    named = {line.split()[2] for line in lines if line.startswith("# TYPE ")}
    assert named == {line.split()[2] for line in lines if line.startswith("# HELP ")}
    for each in lines:
        if not each.startswith("#"):
            name = re.split(r"[{ ]", each)[0]
            assert name.startswith("leadboard_")
            assert {name, re.sub(r"_(bucket|sum|count)$", "", name)} & named
    assert not [each for each in lines if "_created" in each]


def test_names_of_strangers_break_no_line_and_no_series(tmp_path: Path) -> None:
    odd, path = 'a"b\\c{d="e"} 5', str(tmp_path / "t.db")
    with opened(path):
        # Past the checks, as another program would store them.
        for name in (odd, "An\u200bna", "Anna", "\u202eAnna", "a\nb", "\x1b[2J", "Анна"):
            Operator.insert(name=name, max_load=3).execute()
            Source.insert(name=name).execute()
    with running(path) as door, door.client() as client:
        text = client.get("/metrics").text
    assert not re.search("[\x1b\u200b\u202e]", text)
    series = [line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert len(series) == len(set(series))
    found = {
        (each.name, each.labels["operator"])
        for family in text_string_to_metric_families(text)
        for each in family.samples
        if "operator" in each.labels
    }
    assert ("leadboard_operator_limit", odd) in found
    assert ("leadboard_operator_limit", "Анна") in found


def test_it_needs_the_token(file: str) -> None:
    with running(file, env={"LEADBOARD_TOKEN": "sesame"}) as door:
        assert httpx.get(door.url + "metrics").status_code == 401
        with door.client("sesame") as client:
            assert client.get("/metrics").status_code == 200


def test_a_database_that_is_gone_is_a_figure_and_the_rest_is_told(file: str) -> None:
    with running(file) as door, door.client() as client:
        assert client.get("/metrics").status_code == 200
        Path(file).rename(f"{file}.gone")
        Path(file).write_bytes(b"")
        answer = client.get("/metrics")
        assert answer.status_code == 200
        found = samples(answer.text)
    assert found["leadboard_database_up", ""] == 0
    assert found["leadboard_http_request_seconds_count", "2xx"] == 1
    assert not [name for name, _ in found if "waiting" in name]


@pytest.mark.every_engine
@pytest.mark.usefixtures("db")
def test_claims_that_come_too_late_are_counted() -> None:
    team = add_team({"Anna": 1}, {"tg": {"Anna": 1}})
    before = LOST_CLAIMS[team.anna]
    stale = candidates_of(team.tg)
    full = Operator.update(load=1).where(Operator.id == team.anna)

    words = ("tg_1", None, "Привет")

    with database.atomic() as work:
        full.execute()
        assert decide(team.tg, stale, words, None).is_lost
        work.rollback()
    assert LOST_CLAIMS[team.anna] == before + 1

    def many() -> None:
        wheels = Wheels(None)
        assert wheels.decide(team.tg, words).operator_id == team.anna
        full.execute()
        with pytest.raises(TooBusy):
            wheels.settle()

    transact(many)
    assert LOST_CLAIMS[team.anna] == before + 2

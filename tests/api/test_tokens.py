"""Tokens by scope: what each opens, and that a door with tokens never opens to everybody again."""

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import allocator
import models
from leadboard import desk
from leadboard.allocation import audit
from leadboard.api import tail
from leadboard.desk.tokens import add_token, withdraw_token
from leadboard.queries.tokens import Scope
from tests.support import ACTOR, add_team, arrive, rows
from tests.support.door import RunningDoor, running
from tests.support.machine import NEEDS_FULL
from tests.support.processes import ROOT, leadboard

APPEAL = {"external_id": "tg_1", "source_id": 1, "message": "Привет"}


@pytest.fixture
def target(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "t.db")
    opened = models.open_database(path)
    add_team({"Anna": 1, "Boris": 1}, {"tg": {"Anna": 70}, "vk": {"Boris": 1}})
    yield path
    opened.close()


def addresses(door: RunningDoor) -> list[tuple[str, str]]:
    """Return every method and path that the door describes, with an id where one is asked for."""
    with door.client() as client:
        paths = client.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), re.sub(r"\{\w+\}", "1", path))
        for path, methods in paths.items()
        for method in methods
    ]


def test_an_intake_token_sends_appeals_and_nothing_else(target: str) -> None:
    token = add_token("site", Scope.INTAKE, actor=ACTOR)
    with running(target) as door, door.client(token) as client:
        assert client.post("/appeals/", json=APPEAL).status_code == 201
        others = [each for each in addresses(door) if each != ("POST", "/appeals/")]
        assert len(others) > 15
        for method, path in others:
            if path == "/healthz":
                continue
            answer = client.request(method, path, json={})
            assert (method, path, answer.status_code) == (method, path, 403)
            assert answer.json()["detail"] == "This token only lets you send appeals."
    assert rows("SELECT count(*) FROM appeal") == [(1,)]


def test_an_operators_token_opens_their_own_appeals(target: str) -> None:
    token = add_token("anna-bot", Scope.OPERATOR, 1, actor=ACTOR)
    [annas], [other], [waiting] = arrive(1), arrive(2), arrive(1)
    with running(target) as door, door.client(token) as client:
        assert [each["id"] for each in client.get("/appeals/").json()] == [annas]
        assert [each["id"] for each in client.get("/appeals/?open=true").json()] == [annas]
        assert client.get("/appeals/?operator_id=2").json() == []
        assert client.get("/appeals/?waiting=true").json() == []
        assert client.get(f"/appeals/{annas}").status_code == 200
        for hidden in (other, waiting):
            assert client.get(f"/appeals/{hidden}").status_code == 404
            for word in ("close", "return", "reopen"):
                answer = client.post(f"/appeals/{hidden}/{word}")
                assert answer.status_code == 404
                assert answer.json()["detail"] == f"There is no appeal #{hidden}."
        assert client.get("/operators/1").json()["name"] == "Anna"
        assert client.get("/operators/2").status_code == 404
        for method, path in (
            ("POST", f"/appeals/{annas}/assign"),
            ("GET", "/operators/"),
            ("PATCH", "/operators/1"),
            ("POST", "/appeals/"),
            ("GET", "/leads/"),
        ):
            assert client.request(method, path, json={}).status_code == 403
        assert client.post(f"/appeals/{annas}/close").json()["status"] == "closed"
        # The place went to the one that waited, which is theirs now.
        given_back = client.post(f"/appeals/{waiting}/return")
        assert given_back.status_code == 200
    found = rows("SELECT act, actor FROM event WHERE act IN ('close', 'return') ORDER BY id")
    assert found == [("close", "anna-bot"), ("return", "anna-bot")]
    assert audit.check() == []


def test_what_is_no_longer_an_operators_is_hidden_from_them(target: str) -> None:
    token = add_token("anna-bot", Scope.OPERATOR, 1, actor=ACTOR)
    desk.change_operator(2, contact="tg:2", actor=ACTOR)
    allocator.submit("tg_1", 1, "hers", "a")
    allocator.submit("tg_1", 2, "his", "a")
    desk.assign([1], 2, force=True, actor=ACTOR)
    with running(target) as door, door.client(token) as client:
        for word, status in (("return", 204), ("close", 409), ("reopen", 204)):
            answer = client.post(f"/appeals/1/{word}")
            assert (word, answer.status_code) == (word, status)
            assert "Boris" not in answer.text
        assert rows("SELECT operator_id, closed_at FROM appeal WHERE id = 1") == [(2, None)]
        for source_id, key in ((2, "a"), (1, "none")):
            path = f"/appeals/by-key/close?source_id={source_id}&key={key}"
            assert client.post(path).json() == {
                "detail": f"There is no appeal with the key {key} from this source.",
                "field": "key",
            }
        assert client.get("/events?since=0&operator_id=2").json()["events"] == []
        told = client.get("/events?since=0").json()["events"]
        assert [each["type"] for each in told] == ["appeal.received", "appeal.moved"]
        assert "tg:2" not in str(told)


def test_a_stream_ends_when_its_token_is_withdrawn(target: str) -> None:
    token = add_token("crm", Scope.DESK, actor=ACTOR)
    stream = {"Accept": "text/event-stream"}
    with (
        running(target) as door,
        door.client(token) as client,
        client.stream("GET", "/events", headers=stream) as answer,
    ):
        lines = answer.iter_lines()
        next(lines)
        withdraw_token("crm", actor=ACTOR)
        # Sooner than the next comment would come.
        begun = time.monotonic()
        assert not [line for line in lines if line.startswith("data:")]
        assert time.monotonic() - begun < tail.HEARTBEAT * 2 / 3


@pytest.mark.parametrize(
    "words",
    [
        ("token", "add", "site", "--scope", "intake"),
        ("hook", "add", "https://crm.example/in"),
    ],
)
@pytest.mark.parametrize("output", [">&-", pytest.param(">/dev/full", marks=NEEDS_FULL)])
def test_a_secret_that_cannot_be_shown_is_not_kept(
    target: str, words: tuple[str, ...], output: str
) -> None:
    command = [sys.executable, "-m", "leadboard.cli", "--db", target, *words]
    done = subprocess.run(
        f"{shlex.join(command)} {output}",
        shell=True,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert rows("SELECT count(*) FROM token") == rows("SELECT count(*) FROM hook") == [(0,)]


def test_a_desk_token_does_everything_under_its_name(target: str) -> None:
    token = add_token("crm", Scope.DESK, actor=ACTOR)
    with running(target) as door, door.client(token) as client:
        assert client.post("/operators/", json={"name": "Vera", "max_load": 1}).status_code == 201
    assert rows("SELECT actor FROM event ORDER BY id DESC LIMIT 1") == [("crm",)]


def test_once_there_is_a_token_nobody_comes_in_without_one(target: str) -> None:
    with running(target) as door, door.client() as client:
        assert client.get("/operators/").status_code == 200
        token = add_token("crm", Scope.DESK, actor=ACTOR)
        assert eventually(client, 401)
        with door.client(token) as other:
            assert other.get("/operators/").status_code == 200
            withdraw_token("crm", actor=ACTOR)
            assert eventually(other, 401)
        # The last one is gone, and still nobody else comes in: also not after a new start.
        assert client.get("/operators/").status_code == 401
    with running(target) as door, door.client() as client:
        assert client.get("/operators/").status_code == 401
        assert client.get("/healthz").status_code == 200


def eventually(client: httpx.Client, status: int) -> bool:
    give_up = time.monotonic() + 20
    while client.get("/operators/").status_code != status:
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)
    return True


def test_tokens_of_the_database_let_others_reach_the_door(target: str) -> None:
    add_token("site", Scope.INTAKE, actor=ACTOR)
    with running(target, "--host", "0.0.0.0") as door:
        assert "Serving" in door.said


def test_the_doors_own_token_and_those_of_the_database_work_side_by_side(target: str) -> None:
    token = add_token("site", Scope.INTAKE, actor=ACTOR)
    with running(target, env={"LEADBOARD_TOKEN": "sesame"}) as door:
        for given, status in (("sesame", 201), (token, 201), ("other", 401), (token[:-1], 401)):
            with door.client(given) as client:
                assert client.post("/appeals/", json=APPEAL).status_code == status


def test_a_token_is_shown_once_and_kept_nowhere(target: str) -> None:
    made = leadboard(target, "token", "add", "site", "--scope", "intake")
    token = made.stdout.strip()
    assert re.fullmatch(r"lb_[\w-]{43}", token)
    listed = leadboard(target, "token", "list")
    assert listed.stdout.startswith("site: intake, added ")
    kept = "".join(map(repr, rows("SELECT * FROM token") + rows("SELECT * FROM event")))
    assert token not in kept + listed.stdout
    assert b"lb_" not in Path(target).read_bytes() + Path(f"{target}-wal").read_bytes()


def test_a_withdrawn_name_is_not_given_again(target: str) -> None:
    leadboard(target, "token", "add", "site", "--scope", "intake")
    assert leadboard(target, "token", "withdraw", "site").returncode == 0
    again = leadboard(target, "token", "add", "site", "--scope", "desk")
    assert (again.returncode, again.stderr) == (
        2,
        "leadboard: There is, or was, a token site: choose another name.\n",
    )
    assert ", withdrawn 20" in leadboard(target, "token", "list").stdout
    assert leadboard(target, "token", "withdraw", "site").returncode == 2
    undone = leadboard(target, "token", "withdraw", "none")
    assert undone.stderr == "leadboard: There is no token none.\n"


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        ("all", "'all' is no scope: write intake|operator:NAME|desk."),
        ("operator", "'operator' is no scope: write intake|operator:NAME|desk."),
        ("desk:Anna", "'desk:Anna' is no scope: write intake|operator:NAME|desk."),
        ("operator:Nobody", "There is no operator Nobody."),
    ],
)
def test_a_scope_that_is_none_is_a_sentence(target: str, scope: str, sentence: str) -> None:
    refused = leadboard(target, "token", "add", "x", "--scope", scope)
    assert (refused.returncode, refused.stderr) == (2, f"leadboard: {sentence}\n")
    assert rows("SELECT count(*) FROM token") == [(0,)]

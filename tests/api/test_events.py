"""The ledger over HTTP: pages and streams, in which no line is ever missing."""

import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import models
from leadboard import desk
from leadboard.allocation import pruning
from leadboard.api import tail
from leadboard.database.fields import now
from leadboard.desk.tokens import add_token
from leadboard.queries.tokens import Scope
from tests.support import ACTOR, add_team, arrive, number, rows
from tests.support.door import RunningDoor, running

STREAM = {"Accept": "text/event-stream"}


@dataclass
class Target:
    """A database that this process has open, and a door on it."""

    path: str
    door: RunningDoor


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    path = str(tmp_path / "t.db")
    if request.param == "postgresql":
        server = request.getfixturevalue("server")
        path = server.url(server.swept())
    opened = models.open_database(path)
    add_team({"Anna": 3, "Boris": 3}, {"tg": {"Anna": 70}, "vk": {"Boris": 1}})
    with running(path, "--rate", "0") as door:
        yield Target(path, door)
    opened.close()


def events(client: httpx.Client, **parameters: Any) -> dict[str, Any]:
    answer = client.get("/events", params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def seqs(found: dict[str, Any]) -> list[int]:
    return [each["seq"] for each in found["events"]]


@dataclass(frozen=True)
class Sent:
    """One Server-Sent Event: its id, and its data if it has any."""

    id: int
    data: dict[str, Any] | None


def read(lines: Iterator[str], wanted: int) -> list[Sent]:
    """Return so many events of a stream; comments are passed over."""
    found: list[Sent] = []
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
            continue
        if "data" in fields:
            found.append(Sent(int(fields["id"]), json.loads(fields["data"])))
        fields = {}
        if len(found) == wanted:
            break
    return found


def test_pages_go_on_from_one_another_to_the_end(target: Target) -> None:
    with target.door.client() as client:
        assert events(client) == {"events": [], "next": 0}
        ids = arrive(1, 5)
        desk.close(ids[:1], actor=ACTOR)
        seen: list[int] = []
        seq = 0
        while (page := events(client, since=seq, limit=2))["events"]:
            seen += seqs(page)
            seq = page["next"]
        assert seen == list(range(1, number("SELECT count(*) FROM change") + 1))
        assert seq == events(client)["next"] == seen[-1]


def test_lines_are_chosen_and_the_place_goes_on_past_the_others(target: Target) -> None:
    ids = arrive(1, 3)
    [other] = arrive(2)
    desk.close([ids[0]], actor=ACTOR)
    with target.door.client() as client:
        closed = events(client, since=0, kind="appeal.closed")
        assert [each["type"] for each in closed["events"]] == ["appeal.closed"]
        assert closed["next"] == 5
        several = events(client, since=0, kind=["closed", "received"], source_id=2)
        assert [each["data"]["appeal"]["id"] for each in several["events"]] == [other]
        assert len(events(client, since=0, operator_id=1)["events"]) == 4
        with_text = events(client, since=0, limit=1, messages=True)["events"]
        assert with_text[0]["data"]["appeal"]["message"] == "hello"
        assert "message" not in events(client, since=0, limit=1)["events"][0]["data"]["appeal"]


@pytest.mark.parametrize(
    "query", ["since=-1", "since=x", "limit=0", "kind=nothing", "kind=appeal.", "messages=x"]
)
def test_what_is_no_place_or_kind_is_a_sentence(target: Target, query: str) -> None:
    with target.door.client() as client:
        answer = client.get(f"/events?{query}")
        assert (answer.status_code, answer.json()["field"]) == (422, query.partition("=")[0])


@pytest.mark.parametrize("headers", [{}, STREAM])
def test_a_place_that_is_gone_is_told_with_the_oldest_that_is_there(
    target: Target, headers: dict[str, str]
) -> None:
    ids = arrive(1, 3)
    desk.close(ids, actor=ACTOR)
    pruning.prune(pruning.edge_of(now()), now(), ACTOR, lambda *_: None)
    oldest = number("SELECT pruned FROM ledger_bounds")
    assert oldest > 1
    with target.door.client() as client:
        for since, status in ((1, 410), (10**9, 404)):
            answer = client.get("/events", params={"since": since}, headers=headers)
            assert (answer.status_code, answer.json()["oldest"]) == (status, oldest)
        assert client.get("/events", params={"since": oldest}).status_code == 200


PATIENT = (
    "from leadboard.api import tail; tail.HEARTBEAT = 600; "
    "from leadboard.cli.main import main; main()"
)
"""The program, but its heartbeat cannot hide that a stream fell asleep."""


def test_a_stream_wakes_for_what_came_while_nobody_followed(target: Target) -> None:
    with running(target.path, program=("-c", PATIENT)) as door, door.client() as client:
        seen = 0
        for _ in range(3):
            arrive(1, 2)
            headers = {**STREAM, "Last-Event-ID": str(seen)}
            with client.stream("GET", "/events", headers=headers) as answer:
                found = read(answer.iter_lines(), 2)
            assert [each.id for each in found] == [seen + 1, seen + 2]
            seen += 2


def test_a_stream_goes_on_from_the_last_id(target: Target) -> None:
    arrive(1, 3)
    with target.door.client() as client:
        with client.stream("GET", "/events?since=1", headers=STREAM) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.iter_lines()
            assert [each.id for each in read(lines, 2)] == [2, 3]
            arrive(2)
            [live] = read(lines, 1)
            assert live.data is not None
            assert (live.id, live.data["data"]["appeal"]["source"]) == (4, "vk")
        headers = {**STREAM, "Last-Event-ID": "3"}
        with client.stream("GET", "/events?since=0", headers=headers) as answer:
            assert [each.id for each in read(answer.iter_lines(), 1)] == [4]


@pytest.mark.parametrize(
    ("accept", "is_stream"),
    [
        ("text/event-stream", True),
        ("text/html, Text/Event-Stream;q=0.9", True),
        ("*/*", False),
        ("x-text/event-streamx", False),
    ],
)
def test_a_stream_is_sent_to_whoever_names_its_type(
    target: Target, accept: str, is_stream: bool
) -> None:
    headers = {"Accept": accept, "Last-Event-ID": "0" if is_stream else "no id"}
    with target.door.client() as client, client.stream("GET", "/events", headers=headers) as got:
        assert got.status_code == 200
        assert got.headers["content-type"].startswith("text/event-stream") == is_stream


def test_a_last_id_that_is_none_is_a_sentence(target: Target) -> None:
    with target.door.client() as client:
        answer = client.get("/events", headers={**STREAM, "Last-Event-ID": "x"})
        assert (answer.status_code, answer.json()["field"]) == (422, "Last-Event-ID")


def test_a_stream_after_a_pause_tells_at_once_what_was_written_in_it(target: Target) -> None:
    # Sooner than the next comment, which would wake it as well.
    with target.door.client() as client:
        for seq in range(3):
            headers = {**STREAM, "Last-Event-ID": str(seq)}
            arrive(1)
            begun = time.monotonic()
            with client.stream("GET", "/events", headers=headers) as answer:
                assert [each.id for each in read(answer.iter_lines(), 1)] == [seq + 1]
            assert time.monotonic() - begun < tail.HEARTBEAT / 2


def test_an_operators_stream_has_what_came_to_them_and_left_them(target: Target) -> None:
    token = add_token("anna-bot", Scope.OPERATOR, 1, actor=ACTOR)
    arrive(2)
    [annas] = arrive(1)
    desk.assign([annas], 2, actor=ACTOR)
    desk.close([annas], actor=ACTOR)
    give_up = time.monotonic() + 20
    with target.door.client() as nobody, target.door.client(token) as client:
        while nobody.get("/events").status_code != 401 and time.monotonic() < give_up:
            time.sleep(0.05)
        found = [each["type"] for each in events(client, since=0)["events"]]
        assert found == ["appeal.received", "appeal.moved"]
        with client.stream("GET", "/events?since=0", headers=STREAM) as answer:
            assert [each.id for each in read(answer.iter_lines(), 2)] == [2, 3]


def test_a_list_and_what_follows_it_leave_no_gap(target: Target) -> None:
    """What each of several clients knows, by listing and following, is what the tables say."""
    stop = threading.Event()

    def work() -> None:
        rng = random.Random(5)
        while not stop.is_set():
            ids = arrive(rng.choice([1, 2]), rng.randrange(1, 4))
            desk.close(ids[: rng.randrange(1, 3)], actor=ACTOR)

    worker = threading.Thread(target=work)
    worker.start()
    begun: list[tuple[set[int], int]] = []
    with target.door.client() as client:
        try:
            for _ in range(20):
                answer = client.get("/appeals/", params={"open": True, "limit": 1000})
                listed = {each["id"] for each in answer.json()}
                begun.append((listed, int(answer.headers["Leadboard-Seq"])))
        finally:
            stop.set()
            worker.join()
        there = {key for (key,) in rows("SELECT id FROM appeal WHERE closed_at IS NULL")}
        for known, seq in begun:
            assert followed(client, known, seq) == there


def followed(client: httpx.Client, known: set[int], seq: int) -> set[int]:
    """Return the appeals that are open after all that followed a place."""
    while (page := events(client, since=seq, limit=1000))["events"]:
        for each in page["events"]:
            appeal = each["data"]["appeal"]
            is_open = appeal["status"] in ("open", "waiting")
            (known.add if is_open else known.discard)(appeal["id"])
        seq = page["next"]
    return known


def test_fifty_connections_that_are_cut_leave_no_gap(target: Target) -> None:
    stop = threading.Event()

    def send() -> None:
        while not stop.is_set():
            desk.close(arrive(1, 2), actor=ACTOR)
            time.sleep(0.002)

    sender = threading.Thread(target=send)
    sender.start()
    seen: list[int] = []
    rng = random.Random(7)
    try:
        for _ in range(50):
            last = seen[-1] if seen else 0
            headers = {**STREAM, "Last-Event-ID": str(last)}
            with (
                target.door.client() as client,
                client.stream("GET", "/events", headers=headers) as answer,
            ):
                seen += [each.id for each in read(answer.iter_lines(), rng.randrange(1, 12))]
    finally:
        stop.set()
        sender.join()
    assert seen == list(range(1, len(seen) + 1))


def test_many_follow_at_once_and_all_get_the_same(target: Target) -> None:
    """Some begin far behind, some at the present; a few want messages."""
    arrive(1, 30)
    outcomes: dict[int, Sequence[Sent]] = {}

    def follow(place: int) -> None:
        query = f"/events?since={place % 30}&messages={'true' if place % 2 else 'false'}"
        with (
            target.door.client() as client,
            client.stream("GET", query, headers=STREAM) as answer,
        ):
            outcomes[place] = read(answer.iter_lines(), 50 - place % 30)

    clients = [threading.Thread(target=follow, args=(place,)) for place in range(40)]
    for each in clients:
        each.start()
    for _ in range(20):
        arrive(2)
        time.sleep(0.01)
    for each in clients:
        each.join(30)
    assert len(outcomes) == 40
    for place, sent in outcomes.items():
        assert [each.id for each in sent] == list(range(place % 30 + 1, 51))
        assert all("message" in each.data["data"]["appeal"] for each in sent if each.data) == bool(
            place % 2
        )


def test_a_door_that_ends_ends_its_streams(target: Target) -> None:
    ended = threading.Event()

    def follow() -> None:
        with (
            target.door.client() as client,
            client.stream("GET", "/events", headers=STREAM) as answer,
        ):
            assert answer.status_code == 200
            started.set()
            assert list(answer.iter_lines())
            ended.set()

    started = threading.Event()
    follower = threading.Thread(target=follow)
    follower.start()
    assert started.wait(20)
    assert target.door.stop() == (0, "")
    assert ended.wait(5)
    follower.join()

"""The HTTP door: its ten addresses, what it refuses, and how it ends, over a real socket."""

import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

import models
from leadboard.allocation import audit
from leadboard.api.access import LARGEST_BODY, TOO_LARGE, Rates
from tests.support import rows
from tests.support.door import IMPATIENT, STACKS, RunningDoor, running
from tests.support.processes import ROOT

APPEAL = {"external_id": "tg_1", "source_id": 1, "message": "Хочу купить курс"}


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "door.db")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDoor]:
    """One door for all questions that leave nothing behind that others would mind."""
    target = str(tmp_path_factory.mktemp("door") / "shared.db")
    with running(target, "--rate", "0") as door:
        with door.client() as client:
            client.post("/operators/", json={"name": "Anna", "max_load": 1_000_000})
            client.post("/sources/", json={"name": "tg"})
            link = {"operator_id": 1, "source_id": 1, "weight": 70}
            assert client.post("/operator-sources/", json=link).status_code == 201
        yield door


@pytest.fixture
def client(shared: RunningDoor) -> Iterator[httpx.Client]:
    with shared.client() as opened:
        yield opened


def made(client: httpx.Client, limit: int = 2) -> None:
    """Give an empty house an operator, a source, and a weight."""
    client.post("/operators/", json={"name": "Anna", "max_load": limit})
    client.post("/sources/", json={"name": "tg"})
    client.post("/operator-sources/", json={"operator_id": 1, "source_id": 1, "weight": 70})


# --- the ten addresses -------------------------------------------------------------------------


def test_the_way_from_an_empty_house_to_a_waiting_appeal_that_flows(file: str) -> None:
    with running(file) as door, door.client() as client:
        anna = client.post("/operators/", json={"name": " Anna ", "max_load": 1})
        expected = {
            "id": 1,
            "name": "Anna",
            "is_active": True,
            "max_load": 1,
            "load": 0,
            "note": "",
            "contact": "",
        }
        assert (anna.status_code, anna.json()) == (201, expected)
        off = client.post("/operators/", json={"name": "Off", "max_load": 9, "is_active": False})
        assert off.json()["is_active"] is False
        assert client.post("/sources/", json={"name": "tg"}).json() == {
            "id": 1,
            "name": "tg",
            "strategy": "lottery",
            "is_sealed": True,
        }
        link = {"operator_id": 1, "source_id": 1, "weight": 70}
        assert client.post("/operator-sources/", json=link).json() == link
        again = client.post("/operator-sources/", json={**link, "weight": 5})
        assert (again.status_code, again.json()["weight"]) == (200, 5)
        first = client.post("/appeals/", json=APPEAL)
        assert (first.status_code, first.json()["operator_id"]) == (201, 1)
        second = client.post("/appeals/", json={**APPEAL, "external_id": 77}).json()
        assert (second["operator_id"], second["external_id"]) == (None, "77")
        waiting = client.get("/appeals/", params={"waiting": True}).json()
        assert [each["id"] for each in waiting] == [2]
        changed = client.patch("/operators/1", json={"max_load": 5, "name": "Anna P"})
        assert changed.json() == {**expected, "max_load": 5, "name": "Anna P", "load": 2}
        assert [each["operator_id"] for each in client.get("/appeals/").json()] == [1, 1]
        leads = client.get("/leads/").json()
        assert [(each["external_id"], len(each["appeals"])) for each in leads] == [
            ("tg_1", 1),
            ("77", 1),
        ]
        assert client.get("/operator-sources/", params={"source_id": 1}).json() == [again.json()]
        assert client.get("/operator-sources/", params={"source_id": 2}).json() == []
        assert [each["name"] for each in client.get("/operators/").json()] == ["Anna P", "Off"]
        assert client.get("/sources/").json() == [{"id": 1, "name": "tg"}]
        assert client.get("/healthz").json() == {"status": "ok"}
        assert "swagger" in client.get("/docs").text.lower()
        assert door.stop()[0] == 0
    models.open_database(file)
    assert rows("SELECT DISTINCT actor FROM event") == [("bot",)]
    assert rows("SELECT act FROM event ORDER BY id DESC LIMIT 1") == [("change operator",)]
    assert audit.check() == []


def test_a_known_key_is_answered_by_its_first_appeal(client: httpx.Client) -> None:
    first = client.post("/appeals/", json={**APPEAL, "key": "m-1"})
    again = client.post("/appeals/", json={**APPEAL, "message": "other", "key": "m-1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert {**again.json(), "held": 0} == {**first.json(), "held": 0}


def test_lists_are_read_in_pages(client: httpx.Client) -> None:
    sent = [client.post("/appeals/", json=APPEAL).json()["id"] for _ in range(7)]
    found: list[int] = []
    after = sent[0] - 1
    while page := client.get("/appeals/", params={"limit": 3, "after": after}).json():
        assert len(page) <= 3
        found += [each["id"] for each in page]
        after = found[-1]
    assert found == sent
    of_anna = client.get("/appeals/", params={"operator_id": 1, "limit": 2}).json()
    assert len(of_anna) == 2
    assert client.get("/leads/", params={"after": 10**9}).json() == []


def test_weights_are_read_in_pages_by_pair(file: str) -> None:
    with running(file) as door, door.client() as client:
        for name in ("a", "b", "c"):
            client.post("/operators/", json={"name": name, "max_load": 1})
            client.post("/sources/", json={"name": name})
        pairs = [(person, source) for person in (1, 2, 3) for source in (1, 2, 3)]
        for person, source in pairs:
            link = {"operator_id": person, "source_id": source, "weight": 1}
            client.post("/operator-sources/", json=link)
        found: list[tuple[int, int]] = []
        after = "0:0"
        while page := client.get("/operator-sources/", params={"limit": 2, "after": after}).json():
            found += [(each["operator_id"], each["source_id"]) for each in page]
            after = f"{found[-1][0]}:{found[-1][1]}"
        assert found == pairs


# --- what is refused ---------------------------------------------------------------------------

LONG = b"x" * 10_001
BAD = {
    "no body": (b"", 422),
    "half a body": (b"{", 400),
    "not an object": (b"[1]", 422),
    "nested without end": (b"[" * 100_000, 400),
    "a number of thousands of digits": (b'{"source_id": ' + b"9" * 5000 + b"}", 400),
    "not UTF-8": (b'{"external_id": "\xff"}', 400),
    "UTF-16": ('{"external_id": "a"}'.encode("utf-16"), 400),
    "half a letter in bytes": (b'{"external_id": "\xed\xa0\x80"}', 400),
    "a lack": (b'{"external_id": "a", "message": "b"}', 422),
    "a text for a number": (b'{"external_id": "a", "source_id": "1", "message": "b"}', 422),
    "a flag for a number": (b'{"external_id": "a", "source_id": true, "message": "b"}', 422),
    "an endless number": (b'{"external_id": "a", "source_id": 1e400, "message": "b"}', 422),
    "no number": (b'{"external_id": "a", "source_id": NaN, "message": "b"}', 422),
    "a number too large": (
        b'{"external_id": "a", "source_id": 1%s, "message": ""}' % (b"0" * 30),
        404,
    ),
    "an unknown source": (b'{"external_id": "a", "source_id": 404, "message": "b"}', 404),
    "an empty lead": (b'{"external_id": " ", "source_id": 1, "message": "b"}', 422),
    "half a letter": (b'{"external_id": "\\ud800", "source_id": 1, "message": "b"}', 422),
    "an escape": (b'{"external_id": "\\u001b[2J", "source_id": 1, "message": "b"}', 422),
    "a long message": (
        b'{"external_id": "a", "source_id": 1, "message": "%s"}' % (b"x" * 10_001),
        422,
    ),
    "a key of nothing": (b'{"external_id": "a", "source_id": 1, "message": "b", "key": ""}', 422),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_appeal_is_a_sentence_and_is_not_stored(client: httpx.Client, what: str) -> None:
    body, status = BAD[what]
    newest = len(client.get("/appeals/", params={"limit": 1000}).json())
    answer = client.post("/appeals/", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"detail", "field"}
    assert answer.json()["detail"].endswith(".")
    assert "\n" not in answer.json()["detail"]
    assert "\x1b" not in answer.text
    assert len(client.get("/appeals/", params={"limit": 1000}).json()) == newest


def link(operator_id: int, source_id: int, weight: int) -> dict[str, int]:
    return {"operator_id": operator_id, "source_id": source_id, "weight": weight}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("POST", "/operators/", {"name": "Anna", "max_load": 1}, 409, "name"),
        ("POST", "/operators/", {"name": "B", "max_load": -1}, 422, "max_load"),
        ("POST", "/operators/", {"name": "B", "max_load": 1, "is_active": 1}, 422, "is_active"),
        ("POST", "/sources/", {"name": "x" * 81}, 422, "name"),
        ("PATCH", "/operators/1", {"max_load": None}, 422, "max_load"),
        ("PATCH", "/operators/99", {"max_load": 1}, 404, "operator_id"),
        ("PATCH", "/operators/0", {}, 422, "operator_id"),
        ("PATCH", "/operators/99999999999999999999", {}, 404, "operator_id"),
        ("POST", "/operator-sources/", link(9, 1, 1), 404, "operator_id"),
        ("POST", "/operator-sources/", link(1, 9, 1), 404, "source_id"),
        ("POST", "/operator-sources/", link(1, 1, 1_000_001), 422, "weight"),
        ("GET", "/appeals/?limit=0", None, 422, "limit"),
        ("GET", "/appeals/?after=-1", None, 422, "after"),
        ("GET", "/operator-sources/?after=1", None, 422, "after"),
        ("GET", "/leads/?limit=101", None, 422, "limit"),
        ("GET", "/nothing", None, 404, None),
        ("DELETE", "/operators/", None, 405, None),
    ],
)  # fmt: skip
def test_what_may_not_be_has_its_status_and_names_its_field(
    client: httpx.Client, method: str, path: str, body: object, status: int, field: str | None
) -> None:
    answer = client.request(method, path, json=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text


def test_a_broken_emoji_loses_no_appeal(client: httpx.Client) -> None:
    body = b'{"external_id": "a", "source_id": 1, "message": "x\\ud83d\\u0000"}'
    answer = client.post("/appeals/", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["message"]) == (201, "x\ufffd\ufffd")


def test_the_longest_message_comes_in_however_it_is_written(client: httpx.Client) -> None:
    escaped = b"\\ud83d\\ude00" * 10_000
    body = b'{"external_id": "a", "source_id": 1, "message": "%s"}' % escaped
    answer = client.post("/appeals/", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["message"]) == (201, "😀" * 10_000)


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_beyond_the_limit_is_not_read(client: httpx.Client, is_chunked: bool) -> None:
    body = b" " * (LARGEST_BODY + 1)
    content = iter([body[:200_000], body[200_000:]]) if is_chunked else body
    answer = client.post("/appeals/", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["detail"][-15:]) == (413, " 262,144 bytes.")


@pytest.mark.parametrize(
    ("method", "path", "token"),
    [
        ("POST", "/appeals/", "sesame"),
        ("PATCH", "/operators/1", "sesame"),
        ("GET", "/sources/", "sesame"),
        ("POST", "/nothing", "sesame"),
    ],
)
@pytest.mark.parametrize("stack", STACKS)
def test_a_body_beyond_the_limit_has_one_answer_wherever_it_goes(
    file: str, stack: str, method: str, path: str, token: str
) -> None:
    program = f"{STACKS[stack]}from leadboard.cli.main import main; main()"
    expected = {"detail": TOO_LARGE, "field": None}
    with (
        running(file, program=("-c", program), env={"LEADBOARD_TOKEN": token}) as door,
        door.client(token) as client,
    ):
        body = b" " * (LARGEST_BODY + 1)
        answer = client.request(method, path, content=body)
        assert (answer.status_code, answer.json()) == (413, expected)
        assert answer.headers["Connection"] == "close"
        if method != "GET" and path != "/nothing":
            chunked = client.request(method, path, content=iter([body[:99], body[99:]]))
            assert (chunked.status_code, chunked.json()) == (413, expected)
            assert chunked.headers["Connection"] == "close"
        stranger = httpx.request(method, door.url + path[1:], content=body)
        assert (stranger.status_code, set(stranger.json())) == (401, {"detail", "field"})
        fits = client.request(method, path, content=body[1:])
        assert fits.status_code != 413


def test_a_page_in_a_browser_cannot_be_led_here(client: httpx.Client) -> None:
    assert client.get("/operators/", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/operators/", headers={"Host": "localhost:1"}).status_code == 200
    form = client.post(
        "/sources/", content=b'{"name": "x"}', headers={"Content-Type": "text/plain"}
    )
    assert form.status_code == 422


# --- tokens and rates --------------------------------------------------------------------------


def test_with_a_token_only_who_brings_it_comes_in(file: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("sesame\n")
    with running(file, "--token-file", str(tmp_path / "token")) as door:
        for token, status in ((None, 401), ("wrong", 401), ("sésame", 401), ("sesame", 200)):
            header = {} if token is None else {b"Authorization": f"Bearer {token}".encode()}
            answer = httpx.get(door.url + "operators/", headers=header)
            assert answer.status_code == status
            assert status == 200 or answer.headers["WWW-Authenticate"] == "Bearer"
        assert httpx.get(door.url + "healthz", headers={"Host": "desk.example"}).status_code == 200
        code, said = door.stop()
        assert code == 0
        assert "sesame" not in door.said + said


def test_an_address_that_others_reach_needs_a_token(file: str) -> None:
    with running(file, "--host", "0.0.0.0") as door:
        assert "set LEADBOARD_TOKEN" in door.said
        assert door.process.wait(10) == 2
    with running(file, "--host", "0.0.0.0", env={"LEADBOARD_TOKEN": "sesame"}) as door:
        assert "Serving" in door.said


def test_an_empty_token_is_none(file: str) -> None:
    with running(file, env={"LEADBOARD_TOKEN": " "}) as door:
        assert "The token is empty" in door.said
        assert door.process.wait(10) == 2


def test_a_port_that_is_taken_is_a_sentence(file: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        with running(file, "--port", port) as door:
            assert "Cannot listen on 127.0.0.1" in door.said
            assert door.process.wait(10) == 2


def test_who_comes_too_often_is_told_to_wait(file: str) -> None:
    with running(file, "--rate", "5") as door, door.client() as client:
        answers = [client.get("/healthz") for _ in range(12)]
        refused = [each for each in answers if each.status_code == 429]
        assert len(refused) >= 4
        assert all(int(each.headers["Retry-After"]) >= 1 for each in refused)


def test_a_bucket_fills_again_and_each_client_has_its_own() -> None:
    moments = [0.0]
    rates = Rates(2, lambda: moments[0])
    assert [bool(rates.wait("a")) for _ in range(3)] == [False, False, True]
    assert not rates.wait("b")
    moments[0] = 0.5
    assert [bool(rates.wait("a")) for _ in range(2)] == [False, True]
    moments[0] = 99.0
    assert [bool(rates.wait("a")) for _ in range(3)] == [False, False, True]


# --- trouble, and the end ----------------------------------------------------------------------


def test_a_busy_database_is_a_503_and_then_all_is_well(file: str) -> None:
    with running(file, program=("-c", IMPATIENT)) as door, door.client() as client:
        made(client)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            refused = client.post("/appeals/", json={**APPEAL, "key": "k"})
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) >= 1
            assert "locked by another program" in refused.json()["detail"]
            assert client.get("/appeals/").json() == []
            other.execute("ROLLBACK")
        stored = client.post("/appeals/", json={**APPEAL, "key": "k"})
        assert (stored.status_code, stored.json()["id"]) == (201, 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_was_acknowledged_is_there_after_the_end(file: str, number: int) -> None:
    acknowledged: list[int] = []
    with running(file, "--rate", "0") as door:
        with door.client() as client:
            made(client, 100_000)

        def send(name: str) -> None:
            with door.client() as client:
                for count in range(10_000):
                    try:
                        answer = client.post("/appeals/", json={**APPEAL, "key": f"{name}-{count}"})
                    except httpx.HTTPError:
                        return
                    if answer.status_code == 201:
                        acknowledged.append(answer.json()["id"])

        senders = [threading.Thread(target=send, args=(f"s{each}",)) for each in range(6)]
        for sender in senders:
            sender.start()
        while len(acknowledged) < 200:
            senders[0].join(0.01)
        code, said = door.stop(number)
        for sender in senders:
            sender.join()
    assert (code, said) == (0, "")
    models.open_database(file)
    stored = {key for (key,) in rows("SELECT id FROM appeal")}
    assert set(acknowledged) <= stored
    assert len(set(acknowledged)) == len(acknowledged)
    assert audit.check() == []


def test_without_the_extra_it_says_what_to_install(file: str) -> None:
    program = (
        "import sys; sys.modules['fastapi'] = None; from leadboard.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--db", file, "serve"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "pip install 'leadboard[api]'" in done.stderr


def test_other_commands_do_without_it(file: str) -> None:
    program = (
        "import sys, atexit\n"
        "atexit.register(lambda: print({'fastapi', 'uvicorn', 'pydantic'} & {*sys.modules}))\n"
        "from leadboard.cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--db", file, "feed"],
        input="",
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout == "set()\n"

"""Acts over HTTP: by id and by key, done once, recorded under the caller, and taken back."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import models
from leadboard import desk
from leadboard.allocation import audit
from tests.support import add_team, arrive, holder_of, rows
from tests.support.door import running


@pytest.fixture(params=["sqlite", "postgresql"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[httpx.Client]:
    """Return a client of a door on a database that this process has open as well."""
    target = str(tmp_path / "t.db")
    if request.param == "postgresql":
        server = request.getfixturevalue("server")
        target = server.url(server.swept())
    opened = models.open_database(target)
    add_team({"Anna": 1, "Boris": 1}, {"tg": {"Anna": 70}, "vk": {"Boris": 1}})
    with running(target, "--rate", "0") as door, door.client() as client:
        yield client
        assert audit.check() == []
    opened.close()


def send(client: httpx.Client, lead: str, key: str, source_id: int = 1) -> dict[str, object]:
    body = {"external_id": lead, "source_id": source_id, "message": "Привет", "key": key}
    answer = client.post("/appeals/", json=body)
    assert answer.status_code == 201
    found: dict[str, object] = answer.json()
    return found


def acts() -> list[tuple[object, ...]]:
    return rows("SELECT act, actor FROM event WHERE actor <> 'setup' AND actor <> 'anna'")


def test_each_answer_names_the_operator_and_the_status(client: httpx.Client) -> None:
    first, second = send(client, "tg_1", "a"), send(client, "tg_2", "b")
    assert (first["operator"], first["status"]) == ("Anna", "open")
    assert (second["operator"], second["status"]) == (None, "waiting")
    closed = client.post("/appeals/1/close").json()
    assert (closed["operator"], closed["status"]) == ("Anna", "closed")
    read = client.get("/appeals/2").json()
    assert (read["operator"], read["operator_id"], read["status"]) == ("Anna", 1, "open")
    assert {**read, "held": 0} == {**client.get("/appeals/").json()[1], "held": 0}


@pytest.mark.parametrize("path", ["/appeals/1/{}", "/appeals/by-key/{}?source_id=1&key=a"])
def test_an_act_is_done_once_and_answers_alike(client: httpx.Client, path: str) -> None:
    send(client, "tg_1", "a")
    client.patch("/operators/1", json={"is_active": False})
    before = len(acts())
    steps = (
        ("close", None, "closed", 1),
        ("reopen", None, "waiting", None),
        ("assign", {"operator_id": 2, "force": True}, "open", 2),
        ("return", {"operator_id": 2}, "waiting", None),
    )
    for word, body, status, operator_id in steps:
        answers = [client.post(path.format(word), json=body) for _ in range(2)]
        assert [each.status_code for each in answers] == [200, 200], answers[0].text
        for answer in answers:
            found = answer.json()
            assert (found["id"], found["status"]) == (1, status)
            assert status == "closed" or found["operator_id"] == operator_id
    assert acts()[before:] == [(word, "bot") for word, *_ in steps]


def test_an_act_over_http_is_undone_from_the_desk(client: httpx.Client) -> None:
    send(client, "tg_1", "a")
    client.post("/appeals/1/close")
    assert desk.undo(actor="bot").note.startswith("Undone: Appeal #1")
    assert client.get("/appeals/1").json()["status"] == "open"


def test_what_is_in_no_state_for_an_act_is_a_conflict(client: httpx.Client) -> None:
    send(client, "tg_1", "a")
    full = client.post("/appeals/1/assign", json={"operator_id": 1})
    assert full.status_code == 200
    send(client, "tg_2", "b")
    refused = client.post("/appeals/2/assign", json={"operator_id": 1})
    assert (refused.status_code, refused.json()["detail"]) == (409, "Anna is full (1/1).")
    nobody = client.post("/appeals/2/assign", json={"operator_id": 2**70})
    assert (nobody.status_code, nobody.json()["field"]) == (409, "operator_id")
    client.post("/appeals/1/close")
    closed = client.post("/appeals/1/return")
    assert (closed.status_code, closed.json()["field"]) == (409, "appeal_id")


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/appeals/99/close", 404, "appeal_id"),
        ("/appeals/99999999999999999999/close", 404, "appeal_id"),
        ("/appeals/0/close", 422, "appeal_id"),
        ("/appeals/x/close", 422, "appeal_id"),
        ("/appeals/by-key/close?source_id=1&key=none", 404, "key"),
        ("/appeals/by-key/close?source_id=1&key=%00", 422, "key"),
        ("/appeals/by-key/close?key=a", 422, "source_id"),
        ("/appeals/by-key/close?source_id=1&key=twice", 422, "external_id"),
    ],
)
def test_what_is_not_named_well_is_said(
    client: httpx.Client, path: str, status: int, field: str
) -> None:
    send(client, "tg_1", "twice")
    send(client, "tg_2", "twice")
    answer = client.post(path)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert acts() == []


def test_a_lead_and_a_key_are_found_however_they_are_written(client: httpx.Client) -> None:
    send(client, "Lead  Two", " k ")
    named: dict[str, str | int] = {"source_id": 1, "key": " k ", "external_id": "Lead\u200b  Two"}
    assert client.post("/appeals/by-key/close", params=named).json()["id"] == 1
    assert [each["id"] for each in client.get("/appeals/", params=named).json()] == [1]


def test_an_appeal_that_went_to_somebody_else_meanwhile_stays_open(client: httpx.Client) -> None:
    send(client, "tg_1", "a")
    client.post("/appeals/1/assign", json={"operator_id": 2})
    late = client.post("/appeals/1/close", json={"operator_id": 1})
    assert (late.status_code, late.json()["field"]) == (409, "appeal_id")
    assert client.get("/appeals/1").json()["status"] == "open"
    for _ in range(2):
        assert client.post("/appeals/1/close", json={"operator_id": 2}).status_code == 200


def test_a_key_of_several_leads_needs_the_lead(client: httpx.Client) -> None:
    send(client, "tg_1", "a")
    send(client, "tg_2", "a")
    path = "/appeals/by-key/close?source_id=1&key=a&external_id=tg_2"
    assert client.post(path).json()["external_id"] == "tg_2"


def test_what_is_open_is_listed_with_the_place_to_follow_from(client: httpx.Client) -> None:
    ids = arrive(1, 3)
    [other] = arrive(2)
    client.post(f"/appeals/{ids[0]}/close")
    answer = client.get("/appeals/", params={"open": True})
    assert [each["id"] for each in answer.json()] == [*ids[1:], other]
    assert answer.headers["Leadboard-Seq"] == str(rows("SELECT max(seq) FROM change")[0][0])
    assert holder_of(ids[1]) == 1

    def listed(**parameters: object) -> list[int]:
        found = client.get("/appeals/", params=parameters).json()  # type: ignore[arg-type]
        return [each["id"] for each in found]

    assert listed(open=True, operator_id=1) == [ids[1]]
    assert listed(open=True, source_id=1) == ids[1:]
    assert listed(waiting=True) == [ids[2]]
    assert listed(open=True, limit=1, after=ids[1]) == [ids[2]]
    assert listed(open=True, external_id="lead 2") == [ids[2]]
    assert listed(operator_id=1) == ids[:2]
    assert "Leadboard-Seq" not in client.get("/appeals/").headers


def test_an_appeal_is_found_by_its_key(client: httpx.Client) -> None:
    send(client, "tg_1", "a")
    send(client, "tg_1", "b")
    found = client.get("/appeals/", params={"source_id": 1, "key": "b"}).json()
    assert [each["id"] for each in found] == [2]
    assert client.get("/appeals/", params={"key": "c"}).json() == []


def test_one_operator_is_read(client: httpx.Client) -> None:
    client.patch("/operators/1", json={"contact": "tg:555"})
    found = client.get("/operators/1").json()
    assert (found["name"], found["contact"], found["load"]) == ("Anna", "tg:555", 0)
    assert client.get("/operators/9").status_code == 404

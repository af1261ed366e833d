"""A value means the same at every door: by hand, by feed, by file and by HTTP."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from peewee import Database

from leadboard import desk
from leadboard.allocation.intake import Placed
from leadboard.allocation.lottery import LOTTERY
from leadboard.cli.feed import parsed, store_batch
from leadboard.cli.line_reader import Line
from leadboard.common.errors import Refused
from leadboard.transfer.appeals import plan_appeals
from leadboard.transfer.team import plan_operators
from tests.support import ACTOR, add_team, number, rows
from tests.support.door import running

pytestmark = pytest.mark.every_engine

Stored = tuple[str, str, str | None]
"""Lead, message and key of an appeal."""


Door = Callable[[dict[str, Any]], Stored | None]
"""Hands fields in; returns what was stored, None for a refusal."""


def newest() -> Stored:
    [found] = rows(
        "SELECT external_id, message, key FROM appeal JOIN lead ON lead.id = lead_id"
        " ORDER BY appeal.id DESC LIMIT 1"
    )
    return found  # type: ignore[return-value]


def by_hand(fields: dict[str, Any]) -> Stored | None:
    try:
        source_id, key = fields["source"], fields.get("key")
        desk.submit(fields["external_id"], source_id, fields["message"], key, actor=ACTOR)
    except Refused:
        return None
    return newest()


def by_feed(fields: dict[str, Any]) -> Stored | None:
    [outcome] = store_batch([parsed(Line(1, json.dumps(fields).encode()))], LOTTERY)
    return newest() if isinstance(outcome, Placed) else None


def by_file(fields: dict[str, Any]) -> Stored | None:
    named = {**fields, "source": "tg"}
    try:
        plan_appeals(io.BytesIO(json.dumps(named).encode()), "json").act(ACTOR)
    except Refused:
        return None
    return newest()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    target = str(tmp_path_factory.mktemp("door") / "door.db")
    with running(target, "--rate", "0") as door, door.client() as client:
        client.post("/sources/", json={"name": "tg"})
        client.post("/sources/", json={"name": "site"})
        yield client


def by_http(client: httpx.Client) -> Door:
    def door(fields: dict[str, Any]) -> Stored | None:
        sent = dict(fields)
        sent["source_id"] = sent.pop("source")
        headers = {"Content-Type": "application/json"}
        found = client.post("/appeals/", content=json.dumps(sent), headers=headers).json()
        return (found["external_id"], found["message"], found["key"]) if "id" in found else None

    return door


GOOD: dict[str, tuple[dict[str, Any], Stored]] = {
    "a whole number with a point": (
        {"external_id": 123.0, "source": 1.0, "message": "m", "key": 7.0},
        ("123", "m", "7"),
    ),
    "a whole number with an exponent": ({"external_id": 1e2, "message": "m"}, ("100", "m", None)),
    "minus nothing": ({"external_id": -0.0, "message": "m"}, ("0", "m", None)),
    "a negative number": ({"external_id": -100123.0, "message": "m"}, ("-100123", "m", None)),
    "the largest exact number": (
        {"external_id": 2.0**53 - 1, "message": "m"},
        ("9007199254740991", "m", None),
    ),
    "a long whole number": ({"external_id": 2**64, "message": "m"}, (str(2**64), "m", None)),
    "text that looks like a number": (
        {"external_id": "123.0", "message": "1.0", "key": "07"},
        ("123.0", "1.0", "07"),
    ),
    "no text": ({"external_id": "a", "message": None, "key": None}, ("a", "", None)),
    "an empty text": ({"external_id": "a", "message": ""}, ("a", "", None)),
    "spaces in a text": ({"external_id": "a", "message": " x "}, ("a", " x ", None)),
    "marks around an id": ({"external_id": "\u202a+7 9\u202c", "message": ""}, ("+7 9", "", None)),
}


BAD: dict[str, dict[str, Any]] = {
    "half a number": {"external_id": 1.5, "message": "m"},
    "a number too large to be exact": {"external_id": 2.0**53, "message": "m"},
    "no number": {"external_id": float("nan"), "message": "m"},
    "an endless number": {"external_id": float("inf"), "message": "m"},
    "true": {"external_id": True, "message": "m"},
    "nobody": {"external_id": None, "message": "m"},
    "an empty id": {"external_id": "", "message": "m"},
    "an id of marks": {"external_id": "\u200b\ufeff\u00a0", "message": "m"},
    "a number for a text": {"external_id": "a", "message": 5},
    "false for a text": {"external_id": "a", "message": False},
    "a list": {"external_id": ["a"], "message": "m"},
    "true as a key": {"external_id": "a", "message": "m", "key": True},
    "half a number as a key": {"external_id": "a", "message": "m", "key": 0.5},
    "true as a source": {"external_id": "a", "message": "m", "source": True},
    "half a source": {"external_id": "a", "message": "m", "source": 1.5},
}


@pytest.mark.parametrize("what", GOOD)
def test_a_value_means_the_same_at_every_door(
    db: Database, client: httpx.Client, what: str
) -> None:
    add_team({}, {"tg": {}})
    fields, stored = GOOD[what]
    for door in (by_hand, by_feed, by_file, by_http(client)):
        rows("UPDATE appeal SET key = NULL")  # so that each door meets it for the first time
        assert door({"source": 1, **fields}) == stored, door.__name__


@pytest.mark.parametrize("what", BAD)
def test_what_is_refused_at_one_door_is_refused_at_all(
    db: Database, client: httpx.Client, what: str
) -> None:
    add_team({}, {"tg": {}})
    # A file names sources only by name, so that a source of another kind never comes there.
    files = () if "source" in BAD[what] else (by_file,)
    for door in (by_feed, by_http(client), *files):
        assert door({"source": 1, **BAD[what]}) is None, door.__name__
    assert number("SELECT count(*) FROM appeal") == 0


@pytest.mark.parametrize(
    ("value", "stored"), [(5, 5), (5.0, 5), (0.0, 0), (5.5, None), (True, None), (-1, None)]
)
def test_limits_and_weights_are_whole_numbers_at_every_door(
    db: Database, client: httpx.Client, value: object, stored: int | None
) -> None:
    add_team({}, {"tg": {}})
    sent = {"name": f"by http {uuid4()}", "max_load": value}
    answered = client.post("/operators/", json=sent).json().get("max_load")
    file = json.dumps({"name": "file", "max_load": value}).encode()
    for act in (
        lambda: desk.add_operator("hand", value, actor=ACTOR),
        lambda: plan_operators(io.BytesIO(file), "json").act(ACTOR),
    ):
        try:
            act()
        except Refused:
            assert stored is None
    assert answered == stored
    assert rows("SELECT max_load FROM operator") == [(stored,)] * 2 * (stored is not None)


def test_the_door_says_in_a_header_that_the_text_differs(client: httpx.Client) -> None:
    def post(lead: str, message: str, source_id: int = 1) -> httpx.Response:
        fields = {"external_id": lead, "source_id": source_id, "message": message, "key": "h5"}
        return client.post("/appeals/", json=fields)

    first = post("a", "x")
    answers = [post("a", "x"), post("a", "y"), post("b", "x"), post("a", "x", 2)]
    assert [each.status_code for each in answers] == [200, 200, 201, 201]
    assert [each.headers.get("Leadboard-Text-Differs") for each in answers] == [
        *(None, "true", None, None),
    ]
    assert answers[0].json() == answers[1].json() == first.json()
    described = client.get("/openapi.json").json()["paths"]["/appeals/"]["post"]["responses"]
    assert "Leadboard-Text-Differs" in described["200"]["headers"]

"""What comes in means the same at every door: values, names that look the same, known keys."""

import io
import json
import os
import random
import sqlite3
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peewee import Database

from allocator import place_all, submit
from leadboard import desk
from leadboard.allocation import audit, names
from leadboard.allocation.intake import Draft, Placed
from leadboard.allocation.lottery import LOTTERY
from leadboard.allocation.names import ids_by_name
from leadboard.cli.feed import answer, parsed, store_batch
from leadboard.cli.line_reader import Line
from leadboard.common.errors import Refused
from leadboard.common.validation import VANISHING, checked_external_id, checked_name, plain
from leadboard.database.connection import database
from leadboard.database.transactions import transact
from leadboard.transfer.appeals import plan_appeals
from leadboard.transfer.leads import plan_leads
from leadboard.transfer.team import plan_operators, plan_sources, plan_weights
from models import Source
from tests.support import T, dump, elsewhere, rows, team
from tests.support.door import running
from tests.support.processes import together
from tests.transfer.test_tables import PLANS, out

pytestmark = pytest.mark.every_engine

SEED = int(os.environ.get("LEADBOARD_SEED", "20261125"))


# --- one value at every door -------------------------------------------------------------------

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


def count() -> int:
    return int(str(rows("SELECT count(*) FROM appeal")[0][0]))


def by_hand(fields: dict[str, Any]) -> Stored | None:
    try:
        source_id, key = fields["source"], fields.get("key")
        desk.submit(fields["external_id"], source_id, fields["message"], key, actor=T)
    except Refused:
        return None
    return newest()


def by_feed(fields: dict[str, Any]) -> Stored | None:
    [outcome] = store_batch([parsed(Line(1, json.dumps(fields).encode()))], LOTTERY)
    return newest() if isinstance(outcome, Placed) else None


def by_file(fields: dict[str, Any]) -> Stored | None:
    named = {**fields, "source": "tg"}
    try:
        plan_appeals(io.BytesIO(json.dumps(named).encode()), "json").act(T)
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
    team({}, {"tg": {}})
    fields, stored = GOOD[what]
    for door in (by_hand, by_feed, by_file, by_http(client)):
        rows("UPDATE appeal SET key = NULL")  # so that each door meets it for the first time
        assert door({"source": 1, **fields}) == stored, door.__name__


@pytest.mark.parametrize("what", BAD)
def test_what_is_refused_at_one_door_is_refused_at_all(
    db: Database, client: httpx.Client, what: str
) -> None:
    team({}, {"tg": {}})
    # A file names sources only by name, so that a source of another kind never comes there.
    files = () if "source" in BAD[what] else (by_file,)
    for door in (by_feed, by_http(client), *files):
        assert door({"source": 1, **BAD[what]}) is None, door.__name__
    assert count() == 0


@pytest.mark.parametrize(
    ("value", "stored"), [(5, 5), (5.0, 5), (0.0, 0), (5.5, None), (True, None), (-1, None)]
)
def test_limits_and_weights_are_whole_numbers_at_every_door(
    db: Database, client: httpx.Client, value: object, stored: int | None
) -> None:
    team({}, {"tg": {}})
    sent = {"name": f"by http {uuid4()}", "max_load": value}
    answered = client.post("/operators/", json=sent).json().get("max_load")
    file = json.dumps({"name": "file", "max_load": value}).encode()
    for act in (
        lambda: desk.add_operator("hand", value, actor=T),
        lambda: plan_operators(io.BytesIO(file), "json").act(T),
    ):
        try:
            act()
        except Refused:
            assert stored is None
    assert answered == stored
    assert rows("SELECT max_load FROM operator") == [(stored,)] * 2 * (stored is not None)


# --- what looks the same is the same -----------------------------------------------------------

TWINS = ["Anna\u200b", "\ufeffAnna", "An\u00adna", "\u2068Anna\u2069", "Anna\u3164", "A\u034fnna"]
SPACED = ["Vera\u00a0P", "Vera\u2009P", "Vera  P", "Vera \u3000 P", "\u202fVera P\u2028"]


@pytest.mark.parametrize("written", TWINS)
def test_a_letter_that_shows_nothing_makes_no_other_name(written: str) -> None:
    assert checked_name(written) == checked_external_id(written) == "Anna"


@pytest.mark.parametrize("written", SPACED)
def test_any_space_is_a_space(written: str) -> None:
    assert checked_name(written) == checked_external_id(written) == "Vera P"


def test_every_format_character_vanishes_from_a_name() -> None:
    letters = [chr(code) for code in range(0x110000)]
    formats = [each for each in letters if unicodedata.category(each) == "Cf"]
    assert [each for each in formats if plain(f"a{each}b") != "ab"] == []
    spaces = [each for each in letters if unicodedata.category(each) in {"Zs", "Zl", "Zp"}]
    assert [each for each in spaces if plain(f"a{each}b") != "a b"] == []


@pytest.mark.parametrize(
    "name", ["Анна-Мария", "José", "日本語", "سارا", "ศิริ", "नेहा", "👩🏽", "O'Brien [/]", "ё"]
)
def test_a_name_in_any_script_stays_as_it_is(name: str) -> None:
    assert checked_name(name) == name


def test_a_name_that_needs_joiners_stays_readable() -> None:
    assert checked_name("می\u200cخواهم") == "میخواهم"
    assert checked_name("👨\u200d👩\u200d👧 ❤\ufe0f") == "👨👩👧 ❤"


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(VANISHING + " \u00a0e\u0301"))))
def test_what_is_plain_stays_so(text: str) -> None:
    assert plain(plain(text)) == plain(text) == plain(f"\u200b {text}\u00a0")


@pytest.mark.parametrize("blank", ["\u200b", "\u3164", "\u2800", "\u00a0\ufeff", "\U000e0041"])
def test_a_name_of_nothing_is_refused(blank: str) -> None:
    for check in (checked_name, checked_external_id):
        with pytest.raises(Refused, match="empty"):
            check(blank)


def old_twins(target: str) -> None:
    """Store names as an earlier version took them."""
    team({"Anna": 5, "Boris": 5}, {"tg": {"Anna": 1}, "vk": {}})
    submit("+7", 1, "m")
    elsewhere(target, "INSERT INTO operator (name, max_load) VALUES ('Anna\u200b', 5)")
    elsewhere(target, "INSERT INTO source (name) VALUES ('si\u00adte')")
    for lead in ("\u202a+7", "+7\u200b", "8\u00a09", "8\u20099", "9\ufeff"):
        elsewhere(target, f"INSERT INTO lead (external_id) VALUES ('{lead}')")


@pytest.mark.parametrize("page", [1, 2, 5_000])
def test_check_names_those_that_look_the_same(
    db: Database, target: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "PAGE", page)
    old_twins(target)
    assert [(each.sentence, each.is_mendable) for each in audit.check()] == [
        ("Operators #1 and #3 look the same, as Anna: rename one.", False),
        ("Leads #1, #2 and #3 look the same, as +7.", False),
        ("Leads #4 and #5 look the same, as 8 9.", False),
    ]


def test_check_counts_what_it_does_not_name(
    db: Database, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "MOST_GROUPS", 1)
    monkeypatch.setattr(names, "MOST_IDS", 2)
    old_twins(target)
    assert [each.sentence for each in audit.check()][1:] == [
        "Leads #1, #2 and 1 more look the same, as +7.",
        "Leads: 1 more names are there twice to the eye.",
    ]


def test_an_old_name_is_found_by_how_it_reads(db: Database, target: str) -> None:
    old_twins(target)
    assert ids_by_name(Source) == {"tg": 1, "vk": 2, "site": 3, "si\u00adte": 3}
    sent = json.dumps({"external_id": "a", "source": "site\u200b", "message": ""}).encode()
    [placed] = store_batch([parsed(Line(1, sent))], LOTTERY)
    assert isinstance(placed, Placed)
    assert placed.source_id == 3
    file = b"external_id,source,operator\nb,site,Anna\n"
    plan_appeals(io.BytesIO(file), "csv", force=True).act(T)
    assert rows("SELECT source_id, operator_id FROM appeal ORDER BY id DESC LIMIT 1") == [(3, 1)]
    plan_weights(io.BytesIO(b"operator,site\nBoris,9\n"), "csv").act(T)
    assert rows("SELECT operator_id, weight FROM operator_source WHERE source_id = 3") == [(2, 9)]


def test_a_name_that_looks_like_an_old_one_is_taken(db: Database, target: str) -> None:
    old_twins(target)
    before = dump()
    acts: list[Callable[[], object]] = [
        lambda: desk.add_source("site", actor=T),
        lambda: desk.rename_source(1, "si\u00adte", actor=T),
        lambda: desk.edit_operator(2, "Anna", 5, actor=T),
    ]
    for act in acts:
        with pytest.raises(Refused, match="taken"):
            act()
    assert dump() == before
    desk.rename_source(3, "site", actor=T)  # itself, made plain
    assert rows("SELECT name FROM source WHERE id = 3") == [("site",)]


def test_an_old_name_that_undo_brings_back_is_taken_again(db: Database, target: str) -> None:
    old_twins(target)
    desk.rename_source(3, "shop", actor=T)
    desk.undo(actor=T)
    with pytest.raises(Refused, match="taken"):
        desk.add_source("site", actor=T)
    renaming = desk.rename_source(3, "shop", actor=T).event_id
    desk.add_source("site", actor=T)
    with pytest.raises(Refused, match="taken"):
        desk.undo(renaming, actor=T)
    assert rows("SELECT name FROM source WHERE id > 2 ORDER BY id") == [("shop",), ("site",)]


@pytest.mark.sqlite
@pytest.mark.parametrize("take_over", [desk.import_operators, desk.import_sources])
def test_many_names_in_one_act_are_not_each_compared_with_all_others(
    db: Database, take_over: Callable[..., desk.Done]
) -> None:
    ticks: list[int] = []
    raw: sqlite3.Connection = database.cursor().connection

    def steps(first: int, size: int) -> int:
        """Return what adding so many rows takes, in hundreds of SQLite's own steps."""
        ticks.clear()
        fresh = {"max_load": 1, "is_active": True}
        added = range(first, first + size)
        take_over([(None, {"name": f"N{each}", **fresh}) for each in added], actor=T)
        return len(ticks)

    raw.set_progress_handler(lambda: ticks.append(1), 100)
    few, many = steps(0, 100), steps(1_000, 1_600)
    raw.set_progress_handler(None, 0)
    assert 0 < many < 32 * few


def test_an_old_file_exported_and_imported_again_changes_nothing(db: Database, target: str) -> None:
    old_twins(target)
    submit("\u202a+7", 3, "n")
    before = dump()
    for what in ("operators", "sources", "weights", "leads", "appeals"):
        for form in ("csv", "json"):
            plan = PLANS[what](io.BytesIO(out(what, form).encode()), form)
            assert plan.changes == 0, (what, form, plan.words)
    assert dump() == before


def test_files_take_names_that_look_the_same_once(db: Database) -> None:
    file = "name,max_load\nAnna,5\nAnna\u200b,6\n".encode()
    with pytest.raises(Refused, match="row 3, column name: row 2 is about the same"):
        plan_operators(io.BytesIO(file), "csv")
    plan_sources(io.BytesIO("name\nVera\u00a0P\n".encode()), "csv").act(T)
    plan_leads(io.BytesIO("external_id\n+7\n\u202a+7\u202c\n".encode()), "csv").act(T)
    assert rows("SELECT name FROM source") == [("Vera P",)]
    assert rows("SELECT external_id FROM lead") == [("+7",)]


# --- a known key -------------------------------------------------------------------------------


def fed(*lines: dict[str, object]) -> list[dict[str, object]]:
    entries = [parsed(Line(number, json.dumps(each).encode())) for number, each in enumerate(lines)]
    return [json.loads(answer(outcome)) for outcome in store_batch(entries, LOTTERY)]


def keyed(lead: str, message: str, source: str = "tg") -> dict[str, object]:
    return {"external_id": lead, "source": source, "message": message, "key": "5"}


def test_the_feed_answers_a_key_by_its_own_appeal_and_says_what_differs(db: Database) -> None:
    team({}, {"tg": {}, "site": {}})
    sent = [keyed("a", "x"), keyed("b", "x"), keyed("a", "x", "site"), keyed("a", "y")]
    answers = fed(*sent, keyed("a", "x"), keyed("\u200ba", "x"))
    assert [each["id"] for each in answers] == [1, 2, 3, 1, 1, 1]
    assert ["differs" in each for each in answers] == [False, False, False, True, False, False]
    again = fed(*sent)
    assert [each["id"] for each in again] == [1, 2, 3, 1]
    assert [each.get("differs") for each in again] == [None, None, None, True]
    assert count() == 3


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


def test_an_import_keeps_the_first_text_of_a_key_and_says_so(db: Database) -> None:
    team({}, {"tg": {}, "site": {}})
    submit("a", 1, "x\r\ny", "5")
    file = "external_id,source,message,key\na,tg,x\ny,5\n".replace("x\ny", '"x\ny"')
    file += "a,tg,z,5\nb,tg,x,5\na,site,x,5\nb,tg,other,5\n"
    plan = plan_appeals(io.BytesIO(file.encode()), "csv")
    counts = {"the same": 1, "known by their key with another text": 2, "waiting": 2}
    assert plan.counts == counts
    assert plan.changes == 2
    assert "row 3: appeal of a by tg is known by its key with another text" in plan.words
    plan.act(T)
    assert rows("SELECT message FROM appeal ORDER BY id") == [("x\r\ny",), ("x",), ("x",)]
    without = b"external_id,source,key\na,tg,5\n"
    assert plan_appeals(io.BytesIO(without), "csv").counts == {"the same": 1}


def test_a_batch_of_many_senders_with_one_key_is_read_by_the_index(db: Database) -> None:
    team({}, {"tg": {}})
    drafts = [Draft(f"lead {number}", 1, "m", "1") for number in range(250)]
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
    team({"Anna": 1_000}, {"tg": {"Anna": 1}, "site": {"Anna": 1}})
    together(target, [RACE] * 3, SEED)
    assert rows("SELECT count(*), count(DISTINCT lead_id) FROM appeal") == [(240, 3)]
    assert rows("SELECT load FROM operator") == [(240,)]
    assert audit.check() == []

"""A server instead of a file: the same from nothing, for every command and every letter."""

import json
from pathlib import Path

import psycopg
import pytest

import models
from allocator import submit
from leadboard import desk
from leadboard.common.errors import Refused, Trouble
from leadboard.database import fields
from leadboard.database.connection import engine
from leadboard.database.fields import stamp
from leadboard.queries import appeals, leads
from leadboard.queries import board as board_queries
from leadboard.queries.terms import parse
from tests.common.test_case_folding import CASES
from tests.support import ACTOR, add_team, rows
from tests.support.processes import leadboard, together
from tests.support.screen import open_desk
from tests.support.server import Server

# --- the same from nothing ---------------------------------------------------------------------


async def test_a_newcomer_gets_from_an_empty_server_to_the_first_appeal(url: str) -> None:
    async with open_desk(url) as shown:
        await shown.press("a")
        await shown.type("Anna")
        await shown.press("tab")
        await shown.type("5")
        await shown.press("enter", "f3", "a")
        await shown.type("tg")
        await shown.press("enter", "7", "0", "enter", "n")
        await shown.type("tg_1")
        await shown.press("tab")
        await shown.type("hello")
        await shown.press("ctrl+s")
        await shown.until(lambda: "hello" in shown.text and "1/5" in shown.text)
        assert rows("SELECT operator_id, message FROM appeal") == [(1, "hello")]


def test_every_command_works_on_a_server(url: str, tmp_path: Path) -> None:
    models.open_database(url)
    team = add_team({"Anna": 2}, {"tg": {"Anna": 70}})
    lines = [json.dumps({"external_id": n, "source": "tg", "message": "x"}) for n in range(5)]
    fed = leadboard(url, "feed", given="\n".join(lines))
    assert fed.returncode == 0, fed.stderr
    assert [json.loads(line)["operator"] for line in fed.stdout.splitlines()] == [
        *["Anna"] * 2,
        *[None] * 3,
    ]
    for command in ("check", "verify", "paths"):
        done = leadboard(url, command)
        assert done.returncode == 0, done.stderr
    out = leadboard(url, "export", "weights")
    assert out.stdout.splitlines() == ["operator,tg", "Anna,70"]
    (tmp_path / "w.csv").write_text("operator,tg\nAnna,9\n")
    assert leadboard(url, "import", "weights", str(tmp_path / "w.csv"), "--yes").returncode == 0
    assert board_queries.weight_of(team.anna, team.tg) == 9
    refused = leadboard(url, "backup", str(tmp_path / "b.db"))
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)


def test_programs_that_make_the_tables_at_once_all_succeed(url: str) -> None:
    together(url, ["pass"] * 4, 1)
    models.open_database(url)
    assert rows("SELECT version FROM schema_version") == [(models.SCHEMA_VERSION,)]


def test_tables_of_another_program_are_left_alone(url: str) -> None:
    with psycopg.connect(url) as other:
        other.execute("CREATE TABLE lead (x integer)")
    with pytest.raises(Trouble, match="tables of another program, such as lead"):
        models.open_database(url)


def test_a_newer_version_is_refused(url: str) -> None:
    models.open_database(url)
    rows("UPDATE schema_version SET version = 99")
    with pytest.raises(Trouble, match="made by a newer Leadboard"):
        models.open_database(url)


def test_a_number_beyond_64_bits_is_refused(url: str) -> None:
    models.open_database(url)
    with pytest.raises(Refused):
        desk.close([2**70], actor=ACTOR)


def test_a_database_that_is_not_there_is_a_sentence(server: Server) -> None:
    done = leadboard(server.url("nothing_here"), "check")
    assert done.returncode == 2
    assert "refused the connection: database" in done.stderr


def test_moments_are_the_same_text_on_every_engine(url: str) -> None:
    models.open_database(url)
    team = add_team({"Anna": 5}, {"tg": {"Anna": 1}})
    placed = submit("a", team.tg, "")
    assert rows("SELECT timestamp FROM appeal") == [(stamp(placed.timestamp),)]
    assert rows("SELECT timestamp::timestamptz FROM appeal") == [(placed.timestamp,)]
    assert engine().is_server


# --- what a server's locale knows of letters ------------------------------------------------------


def test_words_are_found_alike_where_the_locale_knows_no_letters(server: Server) -> None:
    server.admin("CREATE DATABASE plain TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    opened = models.open_database(server.url("plain"))
    try:
        team = add_team({"Артём": 99}, {"ВК": {"Артём": 1}})
        ids = {
            text: submit(f"Ё{text}"[:200], team["ВК"], text).id
            for text in {each for each, *_ in CASES}
        }
        for text, word, is_found in CASES:
            found = appeals.newest_appeals(99, wanted=parse(word, fields.now()))
            assert (ids[text] in [each.id for each in found]) is is_found, (text, word)
        assert appeals.count_appeals(99, parse("op:АРТЕМ", fields.now())) == (len(ids), True)
        assert [(len(leads.newest_leads(99, words=["е"])),)] == rows("SELECT count(*) FROM lead")
    finally:
        opened.close()
        server.admin("DROP DATABASE plain WITH (FORCE)")

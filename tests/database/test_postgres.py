"""A server instead of a file: lost and found again, shared by many, and its password kept."""

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from peewee import IntegrityError, OperationalError

import models
from allocator import submit
from leadboard import desk
from leadboard.allocation import audit, draws, load
from leadboard.cli.feed import feed_from
from leadboard.common.errors import Refused, TooBusy, Trouble, Uncertain
from leadboard.database import connection, fields, transactions, urls
from leadboard.database.cockroach import CockroachStore
from leadboard.database.connect import connect_server
from leadboard.database.connection import engine
from leadboard.database.fields import stamp
from leadboard.database.transactions import transact
from leadboard.queries import appeals, leads
from leadboard.queries import board as board_queries
from leadboard.queries.filters import parse
from leadboard.queries.word_index import SearchIndex
from tests.common.test_folding import CASES
from tests.support import T, assert_loads_equal_counts, rows, team
from tests.support.processes import ROOT, together
from tests.support.screen import open_desk
from tests.support.server import Server, running_server


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """Return the address of a database that nobody has made tables in yet."""
    with server.fresh("template1") as name:
        yield server.url(name)


def leadboard(url: str, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "leadboard.cli", "--db", url, *arguments],
        input=given,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )


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
    team({"Anna": 2}, {"tg": {"Anna": 70}})
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
    assert board_queries.weight_of(1, 1) == 9
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


# --- many at once ------------------------------------------------------------------------------


async def test_what_others_do_shows_within_a_second(server: Server, url: str) -> None:
    async with open_desk(url) as shown:
        team({"Anna": 9}, {"tg": {"Anna": 70}})
        await shown.until(lambda: "tg" in shown.text)
        begun = time.monotonic()
        body = 'allocator.submit("tg_1", 1, "from a bot"); print("stored")'
        waiting = asyncio.to_thread(together, url, [body], 1)
        await waiting
        begun = time.monotonic()
        await shown.until(lambda: "from a bot" in shown.text and "1/9" in shown.text)
        assert time.monotonic() - begun < 1


def test_a_commit_that_was_overtaken_is_noticed_and_counted(url: str) -> None:
    models.open_database(url)
    team({"Anna": 0}, {"tg": {"Anna": 1}})
    submit("known", 1, "")
    with psycopg.connect(url) as slow:
        slow.execute(
            "INSERT INTO appeal(lead_id, source_id, timestamp, message, withdrawn) "
            "VALUES (1, 1, '2026-11-23T10:42:07.000000Z', 'slow', FALSE)"
        )
        submit("quick", 1, "")
        board = board_queries.board(board_queries.Board(counts=board_queries.counts()))
        seen = board_queries.data_version()
        slow.commit()
    assert board_queries.data_version() != seen
    counts = board_queries.board(board).counts
    assert counts is not None
    assert counts.appeals == rows("SELECT count(*) FROM appeal")[0][0] == 3


async def test_a_screen_at_rest_keeps_its_connections(server: Server, url: str) -> None:
    async with open_desk(url) as shown:
        team({"Anna": 9}, {"tg": {"Anna": 70}})
        await shown.until(lambda: "tg" in shown.text)
        name = url.partition("@/")[2].partition("?")[0]
        count = "SELECT pid FROM pg_stat_activity WHERE datname = ? ORDER BY pid"
        before = rows(count, name)
        await asyncio.sleep(1)
        assert rows(count, name) == before


def test_the_index_of_words_leaves_out_what_may_be_overtaken(url: str, tmp_path: Path) -> None:
    models.open_database(url)
    team({"Anna": 9}, {"tg": {"Anna": 70}})
    for number in range(5):
        submit(f"tg_{number}", 1, "Слово")
    index = SearchIndex(tmp_path / "words")
    assert index.catch_up(100) == 5
    with psycopg.connect(url) as slow:
        slow.execute(
            "INSERT INTO appeal(lead_id, source_id, timestamp, message, withdrawn) "
            "VALUES (1, 1, '2026-11-23T10:42:07.000000Z', 'слово', FALSE)"
        )
        submit("quick", 1, "Слово")
        assert index.catch_up(100) == 0
        slow.commit()
    assert index.catch_up(100) == 2
    wanted = parse("слово", fields.now())
    assert [each.id for each in appeals.newest_appeals(99, None, wanted, index)] == [
        *range(7, 0, -1)
    ]


def test_feeders_in_bulk_and_dispatchers_break_nothing(url: str) -> None:
    models.open_database(url)
    team({"Anna": 150, "Boris": 90}, {"tg": {"Anna": 7, "Boris": 3}, "vk": {"Boris": 1}})
    bulk = """
from leadboard.allocation.intake import Draft
from allocator import place_all
from leadboard.database.transactions import transact
for number in range(12):
    drafts = [Draft(f"l{rng.randrange(200)}", rng.randrange(1, 3), "x") for _ in range(25)]
    transact(lambda: place_all(drafts, rng))
"""
    dispatch = """
for number in range(60):
    held = rows(Appeal.select(Appeal.id).where(
        Appeal.operator.is_null(False), Appeal.closed_at.is_null()).limit(5))
    try:
        desk.close([rng.choice(held)[0]] if held else [1], actor=str(seed))
    except Refused:
        pass
"""
    together(url, [bulk, bulk, bulk, dispatch, dispatch], 7)
    assert rows("SELECT count(*) FROM appeal") == [(900,)]
    assert_loads_equal_counts()
    assert audit.check() == []
    assert audit.verify().findings == []
    assert rows("SELECT name FROM operator WHERE load > max_load") == []


def test_nobody_is_left_waiting_when_a_place_comes_free_at_that_moment(url: str) -> None:
    models.open_database(url)
    team({"Anna": 1}, {"tg": {"Anna": 1}})
    submit("first", 1, "")
    arrive = 'for n in range(80): allocator.submit(f"{seed}_{n}", 1, "")'
    close = """
for number in range(100):
    held = rows(Appeal.select(Appeal.id).where(
        Appeal.operator == 1, Appeal.closed_at.is_null()))
    for (each,) in held:
        desk.close([each], actor=str(seed))
"""
    together(url, [arrive, close, arrive], 3)
    assert audit.check() == []


# --- conflicts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03"])
def test_a_conflict_is_tried_again_until_it_passes(url: str, state: str) -> None:
    models.open_database(url)
    team({"Anna": 5}, {})
    tries: list[int] = []

    def work() -> str:
        tries.append(len(tries))
        models.Operator.update(load=len(tries)).execute()
        if len(tries) < 4:
            rows(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$")
        return "done"

    assert transact(work) == "done"
    assert rows("SELECT load FROM operator") == [(4,)]


def test_a_place_that_went_meanwhile_is_looked_for_anew_on_a_server(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.open_database(url)
    team({"Anna": 9, "Boris": 9}, {"tg": {"Anna": 1_000_000, "Boris": 1}})
    real = load.claim
    claimed: list[int] = []

    def late_at_first(operator_id: int) -> bool:
        claimed.append(operator_id)
        return len(claimed) > 2 and real(operator_id)

    monkeypatch.setattr(draws, "claim", late_at_first)
    assert submit("tg_1", 1, "", rng=random.Random(1)).operator_id is not None
    assert len(claimed) == 3
    assert_loads_equal_counts()


def test_a_conflict_without_end_is_a_sentence(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    models.open_database(url)
    monkeypatch.setattr(transactions, "PATIENCE", 0.05)
    with pytest.raises(TooBusy, match="Others are changing the same rows"):
        transact(lambda: rows("DO $$ BEGIN RAISE EXCEPTION '' USING ERRCODE = '40001'; END $$"))


def test_any_number_of_others_may_store_the_same_new_rows(url: str) -> None:
    models.open_database(url)
    team({"Anna": 90}, {"tg": {"Anna": 1}})
    other = psycopg.connect(url, autocommit=True)
    tries: list[int] = []

    def work() -> list[tuple[object, ...]]:
        tries.append(len(tries))
        name = f"vk_{len(tries)}"
        if len(tries) < 12:  # after we looked, before we store
            other.execute("INSERT INTO source (name) VALUES (%s)", (name,))
        models.Source.insert(name=name).execute()
        return rows("SELECT name FROM source WHERE id = (SELECT max(id) FROM source)")

    assert transact(work) == [("vk_12",)]
    other.close()


@pytest.mark.parametrize("column", ["name", "operator_id"])
def test_meeting_others_without_end_is_a_sentence_that_may_be_tried_again(
    url: str, column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.open_database(url)
    team({"Anna": 90}, {"tg": {"Anna": 1}})
    monkeypatch.setattr(transactions, "PATIENCE", 0.05)
    sql = {
        "name": "INSERT INTO source (name) VALUES ('tg')",
        "operator_id": "INSERT INTO operator_source (operator_id, source_id, weight) "
        "VALUES (7, 1, 1)",
    }[column]
    with pytest.raises(TooBusy, match="Others are storing the same new rows"):
        transact(lambda: connection.database.execute_sql(sql))


def test_what_no_other_writer_can_have_caused_is_a_mistake_of_ours_on_a_server(url: str) -> None:
    models.open_database(url)
    team({"Anna": 90}, {})
    tries: list[int] = []

    def work() -> None:
        tries.append(len(tries))
        connection.database.execute_sql("UPDATE operator SET load = -1")

    with pytest.raises(IntegrityError):
        transact(work)
    assert tries == [0]


def test_bots_and_dispatchers_never_wait_for_each_other_in_a_ring(server: Server, url: str) -> None:
    models.open_database(url)
    team({"Anna": 60, "Boris": 40, "Vera": 30}, {"tg": {"Anna": 7, "Boris": 3}, "vk": {"Vera": 1}})
    for person in (1, 2, 3):
        desk.set_weight(person, 2, 5, actor=T)
    arrive = 'for n in range(120): allocator.submit(f"{seed}_{n}", rng.randrange(1, 3), "")'
    act = """
for number in range(60):
    held = rows(Appeal.select(Appeal.id).where(
        Appeal.operator.is_null(False), Appeal.closed_at.is_null()))
    try:
        rng.choice([
            lambda: desk.close([rng.choice(held)[0]], actor=str(seed)),
            lambda: desk.toggle_active(rng.randrange(1, 4), actor=str(seed)),
            lambda: desk.step_weight(rng.randrange(1, 4), 1, 1, actor=str(seed)),
            lambda: desk.step_limit(rng.randrange(1, 4), 1, actor=str(seed)),
        ])()
    except (Refused, IndexError):
        pass
"""
    together(url, [arrive, arrive, arrive, act, act], 9)
    name = url.partition("@/")[2].partition("?")[0]
    assert rows("SELECT deadlocks FROM pg_stat_database WHERE datname = ?", name) == [(0,)]
    assert audit.check() == []


def test_two_who_add_one_name_at_once_are_told_apart(url: str) -> None:
    models.open_database(url)
    body = """
for number in range(30):
    try:
        desk.add_source(f"s{number}", actor=str(seed))
        print("added")
    except Refused as refusal:
        print(refusal)
"""
    answers = "".join(together(url, [body, body], 5)).splitlines()
    assert answers.count("added") == 30
    assert all("is taken" in each for each in answers if each != "added")
    assert len(answers) == 60


def test_a_number_beyond_64_bits_is_refused(url: str) -> None:
    models.open_database(url)
    with pytest.raises(Refused):
        desk.close([2**70], actor=T)


# --- a server that is lost ---------------------------------------------------------------------


async def test_the_screen_says_that_the_server_is_lost_and_recovers() -> None:
    with running_server() as server, server.fresh() as name:
        async with open_desk(server.url(name)) as shown:
            team({"Anna": 9}, {"tg": {"Anna": 70}})
            await shown.until(lambda: "Anna" in shown.text and "tg" in shown.text)
            server.stop()
            await shown.until(lambda: "cannot be reached" in shown.text)
            assert "Anna" in shown.text
            await shown.pilot.press("n", *"tg_1", "tab", *"kept", "ctrl+s")
            server.start()
            await shown.until(lambda: "cannot be reached" not in shown.text, 20)
            await shown.until(lambda: "1/9" in shown.text, 20)
        models.open_database(server.url(name))
        assert rows("SELECT message, operator_id FROM appeal") == [("kept", 1)]


async def test_every_key_may_be_pressed_while_the_server_is_lost() -> None:
    with running_server() as server, server.fresh() as name:
        async with open_desk(server.url(name)) as shown:
            team({"Anna": 1}, {"tg": {"Anna": 70}})
            for number in range(3):
                submit(f"tg_{number}", 1, "text")
            await shown.until(lambda: "tg_2" in shown.text)
            server.stop()
            await shown.until(lambda: "cannot be reached" in shown.text)
            for keys in (
                ("f4", "enter", "escape"),
                ("m", "escape", "escape"),
                ("right_square_bracket", "right_square_bracket", "enter", "escape"),
                ("L", "escape", "G", "g", "s"),
                ("H", "escape"),
                ("f3", "5", "enter", "plus", "equals_sign", "delete"),
                ("f2", "plus", "space", "e", "escape", "s"),
                ("slash", "a", "escape", "u", "U"),
                ("n", "t", "g", "tab", "x", "escape"),
            ):
                await shown.pilot.press(*keys)
                assert shown.app.is_running
            server.start()
            await shown.until(lambda: "cannot be reached" not in shown.text, 30)
            await shown.until(lambda: "tg_2" in shown.text)


async def test_a_server_that_keeps_one_waiting_holds_up_no_key(url: str) -> None:
    async with open_desk(url) as shown:
        team({"Anna": 1}, {"tg": {"Anna": 70}})
        for number in range(3):
            submit(f"tg_{number}", 1, "text")
        await shown.until(lambda: "tg_2" in shown.text)
        with psycopg.connect(url) as other:
            other.execute("LOCK appeal, lead, operator_source IN ACCESS EXCLUSIVE MODE")
            await shown.pilot.press("f4", "enter")
            await shown.until(lambda: "Looking…" in shown.text)
            await shown.pilot.press("escape", "m")
            await shown.until(lambda: "Move appeal #3 of tg_2 (tg) to" in shown.text)
            await shown.pilot.press(*"ann")
            await shown.until(lambda: "█" in shown.text)
            await shown.pilot.press("escape", "n", *"tg_", "f3", "5")
            await shown.until(lambda: "tg_" in shown.text and "5_" in shown.text)
            await shown.pilot.press("enter")
            other.rollback()
        await shown.until(lambda: "weight 70 → 5" in shown.text)
        await shown.pilot.press("f4", "enter")
        await shown.until(lambda: "From   tg_2 by tg" in shown.text)
        await shown.pilot.press("escape", "m")
        await shown.until(lambda: "full" in shown.text)


def test_work_goes_on_by_itself_after_a_short_absence() -> None:
    with running_server() as server, server.fresh() as name:
        models.open_database(server.url(name))
        team({"Anna": 9}, {"tg": {"Anna": 70}})
        server.stop()
        server.start()
        assert submit("after", 1, "").operator_id == 1
        assert rows("SELECT count(*) FROM appeal") == [(1,)]
        connection.database.close()


def test_what_may_have_been_stored_is_not_stored_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = models.open_database(url)
    team({"Anna": 9}, {"tg": {"Anna": 70}})
    real = opened.commit

    def commit_and_lose() -> None:
        real()
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(opened, "commit", commit_and_lose)
    assert submit("once", 1, "").operator_id == 1
    monkeypatch.setattr(opened, "was_stored", lambda: None)
    with pytest.raises(Uncertain, match="look before you repeat"):
        submit("twice", 1, "")
    monkeypatch.undo()
    assert rows("SELECT count(*) FROM appeal") == [(2,)]


def test_the_feed_tells_which_lines_may_be_stored(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = models.open_database(url)
    team({"Anna": 9}, {"tg": {"Anna": 70}})
    real = opened.commit

    def commit_and_lose() -> None:
        real()
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(opened, "commit", commit_and_lose)
    monkeypatch.setattr(opened, "was_stored", lambda: None)
    line = json.dumps({"external_id": "a", "source": "tg", "message": "x"})
    (tmp_path / "lines").write_text(f"nonsense\n{line}\n{line}\n")
    with pytest.raises(Trouble, match="lines 2 to 3 may be stored or not, and none after them"):
        feed_from(str(tmp_path / "lines"))
    monkeypatch.undo()
    assert rows("SELECT count(*) FROM appeal") == [(2,)]


async def test_the_screen_never_says_not_saved_of_what_may_be(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(url) as shown:
        team({"Anna": 9}, {"tg": {"Anna": 70}})
        await shown.until(lambda: "Anna" in shown.text and "[ 70]" in shown.text)
        opened = connection.database.obj
        real = opened.commit

        def commit_and_lose() -> None:
            real()
            raise OperationalError("server closed the connection unexpectedly")

        monkeypatch.setattr(opened, "commit", commit_and_lose)
        monkeypatch.setattr(opened, "was_stored", lambda: None)
        await shown.pilot.press("n", *"tg_1", "tab", *"once", "ctrl+s")
        await shown.until(lambda: "Perhaps saved" in shown.text)
        monkeypatch.undo()
        assert "Not saved" not in shown.text
        assert "once" in shown.text
        assert rows("SELECT message FROM appeal") == [("once",)]


def test_what_was_lost_on_the_way_to_the_commit_is_stored_once(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = models.open_database(url)
    team({"Anna": 9}, {"tg": {"Anna": 70}})
    real = opened.commit
    lost: list[object] = []

    def commit() -> None:
        if not lost:
            lost.append(rows("SELECT pg_backend_pid()")[0][0])
            with psycopg.connect(url) as other:
                other.execute("SELECT pg_terminate_backend(%s, 1000)", lost)
        real()

    monkeypatch.setattr(opened, "commit", commit)
    assert submit("once", 1, "").operator_id == 1
    assert lost
    assert rows("SELECT count(*) FROM appeal") == [(1,)]
    assert_loads_equal_counts()


# --- addresses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (
            "postgresql://anna:pa%40ss@db.example:5433/sales",
            "postgresql://anna@db.example:5433/sales",
        ),
        ("postgres:///sales?host=/run/pg&password=pass", "postgres:///sales"),
        ("cockroachdb://root:pass@db/sales?sslmode=require", "cockroachdb://root@db/sales"),
    ],
)
def test_an_address_is_shown_without_its_password(target: str, shown: str) -> None:
    assert urls.address_of(target) == shown
    opened = connect_server(target)
    assert "pa" + "ss" not in opened.title + opened.identity
    assert opened.connect_params.get("password", "pa@ss") in {"pa@ss", "pass"}


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("postgresql://u:secret@localhost:1/x", "cannot be reached"),
        ("postgresql://u:secret@localhost:port/x", "cannot be read"),
        ("postgresql://u:secret@localhost", "must end in the name"),
        ("postgresql://u:secret@[::1/x", "cannot be read"),
        ("postgresql://u:secret@nowhere.invalid/x", "cannot be reached"),
        ("postgresql://u:secret@localhost/x?nonsense=1", "cannot be re"),
    ],
)
def test_a_bad_address_is_one_sentence_without_the_password(target: str, sentence: str) -> None:
    done = leadboard(target, "check")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert sentence in done.stderr
    assert "secret" not in done.stderr


def test_a_database_that_is_not_there_is_a_sentence(server: Server) -> None:
    done = leadboard(server.url("nothing_here"), "check")
    assert done.returncode == 2
    assert "refused the connection: database" in done.stderr


# --- an engine that scales out -----------------------------------------------------------------


def test_cockroach_is_opened_by_its_own_class() -> None:
    opened = connect_server("cockroachdb://root@db.example/sales")
    assert isinstance(opened, CockroachStore)
    assert opened.connect_params["port"] == 26257
    assert engine_words(opened) == {"is_server": True, "text_words": []}


def engine_words(opened: object) -> dict[str, object]:
    return {name: getattr(opened, name) for name in ("is_server", "text_words")}


def test_cockroach_words_every_statement_of_the_hot_path() -> None:
    opened = connect_server("cockroachdb://root@db.example/sales")
    held = models.Operator.select(models.Operator.id).for_update("FOR NO KEY UPDATE")  # type: ignore[arg-type]
    lead = models.Lead.insert(external_id="a").on_conflict(
        action="nothing", conflict_target=[models.Lead.external_id]
    )
    assert held.bind(opened).sql()[0].endswith("FOR NO KEY UPDATE")
    assert 'ON CONFLICT ("external_id") DO NOTHING' in lead.bind(opened).sql()[0]


def test_moments_are_the_same_text_on_every_engine(url: str) -> None:
    models.open_database(url)
    team({"Anna": 5}, {"tg": {"Anna": 1}})
    placed = submit("a", 1, "")
    assert rows("SELECT timestamp FROM appeal") == [(stamp(placed.timestamp),)]
    assert rows("SELECT timestamp::timestamptz FROM appeal") == [(placed.timestamp,)]
    assert engine().is_server


# --- what a server's locale knows of letters ------------------------------------------------------


def test_words_are_found_alike_where_the_locale_knows_no_letters(server: Server) -> None:
    server.admin("CREATE DATABASE plain TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    opened = models.open_database(server.url("plain"))
    try:
        team({"Артём": 99}, {"ВК": {"Артём": 1}})
        ids = {text: submit(f"Ё{text}"[:200], 1, text).id for text in {each for each, *_ in CASES}}
        for text, word, is_found in CASES:
            found = appeals.newest_appeals(99, wanted=parse(word, fields.now()))
            assert (ids[text] in [each.id for each in found]) is is_found, (text, word)
        assert appeals.count_appeals(99, parse("op:АРТЕМ", fields.now())) == (len(ids), True)
        assert [(len(leads.newest_leads(99, words=["е"])),)] == rows("SELECT count(*) FROM lead")
    finally:
        opened.close()
        server.admin("DROP DATABASE plain WITH (FORCE)")

"""Many at once on a server: seen at once, tried again, and never in each other's way for good."""

import asyncio
import random
import time
from pathlib import Path

import psycopg
import pytest
from peewee import IntegrityError

import models
from allocator import submit
from leadboard import desk
from leadboard.allocation import audit, draws, limits
from leadboard.allocation.verification import verify
from leadboard.common.errors import TooBusy
from leadboard.database import connection, fields, transactions
from leadboard.database.transactions import transact
from leadboard.queries import appeals
from leadboard.queries import board as board_queries
from leadboard.queries.terms import parse
from leadboard.queries.word_index import SearchIndex
from tests.support import ACTOR, add_team, assert_loads_equal_counts, rows
from tests.support.processes import together
from tests.support.screen import open_desk
from tests.support.server import Server


async def test_what_others_do_shows_within_a_second(server: Server, url: str) -> None:
    async with open_desk(url) as shown:
        add_team({"Anna": 9}, {"tg": {"Anna": 70}})
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
    team = add_team({"Anna": 0}, {"tg": {"Anna": 1}})
    submit("known", team.tg, "")
    with psycopg.connect(url) as slow:
        slow.execute(
            "INSERT INTO appeal(lead_id, source_id, timestamp, message, withdrawn) "
            "VALUES (1, 1, '2026-11-23T10:42:07.000000Z', 'slow', FALSE)"
        )
        submit("quick", team.tg, "")
        board = board_queries.board(board_queries.Board(counts=board_queries.counts()))
        seen = board_queries.data_version()
        slow.commit()
    assert board_queries.data_version() != seen
    counts = board_queries.board(board).counts
    assert counts is not None
    assert counts.appeals == rows("SELECT count(*) FROM appeal")[0][0] == 3


async def test_a_screen_at_rest_keeps_its_connections(server: Server, url: str) -> None:
    async with open_desk(url) as shown:
        add_team({"Anna": 9}, {"tg": {"Anna": 70}})
        await shown.until(lambda: "tg" in shown.text)
        name = url.partition("@/")[2].partition("?")[0]
        count = "SELECT pid FROM pg_stat_activity WHERE datname = ? ORDER BY pid"
        before = rows(count, name)
        await asyncio.sleep(1)
        assert rows(count, name) == before


def test_the_index_of_words_leaves_out_what_may_be_overtaken(url: str, tmp_path: Path) -> None:
    models.open_database(url)
    team = add_team({"Anna": 9}, {"tg": {"Anna": 70}})
    for number in range(5):
        submit(f"tg_{number}", team.tg, "Слово")
    index = SearchIndex(tmp_path / "words")
    assert index.catch_up(100) == 5
    with psycopg.connect(url) as slow:
        slow.execute(
            "INSERT INTO appeal(lead_id, source_id, timestamp, message, withdrawn) "
            "VALUES (1, 1, '2026-11-23T10:42:07.000000Z', 'слово', FALSE)"
        )
        submit("quick", team.tg, "Слово")
        assert index.catch_up(100) == 0
        slow.commit()
    assert index.catch_up(100) == 2
    wanted = parse("слово", fields.now())
    assert [each.id for each in appeals.newest_appeals(99, None, wanted, index)] == [
        *range(7, 0, -1)
    ]


def test_feeders_in_bulk_and_dispatchers_break_nothing(url: str) -> None:
    models.open_database(url)
    add_team({"Anna": 150, "Boris": 90}, {"tg": {"Anna": 7, "Boris": 3}, "vk": {"Boris": 1}})
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
    assert verify().findings == []
    assert rows("SELECT name FROM operator WHERE load > max_load") == []


def test_nobody_is_left_waiting_when_a_place_comes_free_at_that_moment(url: str) -> None:
    models.open_database(url)
    team = add_team({"Anna": 1}, {"tg": {"Anna": 1}})
    submit("first", team.tg, "")
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


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03"])
def test_a_conflict_is_tried_again_until_it_passes(url: str, state: str) -> None:
    models.open_database(url)
    add_team({"Anna": 5}, {})
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
    team = add_team({"Anna": 9, "Boris": 9}, {"tg": {"Anna": 1_000_000, "Boris": 1}})
    real = limits.claim
    claimed: list[int] = []

    def late_at_first(operator_id: int) -> str | None:
        claimed.append(operator_id)
        return real(operator_id) if len(claimed) > 2 else None

    monkeypatch.setattr(draws, "claim", late_at_first)
    assert submit("tg_1", team.tg, "", rng=random.Random(1)).operator_id is not None
    assert len(claimed) == 3
    assert_loads_equal_counts()


def test_a_conflict_without_end_is_a_sentence(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    models.open_database(url)
    monkeypatch.setattr(transactions, "PATIENCE", 0.05)
    with pytest.raises(TooBusy, match="Others are changing the same rows"):
        transact(lambda: rows("DO $$ BEGIN RAISE EXCEPTION '' USING ERRCODE = '40001'; END $$"))


def test_any_number_of_others_may_store_the_same_new_rows(url: str) -> None:
    models.open_database(url)
    add_team({"Anna": 90}, {"tg": {"Anna": 1}})
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
    add_team({"Anna": 90}, {"tg": {"Anna": 1}})
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
    add_team({"Anna": 90}, {})
    tries: list[int] = []

    def work() -> None:
        tries.append(len(tries))
        connection.database.execute_sql("UPDATE operator SET load = -1")

    with pytest.raises(IntegrityError):
        transact(work)
    assert tries == [0]


def test_bots_and_dispatchers_never_wait_for_each_other_in_a_ring(server: Server, url: str) -> None:
    models.open_database(url)
    team = add_team(
        {"Anna": 60, "Boris": 40, "Vera": 30}, {"tg": {"Anna": 7, "Boris": 3}, "vk": {"Vera": 1}}
    )
    for person in (1, 2, 3):
        desk.set_weight(person, team.vk, 5, actor=ACTOR)
    arrive = 'for n in range(120): allocator.submit(f"{seed}_{n}", rng.randrange(1, 3), "")'
    act = """
for number in range(60):
    held = rows(Appeal.select(Appeal.id).where(
        Appeal.operator.is_null(False), Appeal.closed_at.is_null()))
    try:
        rng.choice([
            lambda: desk.close([rng.choice(held)[0]], actor=str(seed)),
            lambda: desk.toggle_active([rng.randrange(1, 4)], actor=str(seed)),
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

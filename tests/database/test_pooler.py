"""Behind a pooler the next transaction may run in anybody's session: nothing is kept in one."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

import models
from allocator import submit
from leadboard.allocation import audit
from leadboard.common.errors import ServerLost, Trouble
from leadboard.database.connection import database
from leadboard.queries import appeal_records, board
from tests.support import add_team, assert_loads_equal_counts, opened, rows, scalar
from tests.support.bots import (
    LIMIT,
    DoorBot,
    FeedBot,
    Follower,
    assert_stored_and_told,
    further,
    when,
)
from tests.support.door import running
from tests.support.pooler import LACK, PGBOUNCER, pooled
from tests.support.processes import ROOT, together
from tests.support.screen import open_desk
from tests.support.server import Server

pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason=LACK)

FEEDS, LINES = 4, 400


@pytest.fixture
def address(server: Server) -> Iterator[str]:
    """Return the address of a pooler in transaction mode with two connections to the server."""
    with pooled(server, server.swept(), "transaction") as address:
        yield address


def test_feeds_dispatchers_and_readers_share_two_connections(address: str) -> None:
    opened = models.open_database(address)
    assert getattr(opened, "_state").conn.prepare_threshold is None  # noqa: B009
    add_team({"Anna": 900, "Boris": 500}, {"tg": {"Anna": 7, "Boris": 3}})
    feeds = [
        subprocess.Popen(
            [sys.executable, "-m", "leadboard.cli", "--db", address, "feed"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(FEEDS)
    ]
    lines = [
        "".join(
            json.dumps(
                {"external_id": f"{n}_{i}", "source": "tg", "message": "😀", "key": f"{n}-{i}"}
            )
            + "\n"
            for i in range(LINES)
        )
        for n in range(FEEDS)
    ]
    close = """
for number in range(40):
    held = rows(Appeal.select(Appeal.id).where(
        Appeal.operator.is_null(False), Appeal.closed_at.is_null()).limit(3))
    try:
        desk.close([rng.choice(held)[0]] if held else [1], actor=str(seed))
    except Refused:
        pass
"""
    for feed, given in zip(feeds, lines, strict=True):
        assert feed.stdin is not None
        feed.stdin.write(given)
        feed.stdin.close()
        feed.stdin = None
    together(address, [close, close], 4)
    answers = [feed.communicate(timeout=60) for feed in feeds]
    assert [(feed.returncode, said) for feed, (_, said) in zip(feeds, answers, strict=True)] == [
        (0, "")
    ] * FEEDS
    assert sum(out.count('"id"') for out, _ in answers) == FEEDS * LINES
    assert rows("SELECT count(*) FROM appeal") == [(FEEDS * LINES,)]
    assert len(appeal_records.appeals(9)) == 9
    assert board.board(board.Board(counts=board.counts())).counts is not None
    assert_loads_equal_counts()
    assert audit.check() == []
    opened.close()


async def test_a_screen_a_door_feeds_and_a_follower_share_two_connections(
    address: str, tmp_path: Path
) -> None:
    with opened(address):
        add_team({"Anna": 9_000, "Boris": 9_000}, {"tg": {"Anna": 7, "Boris": 3}})
    async with open_desk(address) as shown:
        with ExitStack() as stack:
            door = DoorBot("door", stack.enter_context(running(address)))
            bots = [door, *(FeedBot(f"feed {number}", address, tmp_path) for number in (1, 2))]
            follower = stack.enter_context(Follower(address, tmp_path))
            for bot in bots:
                stack.enter_context(bot)
            for _ in range(3):
                await shown.press("f2", "plus")
                await when(further(bots, follower))
            for bot in bots:
                await asyncio.to_thread(bot.stop)
            await when({"end": lambda: follower.has_all})
        newest = str(scalar("SELECT message FROM appeal ORDER BY id DESC LIMIT 1"))
        await shown.until(lambda: newest in shown.text, LIMIT)
        assert_stored_and_told(bots, follower)
        assert rows("SELECT max_load FROM operator ORDER BY id") == [(9003,), (9000,)]
        assert_loads_equal_counts()


def test_a_wait_for_a_lock_ends_though_no_session_knows_of_it(
    server: Server, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = models.open_database(address)
    team = add_team({"Anna": 9}, {"tg": {"Anna": 7}})
    monkeypatch.setattr("leadboard.database.server.PATIENCE", 0.1)
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 0.1)
    with psycopg.connect(server.url("leadboard_lent")) as other:
        other.execute("SELECT 1 FROM operator FOR UPDATE")
        with pytest.raises(Trouble, match="Others are changing the same rows"):
            submit("tg_1", team.tg, "")
    assert submit("tg_1", team.tg, "").operator_id == team.anna
    opened.close()


def test_a_pooler_that_splits_transactions_is_a_sentence(server: Server) -> None:
    opened = models.open_database(server.url(server.swept()))
    add_team({"Anna": 9}, {"tg": {"Anna": 7}})
    opened.close()
    with pooled(server, "leadboard_lent", "statement") as address:
        with pytest.raises(Trouble, match="pooler is in statement mode"):
            models.open_database(address)
        assert database.is_closed()


def test_a_pooler_without_a_free_connection_is_a_sentence(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = server.swept()
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 0.1)
    with pooled(server, name, "transaction", size=1, clients=2) as address:
        opened = models.open_database(address)
        with psycopg.connect(address) as other:
            other.execute("SELECT 1")
            with pytest.raises(ServerLost, match=r"no free connection.*default_pool_size"):
                submit("tg_1", 1, "")
            opened.close()
            with psycopg.connect(address), pytest.raises(Trouble, match="no more connections"):
                models.open_database(address)

"""Readers that page upward by id miss nothing, in whatever order a server's writers commit."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import models
from allocator import submit
from leadboard.database import transactions
from leadboard.database.connection import BEYOND, database
from leadboard.queries import appeal_records, records
from tests.support import Team, add_team, rows
from tests.support.door import running
from tests.support.processes import ROOT
from tests.support.server import Server

WRITER = """
import random, sys, time
import models
from leadboard.allocation.intake import Draft
from allocator import place_all
from leadboard.database.transactions import transact
models.open_database(sys.argv[1])
source = int(sys.argv[2])
rng = random.Random(source)

class Undone(Exception):
    pass

def store_some(number):
    count = rng.randrange(1, 12)
    drafts = [Draft(f"{source}_{number}_{n}", source, "x") for n in range(count)]
    place_all(drafts, rng)
    time.sleep(rng.choice((0, 0, 0.002, 0.03)))
    if rng.random() < 0.2:
        raise Undone

for number in range(40):
    try:
        transact(lambda: store_some(number))
    except Undone:
        pass
"""


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """Return the address of a database where writers of different sources meet at no row."""
    url = server.url(server.swept())
    opened = models.open_database(url)
    add_team({"Anna": 0}, {f"tg_{number}": {} for number in range(4)})
    yield url
    opened.close()


def slow_insert(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    connection.execute(
        "WITH new AS (INSERT INTO lead(external_id) VALUES ('slow') RETURNING id) "
        "INSERT INTO appeal(lead_id, source_id, timestamp, message, withdrawn) "
        "SELECT id, 1, '2026-11-23T10:42:07.000000Z', 'slow', FALSE FROM new"
    )


def test_followers_of_appeals_and_leads_miss_nothing_and_see_nothing_twice(url: str) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, url, str(seed)], cwd=ROOT)
        for seed in range(1, 5)
    ]
    seen: dict[str, list[int]] = {"appeals": [], "leads": []}

    def follow(what: str) -> None:
        is_last = False
        while not is_last:
            is_last = all(writer.poll() is not None for writer in writers)
            last = seen[what][-1] if seen[what] else 0
            page = (appeal_records.appeals if what == "appeals" else records.leads)(100, last)
            seen[what] += [each.id for each in page]
            is_last &= not page
        database.close()

    followers = [threading.Thread(target=follow, args=(what,)) for what in seen]
    for follower in followers:
        follower.start()
    for follower in followers:
        follower.join()
    assert [writer.returncode for writer in writers] == [0] * 4
    for what, found in seen.items():
        stored = [key for (key,) in rows(f"SELECT id FROM {what[:-1]} ORDER BY id")]
        assert found == stored
        assert len(stored) > 300


def test_a_page_ends_before_what_is_being_stored(url: str) -> None:
    team = Team()
    with psycopg.connect(url) as slow:
        assert appeal_records.appeals(9) == []
        slow_insert(slow)
        submit("quick", team.tg_0, "")
        assert appeal_records.appeals(9) == []
        assert records.leads(9) == []
        slow.commit()
        assert [each.external_id for each in appeal_records.appeals(9)] == ["slow", "quick"]
        assert [each.external_id for each in records.leads(9)] == ["slow", "quick"]


def test_other_transactions_of_the_server_hold_up_nobody(server: Server, url: str) -> None:
    team = Team()
    submit("first", team.tg_0, "")
    with psycopg.connect(server.url("postgres")) as other, psycopg.connect(url) as reader:
        other.execute("SELECT pg_current_xact_id()")
        reader.execute("SELECT pg_current_xact_id(), count(*) FROM appeal")
        assert [each.external_id for each in appeal_records.appeals(9)] == ["first"]


def test_what_was_rolled_back_holds_up_nobody(url: str) -> None:
    team = Team()
    with psycopg.connect(url) as other:
        slow_insert(other)
        other.rollback()
        submit("next", team.tg_0, "")
        assert [each.external_id for each in appeal_records.appeals(9)] == ["next"]


def test_the_door_shows_at_once_what_it_has_stored(url: str) -> None:
    with running(url, "--rate", "0") as door, door.client() as client:
        body = {"external_id": "a", "source_id": 1, "message": ""}
        for _ in range(3):
            stored = client.post("/appeals/", json=body).json()
            assert client.get("/appeals/", params={"after": stored["id"] - 1}).json() == [stored]


def test_on_a_file_ids_are_stored_in_their_order(tmp_path: Path) -> None:
    opened = models.open_database(f"{tmp_path}/t.db")
    assert transactions.followable(models.Appeal) == BEYOND
    opened.close()

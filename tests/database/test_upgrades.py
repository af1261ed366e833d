"""Databases of earlier versions, made by the statements of their time, are brought up to date."""

import re
import resource
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from peewee import IntegrityError

import models
from leadboard.database.connection import database
from leadboard.database.proof_tables import LedgerBounds
from tests.database.test_faults import AS_NOBODY, NEEDS_ROOT, assert_one_sentence, leadboard
from tests.support import dump, rows
from tests.support.old_tables import connected, make
from tests.support.processes import ROOT, let_go
from tests.support.server import Server

ENGINES, VERSIONS = ("sqlite", "postgresql"), range(1, models.SCHEMA_VERSION)
LEDGER = (models.Change, models.PendingChange, LedgerBounds)
MOMENT = "2026-03-04T05:06:07.000008Z"
CONTENT = (
    "INSERT INTO operator (id, name, is_active, max_load, load) VALUES (3, 'Анна', TRUE, 5, 1)",
    "INSERT INTO source (id, name) VALUES (2, 'tg'), (4, 'site')",
    "INSERT INTO operator_source (operator_id, source_id, weight) VALUES (3, 2, 70)",
    "INSERT INTO lead (id, external_id) VALUES (1, 'tg_1'), (7, 'tg_2')",
    "INSERT INTO appeal (id, lead_id, source_id, operator_id, timestamp, message, key, withdrawn)"
    f" VALUES (5, 1, 2, 3, '{MOMENT}', 'Привет', '17', FALSE),"
    f" (6, 7, 4, NULL, '{MOMENT}', '', NULL, FALSE), (9, 7, 4, NULL, '{MOMENT}', '', NULL, FALSE)",
    "INSERT INTO event (id, at, actor, act, note, forced, target_id)"
    f" VALUES (1, '{MOMENT}', 'vera', 'set_limit', 'Limit 4 -> 5', FALSE, NULL),"
    f" (2, '{MOMENT}', 'vera', 'undo', 'Limit 5 -> 4', FALSE, 1)",
    "INSERT INTO event_change (event_id, subject, before, after)"
    """ VALUES (1, 'operator:3', '{"max_load":4}', '{"max_load":5}')""",
)


def old_file(path: Path, version: int = 1) -> Path:
    make(str(path), version, CONTENT)
    return path


@pytest.fixture(params=[(engine, version) for engine in ENGINES for version in VERSIONS], ids=str)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the path or URL of a database of an earlier version with some rows."""
    engine, version = request.param
    if engine == "sqlite":
        yield str(old_file(tmp_path / "t.db", version))
        return
    server: Server = request.getfixturevalue("server")
    with server.fresh("template0") as name:
        make(server.url(name), version, CONTENT)
        yield server.url(name)


@pytest.fixture
def fresh(old: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the path or URL of a new database on the same engine."""
    if "://" not in old:
        yield str(tmp_path / "fresh.db")
        return
    server: Server = request.getfixturevalue("server")
    with server.fresh("template0") as name:
        yield server.url(name)


# --- one schema --------------------------------------------------------------------------------


def clauses(sql: str) -> Counter[str]:
    """Return what a CREATE TABLE says, a foreign key beside its column as one that stands apart."""
    inside, after = sql[sql.index("(") + 1 :].rsplit(")", 1)
    said = Counter([after.strip()])
    for clause in re.split(r", (?![^()]*\))(?=\"|FOREIGN|CONSTRAINT|PRIMARY)", inside):
        column, _, references = clause.partition(" REFERENCES ")
        if references and not clause.startswith("FOREIGN"):
            name = column.split()[0]
            said.update([column, f"FOREIGN KEY ({name}) REFERENCES {references}"])
        else:
            said.update([clause])
    return said


def schema_of_file() -> object:
    tables = {
        str(name): clauses(str(sql))
        for name, sql in rows("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    }
    others = rows("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type <> 'table'")
    columns = {name: rows(f"PRAGMA table_xinfo('{name}')") for name in tables}
    keys = {
        name: Counter(row[2:] for row in rows(f"PRAGMA foreign_key_list('{name}')"))
        for name in tables
    }
    return tables, Counter(others), columns, keys


SERVER_SCHEMA = (
    "SELECT table_name, column_name, ordinal_position, data_type, is_nullable, column_default,"
    " collation_name FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "SELECT sequencename, data_type::text FROM pg_sequences WHERE schemaname = 'public'",
    "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
)


def schema_of_server() -> object:
    return [sorted(rows(query), key=repr) for query in SERVER_SCHEMA]


def schema(target: str) -> object:
    """Return the schema, with what a new database holds as well."""
    opened = models.open_database(target)
    try:
        bounds = rows("SELECT id, pruned FROM ledger_bounds")
        return bounds, schema_of_server() if "://" in target else schema_of_file()
    finally:
        opened.close()


def test_an_upgraded_database_has_the_schema_of_a_fresh_one(old: str, fresh: str) -> None:
    assert schema(old) == schema(fresh)


def test_schemas_that_differ_are_told_apart(old: str, fresh: str) -> None:
    before = schema(old)
    for statement in (
        'DROP INDEX "event_by_part"',
        'ALTER TABLE "event" ADD COLUMN "more" TEXT',
    ):
        models.open_database(old)
        rows(statement)
        database.close()
        assert schema(old) != before


def test_an_upgraded_database_has_the_rows_that_it_had(old: str, fresh: str) -> None:
    kept = [table._meta.table_name for table in models.TABLES if table not in LEDGER]
    models.open_database(old)
    upgraded = dump(*kept)
    database.close()
    models.open_database(fresh)
    for statement in CONTENT:
        rows(statement)
    assert upgraded == dump(*kept)
    assert len(upgraded["appeal"]) == 3
    database.close()


def test_the_rules_of_the_new_version_hold_after_an_upgrade(old: str) -> None:
    models.open_database(old)
    new = "INSERT INTO appeal (lead_id, source_id, timestamp, message, key) VALUES (?, ?, ?, '', ?)"
    rows(new, 7, 2, MOMENT, "17")
    rows(new, 1, 4, MOMENT, "17")
    with pytest.raises(IntegrityError), database.atomic():
        rows(new, 1, 2, MOMENT, "17")
    part = "INSERT INTO event (id, at, actor, act, note, forced, part_of_id) VALUES ("
    rows(f"{part}3, ?, 'vera', 'close', '', FALSE, 1)", MOMENT)
    with pytest.raises(IntegrityError), database.atomic():
        rows(f"{part}4, ?, 'vera', 'close', '', FALSE, 99)", MOMENT)
    database.close()


@pytest.mark.parametrize("query", ["key = ?", "key = ? AND source_id = 2 AND lead_id = 1"])
def test_a_key_is_one_search_with_or_without_its_sender(tmp_path: Path, query: str) -> None:
    models.open_database(old_file(tmp_path / "t.db"))
    plan = rows(f"EXPLAIN QUERY PLAN SELECT message FROM appeal WHERE {query}", "17")
    terms = query.replace("?", "").replace(" = ", "=").split(" AND ")
    told = " AND ".join(f"{term.split('=')[0]}=?" for term in terms)
    assert [step[-1] for step in plan] == [f"SEARCH appeal USING INDEX appeal_by_key ({told})"]
    database.close()


def test_the_parts_of_an_act_are_one_search_in_their_order(tmp_path: Path) -> None:
    models.open_database(old_file(tmp_path / "t.db"))
    plan = rows("EXPLAIN QUERY PLAN SELECT id FROM event WHERE part_of_id = ? ORDER BY id", 1)
    [told] = [str(step[-1]) for step in plan]
    assert told == "SEARCH event USING COVERING INDEX event_by_part (part_of_id=?)"
    database.close()


# --- many at once, and interrupted --------------------------------------------------------------

OPEN = """
import sys
import models
print("ready", flush=True); sys.stdin.readline()
models.open_database(sys.argv[1])
"""


def test_programs_that_open_it_at_once_upgrade_it_once(old: str, tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, old], stdin=pipe, stdout=pipe, text=True, cwd=ROOT
        )
        for _ in range(4)
    ]
    let_go(processes)
    assert [process.wait(30) for process in processes] == [0] * 4
    models.open_database(old)
    assert rows("SELECT version FROM schema_version") == [(models.SCHEMA_VERSION,)]
    database.close()
    assert len(list(tmp_path.glob("t.db.v*.bak"))) == ("://" not in old)


DIE = """
import os
import signal
import sys
import models
from leadboard.database import upgrades
last = max(upgrades.UPGRADES)
step = upgrades.UPGRADES[last]
def die(advance):
    step(advance)
    os.kill(os.getpid(), signal.SIGKILL)
upgrades.UPGRADES[last] = die
models.open_database(sys.argv[1])
"""


def test_a_kill_in_the_midst_leaves_the_old_version_whole(old: str, fresh: str) -> None:
    before = as_it_stands(old)
    killed = subprocess.run([sys.executable, "-c", DIE, old], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert as_it_stands(old) == before
    assert schema(old) == schema(fresh)


def as_it_stands(target: str) -> list[object]:
    """Return the columns and the version of a database that is not opened as one of ours."""
    columns = (
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' ORDER BY 1, ordinal_position"
        if "://" in target
        else "SELECT name, sql FROM sqlite_master ORDER BY name"
    )
    with connected(target) as there:
        return [list(there.execute(each)) for each in (columns, "SELECT * FROM schema_version")]


def test_an_upgrade_waits_longer_than_a_write(old: str) -> None:
    with connected(old) as other:
        other.execute("BEGIN IMMEDIATE" if "://" not in old else "BEGIN")
        other.execute("UPDATE schema_version SET version = version")
        waiting = subprocess.Popen(
            [sys.executable, "-c", SHORT, old], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert waiting.stdout is not None
        assert [waiting.stdout.readline() for _ in range(2)] == [b"busy\n"] * 2
        other.rollback()
        assert waiting.wait(30) == 0


SHORT = """
import sys
import models
from leadboard.database import transactions
from leadboard.common import errors
from leadboard.database import upgrades
transactions.PATIENCE = 0.05
real = upgrades._attempt
def told(*given):
    try:
        return real(*given)
    except errors.TooBusy:
        print("busy", flush=True)
        raise
upgrades._attempt = told
models.open_database(sys.argv[1])
"""


# --- what cannot be upgraded -------------------------------------------------------------------


@NEEDS_ROOT
def test_an_old_file_that_may_only_be_read_says_so(tmp_path: Path) -> None:
    path = old_file(tmp_path / "t.db")
    path.chmod(0o644)
    for folder in (tmp_path, *tmp_path.parents):
        folder.chmod(folder.stat().st_mode | 0o055)
    before = path.read_bytes()
    outcome = leadboard(path, "check", program=("-c", AS_NOBODY))
    assert_one_sentence(outcome, "read-only")
    assert path.read_bytes() == before


def test_an_old_file_on_a_full_disk_says_so_and_leaves_no_copies(tmp_path: Path) -> None:
    path = old_file(tmp_path / "t.db")
    with closing(sqlite3.connect(path)) as file, file:
        for number in range(50):
            file.execute(
                "INSERT INTO appeal (lead_id, source_id, timestamp, message, key)"
                " VALUES (1, 2, ?, ?, ?)",
                (MOMENT, "x" * 9_000, f"k{number}"),
            )
    size = path.stat().st_size

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    assert_one_sentence(
        leadboard(path, "check", before=small),
        f"could not be upgraded to {models.SCHEMA_VERSION}",
        ".bak",
    )
    assert [each.name for each in tmp_path.iterdir() if "bak" in each.name] == []
    models.open_database(path)
    assert rows("SELECT count(*) FROM appeal") == [(53,)]
    database.close()

"""The tables as any program meets them: constraints in the database itself, ids, defaults."""

import sqlite3
from pathlib import Path

import pytest
from peewee import Database

import models
from leadboard import desk
from tests.support import ACTOR, add_team, rows

MOMENT = "'2026-11-23T10:42:07.000000Z'"
LINE = "INSERT INTO change(at, appeal_id, kind, drawn) VALUES"


@pytest.fixture
def raw(db: Database, tmp_path: Path) -> sqlite3.Connection:
    """Return a plain connection to a database with one operator, source, lead, appeal and line."""
    add_team({"Anna": 5}, {"tg": {"Anna": 1}})
    connection = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("INSERT INTO lead(external_id) VALUES ('tg_1')")
    connection.execute(
        f"INSERT INTO appeal(lead_id, source_id, timestamp, message) VALUES (1, 1, {MOMENT}, 'm')"
    )
    connection.execute(f"{LINE} ({MOMENT}, 1, 'received', FALSE)")
    return connection


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO operator(name, max_load) VALUES ('Anna', 1)",
        "INSERT INTO operator(name, max_load) VALUES ('', 1)",
        f"INSERT INTO operator(name, max_load) VALUES ('{'x' * 81}', 1)",
        "INSERT INTO operator(name, max_load) VALUES (NULL, 1)",
        "INSERT INTO operator(name, max_load) VALUES ('B', -1)",
        "INSERT INTO operator(name, max_load) VALUES ('B', 1000001)",
        "INSERT INTO operator(name, max_load) VALUES ('B', 'many')",
        "INSERT INTO operator(name, max_load, is_active) VALUES ('B', 1, 2)",
        "INSERT INTO operator(name, max_load, load) VALUES ('B', 1, -1)",
        "INSERT INTO source(name) VALUES ('tg')",
        "INSERT INTO source(name) VALUES ('')",
        "INSERT INTO operator_source VALUES (1, 1, 5)",
        "INSERT INTO operator_source VALUES (1, 9, 5)",
        "INSERT INTO operator_source VALUES (9, 1, 5)",
        "UPDATE operator_source SET weight = -1",
        "UPDATE operator_source SET weight = 1000001",
        "UPDATE operator_source SET weight = 'heavy'",
        "INSERT INTO lead(external_id) VALUES ('tg_1')",
        "INSERT INTO lead(external_id) VALUES ('')",
        "UPDATE appeal SET lead_id = 9",
        "UPDATE appeal SET source_id = 9",
        "UPDATE appeal SET operator_id = 9",
        "UPDATE appeal SET roster_id = 9",
        "UPDATE appeal SET lead_id = NULL",
        "UPDATE appeal SET message = NULL",
        "UPDATE appeal SET timestamp = NULL",
        "UPDATE appeal SET draw = 1",
        "UPDATE appeal SET withdrawn = 1",
        f"UPDATE appeal SET message = '{'x' * 10_001}'",
        "INSERT INTO appeal(lead_id, source_id, timestamp, message, key) "
        f"SELECT 1, 1, {MOMENT}, 'm', 'k' FROM (SELECT 1 UNION ALL SELECT 2)",
        "DELETE FROM operator",
        "DELETE FROM source",
        "DELETE FROM lead",
        "UPDATE event SET target_id = 99",
        "INSERT INTO event_change(event_id, subject) VALUES (99, 'x')",
        f"{LINE} ({MOMENT}, 99, 'closed', FALSE)",
        f"{LINE} ({MOMENT}, 1, '', FALSE)",
        "UPDATE change SET roster_id = 99",
        "UPDATE change SET event_id = 99",
        "DELETE FROM appeal",
    ],
)
def test_the_schema_refuses(raw: sqlite3.Connection, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)


def test_ids_hold_64_bits(raw: sqlite3.Connection) -> None:
    raw.execute(f"INSERT INTO lead(id, external_id) VALUES ({2**62}, 'far')")
    assert raw.execute("SELECT max(id) FROM lead").fetchone() == (2**62,)


def test_the_id_of_a_deleted_operator_or_source_is_never_given_again(db: Database) -> None:
    for add, delete in (
        (desk.add_source, desk.delete_source),
        (lambda name, actor: desk.add_operator(name, 1, actor=actor), desk.delete_operator),
    ):
        add("first", actor=ACTOR)
        delete(1, actor=ACTOR)
        add("second", actor=ACTOR)
    assert rows("SELECT id FROM source") == rows("SELECT id FROM operator") == [(2,)]


def test_every_table_is_strict(db: Database) -> None:
    listed = rows(
        "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
    )
    strict = {name: is_strict for name, is_strict in listed if not str(name).startswith("sqlite_")}
    assert strict == {model._meta.table_name: 1 for model in models.TABLES}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO operator(name, max_load) VALUES (x'41', 1)",
        "INSERT INTO operator(name, max_load) VALUES ('B', 1.5)",
        "INSERT INTO operator(name, max_load) VALUES ('B', NULL)",
        "UPDATE operator SET is_active = NULL",
        "UPDATE operator SET load = NULL",
        "UPDATE operator SET name = NULL",
        "UPDATE operator SET id = 'one'",
        "UPDATE source SET name = NULL",
        f"UPDATE source SET name = '{'x' * 81}'",
        "UPDATE operator_source SET weight = NULL",
        "UPDATE operator_source SET weight = 0.5",
        "UPDATE operator_source SET operator_id = NULL",
        "INSERT INTO lead(external_id) VALUES (NULL)",
        f"INSERT INTO lead(external_id) VALUES ('{'x' * 201}')",
        "UPDATE appeal SET source_id = NULL",
        "UPDATE appeal SET key = ''",
        f"UPDATE appeal SET key = '{'x' * 201}'",
        "UPDATE appeal SET withdrawn = 2",
        "UPDATE appeal SET withdrawn = NULL",
        "INSERT INTO roster(digest, content) VALUES (x'01', '[]'), (x'01', '[]')",
        "INSERT INTO roster(digest, content) VALUES ('text', '[]')",
        "UPDATE event SET actor = NULL",
        "UPDATE event SET forced = 2",
        "DELETE FROM event",
        "UPDATE event_change SET subject = NULL",
        f"{LINE} (NULL, 1, 'closed', FALSE)",
        f"{LINE} ({MOMENT}, NULL, 'closed', FALSE)",
        f"{LINE} ({MOMENT}, 1, NULL, FALSE)",
        f"{LINE} ({MOMENT}, 1, 'closed', 2)",
        f"{LINE} ({MOMENT}, 1, 'closed', NULL)",
        "UPDATE change SET seq = NULL",
        f"INSERT INTO schema_version(version) VALUES ({models.SCHEMA_VERSION})",
    ],
)
def test_the_schema_refuses_wrong_kinds_and_nothing(
    raw: sqlite3.Connection, statement: str
) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)


def test_a_draw_is_never_negative(raw: sqlite3.Connection) -> None:
    raw.execute("INSERT INTO roster(digest, content) VALUES (x'01', '[]')")
    raw.execute("UPDATE appeal SET roster_id = 1, draw = 0")
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute("UPDATE appeal SET draw = -1")


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE operator SET name = '{'я' * 80}', max_load = 1000000",
        "UPDATE operator SET name = 'x', max_load = 0, load = 7",
        "UPDATE operator_source SET weight = 0",
        "UPDATE operator_source SET weight = 1000000",
        f"UPDATE lead SET external_id = '{'x' * 200}'",
        f"UPDATE appeal SET message = '{'я' * 10_000}'",
        "UPDATE appeal SET message = ''",
        f"UPDATE appeal SET withdrawn = 1, closed_at = {MOMENT}",
        f"UPDATE appeal SET key = '{'x' * 200}'",
    ],
)
def test_the_schema_takes_what_stands_on_the_bound(raw: sqlite3.Connection, statement: str) -> None:
    raw.execute(statement)


def test_any_number_of_appeals_may_have_no_key(raw: sqlite3.Connection) -> None:
    raw.execute(
        f"INSERT INTO appeal(lead_id, source_id, timestamp, message) VALUES (1, 1, {MOMENT}, 'm')"
    )
    assert raw.execute("SELECT count(*) FROM appeal WHERE key IS NULL").fetchone() == (2,)


def test_an_operator_added_by_another_program_is_active_and_has_no_load(
    raw: sqlite3.Connection,
) -> None:
    raw.execute("INSERT INTO operator(name, max_load) VALUES ('Boris', 5)")
    models.Operator.create(name="Vera", max_load=5)
    assert rows("SELECT is_active, load FROM operator WHERE id > 1") == [(1, 0), (1, 0)]

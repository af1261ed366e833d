"""What a server, a role or the environment sets: pinned where it would change what is stored."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import models
from leadboard.allocation import audit
from leadboard.common.errors import ServerLost, Trouble
from leadboard.database import connection, transactions
from leadboard.database.error_codes import trouble_of
from leadboard.database.transactions import transact
from tests.support import add_team, rows
from tests.support.processes import ROOT
from tests.support.server import Server


@contextmanager
def encoded(server: Server, encoding: str) -> Iterator[str]:
    """Make a database of another encoding; yield its address."""
    name = f"enc_{encoding.lower()}"
    server.admin(
        f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 "
        "LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    try:
        yield server.url(name)
    finally:
        server.admin(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def url(server: Server) -> str:
    return server.url(server.swept())


@pytest.mark.parametrize("encoding", ["WIN1251", "SQL_ASCII", "LATIN1"])
def test_a_database_that_is_not_utf_8_is_refused_and_left_empty(
    server: Server, encoding: str
) -> None:
    with encoded(server, encoding) as url:
        with pytest.raises(Trouble, match=f"text as {encoding}.*UTF-8.*CREATE DATABASE"):
            models.open_database(url)
        with psycopg.connect(url) as other:
            made = other.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            assert made.fetchone() == (0,)


HOSTILE = {
    "PGCLIENTENCODING": "WIN1251",
    "PGDATESTYLE": "SQL, DMY",
    "PGTZ": "Asia/Kathmandu",
    "PGOPTIONS": "-c client_encoding=latin1 -c bytea_output=escape -c extra_float_digits=-15 "
    "-c standard_conforming_strings=off -c intervalstyle=iso_8601 -c escape_string_warning=off "
    "-c default_transaction_isolation=repeatable\\ read",
}


def test_no_setting_of_the_environment_changes_what_is_stored(url: str) -> None:
    program = """
import sys, models
from leadboard import desk
from leadboard.allocation import audit as inspection
from leadboard.allocation.verification import verify
from allocator import submit
models.open_database(sys.argv[1])
desk.add_operator("Анна 😀", 5, actor="x\\\\'y")
desk.add_source("tg", actor="x")
desk.set_weight(1, 1, 7, actor="x")
placed = submit("a\\\\b", 1, "Привет 😀 \\\\' %s %(x)s", "k%")
assert submit("a\\\\b", 1, "", "k%").id == placed.id
assert inspection.check() == [], inspection.check()
assert verify().findings == []
"""
    done = subprocess.run(
        [sys.executable, "-c", program, url],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **HOSTILE},
    )
    assert (done.returncode, done.stderr) == (0, "")
    models.open_database(url)
    stored = rows("SELECT o.name, message, external_id, a.key FROM appeal a, operator o, lead")
    assert stored == [("Анна 😀", "Привет 😀 \\' %s %(x)s", "a\\b", "k%")]
    assert audit.check() == []


def test_a_session_of_ones_own_keeps_its_statements(url: str) -> None:
    models.open_database(url)
    for _ in range(9):
        rows("SELECT count(*) FROM lead WHERE id > ?", 5)
    kept = rows("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%FROM lead%'")
    assert kept == [(1,)]


def test_a_service_of_libpq_names_server_and_database(
    server: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "services").write_text(
        f"[desk]\nhost={server.folder}\nuser=postgres\ndbname=leadboard_lent\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    for address in ("service=desk", "postgresql://?service=desk"):
        opened = models.open_database(address)
        assert rows("SELECT current_database()") == [("leadboard_lent",)]
        opened.close()
    with pytest.raises(Trouble, match="cannot be reached"):
        models.open_database("service=nobody")


def test_a_level_that_hides_what_others_did_is_raised(server: Server) -> None:
    name = server.swept()
    for given, used in (
        ("repeatable read", "serializable"),
        ("read uncommitted", "read uncommitted"),
        ("serializable", "serializable"),
    ):
        options = {"default_transaction_isolation": given.replace(" ", "\\ ")}
        opened = models.open_database(server.url(name, **options))
        assert transact(lambda: rows("SHOW transaction_isolation")) == [(used,)]
        opened.close()


def test_tables_are_found_wherever_the_search_path_leads(server: Server, url: str) -> None:
    models.open_database(url)
    add_team({"Anna": 5}, {"tg": {"Anna": 1}})
    connection.database.close()
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("CREATE SCHEMA own")
        try:
            path = server.url("leadboard_lent", search_path="own,public")
            opened = models.open_database(path)
            assert rows("SELECT name FROM operator") == [("Anna",)]
            opened.close()
        finally:
            other.execute("DROP SCHEMA own CASCADE")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"statement_timeout": "50"}, "statement_timeout"),
        ({"idle_in_transaction_session_timeout": "20"}, "idle-in-transaction timeout"),
        ({"transaction_timeout": "50"}, "transaction timeout"),
        ({"default_transaction_read_only": "on"}, "is read-only"),
    ],
)
def test_a_limit_of_the_server_has_words(
    server: Server, settings: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    name = server.swept()
    models.open_database(server.url(name)).close()
    opened = models.open_database(server.url(name, **settings))
    monkeypatch.setattr(transactions, "PATIENCE", 0.1)

    def work() -> None:
        if "statement_timeout" in settings or "transaction_timeout" in settings:
            rows("SELECT pg_sleep(1)")
        time.sleep(0.1)
        rows("INSERT INTO lead(external_id) VALUES ('a')")

    with pytest.raises(Trouble, match=sentence):
        transact(work)
    opened.close()


def test_a_connection_that_the_server_ended_meanwhile_is_renewed_unseen(server: Server) -> None:
    name = server.swept()
    opened = models.open_database(server.url(name))
    server.admin(
        f"SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE datname = '{name}' "
        "AND pid <> pg_backend_pid() AND query NOT LIKE 'TRUNCATE%'"
    )
    assert rows("SELECT count(*) FROM lead") == [(0,)]
    opened.close()


def test_a_limit_of_connections_has_words(server: Server) -> None:
    name = server.swept()
    server.admin("CREATE ROLE lonely LOGIN CONNECTION LIMIT 0")
    try:
        address = server.url(name).replace("postgres@", "lonely@")
        with pytest.raises(ServerLost, match='too many connections for role "lonely"'):
            models.open_database(address)
    finally:
        server.admin("DROP ROLE lonely")


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("53100", "disk is full"),
        ("53200", "out of memory"),
        ("53300", "no free connection"),
        ("57014", "statement_timeout"),
        ("57P01", "broke the connection"),
        ("58030", "disk cannot be read"),
    ],
)
def test_each_trouble_of_a_server_has_words(url: str, state: str, sentence: str) -> None:
    models.open_database(url)
    with pytest.raises(Trouble, match=sentence):
        transactions.reading(
            lambda: rows(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$")
        )


@pytest.mark.parametrize("gravity", ["FATAL", "ВАЖНО", "FATAL ERROR", "致命错误"])
def test_a_reason_is_understood_in_every_language_of_a_server(gravity: str) -> None:
    error = psycopg.OperationalError(
        f'connection failed: connection to server at "::1", port 5432 failed: {gravity}:  '
        'database "sales" does not exist\nMultiple connection attempts failed.'
    )
    told = str(trouble_of(error))
    assert told == 'The database server refused the connection: database "sales" does not exist.'


def test_nothing_is_stored_where_the_server_turned_a_commit_into_a_rollback(url: str) -> None:
    models.open_database(url)

    def work() -> None:
        try:
            rows("SELECT nonsense")
        except Exception:
            return

    with pytest.raises(Trouble, match="did not keep"):
        transact(work)

"""Addresses: what is a server, what is a file, and that no password is in any name or sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from leadboard.common.crashlog import without_secrets
from leadboard.common.errors import Trouble
from leadboard.database.server_address import parts_of
from leadboard.database.urls import address_of, is_server, path_of
from tests.support.processes import ROOT

SERVERS = [
    ("postgresql://anna:PW@h/sales", {"host": "h", "user": "anna", "password": "PW"}),
    ("Postgresql://anna:PW@h/sales", {"host": "h", "user": "anna", "password": "PW"}),
    (" postgres://anna:p%40w@h:5433/sales\n", {"port": "5433", "password": "p@w"}),
    ("postgresql://h1:1,h2:2/sales", {"host": "h1,h2", "port": "1,2"}),
    ("postgresql://h1,h2/sales?target_session_attrs=any", {"target_session_attrs": "any"}),
    ("postgresql://[::1]:5/sales?sslmode=require", {"host": "::1", "sslmode": "require"}),
    ("postgresql:///sales?host=%2Frun%2Fpg", {"host": "/run/pg"}),
    ("host=h password='P W' dbname=sales", {"host": "h", "password": "P W"}),
    ("dbname = sales user = anna", {"user": "anna"}),
]

LOOKALIKES = [
    "postgresql:anna:PW@h/sales",
    "anna:PW@h/sales",
    "anna:PW@h",
    "anna@h/sales",
    "postgres ://anna:PW@h/sales",
    "postgresql+psycopg2://anna:PW@h/sales",
    "jdbc:postgresql://h/sales?user=anna&password=PW",
    "jdbc:postgresql:sales",
    "mysql://anna:PW@h/sales",
    "MySQL:anna:PW@h",
    "localhost:5432/sales",
    "db.example:5432",
    "db.example:5432,other:5433/sales",
    "[::1]:5432/sales",
    "localhost/sales",
    "10.0.0.7/sales",
    "//h1:5432,h2:5432/sales",
    "//anna:PW@h/sales",
    "postgresql//anna:PW@h/sales",
    "postgresql//h/sales",
    "db/anna:PW@h",
    "anna:1/PW@h/sales",
    "h:5432:sales:anna:PW",
    "*:*:*:anna:PW",
    "export PGPASSWORD=PW",
    "PGHOST=h PGUSER=anna",
    "Server=h;Database=sales;Uid=anna;Pwd=PW",
    "'postgresql://anna:PW@h/sales'",
    "file:sales.db?mode=ro",
    "sqlite:sales.db",
    "sqlite://sales.db",
    "sqlite:///sales.db?mode=ro",
]

UNREADABLE = [
    "postgresql://anna:PW@h:port/sales",
    "postgresql://anna:P@W@h/sales",
    "postgresql://anna:1/PW@h/sales",
    "postgresql://anna:PW@h/sales?nonsense=PW",
    "postgresql://anna:PW@h/sales%00",
    "postgresql://anna:PW@h",
    "host=h password=P W dbname=sales",
    "host=h password=PW",
    "dbname=postgresql://anna:PW@h/sales",
]

FILES = [
    "sales.db",
    "./anna:PW@h.db",
    "../localhost:5432",
    "~/me@home.db",
    "/tmp/postgresql:x",
    "a=b.db",
    "10:30.db",
    "folder/me@home.db",
    "C:\\sales.db",
    "Продажи 2026.db",
]


@pytest.mark.parametrize(("target", "settings"), SERVERS)
def test_what_libpq_takes_is_taken(target: str, settings: dict[str, str]) -> None:
    assert is_server(target)
    _, name, found = parts_of(target)
    assert name == "sales"
    assert found | settings == found
    shown = address_of(target)
    assert not any(secret in shown for secret in ("PW", "P W", "p@w", "p%40w"))
    with pytest.raises(Trouble, match="on a server"):
        path_of(target)


def test_an_address_is_shown_as_it_may_be_written() -> None:
    shown = address_of("postgresql://anna:PW@[::1]:5,h2:6/sales")
    assert shown == address_of(shown) == "postgresql://anna@[::1]:5,h2:6/sales"
    with pytest.raises(Trouble):
        address_of("~nobody_has_this_name/sales.db")


def test_a_service_names_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGDATABASE", raising=False)
    assert parts_of("service=sales") == ("postgresql", "", {"service": "sales"})
    assert address_of("postgresql://?service=sales") == "postgresql:///?service=sales"


@pytest.mark.parametrize("target", LOOKALIKES)
def test_what_only_looks_like_an_address_never_becomes_a_file(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not is_server(target)
    with pytest.raises(Trouble) as refused:
        path_of(target)
    assert "PW" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", UNREADABLE)
def test_an_address_that_cannot_be_read_is_a_sentence_without_the_password(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGDATABASE", raising=False)
    assert is_server(target)
    with pytest.raises(Trouble) as refused:
        parts_of(target)
    assert "PW" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert not any(part in str(refused.value) for part in ("anna", "P@W"))


@pytest.mark.parametrize("target", FILES)
def test_an_honest_file_is_a_file(target: str) -> None:
    assert not is_server(target)
    assert path_of(target) == Path(target).expanduser().absolute()


@pytest.mark.parametrize("address", ["anna:PW@h/sales", "postgresql:anna:PW@h/sales"])
@pytest.mark.parametrize("command", [("check",), ("paths",), ("feed",), ("copy", "--to")])
def test_no_command_makes_a_file_of_an_address(
    address: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    given = [*command, address] if command[-1] == "--to" else ["--db", address, *command]
    done = subprocess.run(
        [sys.executable, "-m", "leadboard.cli", *given],
        capture_output=True,
        text=True,
        input="",
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "d")},
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert "Unexpected error" not in done.stderr
    assert "PW" not in done.stderr
    assert not any("PW" in str(each) or "sales" in str(each) for each in tmp_path.rglob("*"))


def test_without_the_driver_a_server_is_recognised_all_the_same() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None; from leadboard.cli.main import main; main()"
    )
    for address in ("postgresql://anna:PW@h/sales", "host=h dbname=sales password=PW"):
        done = subprocess.run(
            [sys.executable, "-c", program, "--db", address, "check"],
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "pip install 'leadboard[postgres]'" in done.stderr
        assert "PW" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        "cannot reach postgresql://anna:PW@h/sales",
        "{'user': 'anna', 'password': 'PW', 'host': 'h'}",
        'password = "PW x" host=h',
        "host=h password=PW",
        "sslpassword='P\\'PW'",
        "?user=anna&password=PW&x=1",
        "Pwd=PW;Uid=anna",
        "no file anna:PW@h/sales",
    ],
)
def test_a_password_is_struck_out_of_whatever_is_logged(words: str) -> None:
    assert "PW" not in without_secrets(words)

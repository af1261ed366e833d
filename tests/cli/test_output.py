"""What is written can be written: terminals and pipes of every encoding get whole tables."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from peewee import Database

from tests.support import add_team
from tests.support.processes import ROOT

ENCODINGS = ["latin-1", "koi8-r", "cp1251", "ascii"]


def run(
    encoding: str, *arguments: str, text: str = "", database: Path | None = None
) -> "subprocess.CompletedProcess[bytes]":
    chosen = () if database is None else ("--db", str(database))
    return subprocess.run(
        [sys.executable, "-m", "leadboard.cli", *chosen, *arguments],
        input=text.encode(),
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )


@pytest.fixture
def house(db: Database, tmp_path: Path) -> Path:
    add_team({"Вера": 9}, {"чат": {"Вера": 70}})
    db.close()
    return tmp_path / "t.db"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_table_of_keys_is_whole(encoding: str) -> None:
    whole = run("utf-8", "keys").stdout.decode()
    done = run(encoding, "keys")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == whole.encode(encoding, "replace")


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_what_an_import_would_do_is_told_whole(house: Path, encoding: str) -> None:
    text = "name,max_load\nВера,5\nЖенни é,1\n"
    done = run(encoding, "import", "operators", "-", "--dry-run", text=text, database=house)
    assert (done.returncode, done.stderr) == (0, b"")
    told = "Вера: limit 9 → 5\n+ operator Женни é, limit 1\noperators: 1 changed, 1 added\n"
    assert done.stdout == told.encode(encoding, "replace")


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_sentence_on_standard_error_is_whole(house: Path, encoding: str) -> None:
    text = "name,max_load,id\nВера,5,7\nВера,5,1\n"
    done = run(encoding, "import", "operators", "-", "--yes", text=text, database=house)
    assert done.returncode == 2
    assert done.stderr.decode("ascii").endswith(".\n")
    assert run(encoding, "feed", "нет", database=house).stderr.isascii()


def test_answers_of_the_feed_are_escaped_where_they_must_be(house: Path) -> None:
    line = '{"external_id": "tg_1", "source": "чат", "message": "Привет"}\n'
    plain = run("cp1251", "feed", text=line, database=house).stdout
    assert plain.isascii()
    assert json.loads(plain)["operator"] == "Вера"
    assert "Вера" in run("utf-8", "feed", text=line, database=house).stdout.decode()


def test_data_is_utf_8_on_every_pipe(house: Path) -> None:
    data = run("cp1251", "export", "operators", database=house).stdout
    assert data.decode("utf-8") == "id,name,is_active,max_load,note,contact\r\n1,Вера,yes,9,,\r\n"


@pytest.mark.parametrize("command", ["check", "verify", "paths"])
def test_a_name_that_cannot_be_shown_ends_no_command(house: Path, command: str) -> None:
    odd = house.rename(house.parent / "продажи \udcff.db")
    done = run("latin-1", command, database=odd)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("command", ["keys", "backup"])
def test_what_is_done_with_standard_output_closed_is_done(house: Path, command: str) -> None:
    copy = [str(house.with_suffix(".copy"))] if command == "backup" else []
    program = [sys.executable, "-m", "leadboard.cli", "--db", str(house), command, *copy]
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *program],
        stderr=subprocess.PIPE,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert b"Unexpected error" not in done.stderr

"""Tables as hands, spreadsheets and other programs write and read them."""

import csv
import io
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from peewee import Database

from allocator import submit
from leadboard.common.errors import Refused
from leadboard.transfer.cells import defused, id_in, moment_in, revived
from leadboard.transfer.copying import move
from leadboard.transfer.reading import tidied
from leadboard.transfer.team import plan_operators, plan_weights
from tests.support import ACTOR, add_team, rows

ODD = "ab'\"=+-@,;\t\r\n ＝\u00a0\ufeff"
LETTERS = st.text(st.sampled_from(ODD), max_size=8)
SEPARATORS = (",", ";", "\t")


def as_csv(table: list[list[str]], delimiter: str) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows(table)
    return written.getvalue()


@given(st.lists(st.lists(LETTERS, min_size=3, max_size=3), min_size=1, max_size=3))
@example([["hello;=HYPERLINK(A1);x", "a,=1+1,b", "a\t@x"], ["+7 999", "x, -5", ';"=1"']])
def test_no_cell_begins_a_formula_whatever_separates(table: list[list[str]]) -> None:
    for written_by in SEPARATORS:
        text = as_csv([list(map(defused, row)) for row in table], written_by)
        for read_by in SEPARATORS:
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=read_by):
                for cell in row:
                    shown = cell.strip(' \u00a0\ufeff"')
                    assert not shown.startswith(tuple("=+-@＝")), (written_by, read_by, text)


@given(st.lists(st.lists(LETTERS, min_size=3, max_size=3), min_size=1, max_size=3))
@example([['a, "b" ', '" x"', ' "'], ['x" ,', "''=1", "'"]])
def test_what_was_defused_comes_back_through_every_dialect(table: list[list[str]]) -> None:
    for delimiter in SEPARATORS:
        text = as_csv([list(map(defused, row)) for row in table], delimiter)
        lines = tidied(iter(io.StringIO(text, newline="").readline, ""), delimiter)
        found = list(csv.reader(lines, delimiter=delimiter, strict=True))
        assert [list(map(revived, row)) for row in found] == table


def test_an_apostrophe_stands_where_a_formula_would_begin_and_nowhere_else() -> None:
    assert defused("1-2, c=d; e@f") == "1-2, c=d; e@f"
    assert defused("call me, +7 999 123-45-67") == "call me, '+7 999 123-45-67"
    assert defused("a;=B1\n-5") == "a;'=B1\n'-5"
    assert defused("''=x") == "'''=x"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_heads_in_any_case_and_spaces_around_quotes(
    db: Database, delimiter: str, end: str, mark: str
) -> None:
    lines = [
        [' "Name"', " MAX_LOAD ", '"Is Active"'],
        ['"Gleb"', ' "6"', " yes "],
        [' "Petrova, ""V""; x"  ', "  7", ' "no" '],
    ]
    text = mark + end.join(delimiter.join(line) for line in lines)
    plan_operators(io.BytesIO(text.encode()), "csv").act(ACTOR)
    assert rows("SELECT name, max_load, is_active FROM operator ORDER BY id") == [
        ("Gleb", 6, 1),
        ('Petrova, "V"; x', 7, 0),
    ]


def test_the_head_of_the_weights_in_any_case(db: Database) -> None:
    add_team({"Anna": 50}, {"Operator": {"Anna": 1}})
    plan_weights(io.BytesIO(b' "OPERATOR" , Operator \n "Anna", " 7 " \n'), "csv").act(ACTOR)
    assert rows("SELECT weight FROM operator_source") == [(7,)]


def test_keys_of_json_in_any_case(db: Database) -> None:
    plan_operators(io.BytesIO(b'[{"Name": "Gleb", "Max load": 6}]'), "json").act(ACTOR)
    assert rows("SELECT name, max_load FROM operator") == [("Gleb", 6)]
    with pytest.raises(Refused, match="there twice"):
        plan_operators(io.BytesIO(b'[{"Name": "a", "name": "b", "max_load": 1}]'), "json")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("9999-12-31T23:59:59Z", "years 2 to 9998"),
        ("0001-01-01T00:00:00Z", "years 2 to 9998"),
        ("0001-01-01T00:00:00+14:00", "years 2 to 9998"),
        ("9999-01-01T00:00:00Z", "years 2 to 9998"),
        ("0002-01-01T00:00:00+14:00", "years 2 to 9998"),
        ("9998-12-31T23:59:59-12:00", "years 2 to 9998"),
        ("0001-01-01", "years 2 to 9998"),
        ("9999-12-31 23:59", "years 2 to 9998"),
        ("never", "Write the time as"),
    ],
)
def test_moments_that_some_time_zone_cannot_show_stay_out(cell: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        moment_in(cell)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE lead SET id = 4611686018427387905", "lead #4611686018427387905: the id is too"),
        ("UPDATE appeal SET timestamp = '9999-12-31T23:59:59.000000Z'", "appeal #1: its timestamp"),
        ("UPDATE event SET at = '0001-01-01T00:00:00.000000Z' WHERE id = 1", "event #1: its at"),
    ],
)
def test_what_no_import_lets_in_is_not_copied_either(
    db: Database, tmp_path: Path, statement: str, words: str
) -> None:
    team = add_team({"Anna": 50}, {"tg": {"Anna": 1}})
    submit("tg_1", team.tg, "x")
    rows("PRAGMA foreign_keys = OFF")
    rows(statement)
    db.close()
    with pytest.raises(Refused, match=words):
        move(str(tmp_path / "t.db"), str(tmp_path / "new.db"), lambda _: nullcontext(print))
    assert not (tmp_path / "new.db").exists()


def test_the_ends_of_what_may_come_in() -> None:
    assert moment_in("0002-01-01T00:00:00Z").year == 2
    assert moment_in("9998-12-31T23:59:59Z").year == 9998
    assert id_in(2**62) == 2**62
    with pytest.raises(Refused, match="too large"):
        id_in(2**62 + 1)

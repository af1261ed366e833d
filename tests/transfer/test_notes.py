"""The notes of operators in files: whole, no formula, and empty only where a cell says so."""

import csv
import io

import pytest
from peewee import Database

from leadboard import desk as acts
from tests.support import ACTOR, Team, add_team, rows
from tests.support.tables import out, plan, take

pytestmark = pytest.mark.every_engine

NOTE = "знает =1+1\nпо пятницам до 16:00"


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_note_goes_out_and_comes_in_again(db: Database, form: str) -> None:
    team = add_team({"Анна": 5, "Борис": 5}, {})
    acts.change_operator(team["Анна"], note=NOTE, actor=ACTOR)
    written = out("operators", form)
    acts.change_operator(team["Анна"], note="another", actor=ACTOR)
    take("operators", written, form)
    assert rows("SELECT note FROM operator ORDER BY id") == [(NOTE,), ("",)]
    assert plan("operators", out("operators", form), form).changes == 0


def test_an_empty_cell_empties_a_note_and_no_column_leaves_it(db: Database) -> None:
    team = add_team({"Анна": 5}, {})
    acts.change_operator(team["Анна"], note=NOTE, actor=ACTOR)
    take("operators", "name,max_load\nАнна,6\n")
    assert rows("SELECT note, max_load FROM operator") == [(NOTE, 6)]
    take("operators", "name,note\nАнна,\n")
    assert rows("SELECT note, max_load FROM operator") == [("", 6)]


def test_no_cell_of_a_note_is_a_formula(db: Database) -> None:
    add_team({"Анна": 5}, {})
    acts.change_operator(Team()["Анна"], note="=HYPERLINK(1)", actor=ACTOR)
    [row] = csv.DictReader(io.StringIO(out("operators", "csv")))
    assert row["note"] == "'=HYPERLINK(1)"


def test_a_contact_comes_back_from_a_file_and_an_empty_cell_removes_it(db: Database) -> None:
    team = add_team({"Анна": 5}, {})
    acts.change_operator(team["Анна"], contact=" tg:555 ", actor=ACTOR)
    [row] = csv.DictReader(io.StringIO(out("operators", "csv")))
    assert row["contact"] == "tg:555"
    assert plan("operators", out("operators", "csv"), "csv").changes == 0
    take("operators", "name,contact\nАнна,\n")
    assert rows("SELECT contact FROM operator") == [("",)]
    assert rows("SELECT note FROM event ORDER BY id DESC LIMIT 2") == [
        ("Operators imported: 0 added, 1 changed",),
        ("Анна: contact none → tg:555",),
    ]

"""What cannot be read is named by its row and column, and nothing is stored."""

import pytest
from peewee import Database

from tests.support import add_team
from tests.support.tables import FORMS, refused

pytestmark = pytest.mark.every_engine


@pytest.mark.parametrize(
    ("what", "text", "sentence"),
    [
        ("operators", "name,max_load\nA,5\nB,x\n", "row 3, column max_load: the limit must be a w"),
        ("operators", "name,max_load\n\n\nA,1000001\n", "row 4, column max_load: the limit must"),
        ("operators", "name,max_load\nA,1,\n B,2,7\n", "row 3, column 3: this column has no name"),
        ("operators", "name,limit\nA,1\n", "row 1, column limit: there is no such column"),
        ("operators", "name,name\nA,1\n", "row 1, column name: this column is there twice"),
        ("operators", "name\nA\n", "row 2, column max_load: a new operator needs a limit"),
        ("operators", "id,max_load\n99,5\n", "row 2, column name: the name is empty"),
        ("operators", "id,name\n1,Борис\n", "row 2, column name: the name Борис is taken"),
        ("operators", "name\nАнна\nАнна\n", "row 3, column name: row 2 is about the same"),
        ("operators", "id,name\n1,В\n,Анна\n", "row 3, column name: row 2 is about the same"),
        ("operators", "name,is_active\nАнна,maybe\n", "row 2, column is_active: write yes or no"),
        ("operators", "id,name\n-1,A\n", "row 2, column id: the id must be a whole number"),
        ("operators", "", "row 1: the names of the columns are missing"),
        ("operators", 'name\n"A\n', "row 2: this is no CSV"),
        ("operators", 'name\n"A"b\n', "row 2: this is no CSV"),
        ("operators", "name\n\x1b\n", "row 2, column name: the name holds a control character"),
        ("sources", "name\ns\n" + "я" * 81, "row 3, column name: the name has 81 characters"),
        ("weights", "operator,s\nАнна,-1\n", "row 2, column s: the weight must be"),
        ("weights", "operator,s\nАнна,1000001\n", "row 2, column s: the weight must be between"),
        ("weights", "operator,t\n", "row 1, column t: there is no source t"),
        ("weights", "operator,s\nАня,1\n", "row 2, column operator: there is no operator Аня"),
        ("weights", "operator,s\nАнна,1\nАнна,2\n", "row 3, column operator: row 2 is about"),
        ("weights", "name,s\nАнна,1\n", "row 1, column 1: the first column must be called op"),
        ("appeals", "external_id,source\n1,t\n", "row 2, column source: there is no source t"),
        ("appeals", "external_id,source\n,s\n", "row 2, column external_id: this cell must not"),
        ("appeals", "external_id,source,status\n1,s,new\n", "row 2, column status: write one of"),
        ("appeals", "external_id,source,timestamp\n1,s,x\n", "row 2, column timestamp: write the"),
        ("appeals", "external_id,source,operator\n1,s,X\n", "row 2, column operator: there is no"),
        (
            "appeals",
            "external_id,source,operator,status\n1,s,Анна,waiting\n",
            "row 2, column operator: a waiting appeal",
        ),
        (
            "appeals",
            "external_id,source,operator\n1,s,Анна\n2,s,Анна\n",
            "row 3, column operator: Анна is off or full".lower(),
        ),
        ("leads", "external_id\n\x07\n", "row 2, column external_id: the lead's id holds"),
        ("leads", "external_id\n" + "x" * 201, "row 2, column external_id: the lead's id has 201"),
    ],
)
def test_a_bad_cell_is_named_and_nothing_stored(
    db: Database, what: str, text: str, sentence: str
) -> None:
    add_team({"Анна": 1, "Борис": 0}, {"s": {"Анна": 0}})
    told = refused(what, text)
    assert told.lower().startswith(sentence.lower())
    assert told.endswith(".")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[{"name": "A"}', "row 1: a comma or the closing ] is missing"),
        ('[{"name": "A"},]', "row 1: after a comma"),
        ('[{"name": "A"', "row 1: this is no JSON"),
        ('{"name": "A"} 7', "row 2: an object was expected"),
        ('[{"name": "A"}] x', "row 2: an object was expected"),
        ("[7]", "row 1: an object was expected"),
        ('{"name": 7}', "row 1, column name: the name must be text"),
        ('{"names": "A"}', "row 1, column names: there is no such column"),
        ('{"name": "A", "max_load": true}', "row 1, column max_load: the limit must be a whole"),
        ('{"name": "A", "max_load": NaN}', "row 1, column max_load: the limit must be a whole"),
        ('{"name": "A", "max_load": ' + "9" * 5000 + "}", "row 1: a number is too long"),
        ('{"name": ' + "[" * 200_000, "row 1: a number is too long or the nesting too deep"),
    ],
)
def test_bad_json_is_a_sentence(db: Database, text: str, sentence: str) -> None:
    what = "operators" if "max_load" in text else "sources"
    assert refused(what, text, "json").startswith(sentence)


def test_bytes_that_are_no_utf8_are_a_sentence(db: Database) -> None:
    for form in FORMS:
        assert "not UTF-8" in refused("operators", "name\nАнна".encode("cp1251"), form)
        assert "not UTF-8" in refused("operators", "name\nАнна".encode("utf-16"), form)

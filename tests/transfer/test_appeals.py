"""Tables of appeals and leads: added once, never changed by a file."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.database.fields import as_if_at, now, stamp
from leadboard.queries.terms import EVERYTHING
from leadboard.transfer.list_export import appeals_shown
from leadboard.transfer.tables import table_of
from tests.support import ACTOR, add_team, assert_loads_equal_counts, rows
from tests.support.tables import FORMS, a_day, out, plan, refused, take

pytestmark = pytest.mark.every_engine


def test_appeals_without_an_operator_go_by_lottery_and_others_stay_as_they_were(
    db: Database,
) -> None:
    team = add_team({"Анна": 2, "Борис": 9}, {"s": {"Анна": 1}, "t": {}})
    desk.change_operator(team["Борис"], is_active=False, actor=ACTOR)
    told = take(
        "appeals",
        "external_id;source;operator;status;timestamp;closed_at\n"
        "1;s;;;2020-01-02T03:04:05Z;\n"
        "2;s;Анна;;;\n"
        "3;s;Борис;closed;2020-01-02T03:04:05Z;\n"
        "4;t;;;;\n"
        "5;s;;withdrawn;;\n"
        "6;s;;open;;\n",
    )
    assert told.startswith("Stored: 3 waiting, 1 open, 1 closed, 1 withdrawn, 1 of those")
    assert rows("SELECT operator_id, closed_at IS NULL, withdrawn FROM appeal ORDER BY id") == [
        *((1, 1, 0), (1, 1, 0), (2, 0, 0), (None, 1, 0), (None, 0, 1), (None, 1, 0)),
    ]
    assert rows("SELECT timestamp, closed_at FROM appeal WHERE id = 3") == [
        ("2020-01-02T03:04:05.000000Z", "2020-01-02T03:04:05.000000Z")
    ]
    assert_loads_equal_counts()


def test_open_appeals_go_to_who_is_off_or_full_only_by_force(db: Database) -> None:
    add_team({"Анна": 0}, {"s": {}})
    text = "external_id,source,operator\n1,s,Анна\n"
    assert "off or full" in refused("appeals", text)
    take("appeals", text, force=True)
    assert_loads_equal_counts()
    assert rows("SELECT load FROM operator") == [(1,)]


def test_a_known_appeal_is_never_changed_by_a_file(db: Database) -> None:
    a_day()
    text = out("appeals")
    for old, new, column in (
        ("ждёт", "жду", "message"),
        ("withdrawn,2", "closed,2", "status"),
        ("k0", "k9", "key"),
        ("'tg", "tg", "external_id"),
    ):
        assert old in text
        assert f"column {column}: appeal" in refused("appeals", text.replace(old, new, 1))


def test_keys_and_ids_are_known_again_also_within_the_file(db: Database) -> None:
    desk.add_source("s", actor=ACTOR)
    head = "id,external_id,source,message,key\n"
    take("appeals", head + "5,1,s,a,k\n,2,s,b,l\n5,1,s,a,k\n,3,s,c,l\n,4,s,,\n,4,s,,\n")
    assert rows("SELECT id, message, key FROM appeal ORDER BY id") == [
        *((5, "a", "k"), (6, "b", "l"), (7, "c", "l"), (8, "", None), (9, "", None)),
    ]
    assert "column key: appeal 5 has this key" in refused("appeals", head + "19,1,s,a,k\n")
    assert "row 3, column message: appeal 19" in refused("appeals", head + "19,1,s,a,\n19,1,s,b,\n")
    assert "put those without last" in refused("appeals", head + ",1,s,a,\n10,1,s,b,\n")


def test_line_breaks_that_a_spreadsheet_rewrote_are_no_difference(db: Database) -> None:
    team = add_team({}, {"s": {}})
    submit("1", team.s, "a\r\nb")
    assert plan("appeals", out("appeals").replace("a\r\nb", "a\nb")).changes == 0


def test_leads_are_added_and_never_renamed(db: Database) -> None:
    team = add_team({}, {"s": {}})
    submit("tg_1", team.s, "")
    take("leads", "id,external_id\n1,tg_1\n7,tg_7\n,tg_8\n,tg_7\n")
    assert rows("SELECT id, external_id FROM lead ORDER BY id") == [
        *((1, "tg_1"), (7, "tg_7"), (8, "tg_8")),
    ]
    assert "column external_id: lead 1 is tg_1" in refused("leads", "id,external_id\n1,tg_2\n")
    assert "column id: tg_1 is not lead 2" in refused("leads", "id,external_id\n2,tg_1\n")


# Times.


@pytest.mark.parametrize("form", FORMS)
def test_an_export_ends_with_the_times_and_an_import_passes_over_them(
    db: Database, form: str
) -> None:
    team = add_team({"Анна": 2}, {"s": {}})
    start = now() - timedelta(hours=2)
    with as_if_at(start):
        submit("held", team.s, "")
        submit("waits", team.s, "")
    with as_if_at(start + timedelta(minutes=5)):
        desk.assign([1], team["Анна"], actor=ACTOR)
    with as_if_at(start + timedelta(minutes=15)):
        desk.close([1], actor=ACTOR)
        desk.reopen([1], actor=ACTOR)
    with as_if_at(start + timedelta(minutes=20)):
        text = out("appeals", form)
    shown = table(text, form)
    assert [row[-4:] for row in shown] == [
        ["first_assigned_at", "assigned_at", "waited_s", "held_s"],
        [stamp(start + timedelta(minutes=5)), stamp(start + timedelta(minutes=15)), "300", "300"],
        ["", "", "", ""],
    ]
    assert plan("appeals", re.sub(r"\b300\b(?!\d*Z)", "7", text), form).counts == {"the same": 2}
    assert plan("appeals", "external_id,source,held_s\nnew,s,soon\n").changes == 1


def table(text: str, form: str) -> list[list[str]]:
    """Return an export as cells of CSV."""
    if form == "csv":
        return list(csv.reader(io.StringIO(text)))
    rows_shown = json.loads(text)
    cells = [["" if cell is None else str(cell) for cell in row.values()] for row in rows_shown]
    return [list(rows_shown[0]), *cells]


def test_a_saved_list_has_the_columns_of_an_export(db: Database) -> None:
    a_day()
    shown = appeals_shown(EVERYTHING, None, is_oldest_first=True)
    exported = table_of("appeals")
    assert shown.columns == exported.columns
    # Held until the moment of the export, which a second later may be another.
    assert [row[:-1] for row in shown.records] == [row[:-1] for row in exported.records]

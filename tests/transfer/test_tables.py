"""Tables out and in again: round trips, bad cells, one act, nothing by halves."""

import csv
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.common.errors import Refused
from leadboard.common.validation import checked_name
from leadboard.transfer.appeals import plan_appeals
from leadboard.transfer.cells import defused, number_in, revived
from leadboard.transfer.leads import plan_leads
from leadboard.transfer.tables import TABLES
from leadboard.transfer.team import plan_operators, plan_sources, plan_weights
from leadboard.transfer.writing import Style, export
from tests.support import T, assert_loads_equal_counts, dump, holders, rows, team

pytestmark = pytest.mark.every_engine

PLANS: dict[str, Callable[..., Any]] = {
    "operators": plan_operators,
    "sources": plan_sources,
    "weights": plan_weights,
    "appeals": plan_appeals,
    "leads": plan_leads,
}
FORMS = ("csv", "json")


def out(what: str, form: str = "csv", style: Style | None = None) -> str:
    text = io.StringIO()
    export(what, form, text, lambda _: lambda _done, _rows: None, style=style or Style())
    return text.getvalue()


def plan(what: str, text: str | bytes, form: str = "csv", **options: Any) -> Any:
    file = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    return PLANS[what](file, form, **options)


def take(what: str, text: str | bytes, form: str = "csv", **options: Any) -> str:
    told: str = plan(what, text, form, **options).act(T)
    return told


def refused(what: str, text: str | bytes, form: str = "csv") -> str:
    before = dump()
    with pytest.raises(Refused) as refusal:
        take(what, text, form)
    assert dump() == before
    return str(refusal.value)


def a_day() -> None:
    """Fill the database with what has odd texts, every status and every kind of weight."""
    team(
        {"Анна": 2, "=Борис": 3, '\'Вера, "дочь"': 0, "👩‍💻 Глеб; сын": 5},
        {"tg_main": {"Анна": 70, "=Борис": 0}, "operator": {"=Борис": 5}, "-vk; a,b": {}},
    )
    ids = {name: key for key, name in rows("SELECT id, name FROM source")}
    for number, message in enumerate(
        ("=1+1", "'=1", "a\r\nb\n\rc", '"', "", "\tx", "Привет\u2028")
    ):
        submit(f"+7900{number}", int(str(ids["tg_main"])), message, f"k{number}")
    submit("'tg", int(str(ids["-vk; a,b"])), "  ждёт  ")
    desk.close([1, 3], actor=T)
    desk.submit("tg_w", int(str(ids["operator"])), "withdrawn", actor=T)
    desk.undo(actor=T)


def afresh(folder: Path) -> None:
    import models

    models.open_database(folder / "new.db")


# --- cells ------------------------------------------------------------------------------------


@given(st.text(st.sampled_from("'=+-@\t\ra1"), max_size=6) | st.text())
def test_a_defused_text_comes_back_exactly(text: str) -> None:
    assert revived(defused(text)) == text
    assert not defused(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        *(("70", 70), (" 70.0 ", 70), ("70,00", 70), (70.0, 70), ("1 000", 1000)),
        *(("1\u00a0000\u202f000", 1_000_000), ("007", 7), ("0", 0)),
    ],
)
def test_numbers_are_read_as_spreadsheets_write_them(cell: object, number: int) -> None:
    assert number_in(cell) == number


@pytest.mark.parametrize("cell", ["70.000", "1,000", "70.5", "7e3", "-1", "x", "9" * 30, 0.5])
def test_what_may_mean_something_else_is_no_number(cell: object) -> None:
    assert number_in(cell) == cell


# --- round trips ------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", TABLES)
def test_an_unchanged_file_changes_nothing(db: Database, what: str, form: str) -> None:
    a_day()
    before = dump()
    found = plan(what, out(what, form), form)
    assert found.changes == 0
    assert set(found.counts) == {"the same"}
    found.act(T)
    assert dump() == before


@pytest.mark.parametrize("form", FORMS)
def test_a_house_moves_through_files(db: Database, tmp_path: Path, form: str) -> None:
    a_day()
    order = ("operators", "sources", "weights", "leads", "appeals")
    files = {what: out(what, form) for what in order}
    afresh(tmp_path)
    for what, text in files.items():
        take(what, text, form)
    assert {what: out(what, form) for what in order} == files
    assert_loads_equal_counts()


names = st.text(max_size=80).filter(lambda name: _is_name(name))


def _is_name(name: str) -> bool:
    try:
        return checked_name(name) == name
    except Refused:
        return False


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    people=st.lists(names, unique=True, max_size=4),
    sources=st.lists(names, unique=True, max_size=4),
    weights=st.lists(st.none() | st.integers(0, 1_000_000), min_size=16, max_size=16),
    form=st.sampled_from(FORMS),
)
def test_any_names_and_weights_survive(
    people: list[str], sources: list[str], weights: list[int | None], form: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        afresh(Path(folder))
        for name in people:
            desk.add_operator(name, 1, actor=T)
        for name in sources:
            desk.add_source(name, actor=T)
        pairs = [(o, s) for o in range(1, len(people) + 1) for s in range(1, len(sources) + 1)]
        desk.set_weights([(*pair, w) for pair, w in zip(pairs, weights, strict=False)], actor=T)
        files = {what: out(what, form) for what in ("operators", "sources", "weights")}
    with tempfile.TemporaryDirectory() as folder:
        afresh(Path(folder))
        for what, text in files.items():
            take(what, text, form)
        assert {what: out(what, form) for what in files} == files


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.text(max_size=200), max_size=5), st.sampled_from(FORMS))
def test_any_message_survives(messages: list[str], form: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        afresh(Path(folder))
        desk.add_source("s", actor=T)
        for message in messages:
            submit("lead", 1, message)
        text = out("appeals", form)
        assert plan("appeals", text, form).changes == 0
    with tempfile.TemporaryDirectory() as folder:
        afresh(Path(folder))
        desk.add_source("s", actor=T)
        take("appeals", text, form)
        assert out("appeals", form) == text


def as_saved_by(text: str, delimiter: str, *, mark: bool, end: str, quoting: int) -> bytes:
    """Return CSV as a spreadsheet would save it: numbers as decimals, padded with empty cells."""
    saved = io.StringIO()
    writer = csv.writer(saved, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    for number, record in enumerate(csv.reader(io.StringIO(text, newline=""))):
        cells = [f"{cell}.0" if number and cell.isdigit() else cell for cell in record]
        writer.writerow([*cells, "", ""])
    writer.writerows([[""] * 9] * 3)
    return (b"\xef\xbb\xbf" if mark else b"") + saved.getvalue().encode()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize(("mark", "end"), [(True, "\r\n"), (False, "\n")])
def test_a_spreadsheet_may_save_it_its_own_way(
    db: Database, delimiter: str, quoting: int, mark: bool, end: str
) -> None:
    a_day()
    for what in ("operators", "sources", "weights", "leads"):
        text = out(what)
        saved = as_saved_by(text, delimiter, mark=mark, end=end, quoting=quoting)
        assert plan(what, saved).changes == 0
        assert out(what) == text


def test_excel_gets_a_mark_and_semicolons_and_a_hint_is_understood(db: Database) -> None:
    a_day()
    text = out("weights", style=Style(is_excel=True))
    assert text.startswith("\ufeffoperator;tg_main;")
    assert plan("weights", text).changes == 0
    assert plan("weights", "sep=;\r\n" + text[1:]).changes == 0


def test_on_a_terminal_nothing_of_theirs_is_obeyed(db: Database) -> None:
    desk.add_source("s", actor=T)
    submit("lead", 1, "\x1b[2J\u202e\x9b")
    for form in FORMS:
        shown = out("appeals", form, Style(is_shown=True))
        assert not {"\x1b", "\u202e", "\x9b"} & set(shown)


def test_json_is_an_array_of_one_object_a_line_and_lines_do_as_well(db: Database) -> None:
    a_day()
    text = out("operators", "json")
    objects = json.loads(text)
    assert len(text.splitlines()) == len(objects) + 2
    lines = "\n".join(map(json.dumps, objects))
    assert plan("operators", lines, "json").counts == {"the same": len(objects)}
    assert json.loads(out("weights", "json"))[1]["weights"] == {
        "tg_main": 0,
        "operator": 5,
        "-vk; a,b": None,
    }
    afresh(Path(tempfile.mkdtemp()))
    assert json.loads(out("operators", "json")) == []


# --- bad cells --------------------------------------------------------------------------------


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
        ("appeals", "external_id,source\n,s\n", "row 2, column external_id: there must be"),
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
    team({"Анна": 1, "Борис": 0}, {"s": {"Анна": 0}})
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
        ('{"name": ' + "[" * 5000, "row 1: a number is too long or the nesting too deep"),
    ],
)
def test_bad_json_is_a_sentence(db: Database, text: str, sentence: str) -> None:
    what = "operators" if "max_load" in text else "sources"
    assert refused(what, text, "json").startswith(sentence)


def test_bytes_that_are_no_utf8_are_a_sentence(db: Database) -> None:
    for form in FORMS:
        assert "not UTF-8" in refused("operators", "name\nАнна".encode("cp1251"), form)
        assert "not UTF-8" in refused("operators", "name\nАнна".encode("utf-16"), form)


# --- the team and the weights -----------------------------------------------------------------


def test_a_plan_says_what_will_change(db: Database) -> None:
    team({"Анна": 10, "Борис": 3, "Глеб": 1}, {"tg_main": {"Анна": 50, "Глеб": 9}, "vk": {}})
    found = plan("operators", "id,name,is_active,max_load\n1,,,12\n2,Боря,нет,\n,Вера,да,5\n")
    assert found.words == [
        "Анна: limit 10 → 12",
        "Борис is now Боря, on → off",
        "+ operator Вера, limit 5",
    ]
    assert found.told() == "operators: 2 changed, 1 added"
    found = plan("weights", "operator,tg_main,vk\nАнна,70,0\nГлеб,,\n")
    assert found.words == [
        "Анна · tg_main: 50 → 70",
        "Анна · vk: none → 0",
        "Глеб · tg_main: 9 → none",
    ]
    assert plan("sources", "id,name\n2,ВК\n,site\n").words == ["vk is now ВК", "+ source site"]


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("operators", "id,name,is_active,max_load\n1,Аня,,12\n2,,no,\n,Вера,,5\n,Глеб,no,0\n"),
        ("sources", "id,name\n1,ВК\n,a\n,b\n"),
        ("weights", "operator,s,t\nАнна,,7\nБорис,0,\n"),
    ],
)
def test_an_import_is_one_act_that_one_undo_takes_back(db: Database, what: str, text: str) -> None:
    team({"Анна": 1, "Борис": 3}, {"s": {"Анна": 1}, "t": {}})
    before, events = dump("operator", "source", "operator_source"), rows("SELECT id FROM event")
    take(what, text)
    after = dump("operator", "source", "operator_source")
    assert after != before
    assert len(rows("SELECT id FROM event")) == len(events) + 1
    desk.undo(actor=T)
    assert dump("operator", "source", "operator_source") == before
    desk.redo(actor=T)
    assert dump("operator", "source", "operator_source") == after


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("operators", "name,max_load\nАнна,2\n"),
        ("operators", "name,is_active\nБорис,yes\n"),
        ("weights", "operator,s\nВера,5\n"),
    ],
)
def test_an_import_that_makes_room_hands_out_what_waits(db: Database, what: str, text: str) -> None:
    team({"Анна": 0, "Борис": 2, "Вера": 2}, {"s": {"Анна": 1, "Борис": 1}})
    desk.set_active(2, False, actor=T)
    for number in range(3):
        submit(f"lead{number}", 1, "")
    assert holders() == [None] * 3
    take(what, text)
    assert [bool(each) for each in holders()] == [True, True, False]
    assert_loads_equal_counts()
    desk.undo(actor=T)
    assert holders() == [None] * 3


def test_many_weights_are_one_act(db: Database) -> None:
    team({"Анна": 1, "Борис": 1}, {"s": {"Анна": 5}, "t": {"Борис": 1}})
    done = desk.set_weights([(1, 1, None), (1, 2, 0), (2, 1, 9), (2, 2, 1)], actor=T)
    assert done.note == "3 weights set"
    assert desk.set_weights([(2, 2, 1)], actor=T).event_id is None
    assert desk.set_weights([(2, 2, 3)], actor=T).note == "Борис · t: weight 1 → 3"
    assert desk.set_weights([], actor=T).event_id is None
    for bad in ((1, 1, -1), (9, 1, 1), (1, 9, 1), (1, 1, True), (9, 1, None)):
        before = dump()
        with pytest.raises(Refused):
            desk.set_weights([(1, 1, 3), bad], actor=T)
        assert dump() == before


# --- appeals and leads ------------------------------------------------------------------------


def test_appeals_without_an_operator_go_by_lottery_and_others_stay_as_they_were(
    db: Database,
) -> None:
    team({"Анна": 2, "Борис": 9}, {"s": {"Анна": 1}, "t": {}})
    desk.set_active(2, False, actor=T)
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
    team({"Анна": 0}, {"s": {}})
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
    desk.add_source("s", actor=T)
    head = "id,external_id,source,message,key\n"
    take("appeals", head + "5,1,s,a,k\n,2,s,b,l\n5,1,s,a,k\n,3,s,c,l\n,4,s,,\n,4,s,,\n")
    assert rows("SELECT id, message, key FROM appeal ORDER BY id") == [
        *((5, "a", "k"), (6, "b", "l"), (7, "c", "l"), (8, "", None), (9, "", None)),
    ]
    assert "column key: appeal 5 has this key" in refused("appeals", head + "19,1,s,a,k\n")
    assert "row 3, column message: appeal 19" in refused("appeals", head + "19,1,s,a,\n19,1,s,b,\n")
    assert "put those without last" in refused("appeals", head + ",1,s,a,\n10,1,s,b,\n")


def test_line_breaks_that_a_spreadsheet_rewrote_are_no_difference(db: Database) -> None:
    desk.add_source("s", actor=T)
    submit("1", 1, "a\r\nb")
    assert plan("appeals", out("appeals").replace("a\r\nb", "a\nb")).changes == 0


def test_leads_are_added_and_never_renamed(db: Database) -> None:
    desk.add_source("s", actor=T)
    submit("tg_1", 1, "")
    take("leads", "id,external_id\n1,tg_1\n7,tg_7\n,tg_8\n,tg_7\n")
    assert rows("SELECT id, external_id FROM lead ORDER BY id") == [
        *((1, "tg_1"), (7, "tg_7"), (8, "tg_8")),
    ]
    assert "column external_id: lead 1 is tg_1" in refused("leads", "id,external_id\n1,tg_2\n")
    assert "column id: tg_1 is not lead 2" in refused("leads", "id,external_id\n2,tg_1\n")


def test_a_head_is_known_in_any_case_where_only_one_source_reads_so(db: Database) -> None:
    team({"Anna": 1}, {"site": {}, "vk": {}})
    assert "2 weights" in take("weights", "OPERATOR, Site ,\u200bVK\nAnna,1,2\n")
    assert "vk: weight 2 → 3" in take(
        "weights", '[{"Operator": "Anna", "weights": {"VK": 3}}]', "json"
    )
    desk.add_source("SITE", actor=T)
    assert "site: weight 1 → 4" in take("weights", "operator,site\nAnna,4\n")
    assert "SITE: weight none → 5" in take("weights", "operator,SITE\nAnna,5\n")
    assert "no source Site" in refused("weights", "operator,Site\nAnna,6\n")
    assert "no such column" in refused("weights", '[{"operator": "Anna", "weight": {}}]', "json")


def test_a_head_with_marks_that_nobody_sees_is_the_same_head(db: Database) -> None:
    assert "1 added" in take("operators", "\u202aname\u202c,max\u00a0load\u200b\nAnna,5\n")
    assert "not UTF-8" in refused("operators", "name,max_load\nAnna,5\n".encode("utf-16-le"))

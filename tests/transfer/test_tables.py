"""Tables out and in again: nothing is lost on the way, however they are saved."""

import csv
import io
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.common.errors import Refused
from leadboard.common.validation import checked_name
from leadboard.transfer.tables import TABLES
from leadboard.transfer.writing import Style
from tests.support import ACTOR, add_team, assert_loads_equal_counts, dump
from tests.support.tables import FORMS, a_day, afresh, out, plan, take, without_times

pytestmark = pytest.mark.every_engine


# --- round trips ------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", TABLES)
def test_an_unchanged_file_changes_nothing(db: Database, what: str, form: str) -> None:
    a_day()
    before = dump()
    found = plan(what, out(what, form), form)
    assert found.changes == 0
    assert set(found.counts) == {"the same"}
    found.act(ACTOR)
    assert dump() == before


@pytest.mark.parametrize("form", FORMS)
def test_a_house_moves_through_files(db: Database, tmp_path: Path, form: str) -> None:
    a_day()
    order = ("operators", "sources", "weights", "leads", "appeals")
    files = {what: out(what, form) for what in order}
    afresh(tmp_path)
    for what, text in files.items():
        take(what, text, form)
    for what, text in files.items():
        assert without_times(out(what, form), form) == without_times(text, form)
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
            desk.add_operator(name, 1, actor=ACTOR)
        for name in sources:
            desk.add_source(name, actor=ACTOR)
        pairs = [(o, s) for o in range(1, len(people) + 1) for s in range(1, len(sources) + 1)]
        desk.set_weights([(*pair, w) for pair, w in zip(pairs, weights, strict=False)], actor=ACTOR)
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
        team = add_team({}, {"s": {}})
        for message in messages:
            submit("lead", team.s, message)
        text = out("appeals", form)
        assert plan("appeals", text, form).changes == 0
    with tempfile.TemporaryDirectory() as folder:
        afresh(Path(folder))
        desk.add_source("s", actor=ACTOR)
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
    team = add_team({}, {"s": {}})
    submit("lead", team.s, "\x1b[2J\u202e\x9b")
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

"""The record of an act row by row, and the moves by hand that write into it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import Database

from allocator import place_all, submit
from leadboard.allocation import lifecycle
from leadboard.allocation.appeals import state_of
from leadboard.allocation.intake import Draft, Placed
from leadboard.allocation.journal import (
    Journal,
    TeamChange,
    from_json,
    row_of,
    subject_of,
    team_changes_of,
    to_json,
)
from leadboard.allocation.ledger import ASSIGNED, CLOSED, MOVED, REOPENED, RETURNED, AppealChange
from leadboard.allocation.ledger_reading import spans_of
from leadboard.common.errors import Refused, TooBusy
from leadboard.database.transactions import transact
from tests.support import (
    ACTOR,
    Team,
    add_source,
    add_team,
    assert_loads_equal_counts,
    dump,
    holders,
    rows,
)

pytestmark = pytest.mark.every_engine

VALUES = (
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
)
COLUMNS = st.none() | st.dictionaries(st.text("abc", min_size=1, max_size=2), VALUES, max_size=4)


def test_the_first_before_and_the_last_after_of_a_row_are_kept() -> None:
    journal = Journal()
    journal.note("operator:1", {"load": 1}, {"load": 2})
    journal.note("operator:1", {"load": 2}, {"load": 3})
    assert journal.told == [TeamChange("operator:1", {"load": 1}, {"load": 3})]


def test_columns_changed_one_after_another_are_all_kept() -> None:
    journal = Journal()
    journal.note("operator:1", {"name": "a"}, {"name": "b"})
    journal.note("operator:1", {"max_load": 5}, {"max_load": 6})
    assert journal.told == [
        TeamChange("operator:1", {"name": "a", "max_load": 5}, {"name": "b", "max_load": 6})
    ]


def test_a_row_made_and_then_changed_counts_as_made() -> None:
    journal = Journal()
    journal.note("operator:1", None, {"name": "a", "max_load": 5})
    journal.note("operator:1", {"max_load": 5}, {"max_load": 6})
    assert journal.told == [TeamChange("operator:1", None, {"name": "a", "max_load": 6})]


def test_a_row_changed_and_then_deleted_counts_as_deleted_from_what_it_was() -> None:
    journal = Journal()
    journal.note("weight:1:1", {"weight": 5}, {"weight": 6})
    journal.note("weight:1:1", {"weight": 6}, None)
    assert journal.told == [TeamChange("weight:1:1", {"weight": 5}, None)]


def test_a_row_deleted_and_made_again_counts_as_changed() -> None:
    journal = Journal()
    journal.note("weight:1:1", {"weight": 5}, None)
    journal.note("weight:1:1", None, {"weight": 7})
    assert journal.told == [TeamChange("weight:1:1", {"weight": 5}, {"weight": 7})]


@pytest.mark.parametrize(
    "notes",
    [
        [(None, {"weight": 1}), ({"weight": 1}, None)],
        [({"weight": 1}, {"weight": 2}), ({"weight": 2}, {"weight": 1})],
        [({"weight": 1}, None), (None, {"weight": 1})],
        [({"weight": 1}, {"weight": 1})],
        [(None, None)],
    ],
)
def test_what_ends_as_it_began_is_no_change(
    notes: list[tuple[dict[str, object] | None, dict[str, object] | None]],
) -> None:
    journal = Journal()
    for before, after in notes:
        journal.note("weight:1:1", before, after)
    assert journal.told == []
    assert journal.is_empty


def test_rows_are_kept_apart() -> None:
    journal = Journal()
    journal.note("weight:1:1", None, {"weight": 1})
    journal.note("weight:1:11", None, {"weight": 2})
    assert [each.subject for each in journal.told] == ["weight:1:1", "weight:1:11"]


@given(COLUMNS)
def test_columns_are_read_back_as_they_were_written(columns: dict[str, object] | None) -> None:
    written = to_json(columns)
    assert from_json(written) == columns
    assert to_json(from_json(written)) == written


@given(
    st.sampled_from(["operator", "source", "weight"]), st.lists(st.integers(1, 2**62), min_size=1)
)
def test_the_name_of_a_row_is_taken_apart_as_it_was_put_together(
    table: str, key: list[int]
) -> None:
    assert row_of(subject_of(table, *key)) == (table, tuple(key))


def waiting(count: int) -> list[int]:
    """Let appeals arrive at a source that nobody serves, and return their ids."""
    source = add_source()
    drafts = [Draft(f"lead {number}", source, "") for number in range(count)]
    return [each.id for each in transact(lambda: place_all(drafts)) if isinstance(each, Placed)]


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 1_000])
def test_an_act_of_any_size_is_stored_whole(db: Database, count: int) -> None:
    appeals = waiting(count)
    journal = Journal()
    for number in appeals:
        journal.note(f"operator:{number}", {"load": 0}, {"load": 1})
        journal.note_appeal(AppealChange(number, ASSIGNED, operator_id=number + 1))
    event_id = transact(lambda: journal.write(ACTOR, "assign", "words", forced=True))
    assert {each.subject: each for each in team_changes_of(event_id)} == journal.team
    assert [(each.appeal_id, each.after["operator_id"]) for each in spans_of(event_id)] == [
        (number, number + 1) for number in appeals
    ]
    stored = rows("SELECT actor, act, note, forced, target_id FROM event WHERE id = ?", event_id)
    assert stored == [(ACTOR, "assign", "words", 1, None)]


def test_what_is_no_change_is_not_stored(db: Database) -> None:
    journal = Journal()
    journal.note("weight:1:1", {"weight": 1}, {"weight": 1})
    journal.note("weight:1:2", None, {"weight": 1})
    event_id = transact(lambda: journal.write(ACTOR, "weight", ""))
    assert team_changes_of(event_id) == [TeamChange("weight:1:2", None, {"weight": 1})]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_is_read_back_as_the_same_moment(db: Database, moment: datetime) -> None:
    (appeal,) = waiting(1) if not holders() else (1,)
    journal = Journal(at=moment)
    journal.note_appeal(AppealChange(appeal, CLOSED, closed_at=moment))
    [span] = spans_of(transact(lambda: journal.write(ACTOR, "close", "")))
    assert span.after["closed_at"] == moment


# --- moves by hand ----------------------------------------------------------------------------


@pytest.fixture
def desk_of_two(db: Database) -> Database:
    """Anna has appeal 1 of one place, Boris appeal 2 of two; Vera is off; appeal 3 waits."""
    add_team(
        {"Anna": 1, "Boris": 2, "Vera": 9},
        {"tg": {"Anna": 1}, "vk": {"Boris": 1}, "none": {}},
    )
    rows("UPDATE operator SET is_active = FALSE WHERE name = 'Vera'")
    for number, source in enumerate((1, 2, 3)):
        submit(f"lead {number}", source, "")
    return db


def test_a_move_notes_the_row_and_takes_the_place_along(desk_of_two: Database) -> None:
    team = Team()
    journal = Journal()
    transact(lambda: lifecycle.assign(1, team.boris, journal))
    assert rows("SELECT load FROM operator ORDER BY id") == [(0,), (2,), (0,)]
    [change] = journal.appeals
    assert (change.appeal_id, change.kind) == (1, MOVED)
    assert (change.was_operator_id, change.operator_id) == (team.anna, team.boris)
    assert_loads_equal_counts()


def test_returning_forgets_the_draw_that_no_longer_counts(desk_of_two: Database) -> None:
    journal = Journal()
    transact(lambda: lifecycle.give_back(1, journal))
    found = rows("SELECT operator_id, roster_id, draw, closed_at FROM appeal WHERE id = 1")
    assert found == [(None, None, None, None)]
    assert journal.appeals == [AppealChange(1, RETURNED, was_operator_id=Team().anna)]
    assert_loads_equal_counts()


def test_closing_and_reopening_at_once_leaves_the_load_as_it_was(desk_of_two: Database) -> None:
    before = dump("operator", "appeal")

    def work() -> str | None:
        journal = Journal()
        lifecycle.close(1, journal)
        assert rows("SELECT load FROM operator WHERE name = 'Anna'") == [(0,)]
        why = lifecycle.reopen(1, journal)
        assert [change.kind for change in journal.appeals] == [CLOSED, REOPENED]
        [span] = spans_of(journal.write(ACTOR, "reopen", ""))
        assert span.before == span.after
        return why

    assert transact(work) is None
    assert dump("operator", "appeal") == before


def test_a_reopened_appeal_does_not_push_its_operator_over_the_limit(
    desk_of_two: Database,
) -> None:
    team = Team()
    transact(lambda: lifecycle.close(1, Journal()))
    transact(lambda: lifecycle.assign(3, team.anna, Journal()))
    assert transact(lambda: lifecycle.reopen(1, Journal())) == "Anna is full (1/1)"
    assert holders() == [None, team.boris, team.anna]
    assert_loads_equal_counts()


def test_an_appeal_that_nobody_had_waits_when_reopened(desk_of_two: Database) -> None:
    transact(lambda: lifecycle.close(3, Journal()))
    assert transact(lambda: lifecycle.reopen(3, Journal())) == "nobody had it"
    assert rows("SELECT operator_id, closed_at FROM appeal WHERE id = 3") == [(None, None)]


@pytest.mark.parametrize(
    ("operator_id", "words"),
    [(1, r"Anna is full \(1/1\)\."), (3, r"Vera is off\."), (9, "no operator #9")],
)
def test_a_move_to_who_cannot_take_it_is_refused_and_moves_nothing(
    desk_of_two: Database, operator_id: int, words: str
) -> None:
    before, journal = dump(), Journal()
    with pytest.raises(Refused, match=words):
        transact(lambda: lifecycle.assign(2, operator_id, journal))
    assert dump() == before
    assert journal.is_empty


@pytest.mark.parametrize("operator_id", [1, 3])
def test_by_force_the_place_above_the_limit_is_counted(
    desk_of_two: Database, operator_id: int
) -> None:
    transact(lambda: lifecycle.assign(2, operator_id, Journal(), force=True))
    assert holders([2]) == [operator_id]
    assert_loads_equal_counts()


@pytest.mark.parametrize(
    "move",
    [
        lambda journal: lifecycle.assign(1, Team().anna, journal),
        lambda journal: lifecycle.give_back(3, journal),
        lambda journal: lifecycle.reopen(1, journal),
    ],
)
def test_a_move_to_where_it_is_says_that_there_is_nothing_to_do(
    desk_of_two: Database, move: Callable[[Journal], object]
) -> None:
    before = dump()
    with pytest.raises(lifecycle.NothingToDo):
        transact(lambda: move(Journal()))
    assert dump() == before


def test_a_row_that_changed_under_a_move_has_it_tried_again_from_the_start(
    desk_of_two: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = state_of(1)
    rows("UPDATE appeal SET closed_at = '2026-11-23T10:42:07.000000Z' WHERE id = 1")
    rows("UPDATE operator SET load = 0 WHERE name = 'Anna'")
    answers = iter([stale])
    monkeypatch.setattr(
        "leadboard.allocation.lifecycle.state_of", lambda key: next(answers, None) or state_of(key)
    )
    with pytest.raises(Refused, match="closed already"):
        transact(lambda: lifecycle.close(1, Journal()))
    assert_loads_equal_counts()


def test_a_row_that_changed_under_a_move_is_never_overwritten(
    desk_of_two: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = Team()
    stale = state_of(1)
    transact(lambda: lifecycle.assign(1, team.boris, Journal()))
    before = dump()
    monkeypatch.setattr("leadboard.allocation.lifecycle.state_of", lambda _: stale)
    monkeypatch.setattr("leadboard.database.transactions.PATIENCE", 0.0)
    with pytest.raises(TooBusy, match="changed by somebody else"):
        transact(lambda: lifecycle.give_back(1, Journal()))
    assert dump() == before

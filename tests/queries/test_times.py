"""The times of appeals: each from its definition, and none where it is not known."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.allocation.ledger import settle
from leadboard.database.fields import as_if_at
from leadboard.queries import appeal_records, appeals
from leadboard.queries.board import board
from leadboard.queries.explanation import explain
from leadboard.queries.times import LOOKED_BEHIND, Times, oldest_waits, times_of, whole_seconds
from tests.support import ACTOR, Team, add_team, counted_statements, elsewhere, holder_of, rows
from tests.support.tables import take

pytestmark = pytest.mark.every_engine

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def minute(count: float) -> datetime:
    return START + timedelta(minutes=count)


def at(count: float) -> AbstractContextManager[None]:
    """Let what follows be done so many minutes after the start."""
    return as_if_at(minute(count))


def times(appeal_id: int = 1) -> Times:
    """Return the times of an appeal, which all readings must tell alike."""
    row = appeal_records.appeal(appeal_id)
    assert row is not None
    listed = {each.id: each.times for each in appeals.newest_appeals(100)}
    assert listed[appeal_id] == explain(appeal_id).appeal.times == row.times
    assert row.times.received_at == row.timestamp
    assert row.times.closed_at == row.closed_at
    return row.times


def assigned(count: float, since: float) -> Times:
    """Return the times of an appeal that came at the start: first assigned, and the last time."""
    return Times(minute(0), minute(count), minute(since))


def waiting(since: float, first: float | None = None) -> Times:
    first_at = None if first is None else minute(first)
    return Times(minute(0), first_at, waits_since=minute(since))


@pytest.fixture
def team(db: Database) -> Team:
    """Anna, who gets every appeal of the bot, and Boris, who gets what a dispatcher gives him."""
    return add_team({"Anna": 9, "Boris": 9}, {"bot": {"Anna": 1}})


@pytest.fixture
def nobody(db: Database) -> Team:
    """Anna and Boris, who get what a dispatcher gives them."""
    return add_team({"Anna": 9, "Boris": 9}, {"bot": {}})


def test_an_appeal_is_first_assigned_as_it_comes_and_held_since(team: Team) -> None:
    with at(0):
        submit("a", team.bot, "")
    found = times()
    assert found == assigned(0, 0)
    assert (found.waited, found.held(minute(125))) == (timedelta(), timedelta(hours=2, minutes=5))
    assert (found.waits(minute(9)), found.took) == (None, None)


def test_what_waits_is_first_assigned_later(nobody: Team) -> None:
    with at(0):
        submit("a", nobody.bot, "")
    assert times() == waiting(0)
    assert times().waits(minute(12)) == timedelta(minutes=12)
    with at(8):
        desk.set_weight(nobody.anna, nobody.bot, 1, actor=ACTOR)
    assert times() == assigned(8, 8)
    assert times().waited == timedelta(minutes=8)


def test_who_had_it_in_between_changes_when_it_was_assigned_but_not_first(team: Team) -> None:
    with at(0):
        submit("a", team.bot, "")
    with at(5):
        desk.assign([1], team.boris, actor=ACTOR)
    assert times() == assigned(0, 5)
    with at(7):
        desk.assign([1], team.anna, actor=ACTOR)
    assert times() == assigned(0, 7)


def test_a_returned_one_waits_since_it_came_and_is_held_since_it_is_drawn_again(
    team: Team,
) -> None:
    with at(0):
        submit("a", team.bot, "")
    with at(1):
        desk.set_weight(team.anna, team.bot, 0, actor=ACTOR)
    with at(5):
        desk.give_back([1], actor=ACTOR)
    assert times() == waiting(0, first=0)
    with at(9):
        desk.set_weight(team.anna, team.bot, 1, actor=ACTOR)
    assert times() == assigned(0, 9)
    with at(11):  # returned and drawn by the same operator in one act
        desk.give_back([1], actor=ACTOR)
    assert times() == assigned(0, 11)


def test_an_act_that_leaves_it_with_its_operator_begins_nothing(team: Team) -> None:
    with at(0):
        submit("a", team.bot, "")
    with at(5):
        desk.give_back([1], actor=ACTOR)
    with at(6):  # only the draw goes back
        desk.undo(actor=ACTOR)
    assert holder_of(1) == team.anna
    assert [each.words for each in explain(1).since][-1] == f"kept by Anna by {ACTOR} (undo)"
    assert times() == assigned(0, 5)


def test_a_closed_one_was_held_until_then(team: Team) -> None:
    with at(0):
        submit("a", team.bot, "")
    with at(5):
        desk.assign([1], team.boris, actor=ACTOR)
    with at(25):
        desk.close([1], actor=ACTOR)
    found = times()
    assert found == Times(minute(0), minute(0), minute(5), None, minute(25))
    assert found.held(minute(99)) == timedelta(minutes=20)
    assert found.took == timedelta(minutes=25)


def test_one_that_was_closed_unanswered_was_never_assigned(nobody: Team) -> None:
    with at(0):
        submit("a", nobody.bot, "")
    with at(5):
        desk.close([1], actor=ACTOR)
    assert times() == Times(minute(0), closed_at=minute(5))
    assert times().waited is None


def test_a_reopened_one_is_held_or_waits_since_then(team: Team) -> None:
    with at(0):
        submit("a", team.bot, "")
    with at(5):
        desk.close([1], actor=ACTOR)
    with at(30):
        desk.reopen([1], actor=ACTOR)
    assert times() == assigned(0, 30)
    with at(35):
        desk.close([1], actor=ACTOR)
    with at(36):
        desk.change_operator(team.anna, max_load=0, actor=ACTOR)
    with at(40):
        desk.reopen([1], actor=ACTOR)
    assert times() == waiting(40, first=0)
    with at(50):
        desk.assign([1], team.boris, actor=ACTOR)
    with at(55):
        desk.give_back([1], actor=ACTOR)
    assert times() == waiting(40, first=0)


def test_an_undone_closing_begins_neither_wait_nor_hold_anew(team: Team) -> None:
    other = desk.add_source("other", actor=ACTOR).result
    with at(0):
        submit("held", team.bot, "")
        submit("waits", other, "")
    with at(5):
        desk.close([1, 2], actor=ACTOR)
    with at(6):
        desk.undo(actor=ACTOR)
    assert times(1) == assigned(0, 0)
    assert times(2) == waiting(0)
    with at(7):
        desk.redo(actor=ACTOR)
    assert times(1) == Times(minute(0), minute(0), minute(0), None, minute(5))


def test_an_undone_reopening_leaves_the_times_of_the_closing(team: Team) -> None:
    with at(0):
        submit("a", team.bot, "")
    with at(5):
        desk.close([1], actor=ACTOR)
    with at(30):
        desk.reopen([1], actor=ACTOR)
    with at(31):
        desk.undo(actor=ACTOR)
    assert times() == Times(minute(0), minute(0), minute(0), None, minute(5))
    with at(33):
        desk.redo(actor=ACTOR)
    assert times() == assigned(0, 33)


def test_an_undone_move_is_held_since_it_came_back(team: Team) -> None:
    with at(0):
        submit("a", team.bot, "")
    with at(5):
        desk.assign([1], team.boris, actor=ACTOR)
    with at(6):
        desk.undo(actor=ACTOR)
    assert times() == assigned(0, 6)


def test_a_withdrawn_one_that_comes_back_was_never_away(team: Team) -> None:
    with at(0):
        desk.submit("a", team.bot, "", actor=ACTOR)
    with at(5):
        desk.undo(actor=ACTOR)
    assert times() == Times(minute(0), minute(0), minute(0), None, minute(5))
    with at(9):
        desk.redo(actor=ACTOR)
    assert times() == assigned(0, 0)


def test_of_an_imported_one_is_known_what_came_after(team: Team) -> None:
    came = minute(0).isoformat()
    file = (
        "external_id,source,operator,status,timestamp,closed_at\n"
        f"open,bot,Anna,open,{came},\nclosed,bot,Anna,closed,{came},{minute(3).isoformat()}\n"
        f"free,bot,,,{came},\n"
    )
    with at(60):
        take("appeals", file)
    assert times(1) == Times(minute(0))
    assert times(2) == Times(minute(0), closed_at=minute(3))
    assert times(3) == assigned(60, 60)
    with at(70):
        desk.assign([1], team.boris, actor=ACTOR)
    assert times(1) == Times(minute(0), None, minute(70))


def test_without_a_ledger_there_is_only_what_the_row_says(team: Team, target: str) -> None:
    with at(0):
        submit("a", team.bot, "")
        submit("b", team.bot, "")
    settle()
    elsewhere(target, "DELETE FROM change")
    elsewhere(target, "UPDATE operator SET load = 1")
    elsewhere(target, "UPDATE appeal SET operator_id = NULL WHERE id = 2")
    assert times(1) == Times(minute(0))
    assert times(2) == waiting(0)


def test_an_operator_whom_the_ledger_does_not_name_has_it_since_nobody_knows_when(
    team: Team, target: str
) -> None:
    with at(0):
        submit("a", team.bot, "")
    elsewhere(target, f"UPDATE appeal SET operator_id = {team.boris}")
    assert times() == Times(minute(0), minute(0))


@pytest.mark.sqlite
def test_a_ledger_without_its_beginning_does_not_say_who_was_first(team: Team, target: str) -> None:
    with at(0):
        submit("a", team.bot, "")
    with at(5):
        desk.assign([1], team.boris, actor=ACTOR)
    elsewhere(target, "DELETE FROM change WHERE kind = 'received'")
    assert times() == Times(minute(0), None, minute(5))


def test_a_text_that_is_no_moment_gives_no_length(team: Team, target: str) -> None:
    submit("a", team.bot, "")
    elsewhere(target, "UPDATE appeal SET timestamp = 'soon'")
    assert times().waited is None
    assert whole_seconds(times().waited) is None


def test_clocks_that_differ_give_no_length_below_zero() -> None:
    found = Times(minute(1), minute(0), minute(9), None, minute(3))
    assert (found.waited, found.held(minute(0))) == (timedelta(), timedelta())


def test_a_page_takes_few_statements_however_often_its_appeals_moved(team: Team) -> None:
    for number in range(64):
        submit(f"lead_{number}", team.bot, "")
        desk.change_operator(team.anna, max_load=99, actor=ACTOR)
    for operator in (team.boris, team.anna):
        desk.assign(list(range(1, 9)), operator, actor=ACTOR)
    with counted_statements() as statements:
        assert all(each.times.assigned_at for each in appeals.newest_appeals(64))
    assert len(statements) == 3
    with counted_statements() as statements:
        assert times_of([]) == {}
    assert statements == []


# The oldest wait.


def test_the_oldest_wait_is_that_of_any_source(nobody: Team) -> None:
    assert (oldest_waits(), board().oldest_wait) == ({}, None)
    other = desk.add_source("other", actor=ACTOR).result
    with at(3):
        submit("a", other, "")
    with at(5):
        submit("b", nobody.bot, "")
    assert min(oldest_waits().values()) == board().oldest_wait == minute(3)
    desk.close([1], actor=ACTOR)
    assert min(oldest_waits().values()) == minute(5)


def test_one_that_was_reopened_does_not_hide_who_waits_longer(nobody: Team) -> None:
    for count in range(4):
        with at(count):
            submit(f"lead_{count}", nobody.bot, "")
    with at(10):
        desk.close([1, 2], actor=ACTOR)
    with at(20):
        desk.reopen([1, 2], actor=ACTOR)
    assert min(oldest_waits().values()) == minute(2)
    desk.close([3, 4], actor=ACTOR)
    assert min(oldest_waits().values()) == minute(20)


def test_behind_many_reopened_ones_it_is_not_looked_for(nobody: Team) -> None:
    with at(0):
        for count in range(LOOKED_BEHIND + 1):
            submit(f"lead_{count}", nobody.bot, "")
    ids = [int(str(key)) for (key,) in rows("SELECT id FROM appeal ORDER BY id")]
    with at(1):
        desk.close(ids[:-1], actor=ACTOR)
    with at(2):
        desk.reopen(ids[:-1], actor=ACTOR)
    assert min(oldest_waits().values()) == minute(2)

"""Acts that may be asked for again: done once, and told to be so the second time."""

import pytest
from peewee import Database

from leadboard import desk
from leadboard.allocation import audit
from leadboard.allocation.lifecycle import NoRoom, NothingToDo
from leadboard.common.errors import Missing
from leadboard.desk import aims
from tests.support import ACTOR, Team, add_team, arrive, holder_of, holders, number, rows

pytestmark = pytest.mark.every_engine


@pytest.fixture
def team(db: Database) -> Team:
    return add_team({"Anna": 2, "Boris": 0, "Vera": 0}, {"tg": {"Anna": 70, "Boris": 0, "Vera": 5}})


def events() -> int:
    return number("SELECT count(*) FROM event")


def test_an_appeal_is_closed_once(team: Team) -> None:
    [first] = arrive(team.tg)
    done = aims.closed([first], actor=ACTOR)
    before = events()
    again = aims.closed([first], actor=ACTOR)
    assert (done.result, again.result, again.event_id) == ([first], (), None)
    assert again.note == f"Appeal #{first} of lead 0 (tg) is closed already."
    assert events() == before
    assert audit.check() == []


def test_those_of_several_that_are_open_are_closed(team: Team) -> None:
    ids = arrive(team.tg, 3)
    aims.closed(ids[:1], actor=ACTOR)
    assert aims.closed(ids, actor=ACTOR).result == ids[1:]
    assert aims.closed(ids, actor=ACTOR).result == ()


def test_a_return_sent_again_does_not_take_it_from_the_next_one(team: Team) -> None:
    [appeal] = arrive(team.tg)
    assert holder_of(appeal) == team.anna
    desk.change_operator(team.vera, max_load=1, actor=ACTOR)
    desk.change_operator(team.anna, is_active=False, actor=ACTOR)
    aims.returned([appeal], holder_id=team.anna, actor=ACTOR)
    assert holder_of(appeal) == team.vera
    again = aims.returned([appeal], holder_id=team.anna, actor=ACTOR)
    assert (again.event_id, holder_of(appeal)) == (None, team.vera)
    aims.returned([appeal], actor=ACTOR)
    assert rows("SELECT count(*) FROM event WHERE act = 'return'") == [(2,)]


def test_a_closed_appeal_cannot_be_returned(team: Team) -> None:
    [appeal] = arrive(team.tg)
    aims.closed([appeal], actor=ACTOR)
    with pytest.raises(NothingToDo, match="closed"):
        aims.returned([appeal], actor=ACTOR)
    with pytest.raises(NothingToDo, match="closed"):
        aims.assigned([appeal], team.boris, force=True, actor=ACTOR)


def test_an_appeal_is_assigned_once_and_only_where_there_is_room(team: Team) -> None:
    [appeal] = arrive(team.tg)
    with pytest.raises(NoRoom):
        aims.assigned([appeal], team.boris, actor=ACTOR)
    aims.assigned([appeal], team.boris, force=True, actor=ACTOR)
    again = aims.assigned([appeal], team.boris, actor=ACTOR)
    assert (again.event_id, holder_of(appeal)) == (None, team.boris)


def test_an_appeal_is_reopened_once(team: Team) -> None:
    [appeal] = arrive(team.tg)
    aims.closed([appeal], actor=ACTOR)
    aims.reopened([appeal], actor=ACTOR)
    before = events()
    assert aims.reopened([appeal], actor=ACTOR).event_id is None
    assert (events(), holder_of(appeal)) == (before, team.anna)


def test_an_operator_closes_only_what_they_still_have(team: Team) -> None:
    [appeal] = arrive(team.tg)
    desk.assign([appeal], team.boris, force=True, actor=ACTOR)
    with pytest.raises(NothingToDo, match="went to Boris"):
        aims.closed([appeal], holder_id=team.anna, actor=ACTOR)
    assert holders() == [team.boris]
    assert aims.closed([appeal], holder_id=team.boris, actor=ACTOR).result == [appeal]


def test_what_there_is_not_is_missing(team: Team) -> None:
    for aim in (aims.closed, aims.returned, aims.reopened):
        with pytest.raises(Missing, match="no appeal #99"):
            aim([99], actor=ACTOR)
    with pytest.raises(Missing, match="no operator #99"):
        aims.assigned(arrive(team.tg), 99, actor=ACTOR)

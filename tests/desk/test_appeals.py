"""Acts on appeals: assigned, returned, closed and reopened, by the limits or by force."""

import pytest

from leadboard import desk
from leadboard.common.validation import MAX_WEIGHT
from models import Operator
from tests.desk.conftest import Team
from tests.support import ACTOR, add_source, arrive, holder_of, holders, load_of, rows
from tests.support.acts import (
    assert_clean,
    assert_record_replays,
    changes_of,
    last_event,
    newest_event_id,
    refused,
    snapshot,
    subjects,
)

pytestmark = pytest.mark.every_engine


def test_returning_an_appeal_lets_the_lottery_give_it_again(team: Team) -> None:
    desk.set_weight(team.vera, team.bot, MAX_WEIGHT, actor="setup")
    before = subjects()
    done = desk.give_back([1], actor=ACTOR)
    assert done.event_id is not None
    assert last_event() == (
        ACTOR,
        "return",
        "Appeal #1 of lead 0 (bot) returned, now with Vera; 1 waiting handed out",
        0,
    )
    assert_record_replays(done.event_id, before, subjects())
    assert_clean()


def test_a_return_that_draws_the_same_ticket_again_is_recorded_and_undone(team: Team) -> None:
    only = add_source("phone", (team.gleb, 1))
    [appeal] = arrive(only, 1)
    before = snapshot()
    done = desk.give_back([appeal], actor=ACTOR)
    assert snapshot() == before
    assert done.event_id == newest_event_id()
    assert list(changes_of(newest_event_id())) == [f"appeal:{appeal}"]
    assert desk.undo(actor=ACTOR).event_id == newest_event_id()
    assert desk.redo(actor=ACTOR).event_id == newest_event_id()
    assert snapshot() == before
    assert_clean()


def test_an_appeal_returned_while_nobody_is_eligible_waits_without_its_old_draw(
    team: Team,
) -> None:
    desk.change_operator(team.vera, is_active=False, actor=ACTOR)
    done = desk.give_back(team.held[:2], actor=ACTOR)
    assert done.note == "2 appeals returned, 2 waiting"
    assert (
        rows("SELECT operator_id, roster_id, draw FROM appeal WHERE id <= 2")
        == [(None, None, None)] * 2
    )
    assert load_of(team.vera) == 1


def test_assigning_takes_all_or_none(team: Team) -> None:
    with refused("Gleb is full (2/2)"):
        desk.assign(team.held, team.gleb, actor=ACTOR)
    assert holders(team.held) == [team.vera] * 3


def test_assigning_over_the_limit_by_force_is_recorded_and_counted(team: Team) -> None:
    done = desk.assign(team.held, team.gleb, force=True, actor=ACTOR)
    assert done.note == "3 appeals → Gleb by force"
    assert last_event() == (ACTOR, "assign", "3 appeals → Gleb by force", 1)
    assert (load_of(team.gleb), Operator.get_by_id(team.gleb).max_load) == (3, 2)
    assert_clean()


def test_assigning_to_one_who_is_off_takes_force(team: Team) -> None:
    with refused("Boris is off"):
        desk.assign([1], team.boris, actor=ACTOR)
    desk.assign([1], team.boris, force=True, actor=ACTOR)
    assert holder_of(1) == team.boris
    assert last_event()[3] == 1


def test_assigning_passes_over_what_they_have_already(team: Team) -> None:
    desk.assign([1], team.gleb, actor=ACTOR)
    desk.assign([1, 2], team.gleb, actor=ACTOR)
    assert load_of(team.gleb) == 2
    assert set(changes_of(newest_event_id())) == {"appeal:2"}


def test_assigning_one_that_waits_takes_a_place(team: Team) -> None:
    (waiting,) = arrive(team.site)
    desk.assign([waiting], team.gleb, actor=ACTOR)
    assert (holder_of(waiting), load_of(team.gleb)) == (team.gleb, 1)


def test_the_same_appeal_named_twice_is_moved_once(team: Team) -> None:
    desk.assign([1, 1], team.gleb, actor=ACTOR)
    desk.close([1, 1], actor=ACTOR)
    assert (load_of(team.vera), load_of(team.gleb)) == (2, 0)


def test_closing_twice_releases_once(team: Team) -> None:
    desk.close([1], actor=ACTOR)
    with refused("closed already"):
        desk.close([1], actor=ACTOR)
    assert load_of(team.vera) == 2


def test_closing_several_passes_over_those_already_closed(team: Team) -> None:
    desk.close([team.closed, *team.held], actor=ACTOR)
    assert load_of(team.vera) == 0
    assert set(changes_of(newest_event_id())) == {f"appeal:{each}" for each in team.held}
    with refused("closed already"):
        desk.close(team.held, actor=ACTOR)


def test_the_note_of_a_bulk_act_counts_what_it_really_closed(team: Team) -> None:
    desk.close([team.closed, team.held[0]], actor=ACTOR)
    assert "2 appeals" not in str(last_event()[2])


def test_closing_one_that_waits_frees_no_place(team: Team) -> None:
    (waiting,) = arrive(team.site)
    desk.close([waiting], actor=ACTOR)
    assert load_of(team.vera) == 3


def test_reopening_above_the_limit_makes_it_wait_and_says_why(team: Team) -> None:
    desk.change_operator(team.vera, max_load=3, actor=ACTOR)
    done = desk.reopen([team.closed], actor=ACTOR)
    assert done.note == "Appeal #4 of lead 3 (bot) reopened: Vera is full (3/3), waiting"
    assert (holder_of(team.closed), load_of(team.vera)) == (None, 3)


def test_reopening_for_one_who_is_off_makes_it_wait_and_says_why(team: Team) -> None:
    desk.change_operator(team.vera, is_active=False, actor=ACTOR)
    assert desk.reopen([team.closed], actor=ACTOR).note == (
        "Appeal #4 of lead 3 (bot) reopened: Vera is off, waiting"
    )


def test_what_cannot_go_back_when_reopened_goes_to_another_who_can(team: Team) -> None:
    desk.change_operator(team.vera, max_load=3, actor=ACTOR)
    desk.set_weight(team.gleb, team.bot, 1, actor=ACTOR)
    desk.reopen([team.closed], actor=ACTOR)
    assert holder_of(team.closed) == team.gleb


def test_reopening_several_fills_the_room_there_is(team: Team) -> None:
    desk.close(team.held, actor=ACTOR)
    desk.change_operator(team.vera, max_load=2, actor=ACTOR)
    done = desk.reopen([*team.held, team.closed], actor=ACTOR)
    assert done.note == "4 appeals reopened, 2 waiting"
    assert holders([*team.held, team.closed]) == [team.vera, team.vera, None, None]
    assert_clean()


def test_what_was_withdrawn_is_not_reopened(team: Team) -> None:
    placed = desk.submit("77", team.bot, "hello", actor=ACTOR).result
    desk.undo(actor=ACTOR)
    with refused("withdrawn"):
        desk.reopen([placed.id], actor=ACTOR)


def test_a_forced_appeal_counts_so_that_the_next_ones_wait(team: Team) -> None:
    desk.set_weight(team.gleb, team.site, 1, actor=ACTOR)
    desk.assign(team.held, team.gleb, force=True, actor=ACTOR)
    assert holders(arrive(team.site)) == [None]
    desk.close([team.held[0]], actor=ACTOR)
    assert holder_of(5) is None
    desk.close([team.held[1]], actor=ACTOR)
    assert holder_of(5) == team.gleb

"""Acts on the team: limits, who is on, who goes home, and who may be deleted."""

import pytest

from leadboard import desk
from tests.desk.conftest import Team
from tests.support import ACTOR, add_operator, add_source, arrive, dump, holders, load_of, rows
from tests.support.acts import assert_clean, changes_of, newest_event_id, refused

pytestmark = pytest.mark.every_engine


def test_a_limit_below_the_load_sheds_nobody(team: Team) -> None:
    desk.change_operator(team.vera, max_load=1, actor=ACTOR)
    assert load_of(team.vera) == 3
    assert holders(team.held) == [team.vera] * 3
    assert holders(arrive(team.bot)) == [None]


def test_who_is_switched_off_keeps_their_appeals_and_gets_no_more(team: Team) -> None:
    desk.change_operator(team.vera, is_active=False, actor=ACTOR)
    assert holders(team.held) == [team.vera] * 3
    assert holders(arrive(team.bot)) == [None]


def test_sending_home_hands_the_appeals_to_others_as_far_as_they_have_room(team: Team) -> None:
    desk.set_weight(team.gleb, team.bot, 1, actor=ACTOR)
    done = desk.send_home([team.vera], actor=ACTOR)
    assert done.note == "Vera is off, 3 appeals returned; 2 waiting handed out"
    assert holders(team.held) == [team.gleb, team.gleb, None]
    assert (load_of(team.vera), load_of(team.gleb)) == (0, 2)


def test_a_step_of_the_limit_stops_at_zero(team: Team) -> None:
    assert desk.step_limit(team.gleb, -100, actor=ACTOR).note == "Gleb: limit 2 → 0"


def test_who_only_ever_had_appeals_that_were_moved_away_is_not_deleted(team: Team) -> None:
    desk.assign([1], team.gleb, actor=ACTOR)
    desk.assign([1], team.vera, actor=ACTOR)
    with refused("has had appeals"):
        desk.delete_operator(team.gleb, actor=ACTOR)


def test_who_only_ever_had_appeals_that_were_returned_is_not_deleted(team: Team) -> None:
    desk.set_weight(team.gleb, team.bot, 1, actor=ACTOR)
    desk.send_home([team.vera], actor=ACTOR)
    desk.send_home([team.gleb], actor=ACTOR)
    with refused("has had appeals"):
        desk.delete_operator(team.gleb, actor=ACTOR)


def test_who_has_only_closed_appeals_is_not_deleted(team: Team) -> None:
    desk.close(team.held, actor=ACTOR)
    with refused("has had appeals"):
        desk.delete_operator(team.vera, actor=ACTOR)


def test_the_history_of_operator_1_does_not_keep_operator_11() -> None:
    ids = [add_operator(f"op {each}") for each in range(12)]
    source = add_source("s")
    (appeal,) = arrive(source)
    desk.assign([appeal], ids[0], actor=ACTOR)
    desk.assign([appeal], ids[1], actor=ACTOR)
    desk.delete_operator(ids[10], actor=ACTOR)
    with refused():
        desk.delete_operator(ids[0], actor=ACTOR)


def test_switching_on_whom_nothing_waits_for_changes_only_them(team: Team) -> None:
    before = dump()
    desk.change_operator(team.boris, is_active=True, actor=ACTOR)
    after = dump()
    assert {name for name in before if before[name] != after[name]} == {
        "operator",
        "event",
        "event_change",
    }
    assert set(changes_of(newest_event_id())) == {f"operator:{team.boris}"}


def test_names_that_differ_only_in_how_they_are_composed_are_the_same(team: Team) -> None:
    add_operator("Jos\u00e9")
    with refused("taken"):
        desk.add_operator(" Jose\u0301", 1, actor=ACTOR)


def test_several_are_switched_off_only_if_all_of_them_are_on(team: Team) -> None:
    note = desk.toggle_active([team.vera, team.boris], actor=ACTOR).note
    assert note.startswith("Boris is on")
    assert desk.toggle_active([team.vera, team.boris], actor=ACTOR).note == (
        "Vera and Boris are off"
    )
    assert rows("SELECT count(*) FROM operator WHERE is_active") == [(1,)]
    desk.undo(actor=ACTOR)
    assert rows("SELECT count(*) FROM operator WHERE is_active") == [(3,)]


def test_none_of_several_sent_home_gets_what_another_gives_back(team: Team) -> None:
    desk.set_weight(team.gleb, team.bot, 5, actor=ACTOR)
    done = desk.send_home([team.vera, team.gleb], actor=ACTOR)
    assert "Vera and Gleb are off" in done.note
    assert rows(
        "SELECT count(*) FROM appeal WHERE operator_id IN (?, ?) AND closed_at IS NULL",
        team.vera,
        team.gleb,
    ) == [(0,)]
    desk.undo(actor=ACTOR)
    assert_clean()

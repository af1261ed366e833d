"""Reversing an act where the world has moved on since: put back whole, or refused with a reason."""

from collections.abc import Callable

import pytest

from leadboard import desk
from tests.desk.conftest import BORIS, BOT, GLEB, HELD, OTHER, SITE, VERA, WAITING
from tests.support import ACTOR, Team, arrive, dump, holder_of, holders, load_of, rows
from tests.support.acts import assert_clean, last_event, refused, snapshot

pytestmark = [pytest.mark.every_engine, pytest.mark.usefixtures("queued")]


def test_undoing_a_close_takes_the_place_back_from_who_got_it_by_that_close() -> None:
    before = snapshot()
    desk.close([1], actor=ACTOR)
    assert holder_of(WAITING[0]) == VERA
    desk.undo(actor=ACTOR)
    assert holder_of(WAITING[0]) is None
    assert snapshot() == before


def test_undoing_a_close_is_refused_when_an_arrival_took_the_place() -> None:
    desk.close(WAITING, actor="setup")
    desk.close([1], actor=ACTOR)
    (late,) = arrive(BOT)
    assert holder_of(late) == VERA
    with refused("Vera has no room for appeal #1 of lead 0 (bot)"):
        desk.undo(actor=ACTOR)


def test_redoing_is_refused_when_the_place_was_taken() -> None:
    desk.assign([1, 2], GLEB, actor=ACTOR)
    desk.undo(actor=ACTOR)
    desk.assign([3], GLEB, actor=OTHER)
    with refused("has changed since"):
        desk.redo(actor=ACTOR)


def test_redoing_what_was_forced_is_forced_again() -> None:
    desk.assign(HELD, GLEB, force=True, actor=ACTOR)
    desk.undo(actor=ACTOR)
    desk.redo(actor=ACTOR)
    assert load_of(GLEB) == 3
    assert last_event()[3] == 1


MOVED_ON: dict[str, tuple[Callable[[], object], Callable[[], object], str]] = {
    "the weight was changed again": (
        lambda: desk.set_weight(VERA, BOT, 7, actor=ACTOR),
        lambda: desk.set_weight(VERA, BOT, 8, actor=OTHER),
        "The weight of Vera for bot has changed since",
    ),
    "the weight was removed": (
        lambda: desk.set_weight(VERA, BOT, 7, actor=ACTOR),
        lambda: desk.unlink(VERA, BOT, actor=OTHER),
        "The weight of Vera for bot has changed since",
    ),
    "the link is there again": (
        lambda: desk.unlink(VERA, BOT, actor=ACTOR),
        lambda: desk.set_weight(VERA, BOT, 8, actor=OTHER),
        "The weight of Vera for bot has changed since",
    ),
    "the limit was changed again": (
        lambda: desk.change_operator(VERA, max_load=2, actor=ACTOR),
        lambda: desk.change_operator(VERA, max_load=1, actor=OTHER),
        "has changed since",
    ),
    "the name was changed again": (
        lambda: desk.change_operator(VERA, name="Vera K", actor=ACTOR),
        lambda: desk.change_operator(VERA, name="Vera L", actor=OTHER),
        "has changed since",
    ),
    "the old name is taken": (
        lambda: desk.change_operator(VERA, name="Vera K", actor=ACTOR),
        lambda: desk.add_operator("Vera", 1, actor=OTHER),
        "Vera is taken",
    ),
    "the old name of a source is taken": (
        lambda: desk.change_source(BOT, name="telegram", actor=ACTOR),
        lambda: desk.add_source("bot", actor=OTHER),
        "bot is taken",
    ),
    "the name of the deleted is taken": (
        lambda: desk.delete_operator(GLEB, actor=ACTOR),
        lambda: desk.add_operator("Gleb", 1, actor=OTHER),
        "taken",
    ),
    "the name of the deleted source is taken": (
        lambda: desk.delete_source(SITE, actor=ACTOR),
        lambda: desk.add_source("site", actor=OTHER),
        "taken",
    ),
    "the source of a deleted weight is gone": (
        lambda: desk.unlink(BORIS, SITE, actor=ACTOR),
        lambda: desk.delete_source(SITE, actor=OTHER),
        "There is no source",
    ),
    "the operator has appeals now": (
        lambda: desk.add_operator("Dora", 3, actor=ACTOR),
        lambda: desk.assign([1], Team().dora, actor=OTHER),
        "has had appeals",
    ),
    "the operator has had appeals": (
        lambda: desk.add_operator("Dora", 3, actor=ACTOR),
        lambda: (desk.assign([1], Team().dora, actor=OTHER), desk.assign([1], GLEB, actor=OTHER)),
        "has had appeals",
    ),
    "the source has appeals now": (
        lambda: desk.add_source("vk", actor=ACTOR),
        lambda: arrive(Team().vk),
        "has appeals",
    ),
    "the operator is gone": (
        lambda: desk.change_operator(GLEB, name="Gleb K", actor=ACTOR),
        lambda: desk.delete_operator(GLEB, actor=OTHER),
        "has changed since",
    ),
    "the appeal was closed": (
        lambda: desk.assign([1], GLEB, actor=ACTOR),
        lambda: desk.close([1], actor=OTHER),
        "Appeal #1 of lead 0 (bot) has changed since",
    ),
    "the appeal was moved on": (
        lambda: desk.assign([1], GLEB, actor=ACTOR),
        lambda: desk.assign([1], BORIS, force=True, actor=OTHER),
        "Appeal #1 of lead 0 (bot) has changed since",
    ),
    "the appeal was opened and closed": (
        lambda: desk.close([WAITING[2]], actor=ACTOR),
        lambda: (
            desk.reopen([WAITING[2]], actor=OTHER),
            desk.close([WAITING[2]], actor=OTHER),
        ),
        "has changed since",
    ),
    "one that waited and got the place was closed": (
        lambda: desk.close([1], actor=ACTOR),
        lambda: desk.close([WAITING[0]], actor=OTHER),
        f"Appeal #{WAITING[0]} of lead 0 (bot) has changed since",
    ),
}


@pytest.mark.parametrize("name", MOVED_ON)
def test_undo_is_refused_with_the_reason_where_the_world_moved_on(name: str) -> None:
    act, later, reason = MOVED_ON[name]
    if name.startswith("the source of a deleted weight"):
        desk.set_weight(BORIS, SITE, 4, actor="setup")
    act()
    later()
    with refused(reason):
        desk.undo(actor=ACTOR)
    assert_clean()


def test_a_bulk_act_is_undone_whole_or_not_at_all() -> None:
    desk.close(WAITING, actor="setup")
    desk.close(HELD, actor=ACTOR)
    arrive(BOT)
    with refused("no room"):
        desk.undo(actor=ACTOR)
    assert load_of(VERA) == 1


def test_what_a_later_act_did_elsewhere_does_not_stand_in_the_way() -> None:
    desk.change_operator(VERA, name="Vera K", actor=ACTOR)
    desk.change_operator(VERA, max_load=9, actor=OTHER)
    desk.undo(actor=ACTOR)
    assert rows("SELECT name, max_load FROM operator WHERE id = ?", VERA) == [("Vera", 9)]


def test_undoing_a_close_puts_nobody_above_their_limit() -> None:
    desk.change_operator(VERA, max_load=1, actor="setup")
    desk.close([1], actor=ACTOR)
    with refused("no room"):
        desk.undo(actor=ACTOR)


def test_a_refusal_about_a_weight_of_who_was_deleted_names_nobody_none() -> None:
    desk.set_weight(GLEB, SITE, 7, actor=ACTOR)
    desk.delete_operator(GLEB, actor=OTHER)
    with refused("has changed since"):
        desk.undo(actor=ACTOR)


def test_undoing_the_switching_off_hands_out_what_came_meanwhile() -> None:
    desk.close([*HELD, *WAITING], actor="setup")
    desk.change_operator(VERA, is_active=False, actor=ACTOR)
    late = arrive(BOT, 4)
    assert holders(late) == [None] * 4
    desk.undo(actor=ACTOR)
    assert holders(late) == [VERA] * 3 + [None]
    desk.redo(actor=ACTOR)
    assert holders(late) == [None] * 4
    assert_clean()


def test_undoing_a_submission_withdraws_the_appeal_and_redo_brings_it_back() -> None:
    desk.close(HELD, actor="setup")
    desk.close([WAITING[0]], actor="setup")
    placed = desk.submit("77", BOT, "hello", actor=ACTOR).result
    assert (placed.operator_id, load_of(VERA)) == (VERA, 3)
    after = snapshot()
    desk.undo(actor=ACTOR)
    row = rows(
        "SELECT closed_at IS NULL, withdrawn, operator_id FROM appeal WHERE id = ?", placed.id
    )
    assert row == [(0, 1, VERA)]
    assert load_of(VERA) == 2
    assert_clean()
    desk.redo(actor=ACTOR)
    assert snapshot() == after
    assert_clean()


def test_a_withdrawn_appeal_is_closed_at_a_moment_like_any_other() -> None:
    desk.submit("77", SITE, "hello", actor=ACTOR)
    desk.undo(actor=ACTOR)
    desk.close([1], actor=ACTOR)
    moments = rows("SELECT closed_at FROM appeal WHERE closed_at IS NOT NULL")
    assert len(moments) == 3
    assert {(len(str(each)), str(each)[-1]) for (each,) in moments} == {(27, "Z")}


def test_undoing_a_submission_that_waited_withdraws_it() -> None:
    placed = desk.submit("77", SITE, "hello", actor=ACTOR).result
    after = snapshot()
    desk.undo(actor=ACTOR)
    desk.set_weight(GLEB, SITE, 1, actor=OTHER)
    assert holder_of(placed.id) is None
    desk.undo(actor=OTHER)
    desk.redo(actor=ACTOR)
    assert snapshot() == after


def test_redoing_a_submission_lets_it_go_to_who_can_take_it_now() -> None:
    placed = desk.submit("77", SITE, "hello", actor=ACTOR).result
    desk.undo(actor=ACTOR)
    desk.set_weight(GLEB, SITE, 1, actor=OTHER)
    desk.redo(actor=ACTOR)
    assert holder_of(placed.id) == GLEB
    assert_clean()


def test_withdrawing_frees_the_place_for_who_waits() -> None:
    desk.change_operator(VERA, max_load=7, actor="setup")
    desk.submit("77", BOT, "hello", actor=ACTOR)
    (waiting,) = arrive(BOT)
    desk.undo(actor=ACTOR)
    assert holder_of(waiting) == VERA
    desk.redo(actor=ACTOR)
    assert holder_of(waiting) is None
    assert_clean()


def test_a_message_that_was_withdrawn_and_comes_again_stays_withdrawn() -> None:
    placed = desk.submit("77", BOT, "hello", "k", actor=ACTOR).result
    desk.undo(actor=ACTOR)
    before = dump()
    assert desk.submit("77", BOT, "hello", "k", actor=OTHER).result.id == placed.id
    assert dump() == before


def test_a_submission_that_was_closed_since_is_not_undone() -> None:
    placed = desk.submit("77", SITE, "hello", actor=ACTOR).result
    desk.close([placed.id], actor=OTHER)
    with refused("has changed since"):
        desk.undo(actor=ACTOR)

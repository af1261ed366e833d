"""An appeal entered for one operator: by hand, within the limit, and no draw of the lottery."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

import allocator
from leadboard import desk
from leadboard.allocation.verification import verify
from leadboard.common.errors import Refused
from leadboard.database.connection import database
from leadboard.queries.explanation import explain
from tests.desk.conftest import Crowd, Team
from tests.support import (
    ACTOR,
    add_operator,
    add_source,
    arrive,
    holder_of,
    holders,
    load_of,
    number,
    rows,
)
from tests.support.acts import assert_clean, last_event, newest_event_id, refused

pytestmark = pytest.mark.every_engine


def give(team: Team, operator_id: int) -> None:
    desk.submit_to("77", team.bot, "hello", None, operator_id, actor=ACTOR)


def test_it_goes_to_that_operator_whoever_serves_the_source(team: Team) -> None:
    done = desk.submit_to("77", team.site, "hello", None, team.gleb, actor=ACTOR)
    placed = done.result
    assert (placed.operator_id, placed.operator, placed.reason) == (team.gleb, "Gleb", None)
    assert holder_of(placed.id) == team.gleb
    assert load_of(team.gleb) == 1
    assert_clean()


def test_its_details_say_that_it_was_given_by_hand(team: Team) -> None:
    done = desk.submit_to("77", team.bot, "hello", None, team.gleb, actor=ACTOR)
    found = explain(done.result.id)
    assert (found.draw, found.roster) == (None, ())
    assert [each.words for each in found.since] == ["received by anna (submit), with Gleb"]


def test_the_fairness_of_the_lottery_is_not_judged_by_it(team: Team) -> None:
    draws = verify().draws
    desk.submit_to("77", team.bot, "hello", None, team.gleb, actor=ACTOR)
    assert verify().draws == draws


def test_it_is_refused_to_one_who_is_full_or_off_and_nothing_is_stored(team: Team) -> None:
    for _ in range(2):
        give(team, team.gleb)
    with refused("Gleb is full (2/2)."):
        give(team, team.gleb)
    with refused("Boris is off."):
        give(team, team.boris)
    with refused("There is no operator #99."):
        give(team, 99)
    with refused("There is no source #99."):
        desk.submit_to("77", 99, "hello", None, team.gleb, actor=ACTOR)
    with refused("The lead's id is empty."):
        desk.submit_to(" ", team.bot, "hello", None, team.gleb, actor=ACTOR)


def test_a_known_key_gives_the_first_appeal_and_changes_nothing(team: Team) -> None:
    first = desk.submit_to("77", team.bot, "hello", "k", team.gleb, actor=ACTOR)
    events = newest_event_id()
    again = desk.submit_to("77", team.bot, "hello", "k", team.vera, actor=ACTOR)
    assert again.event_id is None
    assert again.result.is_repeat
    assert again.note == f"Appeal #{first.result.id} of 77 (bot) is known by its key, Gleb"
    assert (again.result.id, again.result.operator_id) == (first.result.id, team.gleb)
    assert newest_event_id() == events
    assert load_of(team.vera) == 3
    other = desk.submit_to("77", team.bot, "other", "k", team.vera, actor=ACTOR)
    assert other.note.endswith("Gleb; its text differs")
    assert_clean()


def test_a_known_key_is_answered_although_the_operator_is_full_by_now(team: Team) -> None:
    desk.change_operator(team.gleb, max_load=1, actor="setup")
    first = desk.submit_to("77", team.bot, "hello", "k", team.gleb, actor=ACTOR)
    again = desk.submit_to("77", team.bot, "hello", "k", team.gleb, actor=ACTOR)
    assert again.result.id == first.result.id


def test_undo_withdraws_it_and_redo_brings_it_back_to_the_same_operator(team: Team) -> None:
    placed = desk.submit_to("77", team.bot, "hello", None, team.gleb, actor=ACTOR).result
    desk.undo(actor=ACTOR)
    assert rows("SELECT withdrawn FROM appeal WHERE id = ?", placed.id) == [(1,)]
    assert load_of(team.gleb) == 0
    assert_clean()
    desk.redo(actor=ACTOR)
    assert rows("SELECT withdrawn FROM appeal WHERE id = ?", placed.id) == [(0,)]
    assert holder_of(placed.id) == team.gleb
    assert load_of(team.gleb) == 1
    assert_clean()
    desk.undo(actor=ACTOR)
    desk.change_operator(team.gleb, max_load=0, actor="boris")
    with refused("Gleb has no room for appeal"):
        desk.redo(actor=ACTOR)


def test_it_takes_a_free_place_before_nobody_and_those_who_wait_go_on_waiting(
    crowd: Crowd,
) -> None:
    placed = desk.submit_to("77", crowd.bot, "hello", None, crowd.boris, actor=ACTOR).result
    assert placed.operator_id == crowd.boris
    assert holders(crowd.waiting) == [None] * 3
    assert last_event()[2] == f"Appeal #{placed.id} of 77 (bot) entered, given to Boris"
    assert_clean()


def test_of_two_at_once_for_the_last_place_one_is_refused(team: Team) -> None:
    desk.change_operator(team.gleb, max_load=1, actor="setup")
    start = Barrier(2)

    def submit(lead: str) -> str:
        with database.connection_context():
            start.wait()
            try:
                desk.submit_to(lead, team.bot, "", None, team.gleb, actor=lead)
            except Refused as refusal:
                return str(refusal)
            return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(submit, ["one", "two"]))
    assert outcomes == ["Gleb is full (1/1).", "done"]
    assert number("SELECT count(*) FROM lead WHERE external_id IN ('one', 'two')") == 1
    assert_clean()


def test_beside_a_bot_that_draws_for_the_same_operator_the_limit_holds() -> None:
    vera = add_operator("Vera", 5)
    bot = add_source("bot", (vera, 1))
    start = Barrier(2)

    def by_hand() -> None:
        with database.connection_context():
            start.wait()
            for each in range(5):
                try:
                    desk.submit_to(f"hand {each % 2}", bot, "", f"h{each}", vera, actor=ACTOR)
                except Refused:
                    return

    def by_bot() -> None:
        with database.connection_context():
            start.wait()
            for each in range(5):
                allocator.submit(f"hand {each % 2}", bot, "", f"b{each}")

    with ThreadPoolExecutor(2) as pool:
        for task in [pool.submit(by_hand), pool.submit(by_bot)]:
            task.result()
    assert load_of(vera) == 5
    assert_clean()


def test_later_it_is_returned_closed_and_reopened_like_any_other(team: Team) -> None:
    placed = desk.submit_to("77", team.bot, "hello", None, team.gleb, actor=ACTOR).result
    desk.close([placed.id], actor=ACTOR)
    desk.reopen([placed.id], actor=ACTOR)
    assert holder_of(placed.id) == team.gleb
    desk.give_back([placed.id], actor=ACTOR)
    assert holder_of(placed.id) == team.vera
    assert arrive(team.bot)
    assert_clean()

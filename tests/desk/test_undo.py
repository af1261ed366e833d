"""Taking acts back and doing them again: always the whole of an act, or a reason and nothing."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from allocator import DRAIN_BATCH
from leadboard import desk
from leadboard.allocation import audit
from leadboard.common.errors import Refused
from leadboard.database.connection import database
from models import open_database
from tests.acts_model import (
    ACTOR,
    add_operator,
    add_source,
    arrive,
    assert_clean,
    assert_record_replays,
    everything,
    holder_of,
    holders_of,
    last_event,
    load_of,
    newest_event_id,
    opened,
    refused,
    scalar,
    select,
    snapshot,
    spoil,
    subjects,
)

pytestmark = pytest.mark.every_engine

OTHER = "boris"

VERA, BORIS, GLEB, BOT, SITE = 1, 2, 3, 1, 2
HELD, CLOSED, WAITING = [1, 2, 3], 4, [5, 6, 7]


@pytest.fixture(autouse=True)
def book(target: str) -> Iterator[str]:
    """Open a book: Vera holds three of three, Boris is off, Gleb is new; three appeals wait."""
    with opened(target) as path:
        add_operator("Vera", 4), add_operator("Boris", 2), add_operator("Gleb", 2)
        add_source("bot", (VERA, 1_000_000), (BORIS, 20)), add_source("site")
        desk.set_active(BORIS, False, actor="setup")
        arrive(BOT, 4)
        desk.close([CLOSED], actor="setup")
        desk.set_limit(VERA, 3, actor="setup")
        arrive(BOT, 3)
        yield path


DORA = {"name": "Dora", "max_load": 7, "is_active": True}

ACTS: dict[str, Callable[[], object]] = {
    "add_operator": lambda: desk.add_operator("Dora", 7, actor=ACTOR),
    "edit_operator": lambda: desk.edit_operator(VERA, "Vera K", 5, actor=ACTOR),
    "rename_operator": lambda: desk.rename_operator(VERA, "Vera K", actor=ACTOR),
    "set_limit": lambda: desk.set_limit(VERA, 4, actor=ACTOR),
    "set_limit for all": lambda: desk.set_limit(VERA, 40, actor=ACTOR),
    "set_limit below the load": lambda: desk.set_limit(VERA, 1, actor=ACTOR),
    "step_limit": lambda: desk.step_limit(VERA, 2, actor=ACTOR),
    "set_active": lambda: desk.set_active(BORIS, True, actor=ACTOR),
    "set_active off": lambda: desk.set_active(VERA, False, actor=ACTOR),
    "toggle_active": lambda: desk.toggle_active(BORIS, actor=ACTOR),
    "send_home": lambda: desk.send_home(VERA, actor=ACTOR),
    "delete_operator": lambda: desk.delete_operator(BORIS, actor=ACTOR),
    "add_source": lambda: desk.add_source("vk", actor=ACTOR),
    "rename_source": lambda: desk.rename_source(BOT, "telegram", actor=ACTOR),
    "delete_source": lambda: desk.delete_source(SITE, actor=ACTOR),
    "set_weight": lambda: desk.set_weight(VERA, BOT, 7, actor=ACTOR),
    "set_weight of a new link": lambda: desk.set_weight(GLEB, BOT, 7, actor=ACTOR),
    "replace_weight": lambda: desk.replace_weight(GLEB, BOT, None, 7, actor=ACTOR),
    "step_weight": lambda: desk.step_weight(VERA, BOT, -1_000_000, actor=ACTOR),
    "unlink": lambda: desk.unlink(VERA, BOT, actor=ACTOR),
    "spread": lambda: desk.spread(BOT, actor=ACTOR),
    "set_weights": lambda: desk.set_weights(
        [(VERA, BOT, None), (GLEB, BOT, 7), (BORIS, BOT, 20)], actor=ACTOR
    ),
    "import_operators": lambda: desk.import_operators(
        [(VERA, {"name": "Vera K", "max_load": 9}), (None, DORA)], actor=ACTOR
    ),
    "change_operator": lambda: desk.change_operator(
        VERA, {"name": "Vera K", "max_load": 2, "is_active": False}, actor=ACTOR
    ),
    "import_sources": lambda: desk.import_sources(
        [(BOT, {"name": "telegram"}), (None, {"name": "vk"})], actor=ACTOR
    ),
    "assign": lambda: desk.assign([1], GLEB, actor=ACTOR),
    "assign several": lambda: desk.assign([1, WAITING[2]], GLEB, actor=ACTOR),
    "assign by force": lambda: desk.assign([*HELD, *WAITING], GLEB, force=True, actor=ACTOR),
    "assign to one who is off": lambda: desk.assign([1], BORIS, force=True, actor=ACTOR),
    "give_back": lambda: desk.give_back([2], actor=ACTOR),
    "give_back several": lambda: desk.give_back(HELD, actor=ACTOR),
    "close": lambda: desk.close([1], actor=ACTOR),
    "close several": lambda: desk.close([*HELD, CLOSED], actor=ACTOR),
    "close what waits": lambda: desk.close([WAITING[0]], actor=ACTOR),
    "reopen": lambda: desk.reopen([CLOSED], actor=ACTOR),
}


def test_every_act_is_undone_here() -> None:
    tested = {name.split()[0] for name in ACTS} | {"submit"}
    assert tested == set(desk.__all__) - {"Done", "undo", "redo"}


@pytest.mark.parametrize("name", ACTS)
def test_undo_brings_back_the_state_before_and_redo_the_state_after(name: str) -> None:
    before = snapshot()
    ACTS[name]()
    after = snapshot()
    assert after != before
    for _ in range(2):
        desk.undo(actor=ACTOR)
        assert snapshot() == before
        assert_clean()
        desk.redo(actor=ACTOR)
        assert snapshot() == after
        assert_clean()


@pytest.mark.parametrize("name", ACTS)
def test_an_undo_is_an_act_that_says_what_it_did(name: str) -> None:
    ACTS[name]()
    _, _, note, forced = last_event()
    was = subjects()
    undone = desk.undo(actor=ACTOR)
    assert last_event() == (ACTOR, "undo", f"Undone: {note}", 0)
    assert undone.event_id is not None
    assert_record_replays(undone.event_id, was, subjects())
    was = subjects()
    redone = desk.redo(actor=ACTOR)
    assert last_event() == (ACTOR, "redo", f"Redone: {note}", forced)
    assert redone.event_id is not None
    assert_record_replays(redone.event_id, was, subjects())


@pytest.mark.parametrize("name", ACTS)
def test_undo_works_after_a_restart(name: str, book: Path) -> None:
    before = snapshot()
    ACTS[name]()
    after = snapshot()
    database.close()
    open_database(book)
    desk.undo(actor=ACTOR)
    assert snapshot() == before
    database.close()
    open_database(book)
    desk.redo(actor=ACTOR)
    assert snapshot() == after


# --- the stack ---------------------------------------------------------------------------------


def test_undo_goes_back_act_by_act_and_redo_forth_again() -> None:
    states = [snapshot()]
    for name in ("rename_operator", "close", "spread", "send_home"):
        ACTS[name]()
        states.append(snapshot())
    for state in reversed(states[:-1]):
        desk.undo(actor=ACTOR)
        assert snapshot() == state
    with refused("nothing of yours to undo"):
        desk.undo(actor=ACTOR)
    for state in states[1:]:
        desk.redo(actor=ACTOR)
        assert snapshot() == state
    with refused("nothing of yours to redo"):
        desk.redo(actor=ACTOR)


def test_a_new_act_clears_what_could_be_redone() -> None:
    desk.rename_operator(VERA, "Vera K", actor=ACTOR)
    desk.undo(actor=ACTOR)
    desk.rename_operator(GLEB, "Gleb K", actor=ACTOR)
    with refused("nothing of yours to redo"):
        desk.redo(actor=ACTOR)


def test_after_a_redo_undo_takes_the_same_act_back_again() -> None:
    before = snapshot()
    ACTS["close"]()
    desk.undo(actor=ACTOR)
    desk.redo(actor=ACTOR)
    desk.undo(actor=ACTOR)
    assert snapshot() == before


def test_undo_takes_back_only_the_latest_of_ones_own() -> None:
    desk.rename_operator(VERA, "Vera K", actor=ACTOR)
    desk.rename_operator(GLEB, "Gleb K", actor=OTHER)
    desk.undo(actor=ACTOR)
    assert select("SELECT name FROM operator ORDER BY id") == [("Vera",), ("Boris",), ("Gleb K",)]
    with refused("nothing of yours"):
        desk.undo(actor=ACTOR)
    desk.undo(actor=OTHER)
    assert scalar("SELECT name FROM operator WHERE id = ?", GLEB) == "Gleb"


def test_redo_repeats_only_what_one_has_undone_oneself() -> None:
    event = desk.rename_operator(VERA, "Vera K", actor=ACTOR).event_id
    desk.undo(event, actor=OTHER)
    with refused("nothing of yours to redo"):
        desk.redo(actor=ACTOR)
    desk.redo(actor=OTHER)
    assert scalar("SELECT name FROM operator WHERE id = ?", VERA) == "Vera K"


def test_a_named_act_is_taken_back_whoever_did_it_and_whatever_came_after() -> None:
    first = desk.rename_operator(VERA, "Vera K", actor=OTHER)
    desk.rename_operator(GLEB, "Gleb K", actor=ACTOR)
    desk.undo(first.event_id, actor=ACTOR)
    assert select("SELECT name FROM operator ORDER BY id") == [("Vera",), ("Boris",), ("Gleb K",)]
    desk.redo(first.event_id, actor=ACTOR)
    assert scalar("SELECT name FROM operator WHERE id = ?", VERA) == "Vera K"


def test_undo_passes_over_what_somebody_else_has_undone() -> None:
    desk.rename_operator(VERA, "Vera K", actor=ACTOR)
    second = desk.rename_operator(GLEB, "Gleb K", actor=ACTOR)
    desk.undo(second.event_id, actor=OTHER)
    desk.undo(actor=ACTOR)
    assert scalar("SELECT name FROM operator WHERE id = ?", VERA) == "Vera"


def test_what_is_undone_is_not_undone_again() -> None:
    event = desk.rename_operator(VERA, "Vera K", actor=ACTOR).event_id
    undone = desk.undo(actor=ACTOR).event_id
    for each in (event, undone):
        with refused("undone already"):
            desk.undo(each, actor=OTHER)


def test_what_stands_is_not_redone() -> None:
    event = desk.rename_operator(VERA, "Vera K", actor=ACTOR).event_id
    with refused("stands already"):
        desk.redo(event, actor=ACTOR)


def test_a_repair_is_never_undone() -> None:
    spoil("UPDATE operator SET load = 9 WHERE id = ?", GLEB)
    audit.repair(ACTOR)
    assert last_event()[:2] == (ACTOR, "repair")
    with refused("nothing of yours"):
        desk.undo(actor=ACTOR)
    with refused("repair is not undone"):
        desk.undo(newest_event_id(), actor=ACTOR)


# --- where the world has moved on --------------------------------------------------------------


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
    with refused("was changed since"):
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
        "The weight of Vera for bot was changed since",
    ),
    "the weight was removed": (
        lambda: desk.set_weight(VERA, BOT, 7, actor=ACTOR),
        lambda: desk.unlink(VERA, BOT, actor=OTHER),
        "The weight of Vera for bot was changed since",
    ),
    "the link is there again": (
        lambda: desk.unlink(VERA, BOT, actor=ACTOR),
        lambda: desk.set_weight(VERA, BOT, 8, actor=OTHER),
        "The weight of Vera for bot was changed since",
    ),
    "the limit was changed again": (
        lambda: desk.set_limit(VERA, 2, actor=ACTOR),
        lambda: desk.set_limit(VERA, 1, actor=OTHER),
        "was changed since",
    ),
    "the name was changed again": (
        lambda: desk.rename_operator(VERA, "Vera K", actor=ACTOR),
        lambda: desk.rename_operator(VERA, "Vera L", actor=OTHER),
        "was changed since",
    ),
    "the old name is taken": (
        lambda: desk.rename_operator(VERA, "Vera K", actor=ACTOR),
        lambda: desk.add_operator("Vera", 1, actor=OTHER),
        "Vera is taken",
    ),
    "the old name of a source is taken": (
        lambda: desk.rename_source(BOT, "telegram", actor=ACTOR),
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
        lambda: desk.assign([1], 4, actor=OTHER),
        "has had appeals",
    ),
    "the operator has had appeals": (
        lambda: desk.add_operator("Dora", 3, actor=ACTOR),
        lambda: (desk.assign([1], 4, actor=OTHER), desk.assign([1], GLEB, actor=OTHER)),
        "has had appeals",
    ),
    "the source has appeals now": (
        lambda: desk.add_source("vk", actor=ACTOR),
        lambda: arrive(3),
        "has appeals",
    ),
    "the operator is gone": (
        lambda: desk.rename_operator(GLEB, "Gleb K", actor=ACTOR),
        lambda: desk.delete_operator(GLEB, actor=OTHER),
        "was changed since",
    ),
    "the appeal was closed": (
        lambda: desk.assign([1], GLEB, actor=ACTOR),
        lambda: desk.close([1], actor=OTHER),
        "Appeal #1 of lead 0 (bot) was changed since",
    ),
    "the appeal was moved on": (
        lambda: desk.assign([1], GLEB, actor=ACTOR),
        lambda: desk.assign([1], BORIS, force=True, actor=OTHER),
        "Appeal #1 of lead 0 (bot) was changed since",
    ),
    "the appeal was opened and closed": (
        lambda: desk.close([WAITING[2]], actor=ACTOR),
        lambda: (
            desk.reopen([WAITING[2]], actor=OTHER),
            desk.close([WAITING[2]], actor=OTHER),
        ),
        "was changed since",
    ),
    "one that waited and got the place was closed": (
        lambda: desk.close([1], actor=ACTOR),
        lambda: desk.close([WAITING[0]], actor=OTHER),
        f"Appeal #{WAITING[0]} of lead 0 (bot) was changed since",
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
    desk.rename_operator(VERA, "Vera K", actor=ACTOR)
    desk.set_limit(VERA, 9, actor=OTHER)
    desk.undo(actor=ACTOR)
    assert select("SELECT name, max_load FROM operator WHERE id = ?", VERA) == [("Vera", 9)]


def test_undoing_a_close_puts_nobody_above_his_limit() -> None:
    desk.set_limit(VERA, 1, actor="setup")
    desk.close([1], actor=ACTOR)
    with refused("no room"):
        desk.undo(actor=ACTOR)


def test_a_refusal_about_a_weight_of_who_was_deleted_names_nobody_none() -> None:
    desk.set_weight(GLEB, SITE, 7, actor=ACTOR)
    desk.delete_operator(GLEB, actor=OTHER)
    with refused("was changed since"):
        desk.undo(actor=ACTOR)


def test_undoing_the_switching_off_hands_out_what_came_meanwhile() -> None:
    desk.close([*HELD, *WAITING], actor="setup")
    desk.set_active(VERA, False, actor=ACTOR)
    late = arrive(BOT, 4)
    assert holders_of(late) == [None] * 4
    desk.undo(actor=ACTOR)
    assert holders_of(late) == [VERA] * 3 + [None]
    desk.redo(actor=ACTOR)
    assert holders_of(late) == [None] * 4
    assert_clean()


# --- appeals entered by hand --------------------------------------------------------------------


def test_undoing_a_submission_withdraws_the_appeal_and_redo_brings_it_back() -> None:
    desk.close(HELD, actor="setup")
    desk.close([WAITING[0]], actor="setup")
    placed = desk.submit("77", BOT, "hello", actor=ACTOR)
    assert (placed.operator_id, load_of(VERA)) == (VERA, 3)
    after = snapshot()
    desk.undo(actor=ACTOR)
    row = select(
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
    moments = select("SELECT closed_at FROM appeal WHERE closed_at IS NOT NULL")
    assert len(moments) == 3
    assert {(len(str(each)), str(each)[-1]) for (each,) in moments} == {(27, "Z")}


def test_undoing_a_submission_that_waited_withdraws_it() -> None:
    placed = desk.submit("77", SITE, "hello", actor=ACTOR)
    after = snapshot()
    desk.undo(actor=ACTOR)
    desk.set_weight(GLEB, SITE, 1, actor=OTHER)
    assert holder_of(placed.id) is None
    desk.undo(actor=OTHER)
    desk.redo(actor=ACTOR)
    assert snapshot() == after


def test_redoing_a_submission_lets_it_go_to_who_can_take_it_now() -> None:
    placed = desk.submit("77", SITE, "hello", actor=ACTOR)
    desk.undo(actor=ACTOR)
    desk.set_weight(GLEB, SITE, 1, actor=OTHER)
    desk.redo(actor=ACTOR)
    assert holder_of(placed.id) == GLEB
    assert_clean()


def test_withdrawing_frees_the_place_for_who_waits() -> None:
    desk.set_limit(VERA, 7, actor="setup")
    desk.submit("77", BOT, "hello", actor=ACTOR)
    (waiting,) = arrive(BOT)
    desk.undo(actor=ACTOR)
    assert holder_of(waiting) == VERA
    desk.redo(actor=ACTOR)
    assert holder_of(waiting) is None
    assert_clean()


def test_a_message_that_was_withdrawn_and_comes_again_stays_withdrawn() -> None:
    placed = desk.submit("77", BOT, "hello", "k", actor=ACTOR)
    desk.undo(actor=ACTOR)
    before = everything()
    assert desk.submit("77", BOT, "hello", "k", actor=OTHER).id == placed.id
    assert everything() == before


def test_a_submission_that_was_closed_since_is_not_undone() -> None:
    placed = desk.submit("77", SITE, "hello", actor=ACTOR)
    desk.close([placed.id], actor=OTHER)
    with refused("was changed since"):
        desk.undo(actor=ACTOR)


# --- two at once -------------------------------------------------------------------------------


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_who_undo_the_same_act_at_once_one_wins(attempt: int) -> None:
    before = snapshot()
    event = desk.close(HELD, actor=ACTOR).event_id
    start = Barrier(2)

    def try_to_undo(actor: str) -> str:
        with database.connection_context():
            start.wait()
            try:
                return desk.undo(event, actor=actor).note
            except Refused as refusal:
                return str(refusal)

    with ThreadPoolExecutor(2) as both:
        answers = sorted(both.map(try_to_undo, [ACTOR, OTHER]))
    assert snapshot() == before
    assert sum(answer.startswith("Undone: ") for answer in answers) == 1
    assert sum("undone already" in each or "quicker" in each for each in answers) == 1
    assert scalar("SELECT count(*) FROM event WHERE act = 'undo'") == 1


def test_who_is_too_late_to_undo_is_told_that_somebody_was_quicker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event = desk.close(HELD, actor=ACTOR).event_id
    real = desk.undo.__globals__["record"]

    def overtaken(*arguments: object, **named: object) -> object:
        monkeypatch.undo()
        desk.undo(event, actor=OTHER)
        return real(*arguments, **named)

    monkeypatch.setitem(desk.undo.__globals__, "record", overtaken)
    with pytest.raises(Refused, match="Somebody was quicker"):
        desk.undo(event, actor=ACTOR)
    assert scalar("SELECT count(*) FROM event WHERE act = 'undo'") == 1


def test_an_act_is_undone_with_all_the_batches_that_flowed_from_it() -> None:
    many = DRAIN_BATCH + 50
    desk.close([*HELD, *WAITING], actor="setup")
    desk.set_limit(VERA, 0, actor="setup")
    late = arrive(BOT, many)
    before = snapshot()
    done = desk.set_limit(VERA, many, actor=ACTOR)
    assert done.note.endswith(f"{many} waiting handed out")
    assert last_event()[2] == done.note
    assert holders_of(late) == [VERA] * many
    desk.undo(actor=ACTOR)
    assert snapshot() == before
    desk.redo(actor=ACTOR)
    assert load_of(VERA) == many
    assert_clean()

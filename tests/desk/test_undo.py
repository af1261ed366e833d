"""Taking acts back and doing them again: always the whole of an act, or a reason and nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from leadboard import desk
from leadboard.allocation import audit
from leadboard.allocation.backlog import DRAIN_BATCH
from leadboard.common.errors import Refused
from leadboard.database.connection import database
from leadboard.entities import OPERATOR, SOURCE
from models import open_database
from tests.desk.conftest import BORIS, BOT, CLOSED, GLEB, HELD, OTHER, SITE, VERA, WAITING
from tests.support import ACTOR, arrive, holders, load_of, rows, scalar
from tests.support.acts import (
    assert_clean,
    assert_record_replays,
    last_event,
    newest_event_id,
    refused,
    snapshot,
    subjects,
)

pytestmark = [pytest.mark.every_engine, pytest.mark.usefixtures("queued")]


DORA = {"name": "Dora", "max_load": 7, "is_active": True}


ACTS: dict[str, Callable[[], object]] = {
    "add_operator": lambda: desk.add_operator("Dora", 7, actor=ACTOR),
    "change_operator name and limit": lambda: desk.change_operator(
        VERA, name="Vera K", max_load=5, actor=ACTOR
    ),
    "change_operator name": lambda: desk.change_operator(VERA, name="Vera K", actor=ACTOR),
    "change_operator limit": lambda: desk.change_operator(VERA, max_load=4, actor=ACTOR),
    "change_operator limit for all": lambda: desk.change_operator(VERA, max_load=40, actor=ACTOR),
    "change_operator limit below the load": lambda: desk.change_operator(
        VERA, max_load=1, actor=ACTOR
    ),
    "step_limit": lambda: desk.step_limit(VERA, 2, actor=ACTOR),
    "change_operator on": lambda: desk.change_operator(BORIS, is_active=True, actor=ACTOR),
    "change_operator off": lambda: desk.change_operator(VERA, is_active=False, actor=ACTOR),
    "toggle_active": lambda: desk.toggle_active([BORIS], actor=ACTOR),
    "send_home": lambda: desk.send_home([VERA], actor=ACTOR),
    "delete_operator": lambda: desk.delete_operator(BORIS, actor=ACTOR),
    "add_source": lambda: desk.add_source("vk", actor=ACTOR),
    "change_source": lambda: desk.change_source(BOT, name="telegram", actor=ACTOR),
    "delete_source": lambda: desk.delete_source(SITE, actor=ACTOR),
    "set_weight": lambda: desk.set_weight(VERA, BOT, 7, actor=ACTOR),
    "set_weight of a new link": lambda: desk.set_weight(GLEB, BOT, 7, actor=ACTOR),
    "replace_weight": lambda: desk.replace_weight(GLEB, BOT, None, 7, actor=ACTOR),
    "step_weight": lambda: desk.step_weight(VERA, BOT, -1_000_000, actor=ACTOR),
    "unlink": lambda: desk.unlink(VERA, BOT, actor=ACTOR),
    "spread": lambda: desk.spread(BOT, actor=ACTOR),
    "spread_row": lambda: desk.spread_row(BORIS, actor=ACTOR),
    "scale": lambda: desk.scale(BOT, "50%", actor=ACTOR),
    "scale_row": lambda: desk.scale_row(VERA, "1%", actor=ACTOR),
    "set_weights": lambda: desk.set_weights(
        [(VERA, BOT, None), (GLEB, BOT, 7), (BORIS, BOT, 20)], actor=ACTOR
    ),
    "import_rows of operators": lambda: desk.import_rows(
        OPERATOR, [(VERA, {"name": "Vera K", "max_load": 9}), (None, DORA)], actor=ACTOR
    ),
    "change_operator": lambda: desk.change_operator(
        VERA, **{"name": "Vera K", "max_load": 2, "is_active": False}, actor=ACTOR
    ),
    "import_rows of sources": lambda: desk.import_rows(
        SOURCE, [(BOT, {"name": "telegram"}), (None, {"name": "vk"})], actor=ACTOR
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
    tested = {name.split()[0] for name in ACTS} | {"submit", "submit_to"}
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
    for name in ("change_operator name", "close", "spread", "send_home"):
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
    desk.change_operator(VERA, name="Vera K", actor=ACTOR)
    desk.undo(actor=ACTOR)
    desk.change_operator(GLEB, name="Gleb K", actor=ACTOR)
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
    desk.change_operator(VERA, name="Vera K", actor=ACTOR)
    desk.change_operator(GLEB, name="Gleb K", actor=OTHER)
    desk.undo(actor=ACTOR)
    assert rows("SELECT name FROM operator ORDER BY id") == [("Vera",), ("Boris",), ("Gleb K",)]
    with refused("nothing of yours"):
        desk.undo(actor=ACTOR)
    desk.undo(actor=OTHER)
    assert scalar("SELECT name FROM operator WHERE id = ?", GLEB) == "Gleb"


def test_redo_repeats_only_what_one_has_undone_oneself() -> None:
    event = desk.change_operator(VERA, name="Vera K", actor=ACTOR).event_id
    desk.undo(event, actor=OTHER)
    with refused("nothing of yours to redo"):
        desk.redo(actor=ACTOR)
    desk.redo(actor=OTHER)
    assert scalar("SELECT name FROM operator WHERE id = ?", VERA) == "Vera K"


def test_a_named_act_is_taken_back_whoever_did_it_and_whatever_came_after() -> None:
    first = desk.change_operator(VERA, name="Vera K", actor=OTHER)
    desk.change_operator(GLEB, name="Gleb K", actor=ACTOR)
    desk.undo(first.event_id, actor=ACTOR)
    assert rows("SELECT name FROM operator ORDER BY id") == [("Vera",), ("Boris",), ("Gleb K",)]
    desk.redo(first.event_id, actor=ACTOR)
    assert scalar("SELECT name FROM operator WHERE id = ?", VERA) == "Vera K"


def test_undo_passes_over_what_somebody_else_has_undone() -> None:
    desk.change_operator(VERA, name="Vera K", actor=ACTOR)
    second = desk.change_operator(GLEB, name="Gleb K", actor=ACTOR)
    desk.undo(second.event_id, actor=OTHER)
    desk.undo(actor=ACTOR)
    assert scalar("SELECT name FROM operator WHERE id = ?", VERA) == "Vera"


def test_what_is_undone_is_not_undone_again() -> None:
    event = desk.change_operator(VERA, name="Vera K", actor=ACTOR).event_id
    undone = desk.undo(actor=ACTOR).event_id
    for each in (event, undone):
        with refused("Already undone"):
            desk.undo(each, actor=OTHER)


def test_what_stands_is_not_redone() -> None:
    event = desk.change_operator(VERA, name="Vera K", actor=ACTOR).event_id
    with refused("is not undone"):
        desk.redo(event, actor=ACTOR)


def test_a_repair_is_never_undone() -> None:
    rows("UPDATE operator SET load = 9 WHERE id = ?", GLEB)
    audit.repair(ACTOR)
    assert last_event()[:2] == (ACTOR, "repair")
    with refused("nothing of yours"):
        desk.undo(actor=ACTOR)
    with refused("repair cannot be undone"):
        desk.undo(newest_event_id(), actor=ACTOR)


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
    assert sum("Already undone" in each or "quicker" in each for each in answers) == 1
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
    desk.change_operator(VERA, max_load=0, actor="setup")
    late = arrive(BOT, many)
    before = snapshot()
    done = desk.change_operator(VERA, max_load=many, actor=ACTOR)
    assert done.note.endswith(f"{many} waiting handed out")
    assert last_event()[2] == done.note
    assert holders(late) == [VERA] * many
    desk.undo(actor=ACTOR)
    assert snapshot() == before
    desk.redo(actor=ACTOR)
    assert load_of(VERA) == many
    assert_clean()

"""Long drains: told whole, whoever hands out meanwhile, and taken back whole."""

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

import allocator
from leadboard import desk
from leadboard.allocation import audit, backlog, handouts, intake
from leadboard.common.errors import Trouble
from leadboard.database.transactions import transact
from leadboard.queries.history import newest_events
from leadboard.transfer.appeals import plan_appeals
from tests.support import (
    ACTOR,
    Row,
    add_operator,
    add_source,
    arrive,
    counted_statements,
    holders,
    load_of,
    number,
    opened,
    rows,
)
from tests.support.acts import assert_clean, changes_of, newest_event_id, refused, snapshot
from tests.support.processes import ROOT

pytestmark = pytest.mark.every_engine

OTHER = "boris"
VERA, GLEB, BOT, SITE = 1, 2, 1, 2
BATCH = 5
WAITING = 23
UNRECORDED = (
    "SELECT count(*) FROM appeal WHERE operator_id IS NOT NULL AND id <= ? AND NOT EXISTS"
    " (SELECT 1 FROM appeal_step WHERE appeal_id = appeal.id AND event_id IS NOT NULL)"
)


@pytest.fixture(autouse=True)
def queue(target: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Vera serves a bot, Gleb a site, and neither has room; 23 appeals wait for each of them.

    A batch is of five.
    """
    real = backlog.drain

    def in_small_batches(*arguments: object, **options: object) -> backlog.Drained:
        return real(*arguments[:3], **{**options, "batch": BATCH})  # type: ignore[arg-type]

    with opened(target) as path:
        add_operator("Vera", 0), add_operator("Gleb", 0)
        add_source("bot", (VERA, 1)), add_source("site", (GLEB, 1))
        arrive(BOT, WAITING), arrive(SITE, WAITING)
        monkeypatch.setattr(handouts, "drain", in_small_batches)
        yield path


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """Return the list of what others do between the batches of a drain, one a batch."""
    steps: list[Callable[[], object]] = []
    monkeypatch.setattr("leadboard.desk.recording.leave_a_turn", lambda: steps and steps.pop(0)())
    return steps


def feed(count: int = 3) -> object:
    drafts = [intake.Draft(f"late {each}", BOT, "hello") for each in range(count)]
    return transact(lambda: allocator.place_all(drafts))


def let_through(limit: int = 100) -> desk.Done[Any]:
    return desk.change_operator(VERA, max_load=limit, actor=ACTOR)


def unrecorded() -> int:
    """Return how many of those who waited were handed out without a recorded act."""
    return number(UNRECORDED, 2 * WAITING)


def crowd() -> list[Row]:
    """Return the appeals of those who waited at the start."""
    return rows("SELECT * FROM appeal WHERE id <= ? ORDER BY id", 2 * WAITING)


def told_of(done: desk.Done[Any]) -> int:
    """Return how many appeals the act and its parts have in their records."""
    return number(
        "SELECT count(DISTINCT appeal_id) FROM appeal_step JOIN event ON event.id = event_id"
        " WHERE ? IN (event.id, part_of_id)",
        done.event_id,
    )


def acts() -> list[tuple[str, str]]:
    """Return the actor and the words of each act that the history shows, newest first."""
    return [(row.actor, row.note) for row in newest_events(100) if row.actor != "setup"]


def test_a_drain_of_many_batches_is_one_act_with_the_total(
    between: list[Callable[[], object]],
) -> None:
    done = let_through()
    assert done.note == "Vera: limit 0 → 100; 23 waiting handed out"
    assert acts() == [(ACTOR, done.note)]
    assert number("SELECT count(*) FROM event WHERE part_of_id = ?", done.event_id) == 4
    assert unrecorded() == 0
    assert_clean()


def test_an_event_never_changes_once_it_is_told(between: list[Callable[[], object]]) -> None:
    seen: list[dict[int, object]] = []

    def look() -> None:
        events = {
            event: (*rest, sorted(changes_of(int(str(event))).items(), key=repr))
            for event, *rest in rows("SELECT * FROM event")
        }
        seen.append(events)  # type: ignore[arg-type]

    between += [look] * 4
    let_through()
    look()
    for earlier, later in pairwise(seen):
        assert {key: later[key] for key in earlier} == earlier
        assert len(later) > len(earlier)


@pytest.mark.parametrize(
    "step", [lambda: arrive(BOT), feed, lambda: feed(40)], ids=["one", "some", "many"]
)
def test_what_arrivals_hand_out_between_two_batches_is_a_part_of_the_act(
    between: list[Callable[[], object]], step: Callable[[], object]
) -> None:
    before = crowd()
    between += [step, step]
    done = let_through()
    assert unrecorded() == 0
    parts = rows("SELECT DISTINCT actor, act FROM event WHERE part_of_id = ?", done.event_id)
    assert parts == [(ACTOR, "hand out")]
    assert len(acts()) == 1
    assert_clean()
    after = snapshot()
    desk.undo(actor=ACTOR)
    assert crowd() == before
    assert_clean()
    desk.redo(actor=ACTOR)
    assert snapshot() == after
    assert_clean()


def test_an_undo_stops_a_drain_that_still_goes_on(between: list[Callable[[], object]]) -> None:
    before = snapshot()
    between += [lambda: None, lambda: desk.undo(actor=ACTOR), lambda: pytest.fail("it goes on")]
    done = let_through()
    assert len(between) == 1
    between.clear()
    assert snapshot() == before
    assert done.note == "Vera: limit 0 → 100; 10 waiting handed out"
    assert acts()[0] == (ACTOR, f"Undone: {done.note}")
    assert rows("SELECT * FROM open_drain") == []
    assert_clean()
    desk.redo(actor=ACTOR)
    assert load_of(VERA) == WAITING
    assert_clean()


def test_what_another_act_lets_through_meanwhile_is_its_own(
    between: list[Callable[[], object]],
) -> None:
    between += [lambda: desk.change_operator(GLEB, max_load=100, actor=OTHER)]
    let_through()
    assert (load_of(VERA), load_of(GLEB)) == (WAITING, WAITING)
    assert sorted(acts()) == [
        (ACTOR, "Vera: limit 0 → 100; 23 waiting handed out"),
        (OTHER, "Gleb: limit 0 → 100; 23 waiting handed out"),
    ]
    desk.undo(actor=OTHER)
    assert (load_of(VERA), load_of(GLEB)) == (WAITING, 0)
    desk.undo(actor=ACTOR)
    assert (load_of(VERA), load_of(GLEB)) == (0, 0)
    assert_clean()


def test_an_act_that_frees_nothing_takes_no_part_of_anothers_drain(
    between: list[Callable[[], object]],
) -> None:
    between += [lambda: desk.change_operator(GLEB, name="Gleb K", actor=OTHER)]
    let_through()
    assert (OTHER, "Gleb is now Gleb K") in acts()
    assert (ACTOR, "Vera: limit 0 → 100; 23 waiting handed out") in acts()


RETURNS: dict[str, Callable[[], object]] = {
    "a return": lambda: desk.give_back([1], actor=OTHER),
    "an undo": lambda: desk.undo(actor=OTHER),
}


@pytest.mark.parametrize("name", RETURNS)
def test_what_is_returned_while_a_drain_goes_on_is_recorded_so_before_it_is_handed_out(
    name: str, between: list[Callable[[], object]]
) -> None:
    desk.assign([1], GLEB, force=True, actor=OTHER)
    between += [RETURNS[name]]
    done = let_through()
    told = rows(
        "SELECT kind, part_of_id, operator_id FROM appeal_step JOIN event ON event.id = event_id"
        " WHERE appeal_id = 1 ORDER BY place"
    )
    assert told == [
        ("assigned", None, GLEB),
        ("returned", None, None),
        ("assigned", done.event_id, VERA),
    ]
    assert holders([1]) == [VERA]
    assert_clean()


def fail_after(batches: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program be ended between two batches."""

    def end() -> None:
        nonlocal batches
        batches -= 1
        if not batches:
            raise Trouble("The program was ended.")

    monkeypatch.setattr("leadboard.desk.recording.leave_a_turn", end)


GOES_ON: dict[str, Callable[[], object]] = {
    "an act": lambda: desk.change_operator(GLEB, name="Gleb K", actor=OTHER),
    "an act that changes nothing": lambda: desk.set_weights([(VERA, BOT, 1)], actor=OTHER),
    "arrivals": lambda: [arrive(BOT) for _ in range(6)],
    "a feed": lambda: [feed() for _ in range(6)],
    "a repair": lambda: audit.repair(OTHER),
}


@pytest.mark.parametrize("name", GOES_ON)
def test_a_drain_that_was_cut_off_goes_on_with_whatever_comes_next(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = crowd()
    fail_after(2, monkeypatch)
    done = let_through()
    assert load_of(VERA) == 2 * BATCH
    (finding,) = audit.check()
    assert finding.is_mendable
    monkeypatch.setattr("leadboard.desk.recording.leave_a_turn", lambda: None)
    GOES_ON[name]()
    assert load_of(VERA) >= WAITING
    assert unrecorded() == 0
    assert (ACTOR, f"Vera: limit 0 → 100; {told_of(done)} waiting handed out") in acts()
    assert rows("SELECT * FROM open_drain") == []
    assert_clean()
    desk.undo(done.event_id, actor=ACTOR)
    assert crowd() == before
    assert_clean()


def test_an_act_whose_queue_others_have_emptied_is_open_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fail_after(1, monkeypatch)
    done = let_through()
    waiting = [key for (key,) in rows("SELECT id FROM appeal WHERE operator_id IS NULL")]
    desk.close(waiting[: WAITING - BATCH], actor=OTHER)  # type: ignore[arg-type]
    (late,) = arrive(BOT)
    desk.change_operator(VERA, is_active=False, actor=OTHER)
    (later,) = arrive(BOT)
    desk.change_operator(VERA, is_active=True, actor=OTHER)
    assert holders([late, later]) == [VERA, VERA]
    assert told_of(done) == BATCH
    assert acts()[0] == (OTHER, "Vera is on; 1 waiting handed out")


def test_what_no_act_let_through_is_an_event_of_its_own_that_nobody_undoes() -> None:
    rows("UPDATE operator SET max_load = 100 WHERE id = ?", VERA)
    arrive(BOT)
    assert unrecorded() == 0 < load_of(VERA)
    event_id = newest_event_id()
    assert acts()[0] == ("lottery", "5 waiting handed out")
    with refused("nothing of yours to undo"):
        desk.undo(actor="lottery")
    with refused("cannot be undone"):
        desk.undo(event_id, actor=ACTOR)
    assert_clean_but_for_who_flows_yet()


def assert_clean_but_for_who_flows_yet() -> None:
    desk.change_operator(GLEB, name="Gleb K", actor=OTHER)
    assert load_of(VERA) == WAITING + 1
    assert unrecorded() == 0
    assert_clean()


def test_what_an_import_hands_out_is_recorded_as_its_own() -> None:
    rows("UPDATE operator SET max_load = 100 WHERE id = ?", VERA)
    lines = "external_id,source,message\nnew,bot,hello\n"
    plan = plan_appeals(io.BytesIO(lines.encode()), "csv")
    plan.act(OTHER)
    assert unrecorded() == 0
    assert acts() == [(OTHER, f"{WAITING + 1} waiting handed out")]
    assert_clean()


@pytest.mark.parametrize("verb", ["undo", "redo"])
def test_a_part_is_taken_back_and_done_again_with_its_whole_act(verb: str) -> None:
    before, done = snapshot(), let_through()
    after = snapshot()
    part = number("SELECT max(id) FROM event WHERE part_of_id = ?", done.event_id)
    if verb == "redo":
        desk.undo(actor=ACTOR)
    getattr(desk, verb)(part, actor=OTHER)
    assert snapshot() == (before if verb == "undo" else after)


def test_parts_are_nothing_of_ones_own_to_undo_or_redo_by(
    between: list[Callable[[], object]],
) -> None:
    before = snapshot()
    let_through()
    after = snapshot()
    for _ in range(2):
        desk.undo(actor=ACTOR)
        assert snapshot() == before
        desk.redo(actor=ACTOR)
        assert snapshot() == after
    with refused("nothing of yours to redo"):
        desk.redo(actor=ACTOR)


@pytest.mark.parametrize("place", [0, WAITING - 1])
def test_one_that_was_touched_since_keeps_the_whole_act_from_being_undone(place: int) -> None:
    let_through()
    touched = number("SELECT id FROM appeal WHERE operator_id = ? ORDER BY id LIMIT 1", VERA)
    desk.close([touched + place], actor=OTHER)
    with refused(f"Appeal #{touched + place} of lead ", "has changed since"):
        desk.undo(actor=ACTOR)


def test_taking_many_back_names_the_first_that_finds_no_place() -> None:
    let_through()
    desk.send_home([VERA], actor=ACTOR)
    desk.change_operator(VERA, max_load=3, actor=OTHER)
    with refused("Vera has no room for appeal #4 of lead 3 (bot) any more"):
        desk.undo(newest_event_id() - 1, actor=ACTOR)


def test_many_weights_are_brought_back_by_few_statements() -> None:
    people = [add_operator(f"Operator {each}") for each in range(20)]
    pairs = [(each, SITE) for each in people] + [(each, BOT) for each in people]
    desk.set_weights([(*pair, 7) for pair in pairs], actor=ACTOR)
    before = snapshot()["operator_source"]
    desk.set_weights([(*pair, None if pair[1] == BOT else 9) for pair in pairs], actor=ACTOR)
    after = snapshot()["operator_source"]
    with counted_statements() as statements:
        desk.undo(actor=ACTOR)
    assert snapshot()["operator_source"] == before
    assert len(statements) < 30
    desk.redo(actor=ACTOR)
    assert snapshot()["operator_source"] == after


def test_a_drain_and_its_undo_take_a_few_statements_for_a_hundred_appeals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    arrive(BOT, 400)
    with counted_statements() as draining:
        desk.change_operator(VERA, max_load=1_000, actor=ACTOR)
    with counted_statements() as undoing:
        desk.undo(actor=ACTOR)
    assert load_of(VERA) == 0
    assert len(draining) < 120
    assert len(undoing) < 60


# --- real processes ----------------------------------------------------------------------------

BOTS = """
import sys, time
import allocator
import models
models.open_database(sys.argv[1])
print("ready", flush=True)
number = 0
while True:
    allocator.submit(f"bot {number}", 1, "hello")
    number += 1
    time.sleep(0.002)
"""


def test_while_a_bot_feeds_everything_is_recorded_and_the_undo_leaves_nothing_behind(
    queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    drafts = [intake.Draft(f"lead {each}", BOT, "hello") for each in range(3_000)]
    for start in range(0, len(drafts), 500):
        transact(lambda start=start: allocator.place_all(drafts[start : start + 500]))  # type: ignore[misc]
    last = number("SELECT max(id) FROM appeal")
    command = [sys.executable, "-c", BOTS, queue]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as bot:
        try:
            assert bot.stdout is not None
            assert bot.stdout.readline()
            done = let_through(2_000)
            assert number(UNRECORDED, last) == 0
            assert load_of(VERA) == 2_000
            undone = desk.undo(done.event_id, actor=ACTOR)
        finally:
            bot.kill()
    assert undone.note == f"Undone: {done.note}"
    assert done.note == "Vera: limit 0 → 2000; 2000 waiting handed out"
    assert number("SELECT max(id) FROM appeal") > last
    assert number("SELECT count(operator_id) FROM appeal WHERE id <= ?", last) == 0
    assert_clean()

"""Checking a database: what is wrong is found and named, what is right is left alone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

import allocator
from leadboard import desk
from leadboard.allocation import audit
from leadboard.allocation.backlog import DRAIN_BATCH
from leadboard.allocation.verification import verify
from leadboard.database.connection import database
from models import open_database
from tests.support import (
    ACTOR,
    add_operator,
    add_source,
    arrive,
    dump,
    holder_of,
    holders,
    load_of,
    opened,
    rows,
)
from tests.support.acts import assert_clean, changes_of, last_event, newest_event_id
from tests.support.processes import leadboard

pytestmark = pytest.mark.every_engine

VERA, BORIS, BOT = 1, 2, 1


@pytest.fixture(autouse=True)
def book(target: str) -> Iterator[str]:
    """Open a book where Vera and Boris share ten appeals, with room left."""
    with opened(target) as path:
        add_operator("Vera", 20), add_operator("Boris", 20)
        add_source("bot", (VERA, 70), (BORIS, 30))
        arrive(BOT, 10)
        yield path


def run(path: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the command on a database and return exit code, output and errors."""
    done = leadboard(path, *arguments)
    return done.returncode, done.stdout, done.stderr


def sentences() -> list[str]:
    return [each.sentence for each in audit.check()]


def contradictions() -> list[str]:
    return [each.sentence for each in verify().findings]


# --- check and repair --------------------------------------------------------------------------


def test_a_clean_database_has_no_findings(book: Path) -> None:
    before = dump()
    assert_clean()
    assert audit.repair(ACTOR) == []
    assert dump() == before
    assert run(book, "check") == (0, "Every rule holds.\n", "")
    assert run(book, "verify")[0] == 0


def test_a_wrong_load_is_named_mended_and_the_mending_recorded(book: Path) -> None:
    load = load_of(VERA)
    rows("UPDATE operator SET load = 17 WHERE id = ?", VERA)
    sentence = f"Vera has load 17, but {load} open appeals."
    assert sentences() == [sentence]
    code, output, errors = run(book, "check")
    assert (code, output) == (1, f"{sentence}\n")
    assert "check --repair" in errors
    assert run(book, "--as", "Gleb", "check", "--repair") == (0, "Every rule holds.\n", "")
    assert run(book, "check")[0] == 0
    assert last_event()[:2] == ("Gleb", "repair")
    assert changes_of(newest_event_id()) == {f"load:{VERA}": ({"load": 17}, {"load": load})}
    assert load_of(VERA) == load


def test_an_appeal_that_waits_in_vain_is_found_and_handed_out() -> None:
    rows("UPDATE appeal SET operator_id = NULL, roster_id = NULL, draw = NULL WHERE id = 3")
    rows("UPDATE operator SET load = (SELECT count(*) FROM appeal WHERE operator_id = operator.id)")
    (finding,) = audit.check()
    assert finding.is_mendable
    assert finding.sentence == "1 appeals of bot wait, though somebody could take them."
    assert audit.repair(ACTOR) == []
    assert holder_of(3) in {VERA, BORIS}
    assert f"appeal:{3}" in changes_of(newest_event_id())
    assert_clean()


def test_more_stuck_appeals_than_a_batch_are_all_handed_out() -> None:
    source = add_source("late")
    waiting = arrive(source, DRAIN_BATCH + 3)
    gleb = add_operator("Gleb", 1000)
    rows("INSERT INTO operator_source VALUES (?, ?, 1)", gleb, source)
    assert audit.repair(ACTOR) == []
    assert set(holders(waiting)) == {gleb}


def test_an_appeal_that_nobody_can_take_is_no_finding() -> None:
    arrive(add_source("lonely"))
    assert audit.check() == []


def test_an_altered_roster_is_found_and_cannot_be_mended(book: Path) -> None:
    rows("UPDATE roster SET content = '[[1,1]]' WHERE id = 1")
    (finding,) = audit.check()
    assert finding.sentence == "Roster #1 was altered: its content and digest differ."
    assert not finding.is_mendable
    assert run(book, "check", "--repair")[0] == 1


@pytest.mark.sqlite
def test_a_broken_foreign_key_is_found_and_stops_the_repair(book: Path) -> None:
    database.execute_sql("PRAGMA foreign_keys = 0")
    rows("UPDATE appeal SET operator_id = 99 WHERE id = 4")
    database.execute_sql("PRAGMA foreign_keys = 1")
    assert sentences() == ["Row 4 of appeal points at a row of operator that is not there."]
    before = dump()
    assert run(book, "check", "--repair")[0] == 1
    assert dump() == before


def test_names_of_strangers_come_out_harmless() -> None:
    desk.change_operator(VERA, name="Ve\u202era", actor=ACTOR)
    rows("UPDATE operator SET load = 17 WHERE id = ?", VERA)
    assert sentences()[0].startswith("Vera has load 17")


# --- verify ------------------------------------------------------------------------------------


def test_a_draw_beyond_the_roster_is_found(book: Path) -> None:
    rows("UPDATE appeal SET draw = 100 WHERE id = 5")
    sentence = "Appeal #5: its draw 100 is beyond the roster's 100."
    assert contradictions() == [sentence]
    code, output, _ = run(book, "verify")
    assert (code, output.splitlines()[0]) == (1, sentence)


def test_an_operator_changed_past_the_rules_is_found() -> None:
    drawn = holder_of(5)
    other = BORIS if drawn == VERA else VERA
    rows("UPDATE appeal SET operator_id = ? WHERE id = 5", other)
    assert contradictions() == [f"Appeal #5: the draw gave operator #{drawn}, but #{other} has it."]


def test_an_operator_changed_past_the_rules_after_a_recorded_move_is_found() -> None:
    gleb, dora = add_operator("Gleb", 9), add_operator("Dora", 9)
    desk.assign([5], gleb, actor=ACTOR)
    rows("UPDATE appeal SET operator_id = ? WHERE id = 5", dora)
    assert len(contradictions()) == 1


def test_a_draw_and_operator_changed_together_are_not_told_from_a_real_draw() -> None:
    rows("UPDATE appeal SET draw = 0, operator_id = ? WHERE id = 5", VERA)
    assert contradictions() == []


MOVES: dict[str, Callable[[int], object]] = {
    "assigned": lambda gleb: desk.assign([5, 6], gleb, actor=ACTOR),
    "assigned twice": lambda gleb: (
        desk.assign([5], gleb, actor=ACTOR),
        desk.assign([5], VERA, actor=ACTOR),
        desk.assign([5], BORIS, actor=ACTOR),
    ),
    "assigned and closed": lambda gleb: (
        desk.assign([5], gleb, actor=ACTOR),
        desk.close([5], actor=ACTOR),
    ),
    "returned": lambda _: desk.give_back([5, 6, 7], actor=ACTOR),
    "sent home": lambda _: desk.send_home(VERA, actor=ACTOR),
    "assigned and returned": lambda gleb: (
        desk.assign([5], gleb, actor=ACTOR),
        desk.give_back([5], actor=ACTOR),
    ),
    "closed and reopened": lambda _: (
        desk.close([5, 6], actor=ACTOR),
        desk.reopen([5, 6], actor=ACTOR),
    ),
    "reopened for another": lambda _: (
        desk.close([5], actor=ACTOR),
        desk.change_operator(VERA, is_active=False, actor=ACTOR),
        desk.reopen([5], actor=ACTOR),
    ),
    "assigned and undone": lambda gleb: (
        desk.assign([5], gleb, actor=ACTOR),
        desk.undo(actor=ACTOR),
    ),
    "assigned, undone and redone": lambda gleb: (
        desk.assign([5], gleb, actor=ACTOR),
        desk.undo(actor=ACTOR),
        desk.redo(actor=ACTOR),
    ),
    "returned and undone": lambda _: (
        desk.give_back([5], actor=ACTOR),
        desk.undo(desk.change_operator(VERA, name="V", actor=ACTOR).event_id, actor=ACTOR),
        desk.undo(actor=ACTOR),
    ),
    "moved and returned, both undone": lambda gleb: (
        desk.assign([5], gleb, actor=ACTOR),
        desk.send_home(gleb, actor=ACTOR),
        desk.undo(actor=ACTOR),
        desk.undo(actor=ACTOR),
    ),
    "moved, sent home, taken back once": lambda gleb: (
        desk.assign([5], gleb, actor=ACTOR),
        desk.send_home(gleb, actor=ACTOR),
        desk.undo(actor=ACTOR),
    ),
}


@pytest.mark.parametrize("name", MOVES)
def test_what_was_moved_on_the_record_is_no_contradiction(name: str) -> None:
    MOVES[name](add_operator("Gleb", 9))
    assert contradictions() == []
    assert_clean()


def test_what_waited_and_was_handed_out_replays() -> None:
    source = add_source("late")
    arrive(source, 4)
    desk.set_weight(VERA, source, 3, actor=ACTOR)
    assert contradictions() == []
    desk.undo(actor=ACTOR)
    desk.redo(actor=ACTOR)
    assert contradictions() == []


def test_a_withdrawn_submission_replays() -> None:
    desk.submit("77", BOT, "hello", actor=ACTOR)
    desk.undo(actor=ACTOR)
    assert verify().draws == 11
    assert contradictions() == []


def test_fair_draws_are_even_and_draws_of_nothing_but_zero_are_not(book: Path) -> None:
    (
        desk.change_operator(VERA, max_load=1000, actor=ACTOR),
        desk.change_operator(BORIS, max_load=1000, actor=ACTOR),
    )
    rng = Random(4)
    for number in range(audit.FEWEST):
        allocator.submit(f"fair {number}", BOT, "", rng=rng)
    fair = verify()
    assert fair.draws >= audit.FEWEST
    assert fair.is_even
    rows("UPDATE appeal SET draw = 0, operator_id = ?", VERA)
    skewed = verify()
    assert skewed.findings == []
    assert not skewed.is_even
    code, output, _ = run(book, "verify")
    assert code == 1
    assert "they fell NOT evenly" in output


def test_too_few_draws_say_nothing_about_evenness() -> None:
    rows("UPDATE appeal SET draw = 0, operator_id = ?", VERA)
    assert verify().is_even


def test_a_database_without_draws_verifies(tmp_path: Path) -> None:
    open_database(tmp_path / "empty.db").close()
    code, output, errors = run(tmp_path / "empty.db", "verify")
    assert (code, errors) == (0, "")
    assert output.startswith("0 draws replayed, 0 contradicted")

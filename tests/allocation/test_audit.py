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
    Row,
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
MOMENT = "2026-11-23T10:42:07.000000Z"
RECOUNT = (
    "UPDATE operator SET load ="
    " (SELECT count(*) FROM appeal WHERE operator_id = operator.id AND closed_at IS NULL)"
)


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


def alter(what: str, *values: object, of: str = "id > 0") -> None:
    """Change rows of appeals past every rule and past the ledger."""
    rows(f"UPDATE appeal SET {what} WHERE {of}", *values)


def alter_both(what: str, *values: object, of: str = "id > 0") -> None:
    """Change appeals and their lines alike, as only somebody who knows the ledger can."""
    alter(what, *values, of=of)
    for table in ("change", "pending_change"):
        chosen = f"appeal_id IN (SELECT id FROM appeal WHERE {of})"
        rows(f"UPDATE {table} SET {what} WHERE {chosen}", *values)


def lines_of(appeal_id: int) -> list[Row]:
    """Return (kind, operator before, operator after, whether drawn) of each change of an appeal."""
    return rows(
        "SELECT kind, was_operator_id, operator_id, drawn FROM appeal_step"
        " WHERE appeal_id = ? ORDER BY place",
        appeal_id,
    )


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
    rows("UPDATE operator SET max_load = 0")
    (late,) = arrive(BOT)
    rows("UPDATE operator SET max_load = 20")
    (finding,) = audit.check()
    assert finding.is_mendable
    assert finding.sentence == "1 appeals of bot wait, though somebody could take them."
    assert audit.repair(ACTOR) == []
    assert holder_of(late) in {VERA, BORIS}
    assert lines_of(late)[1:] == [("assigned", None, holder_of(late), True)]
    assert set(changes_of(newest_event_id())) == {f"appeal:{late}"}
    assert_clean()


def test_an_appeal_taken_from_its_operator_past_the_ledger_is_put_down_and_handed_out() -> None:
    had = holder_of(3)
    alter("operator_id = NULL, roster_id = NULL, draw = NULL", of="id = 3")
    rows(RECOUNT)
    assert [(each.sentence, each.is_mendable) for each in audit.check()] == [
        ("1 appeals of bot wait, though somebody could take them.", True),
        ("Appeal #3 was changed past the ledger.", True),
    ]
    assert audit.repair(ACTOR) == []
    assert holder_of(3) in {VERA, BORIS}
    assert lines_of(3)[1:] == [
        ("returned", had, None, False),
        ("assigned", None, holder_of(3), True),
    ]
    assert set(changes_of(newest_event_id())) == {"appeal:3"}
    assert_clean()


PAST_THE_LEDGER: dict[str, tuple[str, str]] = {
    "given to somebody else": ("operator_id = 3 - operator_id", "moved"),
    "given a draw": ("draw = 100", "moved"),
    "closed": (f"closed_at = '{MOMENT}'", "closed"),
    "withdrawn": (f"closed_at = '{MOMENT}', withdrawn = TRUE", "withdrawn"),
}


@pytest.mark.parametrize("name", PAST_THE_LEDGER)
def test_what_was_changed_past_the_ledger_is_found_and_put_down_in_it(name: str) -> None:
    what, kind = PAST_THE_LEDGER[name]
    alter(what, of="id = 5")
    rows(RECOUNT)
    assert sentences() == ["Appeal #5 was changed past the ledger."]
    now = dump("appeal", "operator")
    assert audit.repair(ACTOR) == []
    assert dump("appeal", "operator") == now
    assert [line[0] for line in lines_of(5)] == ["received", kind]
    assert last_event()[:2] == (ACTOR, "repair")
    assert audit.check() == []


@pytest.mark.parametrize(
    ("became", "kind"),
    [
        (f"closed_at = '{MOMENT}', withdrawn = TRUE", "withdrawn"),
        ("closed_at = NULL", "reopened"),
        (f"closed_at = '{MOMENT}'", "closed"),
    ],
)
@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_closed_appeal_that_was_changed_past_the_ledger_is_put_down_in_it(
    became: str, kind: str, withdrawn: bool
) -> None:
    if withdrawn:
        appeal = desk.submit("77", BOT, "hello", actor=ACTOR).result.id
        desk.undo(actor=ACTOR)
    else:
        desk.close([appeal := 5], actor=ACTOR)
    alter("withdrawn = FALSE", of=f"id = {appeal}")
    alter(became, of=f"id = {appeal}")
    rows(RECOUNT)
    assert audit.repair(ACTOR) == []
    assert lines_of(appeal)[-1][0] == kind
    assert audit.check() == []


def test_an_appeal_that_another_program_stored_gets_its_line() -> None:
    rows(
        "INSERT INTO appeal (lead_id, source_id, operator_id, timestamp, message, withdrawn)"
        f" VALUES (1, ?, ?, '{MOMENT}', 'hello', FALSE)",
        *(BOT, VERA),
    )
    rows(RECOUNT)
    assert sentences() == ["Appeal #11 was changed past the ledger."]
    assert contradictions() == ["Appeal #11 is not in the ledger."]
    assert audit.repair(ACTOR) == []
    assert lines_of(11) == [("imported", VERA, VERA, False)]
    assert_clean()


def test_of_many_appeals_changed_past_the_ledger_the_first_are_named() -> None:
    alter("draw = 100", of="id <= 5")
    assert sentences() == ["Appeals #1, #2, #3, #4, #5 were changed past the ledger."]
    alter("draw = 100")
    assert sentences() == ["Appeals #1, #2, #3, #4, #5 and 5 more were changed past the ledger."]


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
    alter_both("draw = 100", of="id = 5")
    sentence = "Appeal #5: its draw 100 is beyond the roster's 100."
    assert contradictions() == [sentence]
    code, output, _ = run(book, "verify")
    assert (code, output.splitlines()[0]) == (1, sentence)


def test_an_operator_changed_past_the_rules_is_found() -> None:
    drawn = holder_of(5)
    other = BORIS if drawn == VERA else VERA
    alter_both("operator_id = ?", other, of="id = 5")
    assert contradictions() == [f"Appeal #5: the draw gave operator #{drawn}, but #{other} has it."]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("operator_id = 3 - operator_id", "the ledger says {had} has it, but {has} has it"),
        ("operator_id = NULL", "the ledger says {had} has it, but nobody has it"),
        ("draw = 100", "its draw is 100, but the ledger has {draw}"),
        (f"closed_at = '{MOMENT}'", "its row is not as the ledger says"),
        ("draw = NULL, roster_id = NULL", "its draw is none, but the ledger has {draw}"),
    ],
)
def test_a_row_that_is_not_as_its_last_line_says_is_found(what: str, told: str) -> None:
    ((had, draw),) = rows("SELECT operator_id, draw FROM appeal WHERE id = 5")
    alter(what, of="id = 5")
    words = told.format(had=f"#{had}", has=f"#{holder_of(5)}", draw=draw)
    assert contradictions() == [f"Appeal #5: {words}."]


def test_a_line_that_was_altered_alone_contradicts_the_row_and_the_draw() -> None:
    drawn = holder_of(5)
    other = BORIS if drawn == VERA else VERA
    for table in ("change", "pending_change"):
        rows(f"UPDATE {table} SET operator_id = ? WHERE appeal_id = 5", other)
    assert contradictions() == [
        f"Appeal #5: the draw gave operator #{drawn}, but #{other} has it.",
        f"Appeal #5: the ledger says #{other} has it, but #{drawn} has it.",
    ]
    assert sentences() == ["Appeal #5 was changed past the ledger."]


def test_an_operator_changed_past_the_rules_after_a_recorded_move_is_found() -> None:
    gleb, dora = add_operator("Gleb", 9), add_operator("Dora", 9)
    desk.assign([5], gleb, actor=ACTOR)
    alter("operator_id = ?", dora, of="id = 5")
    assert contradictions() == [f"Appeal #5: the ledger says #{gleb} has it, but #{dora} has it."]


def test_a_draw_and_operator_changed_in_both_alike_are_not_told_from_a_real_draw() -> None:
    alter_both("draw = 0, operator_id = ?", VERA, of="id = 5")
    rows(RECOUNT)
    assert contradictions() == []
    assert sentences() == []


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
    rng = Random(26)
    for number in range(200):
        allocator.submit(f"fair {number}", BOT, "", rng=rng)
    fair = verify()
    assert fair.draws == 210
    assert fair.evenness.is_even()
    alter_both("draw = 0, operator_id = ?", VERA)
    skewed = verify()
    assert skewed.findings == []
    assert not skewed.evenness.is_even()
    code, output, _ = run(book, "verify")
    assert code == 1
    assert output == (
        "Looked at 210 lines of 210 appeals.\n"
        "210 draws replayed; 0 contradictions.\n"
        "210 draws had more than one operator to choose from; the shares do NOT follow the weights"
        " (an honest lottery looks worse in 0.0% of cases, accused below 5.0%).\n"
    )


def test_too_few_draws_say_nothing_about_evenness() -> None:
    alter_both("draw = 0, operator_id = ?", VERA)
    assert verify().evenness.is_even()


def test_a_database_without_draws_verifies(tmp_path: Path) -> None:
    open_database(tmp_path / "empty.db").close()
    code, output, errors = run(tmp_path / "empty.db", "verify")
    assert (code, errors) == (0, "")
    assert output == (
        "Looked at 0 lines of 0 appeals.\n"
        "0 draws replayed; 0 contradictions.\n"
        "0 draws had more than one operator to choose from: there are no shares to test.\n"
    )

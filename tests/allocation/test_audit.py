"""Checking a database: what is wrong is found and named, what is right is left alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadboard import desk
from leadboard.allocation import audit, tally
from leadboard.allocation.backlog import DRAIN_BATCH
from leadboard.allocation.pruning import edge_of, prune
from leadboard.database.connection import database
from leadboard.database.fields import now
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
from tests.support.altering import MOMENT, alter, contradictions, lines_of, recount, sentences
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
    assert audit.repair(ACTOR) == []
    assert lines_of(appeal)[-1][0] == kind
    assert audit.check() == []


def test_an_appeal_that_another_program_stored_gets_its_line() -> None:
    rows(
        "INSERT INTO appeal (lead_id, source_id, operator_id, timestamp, message, withdrawn)"
        f" VALUES (1, ?, ?, '{MOMENT}', 'hello', FALSE)",
        *(BOT, VERA),
    )
    recount()
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


def test_what_was_pruned_of_closed_appeals_is_not_missed() -> None:
    desk.close([3, 4], actor=ACTOR)
    arrive(BOT)
    moment = now()
    pruned = prune(edge_of(moment), moment, ACTOR, lambda _done, _rows: None)
    assert pruned == 4
    assert lines_of(3) == lines_of(4) == []
    assert_clean()
    alter("draw = 100", of="id = 5")
    assert sentences() == ["Appeal #5 was changed past the ledger."]


def test_an_end_of_the_ledger_that_was_cut_off_is_found_by_what_was_counted(book: Path) -> None:
    tally.count_on()
    assert sentences() == []
    rows("DELETE FROM change WHERE seq > 8")
    rows("DELETE FROM appeal WHERE id > 8")
    sentence = (
        "The tally has counted 10 lines of the ledger, which ends with line 8: its end was cut off."
    )
    assert sentence in sentences()
    assert run(book, "check", "--repair")[0] == 1

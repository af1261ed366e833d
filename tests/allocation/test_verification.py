"""Verifying the ledger: what contradicts is named, and what was done on the record does not."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

import allocator
from leadboard import desk
from leadboard.allocation.ledger import settle
from leadboard.allocation.lottery import Candidate, Candidates
from leadboard.allocation.verification import verify
from models import open_database
from tests.support import (
    ACTOR,
    add_operator,
    add_source,
    arrive,
    holder_of,
    holders,
    opened,
    rows,
)
from tests.support.acts import assert_clean
from tests.support.altering import MOMENT, alter, alter_both, alter_lines, contradictions, sentences
from tests.support.processes import leadboard

pytestmark = pytest.mark.every_engine

VERA, BORIS, BOT = 1, 2, 1


@pytest.fixture(autouse=True)
def book(target: str) -> Iterator[str]:
    """Open a book where Vera and Boris share ten appeals, with room left."""
    with opened(target) as path:
        add_operator("Vera", 20), add_operator("Boris", 20)
        add_source("bot", (VERA, 70), (BORIS, 30))
        # What a seal proves has tests of its own.
        rows("UPDATE source SET is_sealed = FALSE")
        arrive(BOT, 10)
        yield path


def run(path: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the command on a database and return exit code, output and errors."""
    done = leadboard(path, *arguments)
    return done.returncode, done.stdout, done.stderr


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
    alter_lines("operator_id = ?", other, of="id = 5")
    assert contradictions() == [
        f"Appeal #5: the draw gave operator #{drawn}, but #{other} has it.",
        f"Appeal #5: the ledger says #{other} has it, but #{drawn} has it.",
    ]
    assert sentences() == ["Appeal #5 was changed past the ledger."]


def test_a_line_that_was_deleted_is_missed() -> None:
    desk.give_back([5], actor=ACTOR)
    settle()
    rows("DELETE FROM change WHERE appeal_id = 5 AND kind = 'received'")
    assert contradictions() == [
        "1 lines of the ledger are missing.",
        "Appeal #5: the beginning of its record is missing.",
    ]


def test_the_last_line_of_an_appeal_that_was_deleted_is_missed() -> None:
    desk.close([5], actor=ACTOR)
    desk.close([6], actor=ACTOR)
    settle()
    rows("DELETE FROM change WHERE appeal_id = 5 AND kind = 'closed'")
    assert contradictions() == [
        "1 lines of the ledger are missing.",
        "Appeal #5: its row is not as the ledger says.",
    ]


def test_a_line_that_does_not_begin_where_the_one_before_ended_is_found() -> None:
    gleb = add_operator("Gleb", 9)
    had = holder_of(5)
    desk.assign([5], gleb, actor=ACTOR)
    for table in ("change", "pending_change"):
        rows(f"UPDATE {table} SET was_operator_id = NULL WHERE appeal_id = 5 AND kind = 'moved'")
    assert contradictions() == [f"Appeal #5: it was with #{had}, but its next line says nobody."]


def test_a_roster_that_was_altered_contradicts_what_was_drawn_from_it() -> None:
    given = holders().count(VERA)
    rows("UPDATE roster SET content = ?", Candidates((Candidate(BORIS, 100, None),)).content())
    assert len(contradictions()) == given
    assert set(contradictions()) == {
        f"Appeal #{appeal}: the draw gave operator #{BORIS}, but #{VERA} has it."
        for appeal, holder in enumerate(holders(), start=1)
        if holder == VERA
    }


def test_an_operator_changed_past_the_rules_after_a_recorded_move_is_found() -> None:
    gleb, dora = add_operator("Gleb", 9), add_operator("Dora", 9)
    desk.assign([5], gleb, actor=ACTOR)
    alter("operator_id = ?", dora, of="id = 5")
    assert contradictions() == [f"Appeal #5: the ledger says #{gleb} has it, but #{dora} has it."]


def test_a_draw_and_operator_changed_in_both_alike_are_not_told_from_a_real_draw() -> None:
    alter_both("draw = 0, operator_id = ?", VERA, of="id = 5")
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
    "sent home": lambda _: desk.send_home([VERA], actor=ACTOR),
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
        desk.send_home([gleb], actor=ACTOR),
        desk.undo(actor=ACTOR),
        desk.undo(actor=ACTOR),
    ),
    "moved, sent home, taken back once": lambda gleb: (
        desk.assign([5], gleb, actor=ACTOR),
        desk.send_home([gleb], actor=ACTOR),
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
        "210 draws are not sealed: from before the first seal, or from while it was off.\n"
        "210 draws had more than one operator to choose from; the shares do NOT follow the weights"
        " (evidence more than 1,000,000 to 1, accused from 20; an honest lottery, looked at once,"
        " looks worse in 0.0% of cases).\n"
    )


def test_the_level_decides_who_is_accused(book: Path) -> None:
    rows("UPDATE operator SET max_load = 1000")
    arrive(BOT, 70)
    alter_both("draw = 0, operator_id = ?", VERA, of="id <= 73")
    alter_both("draw = 99, operator_id = ?", BORIS, of="id > 73")
    code, output, errors = run(book, "verify")
    assert (code, errors) == (1, "")
    told = re.search(r"do NOT follow the weights \(evidence (\d+) to 1, accused from 20;", output)
    assert told is not None
    assert 20 <= int(told[1]) < 1_000
    code, output, errors = run(book, "verify", "--level", "0.001")
    assert (code, errors) == (0, "")
    assert "the shares follow the weights" in output
    assert "accused from 1,000;" in output
    code, output, errors = run(book, "verify", "--level", "2")
    assert (code, output) == (2, "")
    assert "0<x<=1" in errors


def test_one_look_in_twenty_at_a_fair_lottery_accuses_nobody(book: Path) -> None:
    rows("UPDATE operator SET max_load = 1000")
    arrive(BOT, 30)
    alter_both("draw = 0, operator_id = ?", VERA, of="id <= 34")
    alter_both("draw = 99, operator_id = ?", BORIS, of="id > 34")
    outcome = verify()
    # Whoever looks once would accuse it; whoever looks each day must not.
    assert outcome.evenness.p_value < 0.05
    assert not outcome.evidence.accuses()
    assert run(book, "verify")[0] == 0


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

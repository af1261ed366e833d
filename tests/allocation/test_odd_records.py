"""What other programs wrote into columns of the draws: nobody waits for it, and it is told of."""

import json
from collections.abc import Iterator

import pytest

import allocator
from leadboard import desk
from leadboard.allocation.ledger import settle
from leadboard.allocation.tally import count_on
from leadboard.database.fields import now
from leadboard.database.proof_tables import LostDraw
from leadboard.database.transactions import at_one_moment
from leadboard.queries.explanation import explain
from leadboard.queries.seals import SealState, seals
from leadboard.queries.shares import shares
from leadboard.transfer.decisions import decision_lines
from tests.support import ACTOR, add_operator, add_source, arrive, opened, rows
from tests.support.altering import contradictions, sentences

pytestmark = pytest.mark.every_engine

VERA, BORIS, BOT = 1, 2, 1


@pytest.fixture(autouse=True)
def book(target: str) -> Iterator[None]:
    """Open a book where Vera and Boris share three appeals."""
    with opened(target):
        add_operator("Vera", 90), add_operator("Boris", 90)
        add_source("bot", (VERA, 70), (BORIS, 30))
        arrive(BOT, 3)
        settle()
        yield


CREDITS = [
    "",
    "null",
    "[]",
    '{"a":1}',
    '{"1":null}',
    '{"1":1.5}',
    '{"1":true}',
    '{"' + "1" * 5000 + '":1}',
    '{"1":' + "1" * 5000 + "}",
    "[" * 99_999,
]


@pytest.mark.parametrize("credits", CREDITS, ids=lambda text: text[:12] or "nothing")
def test_credits_that_nobody_can_read_keep_nobody_waiting(credits: str) -> None:
    desk.change_source(BOT, strategy="quota", actor=ACTOR)
    rows("UPDATE source SET credits = ?", credits)
    assert "What bot owes its operators cannot be read: nothing is owed to anybody." in sentences()
    assert allocator.submit("lead", BOT, "hello").operator_id == VERA
    # Written anew with the draw.
    assert sentences() == []
    assert contradictions() == []


ROSTERS = [
    "",
    "null",
    "5",
    '"s"',
    "[null]",
    "[[1]]",
    '[[1,"x"]]',
    "[[1,null]]",
    "[[1,1.5]]",
    "[[1,-5],[2,5]]",
    "[[1,70,5]]",
    '["quota",[1,70]]',
    '["quota",[1,0,null,5],[2,0,null,5]]',
    '["headroom",[1,70,null,0]]',
    '["headroom",[1,70,null,"a","b"]]',
    "[" * 99_999,
]


@pytest.mark.parametrize("content", ROSTERS, ids=lambda text: text[:40] or "nothing")
def test_a_roster_that_nobody_can_read_has_nobody_on_it(content: str) -> None:
    rows("UPDATE roster SET content = ?", content)
    told = contradictions()
    assert [each for each in told if "is beyond the roster's 0." in each and "#2" in each]
    assert "Roster #1 was altered: its content and digest differ." in sentences()
    lines = at_one_moment(lambda: [json.dumps(line) for line in decision_lines()])
    assert [json.loads(line)["between"] for line in lines if "draw" in line] == [""] * 3
    assert shares().draws == 3
    assert explain(2).roster == ()
    allocator.submit("lead", BOT, "hello")


@pytest.mark.parametrize("content", ['["quota",[7,70,null,0]]', '["headroom",[1,70,null,0,0]]'])
def test_a_roster_of_another_strategy_in_its_place_is_named(content: str) -> None:
    rows("UPDATE roster SET content = ?", content)
    assert any("decision 2 (appeal #2)" in each for each in contradictions())


def test_a_draw_beyond_its_roster_is_shown_and_named() -> None:
    rows("UPDATE appeal SET draw = 100 WHERE id = 2")
    assert [each.was_drawn for each in explain(2).roster] == [False, False]
    assert contradictions()


def test_a_head_of_no_bytes_is_exported_as_it_is() -> None:
    rows("UPDATE change SET head = ? WHERE appeal_id = 2", b"")
    lines = at_one_moment(lambda: [json.dumps(line) for line in decision_lines()])
    assert [json.loads(line)["head"] for line in lines if '"n": 2' in line] == [""]


def test_draws_without_their_rosters_are_counted_all_the_same() -> None:
    rows("UPDATE change SET roster_id = NULL WHERE appeal_id = 2")
    count_on()
    LostDraw.insert(
        at=now(), source_id=BOT, roster_id=999, draw=0, operator_id=VERA, outside=b""
    ).execute()
    assert (shares().draws, shares().lost) == (4, 1)


def test_a_seal_whose_seed_was_emptied_ends_and_is_revealed() -> None:
    rows("UPDATE source SET seed = NULL")
    arrive(BOT, 2)
    assert [row.state for row in seals()] == [
        SealState.REVEALED,
        SealState.IN_FORCE,
        SealState.NEXT,
    ]
    assert contradictions() == []

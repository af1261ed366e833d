"""What the numbers say: standings, shares and alarms, and that the lottery would agree."""

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peewee import Database

import allocator
from leadboard import desk
from leadboard.allocation.lottery import FULL, INACTIVE, ZERO_WEIGHT, pick
from leadboard.allocation.rosters import candidates_of
from leadboard.entities import OperatorRow, SourceRow
from leadboard.queries import board as board_queries
from leadboard.queries import odds
from leadboard.queries.board import Board
from tests.support import ACTOR, add_team, rows

pytestmark = pytest.mark.every_engine


def operator(number: int, load: int = 0, max_load: int = 5, is_active: bool = True) -> OperatorRow:
    return OperatorRow(number, f"op {number}", is_active, max_load, load)


def board(operators: Sequence[OperatorRow], weights: Mapping[int, int]) -> Board:
    """Return a board with one source, which these operators serve."""
    return Board(operators=operators, sources=[SourceRow(1, "tg", 0)], weights={1: weights})


def test_standings_come_in_the_order_of_the_board_whatever_the_order_of_the_weights() -> None:
    shown = odds.standings(board([operator(2), operator(1)], {1: 5, 2: 7}), 1)
    assert list(shown) == [2, 1]
    assert [each.weight for each in shown.values()] == [7, 5]


def test_whoever_does_not_serve_the_source_does_not_stand_there() -> None:
    shown = board([operator(1), operator(2)], {2: 7})
    assert list(odds.standings(shown, 1)) == [2]
    assert odds.standings(shown, 9) == {}


def test_a_weight_of_an_operator_whom_the_board_does_not_know_counts_for_nothing() -> None:
    shown = board([operator(1)], {1: 5, 99: 1_000})
    assert [each.share for each in odds.standings(shown, 1).values()] == [1.0]
    assert odds.alarms(shown) == {}


@pytest.mark.parametrize(
    ("who", "weight", "reason"),
    [
        (operator(1), 1, None),
        (operator(1, load=4), 1, None),
        (operator(1, load=5), 1, FULL),
        (operator(1, load=9), 1, FULL),
        (operator(1, max_load=0), 1, FULL),
        (operator(1, is_active=False), 1, INACTIVE),
        (operator(1), 0, ZERO_WEIGHT),
    ],
)
def test_a_standing_says_why_they_are_left_out(
    who: OperatorRow, weight: int, reason: str | None
) -> None:
    standing = odds.standings(board([who], {1: weight}), 1)[1]
    assert (standing.reason, standing.share) == (reason, 0.0 if reason else 1.0)


def test_the_total_counts_the_eligible_only() -> None:
    who = [operator(1), operator(2, load=5), operator(3, is_active=False), operator(4)]
    shown = odds.standings(board(who, {1: 30, 2: 80, 3: 10, 4: 0}), 1)
    assert [each.total for each in shown.values()] == [30] * 4


@pytest.mark.parametrize(
    ("operators", "weights", "sentence", "is_grave"),
    [
        ([operator(1), operator(2)], {1: 1, 2: 1}, None, False),
        ([operator(1), operator(2, load=5)], {1: 1, 2: 1}, "tg: only op 1 available", False),
        ([operator(1), operator(2)], {1: 1, 2: 0}, None, False),
        ([operator(1)], {1: 0}, "tg: all weights are 0", True),
        ([operator(1, is_active=False)], {1: 0}, "tg: all weights are 0", True),
        ([operator(1, load=5)], {1: 1}, "tg: nobody available", True),
        ([operator(1, is_active=False)], {1: 1}, "tg: nobody available", True),
        ([operator(1)], {}, None, False),
    ],
)
def test_an_alarm_says_what_is_wrong_with_a_source(
    operators: list[OperatorRow], weights: dict[int, int], sentence: str | None, is_grave: bool
) -> None:
    found = odds.alarms(board(operators, weights))
    expected = [] if sentence is None else [(sentence, is_grave)]
    assert [(each.sentence, each.is_grave) for each in found.values()] == expected


def test_an_alarm_of_one_source_is_none_of_another() -> None:
    shown = Board(
        operators=[operator(1), operator(2)],
        sources=[SourceRow(1, "tg", 0), SourceRow(2, "vk", 0)],
        weights={1: {1: 1, 2: 1}, 2: {1: 0}},
    )
    assert list(odds.alarms(shown)) == [2]


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 3), st.integers(0, 1_000_000)),
        max_size=8,
    )
)
def test_shares_are_exact_fractions_that_sum_to_one(
    team_of: list[tuple[bool, int, int, int]],
) -> None:
    operators = [
        OperatorRow(number, "x", is_active, limit, load)
        for number, (is_active, load, limit, _) in enumerate(team_of, 1)
    ]
    weights = {number: weight for number, (*_, weight) in enumerate(team_of, 1)}
    shown = odds.standings(board(operators, weights), 1).values()
    eligible = [each for each in shown if each.reason is None]
    assert all(each.share == each.weight / each.total for each in eligible)
    assert all(each.share == 0.0 for each in shown if each.reason is not None)
    if eligible:
        assert sum(Fraction(each.weight, each.total) for each in eligible) == 1


@pytest.mark.parametrize("seed", range(20))
def test_the_screen_promises_what_the_lottery_does(db: Database, seed: int) -> None:
    rng = random.Random(seed)
    names = [f"op {number}" for number in range(rng.randint(0, 6))]
    team = add_team(
        {name: rng.randint(0, 2) for name in names},
        {"tg": {name: rng.choice([0, 1, 5, 70]) for name in names if rng.random() < 0.8}},
    )
    for operator_id, _ in enumerate(names, 1):
        desk.change_operator(operator_id, is_active=rng.random() < 0.7, actor=ACTOR)
    for number in range(rng.randint(0, 3)):
        allocator.submit(f"lead {number}", team.tg, "")
    candidates = candidates_of(1)
    shown = odds.standings(board_queries.board(), team.tg)
    drawn = [pick(candidates, draw) for draw in range(candidates.total)]
    assert {each.operator_id: each.reason for each in candidates.entries} == {
        operator_id: each.reason for operator_id, each in shown.items()
    }
    for operator_id, each in shown.items():
        assert each.share * len(drawn) == pytest.approx(drawn.count(operator_id))
    assert rows("SELECT count(*) FROM operator_source") == [(len(shown),)]


def test_shares_of_the_eligible_sum_to_one(db: Database) -> None:
    team = add_team(
        {"Anna": 9, "Boris": 9, "Vera": 0, "Gleb": 9},
        {"tg": {"Anna": 58, "Boris": 42, "Vera": 80, "Gleb": 10}},
    )
    desk.change_operator(team.gleb, is_active=False, actor=ACTOR)
    standing = odds.standings(board_queries.board(), team.tg)
    assert [each.share for each in standing.values()] == [0.58, 0.42, 0.0, 0.0]
    assert [each.reason for each in standing.values()] == [None, None, "full", "inactive"]


def test_alarms_name_sources_that_have_nobody_or_only_one_left(db: Database) -> None:
    add_team(
        {"Anna": 9, "Boris": 0},
        {"one": {"Anna": 1, "Boris": 1}, "none": {"Boris": 1}, "zero": {"Anna": 0}, "new": {}},
    )
    found = odds.alarms(board_queries.board())
    assert {key: alarm.is_grave for key, alarm in found.items()} == {1: False, 2: True, 3: True}


@given(
    st.lists(st.integers(0, 100), min_size=4, max_size=4),
    st.sampled_from([(70, 20, 9, 1), (1, 1, 1, 0), (0, 0, 0, 5)]),
)
def test_shares_sum_to_one_over_the_eligible(loads: list[int], weights: tuple[int, ...]) -> None:
    operators = [
        OperatorRow(number, str(number), number != 3, 50, load)
        for number, load in enumerate(loads, 1)
    ]
    board = board_queries.Board(operators=operators, weights={1: dict(enumerate(weights, 1))})
    standing = odds.standings(board, 1)
    total = sum(each.share for each in standing.values())
    eligible = [each for each in standing.values() if each.reason is None]
    assert total == (pytest.approx(1.0) if eligible else 0.0)
    assert all(not each.share for each in standing.values() if each.reason)

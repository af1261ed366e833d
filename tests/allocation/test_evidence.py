"""Evidence against exact expectations, fair and bent floors, and what joins later."""

from itertools import product
from math import fsum, log, prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadboard.allocation.evidence import MOST, CountedDraws, evidence
from leadboard.allocation.lottery import FULL, Candidate, Candidates
from tests.support.floors import FRIEND, SHAPES, Day


def roster(weights: dict[int, int], full: frozenset[int] = frozenset()) -> Candidates:
    return Candidates(
        tuple(Candidate(k, w, FULL if k in full else None) for k, w in weights.items())
    )


def counted(rosters: list[Candidates], drawn: tuple[int, ...]) -> list[CountedDraws]:
    """Return draws in turn, one from each roster, counted by roster."""
    got: dict[int, dict[int, int]] = {}
    for candidates, operator_id in zip(rosters, drawn, strict=True):
        here = got.setdefault(rosters.index(candidates), {})
        here[operator_id] = here.get(operator_id, 0) + 1
    return [CountedDraws("", rosters[at], each) for at, each in got.items()]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.integers(1, 3), st.integers(1, 50), min_size=1, max_size=3),
        min_size=1,
        max_size=5,
    )
)
def test_it_is_expected_to_stay_where_it_begins(weights: list[dict[int, int]]) -> None:
    rosters = [roster(each) for each in weights]
    outcomes = product(*(sorted(each) for each in weights))
    expected = fsum(
        prod(each[k] / sum(each.values()) for each, k in zip(weights, drawn, strict=True))
        * evidence(counted(rosters, drawn)).value
        for drawn in outcomes
    )
    # Who joins in another roster may make it a little less, never more.
    assert expected <= 1 + 1e-9
    if len({frozenset(each) for each in weights}) == 1:
        assert expected == pytest.approx(1, abs=1e-9)


def test_no_draw_says_nothing_and_an_impossible_one_everything() -> None:
    assert evidence([]).value == 1
    alone = CountedDraws("", roster({1: 5}), {1: 1_000})
    assert evidence([alone]).value == 1
    cheat = CountedDraws("", roster({1: 5, 2: 5, 3: 1}, frozenset({3})), {1: 4, 3: 1})
    found = evidence([cheat])
    assert (found.value, found.operator_id, found.is_more) == (MOST, 3, True)


def test_it_names_who_is_favoured_and_who_is_avoided() -> None:
    fair = roster({1: 50, 2: 30, 3: 20})
    found = evidence([CountedDraws("", fair, {1: 5_000, 2: 3_400, 3: 1_600})])
    assert found.accuses()
    assert (found.operator_id, found.is_more) in ((2, True), (3, False))
    found = evidence([CountedDraws("", fair, {1: 5_300, 2: 2_820, 3: 1_880})])
    assert (found.operator_id, found.is_more) == (1, True)
    found = evidence([CountedDraws("", fair, {1: 5_003, 2: 2_995, 3: 2_002})])
    assert not found.accuses()
    assert found.value < 1


def test_many_draws_overflow_nothing() -> None:
    found = evidence([CountedDraws("", roster({1: 1, 2: 1}), {1: 10**9, 2: 1})])
    assert found.value == pytest.approx(MOST)
    assert found.odds == "more than 1,000,000 to 1"


def test_who_joins_later_takes_nothing_from_what_is_known() -> None:
    bent = CountedDraws("2026-11-01", roster({1: 50, 2: 50}), {1: 1_150, 2: 850})
    before = evidence([bent])
    later = CountedDraws("2026-12-01", roster({1: 50, 2: 50, 3: 50}), {1: 20, 2: 20, 3: 20})
    after = evidence([bent, later])
    assert before.accuses()
    assert after.accuses()
    assert after.priors[1] == before.priors[1]
    assert abs(log(after.value) - log(before.value)) < 2


@pytest.mark.parametrize("name", ["steady", "two operators", "tiny, meddled"])
def test_fair_floors_are_hardly_ever_accused(name: str) -> None:
    accused = 0
    for seed in range(40):
        day = Day(SHAPES[name], seed)
        looks = (day.run(draws).evidence() for draws in range(100, 1_600, 100))
        accused += any(each.accuses() for each in looks)
    assert accused <= 2


@pytest.mark.parametrize("name", ["steady", "breaks", "two operators", "steady, meddled"])
def test_a_bend_of_three_points_is_found_and_named(name: str) -> None:
    for seed in range(3):
        found = Day(SHAPES[name], seed, 0.03).run(10_000).evidence()
        assert found.accuses()
        assert (found.operator_id, found.is_more) == (FRIEND, True)

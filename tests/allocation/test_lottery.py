"""The lottery against exact probabilities, draw by draw and over many draws."""

import ast
import itertools
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadboard.allocation import lottery
from leadboard.allocation.lottery import (
    FULL,
    INACTIVE,
    ZERO_WEIGHT,
    Candidate,
    Candidates,
    left_out,
    pick,
)
from leadboard.allocation.reasons import why_nobody

REASONS = st.sampled_from([None, FULL, INACTIVE, ZERO_WEIGHT])


def roster(*weights: int) -> Candidates:
    """Return operators 1, 2, … with these weights; 0 is left out."""
    return Candidates(
        tuple(
            Candidate(number, weight, None if weight else ZERO_WEIGHT)
            for number, weight in enumerate(weights, 1)
        )
    )


@st.composite
def rosters(draw: st.DrawFn) -> Candidates:
    entries = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        reason = draw(REASONS)
        weight = 0 if reason == ZERO_WEIGHT else draw(st.integers(1, 1_000_000))
        entries.append(Candidate(number, weight, reason))
    return Candidates(tuple(entries))


@pytest.mark.parametrize("weights", list(itertools.product(range(5), repeat=3)))
def test_each_operator_gets_exactly_their_weight_of_all_draws(weights: tuple[int, ...]) -> None:
    candidates = roster(*weights)
    drawn = [pick(candidates, draw) for draw in range(candidates.total)]
    assert drawn == [number for number, weight in enumerate(weights, 1) for _ in range(weight)]


def test_a_draw_beyond_the_total_is_an_error_and_never_somebody() -> None:
    with pytest.raises(ValueError, match="beyond"):
        pick(roster(1, 2), 3)


@pytest.mark.parametrize(
    "candidates",
    [
        roster(),
        roster(0),
        roster(0, 0, 0),
        Candidates((Candidate(1, 70, FULL), Candidate(2, 30, INACTIVE))),
    ],
)
def test_nobody_eligible_draws_nobody(candidates: Candidates) -> None:
    assert candidates.wheel.turn(random.Random(1)) is None


def test_shares_follow_the_weights_by_chi_square() -> None:
    # 3 degrees of freedom; 21.1 is passed by chance once in 10 000 seeds, and the seed is fixed.
    candidates, rng, draws = roster(70, 20, 9, 1), random.Random(20_261_123), 50_000
    counts = [0, 0, 0, 0]
    for _ in range(draws):
        chosen = candidates.wheel.turn(rng)
        assert chosen is not None
        counts[chosen[0] - 1] += 1
    expected = [draws * weight / 100 for weight in (70, 20, 9, 1)]
    assert sum((c - e) ** 2 / e for c, e in zip(counts, expected, strict=True)) < 21.1


def test_huge_weights_stay_exact() -> None:
    candidates = roster(*[1_000_000] * 5_000)
    assert candidates.total == 5_000_000_000
    assert pick(candidates, 4_999_999_999) == 5_000
    assert pick(candidates, 1_000_000) == 2


@given(rosters(), st.integers(0, 2**32))
def test_only_the_eligible_are_ever_chosen(candidates: Candidates, seed: int) -> None:
    eligible = {each.operator_id: each.weight for each in candidates.entries if not each.reason}
    chosen = candidates.wheel.turn(random.Random(seed))
    if chosen is None:
        assert not eligible
    else:
        operator_id, draw = chosen
        assert operator_id in eligible
        assert 0 <= draw < candidates.total == sum(eligible.values())
        assert pick(candidates, draw) == operator_id


@given(rosters())
def test_a_roster_is_read_back_as_it_was_written(candidates: Candidates) -> None:
    assert Candidates.parse(candidates.content()) == candidates


@given(rosters(), st.integers(1, 8))
def test_a_lost_place_leaves_that_operator_out(candidates: Candidates, operator_id: int) -> None:
    rest = candidates.without(operator_id)
    assert all(each.reason for each in rest.entries if each.operator_id == operator_id)
    assert rest.total <= candidates.total


@pytest.mark.parametrize(
    ("is_active", "load", "limit", "weight", "reason"),
    [
        (True, 0, 1, 1, None),
        (True, 1, 1, 1, FULL),
        (True, 2, 1, 1, FULL),
        (True, 0, 0, 1, FULL),
        (False, 0, 1, 1, INACTIVE),
        (False, 1, 1, 0, INACTIVE),
        (True, 0, 1, 0, ZERO_WEIGHT),
    ],
)
def test_each_reason_to_be_left_out(
    is_active: bool, load: int, limit: int, weight: int, reason: str | None
) -> None:
    assert left_out(is_active, load, limit, weight) == reason


@pytest.mark.parametrize("reasons", list(itertools.product([None, FULL, INACTIVE], repeat=3)))
def test_whoever_is_left_out_is_never_drawn(reasons: tuple[str | None, ...]) -> None:
    entries = (Candidate(number, number * 2, why) for number, why in enumerate(reasons, 1))
    candidates = Candidates(tuple(entries))
    drawn = Counter(pick(candidates, draw) for draw in range(candidates.total))
    assert drawn == {number: number * 2 for number, why in enumerate(reasons, 1) if why is None}


def test_equal_weights_do_not_favour_whoever_came_first() -> None:
    # 9 degrees of freedom; 33.7 is passed by chance once in 10 000 seeds, and the seed is fixed.
    candidates, rng, draws = roster(*[5] * 10), random.Random(7), 20_000
    counts = Counter((candidates.wheel.turn(rng) or (0, 0))[0] for _ in range(draws))
    assert set(counts) == set(range(1, 11))
    assert sum((count - 2_000) ** 2 / 2_000 for count in counts.values()) < 33.7


def test_drawing_uses_no_float() -> None:
    source = Path(lottery.__file__).read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        assert not isinstance(node, ast.Div)
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not (isinstance(node, ast.Name) and node.id == "float")


def test_a_roster_is_told_apart_by_weight_and_reason() -> None:
    contents = {
        roster(1, 2).content(),
        roster(2, 1).content(),
        roster(1, 2).without(1).content(),
        roster(1, 2).without(2).content(),
        roster(12).content(),
    }
    assert len(contents) == 5


@pytest.mark.parametrize(
    ("candidates", "words"),
    [
        (roster(), "nobody serves this source"),
        (roster(0, 0), "2 zero weight"),
        (roster(3, 0).without(1), "1 full, 1 zero weight"),
        (roster(3), "older appeals go first"),
    ],
)
def test_why_nobody_got_it_is_said_in_a_few_words(candidates: Candidates, words: str) -> None:
    assert why_nobody(candidates) == words


@pytest.mark.parametrize(
    ("weights", "critical", "seed"),
    [
        # The value of chi-square that is passed by chance once in 10 000 seeds, by the degrees of
        # freedom (one less than there are operators): 1: 15.14, 2: 18.42, 4: 23.51, 7: 29.88.
        ((1, 1), 15.14, 1),
        ((2, 1), 15.14, 2),
        ((999, 1_000), 15.14, 3),
        ((1, 2, 3), 18.42, 4),
        ((1_000_000, 500_000, 250_000, 125_000, 62_500), 23.51, 5),
        ((3, 1, 4, 1, 5, 9, 2, 6), 29.88, 6),
    ],
)
def test_many_draws_fit_the_exact_probabilities(
    weights: tuple[int, ...], critical: float, seed: int
) -> None:
    candidates, rng, draws = roster(*weights), random.Random(seed), 12_000
    counts = Counter((candidates.wheel.turn(rng) or (0, 0))[0] for _ in range(draws))
    expected = [draws * weight / sum(weights) for weight in weights]
    observed = [counts[number] for number, _ in enumerate(weights, 1)]
    assert sum(observed) == draws
    assert sum((o - e) ** 2 / e for o, e in zip(observed, expected, strict=True)) < critical


@given(rosters())
def test_a_roster_without_everybody_in_turn_draws_nobody_in_the_end(
    candidates: Candidates,
) -> None:
    rng = random.Random(0)
    seen: list[int] = []
    while chosen := candidates.wheel.turn(rng):
        seen.append(chosen[0])
        candidates = candidates.without(chosen[0])
    assert len(seen) == len(set(seen))
    assert candidates.total == 0


@given(rosters())
def test_every_stretch_begins_where_the_one_before_ended(candidates: Candidates) -> None:
    start = 0
    for each in candidates.entries:
        if each.reason is None:
            assert pick(candidates, start) == each.operator_id
            start += each.weight
            assert pick(candidates, start - 1) == each.operator_id
    assert start == candidates.total


def test_what_was_drawn_from_cannot_change_afterwards() -> None:
    candidates = roster(1, 2)
    content = candidates.content()
    candidates.without(1)
    assert candidates.content() == content
    with pytest.raises(AttributeError):
        candidates.entries[0].weight = 9  # type: ignore[misc]  # that is the point

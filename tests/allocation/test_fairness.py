"""The test of evenness against tables, exact algebra, fair floors and bent ones."""

import ast
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import comb, erfc, exp, log, sqrt
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadboard.allocation import evidence, fairness, lottery
from leadboard.allocation.fairness import LARGE, DrawCounts, Evenness, chi_square_tail
from leadboard.allocation.lottery import FULL, INACTIVE, Candidate, Candidates, Wheel
from leadboard.common import language
from tests.support.floors import FLOORS, FRIEND, HANDS, Day, Floor

Weights = Mapping[int, int]
Draws = Sequence[tuple[int, int, int]]
"""Roster, operator, count."""


def roster(weights: Weights) -> Candidates:
    return Candidates(tuple(Candidate(key, weight) for key, weight in weights.items()))


def evenness(rosters: Sequence[Weights], draws: Draws) -> Evenness:
    tally = DrawCounts([roster(weights) for weights in rosters].__getitem__)
    for each in draws:
        tally.add(*each)
    return tally.evenness()


def honest(rosters: Sequence[Weights], draws: int, seed: int) -> Draws:
    """Return so many draws of each roster."""
    rng, counts = random.Random(seed), Counter[tuple[int, int]]()
    for roster_id, weights in enumerate(rosters):
        counts.update(
            (roster_id, each) for each in rng.choices([*weights], [*weights.values()], k=draws)
        )
    return [(*key, count) for key, count in counts.items()]


def accused(floor: Floor, days: int, draws: int, bend: float = 0.0) -> int:
    results = [Day(floor, seed, bend).run(draws).evenness() for seed in range(days)]
    return sum(not each.is_even() for each in results)


def exact(rosters: Sequence[Weights], draws: Draws) -> tuple[Fraction, int]:
    """Return d' S⁻ d and the rank of S in fractions, from the definition."""
    keys = sorted({key for weights in rosters for key in weights})
    counts = Counter[int]()
    for roster_id, _, count in draws:
        counts[roster_id] += count
    rows = [[Fraction(0)] * len(keys) for _ in keys]
    off = [Fraction(sum(count for _, drawn, count in draws if drawn == key)) for key in keys]
    for roster_id, weights in enumerate(rosters):
        parts = [Fraction(weights.get(key, 0), sum(weights.values())) for key in keys]
        for at, part in enumerate(parts):
            off[at] -= counts[roster_id] * part
            rows[at][at] += counts[roster_id] * part
            for other, its in enumerate(parts):
                rows[at][other] -= counts[roster_id] * part * its
    value, rank = Fraction(0), 0
    for at, row in enumerate(rows):
        if row[at]:
            value, rank = value + off[at] ** 2 / row[at], rank + 1
            for other in range(at + 1, len(keys)):
                factor = rows[other][at] / row[at]
                off[other] -= factor * off[at]
                rows[other] = [a - factor * b for a, b in zip(rows[other], row, strict=True)]
    return value, rank


@pytest.mark.parametrize(
    ("value", "degrees", "tail"),
    # Abramowitz & Stegun, table 26.8.
    [
        (3.84146, 1, 0.05),
        (6.63490, 1, 0.01),
        (10.8276, 1, 0.001),
        (5.99147, 2, 0.05),
        (0.351846, 3, 0.95),
        (11.0705, 5, 0.05),
        (3.94030, 10, 0.95),
        (23.2093, 10, 0.01),
        (30.1435, 19, 0.05),
        (43.773, 30, 0.05),
        (149.449, 100, 0.001),
    ],
)
def test_the_tail_of_chi_square_is_that_of_the_tables(
    value: float, degrees: int, tail: float
) -> None:
    assert chi_square_tail(value, degrees) == pytest.approx(tail, rel=2e-4)


def test_the_tail_of_chi_square_holds_at_its_ends() -> None:
    assert chi_square_tail(0, 1) == chi_square_tail(0, 40) == 1
    assert chi_square_tail(1e-9, 40) == 1
    assert chi_square_tail(1e6, 1) == chi_square_tail(1e6, 200) == 0
    assert chi_square_tail(9, 1) == erfc(sqrt(4.5))
    assert chi_square_tail(20_000, 20_000) == pytest.approx(0.5, abs=0.002)


@pytest.mark.parametrize(
    "weights", [(1, 1), (70, 20, 10), (999_999, 1_000_000, 1), (3, 1, 4, 1, 5)]
)
def test_of_one_roster_it_is_the_chi_square_of_pearson(weights: tuple[int, ...]) -> None:
    # Light operators have so many draws here that nobody is pooled.
    rosters, count = [dict(enumerate(weights))], 20_000_000 if 1_000_000 in weights else 500
    got = [count * weight // sum(weights) for weight in weights]
    got[0] += count - sum(got) - 3
    got[-1] += 3
    due = [count * weight / sum(weights) for weight in weights]
    found = evenness(rosters, [(0, key, number) for key, number in enumerate(got)])
    pearson = sum((g - d) ** 2 / d for g, d in zip(got, due, strict=True))
    assert found.statistic == pytest.approx(pearson)
    assert found.degrees == len(weights) - 1
    assert found.p_value == chi_square_tail(found.statistic, len(weights) - 1)


@pytest.mark.parametrize("seed", range(20))
def test_of_many_rosters_it_is_what_exact_algebra_says(seed: int) -> None:
    rng = random.Random(seed)
    rosters = [
        {key: rng.randint(1, 9) for key in rng.sample(range(8), rng.randint(1, 5))}
        for _ in range(rng.randint(1, 12))
    ]
    draws = honest(rosters, 150, seed)
    found = evenness(rosters, draws)
    value, rank = exact(rosters, draws)
    assert found.statistic == pytest.approx(float(value))
    assert found.degrees == rank


def test_operators_who_share_no_roster_are_groups_that_add_up() -> None:
    left, right = {1: 3, 2: 5, 3: 1}, {4: 1, 5: 2}
    draws = honest([left, right], 400, 1)
    whole = evenness([left, right], draws)
    parts = [evenness([left, right], [each for each in draws if each[0] == k]) for k in (0, 1)]
    assert whole.statistic == pytest.approx(sum(each.statistic for each in parts))
    assert [whole.degrees, *(each.degrees for each in parts)] == [3, 2, 1]
    for keys in ((1, 2, 3), (4, 5)):
        found = [each for each in whole.shares if each.operator_id in keys]
        assert sum(each.got - each.due for each in found) == pytest.approx(0, abs=1e-9)


def test_without_draws_nothing_is_said() -> None:
    assert evenness([], []) == Evenness(0, 0, 0, 0.0, 0, 1.0, ())


def test_the_only_eligible_operator_proves_nothing() -> None:
    left_out = Candidates((Candidate(1, 9), Candidate(2, 5, FULL), Candidate(3, 5, INACTIVE)))
    tally = DrawCounts([left_out, roster({1: 9, 2: 0})].__getitem__)
    tally.add(0, 1, 500)
    tally.add(1, 1, 500)
    assert tally.evenness() == Evenness(1_000, 0, 0, 0.0, 0, 1.0, ())


@pytest.mark.parametrize("drawn", [2, 3, 99])
def test_a_draw_of_somebody_who_was_not_eligible_is_never_even(drawn: int) -> None:
    candidates = Candidates((Candidate(1, 9), Candidate(2, 5, FULL), Candidate(3, 0)))
    tally = DrawCounts([candidates].__getitem__)
    tally.add(0, 1, 500)
    assert tally.evenness().is_even()
    tally.add(0, drawn)
    found = tally.evenness()
    assert (found.draws, found.impossible, found.p_value) == (501, 1, 0)
    assert not found.is_even(1e-9)


def test_too_few_draws_accuse_nobody() -> None:
    assert evenness([{1: 1, 2: 1}], [(0, 1, 9)]).p_value == 1
    assert evenness([{1: 1, 2: 1}], [(0, 1, 10)]).p_value == pytest.approx(0.0016, abs=1e-4)
    # However many they are, less than five of them are due to somebody with a weight this small.
    assert evenness([{1: 1, 2: 1_000_000}], [(0, 1, 3), (0, 2, 4_000_000)]).p_value == 1


def test_operators_who_are_due_too_little_are_looked_at_together() -> None:
    weights = dict.fromkeys(range(40), 1)
    found = evenness([weights], [(0, 7, 190)])
    assert found.degrees == 19
    assert not found.is_even(1e-9)
    assert evenness([weights], [(0, key, 5) for key in range(38)]).is_even()


def test_of_hundreds_one_who_gets_too_much_is_found() -> None:
    count = LARGE + 100
    weights = dict.fromkeys(range(count), 1)
    draws = [(0, key, 10) for key in range(count)]
    fair = evenness([weights], draws)
    assert (fair.p_value, fair.degrees, len(fair.shares)) == (1, 0, count)
    assert evenness([weights], [*draws, (0, 5, 10)]).is_even()
    assert not evenness([weights], [*draws, (0, 5, 20)]).is_even()
    assert not evenness([weights], [each for each in draws if each[1] != 5] * 2).is_even()


def test_hundreds_are_one_group_however_their_rosters_overlap() -> None:
    pairs = [{key: 1, key + 1: 1} for key in range(LARGE + 50)]
    found = evenness(pairs, honest(pairs, 40, 1))
    assert found.degrees == 0
    assert 0.01 < found.p_value <= 1


def test_hundreds_hide_no_small_group_and_no_small_group_hides_them() -> None:
    many, few = dict.fromkeys(range(1_000, 1_000 + LARGE + 1), 1), {1: 1, 2: 1}
    fair = [(0, key, 10) for key in many] + [(1, 1, 50), (1, 2, 50)]
    assert evenness([many, few], fair).is_even()
    for bent in ((0, 1_000, 30), (1, 1, 60)):
        assert not evenness([many, few], [*fair, bent]).is_even(0.001)


@pytest.mark.parametrize(("draws", "seed"), [(LARGE + 100, 1), (3_000, 2)])
def test_fair_draws_among_hundreds_are_rarely_accused(draws: int, seed: int) -> None:
    rng = random.Random(seed)
    weights = {key: rng.randint(1, 9) for key in range(LARGE + 100)}
    days = [evenness([weights], honest([weights], draws, rng.randrange(10**9))) for _ in range(100)]
    # 5 at most are due, as a Poisson tail is a little too wide.
    assert sum(not each.is_even() for each in days) <= 12


ROSTERS = st.lists(
    st.dictionaries(st.integers(1, 6), st.integers(1, 1_000_000), min_size=1),
    min_size=1,
    max_size=5,
)


@st.composite
def tallies(draw: st.DrawFn) -> tuple[list[dict[int, int]], Draws]:
    """Return rosters, and draws that each of them could have given."""
    rosters = draw(ROSTERS)
    possible = [(number, key) for number, weights in enumerate(rosters) for key in weights]
    counted = st.tuples(st.sampled_from(possible), st.integers(1, 60))
    return rosters, [(*key, count) for key, count in draw(st.lists(counted, max_size=8))]


@settings(deadline=None)
@given(tallies())
def test_its_figures_hold_together(case: tuple[list[dict[int, int]], Draws]) -> None:
    rosters, draws = case
    found = evenness(rosters, draws)
    assert found.draws == sum(count for _, _, count in draws)
    assert found.free == sum(count for number, _, count in draws if len(rosters[number]) > 1)
    assert found.impossible == 0
    assert found.statistic >= 0
    assert 0 <= found.p_value <= 1
    assert 0 <= found.degrees <= max(0, len(found.shares) - 1)
    assert sum(each.got for each in found.shares) == found.free
    assert sum(each.due for each in found.shares) == pytest.approx(found.free)
    for each in found.shares:
        seen = each.seen_by(NEEDED)
        assert seen is None or 0 < seen < 1
        assert max(each.got, each.due) <= each.free


@settings(deadline=None)
@given(tallies(), st.randoms(use_true_random=False))
def test_neither_order_nor_parcels_matter(
    case: tuple[list[dict[int, int]], Draws], rng: random.Random
) -> None:
    rosters, draws = case
    single = [(number, key, 1) for number, key, count in draws for _ in range(count)]
    rng.shuffle(single)
    assert evenness(rosters, single) == evenness(rosters, draws)


@settings(deadline=None)
@given(tallies(), st.integers(2, 1_000))
def test_only_the_ratio_of_weights_matters(
    case: tuple[list[dict[int, int]], Draws], factor: int
) -> None:
    rosters, draws = case
    scaled = [{key: weight * factor for key, weight in each.items()} for each in rosters]
    assert evenness(scaled, draws) == evenness(rosters, draws)


NEEDED = log(20 * 12 * 22)
"""The log ratio that one of six operators needs at one of 22 tilts."""


def test_it_says_how_small_a_bend_it_would_have_seen() -> None:
    (one, two) = evenness([{1: 1, 2: 3}], [(0, 1, 250_000), (0, 2, 750_000)]).shares
    seen = one.seen_by(NEEDED)
    assert seen == two.seen_by(NEEDED)
    quantile = sqrt(2 * NEEDED) + 1.645
    assert seen == pytest.approx(quantile * sqrt(3 / 16 / 1_000_000), rel=5e-3)
    assert (one.z, one.due, one.free) == (0, 250_000, 1_000_000)
    (one, _) = evenness([{1: 1, 2: 1}], [(0, 2, 5)]).shares
    assert one.seen_by(NEEDED) is None


@pytest.mark.parametrize(
    ("others", "draws"), [(1, 100), (1, 2_000), (5, 200), (39, 200), (39, 2_000)]
)
def test_a_bend_of_that_size_is_seen_in_95_of_100_cases(others: int, draws: int) -> None:
    due = 1 / (1 + others)
    seen = evenness([{1: 1, 2: others}], [(0, 2, draws)]).shares[0].seen_by(NEEDED)
    assert seen is not None
    chance, found = due + seen, 0.0
    for got in range(int(draws * due) + 1, draws):
        part = got / draws
        ratio = got * log(part / due) + (draws - got) * log((1 - part) / (1 - due))
        if ratio >= NEEDED:
            odds = got * log(chance / (1 - chance)) + draws * log(1 - chance)
            found += exp(log(comb(draws, got)) + odds)
    assert found == pytest.approx(0.95, abs=0.015)


# 15 of 300 fair days are due at 5 %, and 3 of 60; beyond these limits lies one seed in 500.
@pytest.mark.parametrize(
    ("floor", "days", "draws", "fewest", "most"),
    [
        (Floor(5, 2, 0.8, hands=HANDS), 300, 250, 5, 27),
        (FLOORS["three sources, 12"], 300, 300, 5, 27),
        (FLOORS["saturating, 40"], 60, 200, 0, 9),
    ],
)
def test_fair_days_are_accused_as_often_as_said(
    floor: Floor, days: int, draws: int, fewest: int, most: int
) -> None:
    assert fewest <= accused(floor, days, draws) <= most


def test_a_bend_of_three_points_is_found() -> None:
    assert accused(FLOORS["equal, 6"], 20, 10_000, bend=0.03) >= 19


def test_it_needs_the_draws_of_returned_appeals_too() -> None:
    """Somebody returns what did not fall on a friend: the lottery is fair, what remains is not."""
    weights, rng = {FRIEND: 1, 2: 1, 3: 1}, random.Random(1)
    wheel = Wheel.of(roster(weights))
    whole, last = [], []
    for _ in range(2_000):
        for _ in range(2):
            drawn = (wheel.turn(rng) or (0, 0))[0]
            whole.append((0, drawn, 1))
            if drawn == FRIEND:
                break
        last.append((0, drawn, 1))
    assert evenness([weights], whole).is_even()
    assert not evenness([weights], last).is_even(1e-9)


@pytest.mark.parametrize(
    ("module", "known"),
    [
        (fairness, {lottery.__name__, evidence.__name__}),
        (evidence, {lottery.__name__, language.__name__}),
    ],
)
def test_it_knows_the_lottery_and_no_database(module: ModuleType, known: set[str]) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    assert {each.partition(".")[0] for each in modules - known} <= sys.stdlib_module_names

"""Acts on weights: steps with their ends, even spreads, and links that are taken away."""

import pytest

from leadboard import desk
from leadboard.common.validation import MAX_WEIGHT
from tests.desk.conftest import Team
from tests.support import ACTOR, add_operator, add_source, arrive, holders, rows, scalar

pytestmark = pytest.mark.every_engine


def test_a_step_of_the_weight_stops_at_both_ends(team: Team) -> None:
    desk.step_weight(team.vera, team.bot, MAX_WEIGHT, actor=ACTOR)
    assert scalar("SELECT weight FROM operator_source WHERE operator_id = ?", team.vera) == (
        MAX_WEIGHT
    )
    desk.step_weight(team.vera, team.bot, -2 * MAX_WEIGHT, actor=ACTOR)
    assert scalar("SELECT weight FROM operator_source WHERE operator_id = ?", team.vera) == 0


def test_a_step_of_a_weight_that_is_not_there_counts_from_zero(team: Team) -> None:
    desk.step_weight(team.gleb, team.bot, 3, actor=ACTOR)
    assert scalar("SELECT weight FROM operator_source WHERE operator_id = ?", team.gleb) == 3


@pytest.mark.parametrize(
    ("weights", "even"), [((0, 0), 1), ((1, 0), 1), ((10, 20), 15), ((7, 8, 9), 8), ((1, 2, 4), 2)]
)
def test_spreading_keeps_the_sum_as_near_as_may_be(weights: tuple[int, ...], even: int) -> None:
    links = [(add_operator(f"op {each}"), weight) for each, weight in enumerate(weights)]
    source = add_source("s", *links)
    desk.spread(source, actor=ACTOR)
    assert rows("SELECT DISTINCT weight FROM operator_source") == [(even,)]


def test_spreading_a_row_reaches_no_other_operator(team: Team) -> None:
    desk.set_weight(team.vera, team.site, 9, actor=ACTOR)
    desk.spread_row(team.vera, actor=ACTOR)
    assert rows("SELECT operator_id, source_id, weight FROM operator_source ORDER BY 1, 2") == [
        (team.vera, team.bot, 30),
        (team.vera, team.site, 30),
        (team.boris, team.bot, 0),
    ]


def test_unlinking_keeps_the_appeals_and_gives_no_more(team: Team) -> None:
    desk.unlink(team.vera, team.bot, actor=ACTOR)
    assert holders(team.held) == [team.vera] * 3
    assert holders(arrive(team.bot)) == [None]


def test_a_weight_of_zero_keeps_the_appeals_and_gives_no_more(team: Team) -> None:
    desk.set_weight(team.vera, team.bot, 0, actor=ACTOR)
    assert holders(team.held) == [team.vera] * 3
    assert holders(arrive(team.bot)) == [None]


def test_spreading_reaches_neither_other_sources_nor_who_is_not_linked(team: Team) -> None:
    desk.set_weight(team.gleb, team.site, 9, actor=ACTOR)
    desk.spread(team.bot, actor=ACTOR)
    assert rows("SELECT operator_id, source_id, weight FROM operator_source ORDER BY 1, 2") == [
        (team.vera, team.bot, 25),
        (team.boris, team.bot, 25),
        (team.gleb, team.site, 9),
    ]


@pytest.mark.parametrize(
    ("weights", "factor", "expected"),
    [
        ((10, 20), "2", (20, 40)),
        ((10, 20), "x1.5", (15, 30)),
        ((5, 1), "1/2", (3, 1)),  # half up, and nobody who had a weight falls to 0
        ((5, 0), "50%", (3, 0)),
        ((3, 7), "0,1", (1, 1)),
    ],
)
def test_scaling_a_source_keeps_its_proportions_as_near_as_whole_numbers_can(
    weights: tuple[int, ...], factor: str, expected: tuple[int, ...]
) -> None:
    links = [(add_operator(f"op {each}"), weight) for each, weight in enumerate(weights)]
    source = add_source("s", *links)
    assert desk.scale(source, factor, actor=ACTOR).result == 2
    assert rows("SELECT weight FROM operator_source ORDER BY operator_id") == [
        (each,) for each in expected
    ]


def test_scaling_a_row_reaches_no_other_operator(team: Team) -> None:
    desk.scale_row(team.vera, "10%", actor=ACTOR)
    assert rows("SELECT operator_id, weight FROM operator_source ORDER BY 1") == [
        (team.vera, 5),
        (team.boris, 0),
    ]

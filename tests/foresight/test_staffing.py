"""Erlang C: against exact fractions, printed tables, and a package of others."""

from fractions import Fraction
from math import factorial

import pytest

from leadboard.foresight.staffing import Staffing, places_for, waiting_probability

LOADS = [Fraction(1, 100), Fraction(1, 2), Fraction(7, 2), Fraction(9), Fraction(20), Fraction(95)]


def exact(places: int, erlangs: Fraction) -> Fraction:
    """Return the chance of waiting as the textbook's sum has it, without any rounding."""
    if places <= erlangs:
        return Fraction(1)
    sums = sum(erlangs**each / factorial(each) for each in range(places))
    last = erlangs**places / factorial(places) * places / (places - erlangs)
    return last / (sums + last)


@pytest.mark.parametrize("erlangs", LOADS, ids=str)
def test_the_chance_is_that_of_exact_fractions(erlangs: Fraction) -> None:
    for places in range(int(erlangs) + 60):
        wanted = float(exact(places, erlangs))
        assert waiting_probability(places, float(erlangs)) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("erlangs", LOADS, ids=str)
@pytest.mark.parametrize("waiting", [0.5, 0.2, 0.05, 0.001])
def test_the_places_are_the_least_that_will_do(erlangs: Fraction, waiting: float) -> None:
    places = places_for(float(erlangs), waiting)
    assert exact(places, erlangs) < waiting
    assert exact(places - 1, erlangs) >= waiting


@pytest.mark.parametrize(
    ("places", "erlangs", "printed"),
    # Tables of Erlang C, such as those in Cooper, Introduction to Queueing Theory.
    [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (3, 2.0, 4 / 9), (10, 8.0, 0.4092), (25, 20.0, 0.2091)],
)
def test_the_chance_is_that_of_printed_tables(places: int, erlangs: float, printed: float) -> None:
    assert waiting_probability(places, erlangs) == pytest.approx(printed, abs=5e-5)


@pytest.mark.parametrize(("hourly", "minutes"), [(40, 30), (5, 3.5), (300, 4), (120, 45)])
def test_the_chance_is_that_of_pyworkforce_where_the_queue_does_not_grow(
    hourly: int, minutes: float
) -> None:
    queuing = pytest.importorskip("pyworkforce.queuing", reason="in the extra `oracles`")
    # With fewer places than erlangs that package returns what is no chance.
    other = queuing.ErlangC(transactions=hourly, aht=minutes, asa=1, interval=60)
    erlangs = hourly * minutes / 60
    for places in range(int(erlangs) + 1, int(erlangs) + 40):
        assert waiting_probability(places, erlangs) == pytest.approx(
            other.waiting_probability(places), rel=1e-9
        )


def test_forty_an_hour_for_half_an_hour_need_29_places() -> None:
    assert Staffing.of(40, 30).sentence == "places needed: 29 (40 an hour, 30 min each)"


def test_nothing_to_do_needs_nobody_and_a_little_one() -> None:
    assert places_for(0) == 0
    assert waiting_probability(0, 0) == 0
    assert places_for(1e-300) == 1
    assert waiting_probability(0, 1e-300) == 1


def test_a_hundred_thousand_erlangs_are_no_trouble() -> None:
    places = places_for(1e5)
    # By the rule of the square root: some two deviations more than the load.
    assert 1e5 + 1.5 * 1e5**0.5 < places < 1e5 + 2 * 1e5**0.5
    assert waiting_probability(places, 1e5) < 0.05 <= waiting_probability(places - 1, 1e5)


def test_certainty_has_no_number_of_places() -> None:
    with pytest.raises(ValueError, match="impossible"):
        places_for(3, 0)

"""Forecasts: what must hold on any floor, small cases by hand, and calibration in the small."""

from math import exp, factorial

import pytest

from leadboard.foresight.floor import Floor, Places, Rate, Stream, faded, pooled
from leadboard.foresight.forecast import FAR, PATHS, Gain, Outlook, finished, forecast, gains
from leadboard.foresight.paths import Layout, Path
from tests.support.shifts import whole_day
from tests.support.trials import median_error, share_held, trials, warnings_of_day

NEVER = Rate.known(0.0)


def floor_of(
    limits: list[int], *streams: Stream, held: dict[tuple[int, int], int] | None = None
) -> Floor:
    """Return a floor whose operators and sources are numbered from 1."""
    held = held or {}
    places = {
        key: Places(limit, sum(count for (who, _), count in held.items() if who == key))
        for key, limit in enumerate(limits, start=1)
    }
    return Floor(places, dict(enumerate(streams, start=1)), held)


def outlook(floor: Floor, source_id: int = 1, horizon: float = 180, paths: int = PATHS) -> Outlook:
    return finished(forecast(floor, 3, horizon, paths))[source_id]


def erlang(places: int, per_minute: float, minutes: float) -> float:
    """Return the chance that so many arrivals came within a time, as it is in closed form."""
    mean = per_minute * minutes
    return 1 - sum(exp(-mean) * mean**each / factorial(each) for each in range(places))


def test_without_closings_the_moment_is_that_of_the_last_arrival() -> None:
    floor = floor_of([5, 4, 3], Stream(Rate.known(0.5), NEVER, {1: 1, 2: 7, 3: 2}))
    found = outlook(floor, paths=2_000)
    assert found.median is not None
    assert found.low is not None
    assert found.high is not None
    for moment, share in ((found.low, 0.1), (found.median, 0.5), (found.high, 0.9)):
        assert erlang(12, 0.5, moment) == pytest.approx(share, abs=0.03)
    assert found.soon == pytest.approx(erlang(12, 0.5, 60), abs=0.01)


def test_a_floor_fills_and_empties_as_a_birth_and_death_process() -> None:
    # From one open appeal, the mean time until two are open, with 0.5 arrivals and 0.2 closings.
    floor = floor_of([2], Stream(Rate.known(0.5), Rate.known(0.2), {1: 1}), held={(1, 1): 1})
    layout = Layout(floor)
    moments = []
    for seed in range(4_000):
        path = Path(layout, seed)
        for _ in path.run({0}, 1e9):
            pass
        assert path.hits[0] is not None
        moments.append(path.hits[0])
    # h1 = 1 / 0.7 + 0.2 / 0.7 h0, and h0 = 2 + h1.
    assert sum(moments) / len(moments) == pytest.approx(2.8, rel=0.05)


def test_a_source_with_nobody_now_has_nobody_from_the_start() -> None:
    floor = floor_of([1], Stream(Rate.known(1), Rate.known(1), {1: 1}), held={(1, 1): 1})
    assert outlook(floor) == Outlook(0.0, 0.0, 0.0, 1.0)


def test_who_is_off_or_full_or_has_no_weight_takes_nothing() -> None:
    stream = Stream(Rate.known(0.5), NEVER, {1: 1, 2: 5, 3: 0, 4: 9})
    full = floor_of([6, 99, 99, 2], stream, held={(4, 1): 2})
    full = Floor({**full.operators, 2: Places(99, 0, is_active=False)}, full.sources, full.held)
    alone = floor_of([6], Stream(Rate.known(0.5), NEVER, {1: 1}))
    assert outlook(full) == outlook(alone)


def test_a_source_that_nobody_serves_has_no_outlook() -> None:
    floor = floor_of([5], Stream(Rate.known(1), NEVER, {}), Stream(NEVER, NEVER, {1: 1}))
    assert finished(forecast(floor, 1)) == {2: FAR}


def test_sources_that_share_operators_fill_one_another() -> None:
    calm = Stream(Rate.known(0.01), NEVER, {1: 1})
    busy = Stream(Rate.known(1.0), NEVER, {1: 1, 2: 1})
    found = outlook(floor_of([5, 50], calm, busy))
    assert found.median is not None
    assert found.median < 20
    assert outlook(floor_of([5, 50], calm, Stream(Rate.known(1.0), NEVER, {2: 1}))).soon == 0


def test_what_waits_takes_the_places_that_become_free() -> None:
    # Somebody serves both; what waits for the second keeps the first from getting the place.
    waits = Stream(NEVER, Rate.known(1.0), {1: 1}, waiting=200)
    first = Stream(NEVER, NEVER, {1: 1})
    third = Stream(Rate.known(0.2), NEVER, {2: 1})
    floor = floor_of([1, 9], first, waits, third, held={(1, 2): 1})
    # The third keeps the path going; a free place would have let the first have somebody again.
    path = Path(Layout(floor), 1)
    for _ in path.run({2}, 40):
        assert path._eligible[0] == 0
    assert path.hits[:2] == [0.0, 0.0]
    assert path.minute > 20
    assert path._eligible[0] == 0


def test_a_forecast_is_the_same_for_the_same_seed() -> None:
    floor = floor_of([9, 9], Stream(Rate(50, 60), Rate(30, 900), {1: 2, 2: 1}))
    assert finished(forecast(floor, 7)) == finished(forecast(floor, 7))
    assert finished(forecast(floor, 7)) != finished(forecast(floor, 8))


def test_a_rate_that_was_counted_for_longer_makes_a_narrower_band() -> None:
    def width(hours: int) -> float:
        arrivals = Rate(30 * hours - 0.5, 60 * hours)
        found = outlook(floor_of([20], Stream(arrivals, NEVER, {1: 1})), paths=1_000)
        assert found.high is not None
        assert found.low is not None
        return found.high - found.low

    assert width(20) < 0.9 * width(1)


def test_the_rates_of_sources_lean_on_one_another() -> None:
    rates = pooled({1: (60, 1_800.0), 2: (0, 0.0)})
    assert rates[1].mean == pytest.approx(1 / 30, rel=0.02)
    assert rates[2].mean == pytest.approx(1 / 30, rel=0.02)
    assert rates[2].count < 3  # so that it is known badly
    assert pooled({1: (0, 0.0)})[1].mean > 0


def test_older_arrivals_count_less_and_a_steady_stream_counts_as_it_is() -> None:
    steady = faded([(age + 0.5, 2) for age in range(60)], 60)
    assert steady.count / steady.minutes == pytest.approx(2, rel=0.01)
    assert 30 < steady.minutes < 60
    rising = faded([(age + 0.5, 4 if age < 30 else 0) for age in range(60)], 60)
    falling = faded([(age + 0.5, 0 if age < 30 else 4) for age in range(60)], 60)
    assert rising.mean > 2.7
    assert falling.mean < 1.3


# --- whose place helps --------------------------------------------------------------------------


def test_a_place_is_worth_the_time_of_one_arrival_where_nothing_closes() -> None:
    floor = floor_of([4, 4], Stream(Rate.known(0.5), NEVER, {1: 1, 2: 1}))
    found = finished(gains(floor, 1, 3))
    assert {each.operator_id for each in found} == {1, 2}
    # The same numbers with and without it: only the wait for one more arrival is between them.
    assert [each.minutes for each in found] == pytest.approx([2.0, 2.0], rel=0.25)


def test_the_place_of_who_serves_nobody_else_helps_most() -> None:
    asked = Stream(Rate.known(0.3), Rate.known(0.02), {1: 1, 2: 1})
    other = Stream(Rate.known(0.6), Rate.known(0.02), {2: 1, 3: 1})
    found = finished(gains(floor_of([6, 6, 6], asked, other), 1, 3))
    assert found[0].operator_id == 1
    assert found[0].minutes > found[-1].minutes + 1


def test_a_place_that_what_waits_takes_at_once_is_no_help() -> None:
    stream = Stream(Rate.known(0.5), NEVER, {1: 1}, waiting=3)
    assert finished(gains(floor_of([1], stream, held={(1, 1): 1}), 1, 3)) == []
    calm = Stream(Rate.known(0.5), NEVER, {1: 1})
    [gain] = finished(gains(floor_of([1], calm, held={(1, 1): 1}), 1, 3))
    assert gain.minutes == pytest.approx(2.0, rel=0.25)


def test_who_is_far_over_the_limit_is_helped_by_no_single_place() -> None:
    stream = Stream(Rate.known(1.0), NEVER, {1: 1, 2: 1})
    floor = floor_of([3, 1], stream, held={(2, 1): 5})
    assert [each.operator_id for each in finished(gains(floor, 1, 3))] == [1]
    assert all(isinstance(each, Gain) for each in finished(gains(floor, 1, 3)))


# --- how true they are: in full by python -m tests.soak_forecast ---------------------------------


@pytest.mark.parametrize("is_known", [True, False])
def test_four_of_five_moments_lie_within_the_band(is_known: bool) -> None:
    found = list(trials(60, 1.5, range(80), is_known=is_known))
    # Of 80, by chance alone fewer than 54 or more than 74 once in a thousand times.
    assert 54 <= sum(each.is_held for each in found) <= 74


def test_the_median_is_near_at_twice_the_capacity() -> None:
    assert median_error(list(trials(60, 2.0, range(60), is_known=True))) < 0.2


def test_bands_hold_where_sources_share_operators() -> None:
    found = list(trials(60, 2.0, range(20), is_known=False, sources=3))
    assert 0.6 < share_held(found) < 0.95


def test_a_rush_is_warned_of_before_it_is_there() -> None:
    day = warnings_of_day(whole_day(60, 101, is_short=True), start=560, end=720, paths=60)
    assert len(day.true) == 1
    assert day.true[0] > 5
    assert not day.unwarned


def test_a_quiet_morning_is_warned_of_by_nobody() -> None:
    day = warnings_of_day(whole_day(60, 108, is_short=True), start=480, end=600, paths=60)
    assert not day.ahead

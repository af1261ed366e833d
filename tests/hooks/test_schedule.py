"""When an event is tried again: the promised times, what receivers ask for, and outages."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadboard.hooks.schedule import (
    JITTER,
    LONGEST_PROBE,
    LONGEST_REST,
    ROW,
    WAITS,
    Reach,
    next_try,
    rest_of,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_there_are_nine_tries_within_two_days() -> None:
    seconds = [wait.total_seconds() for wait in WAITS]
    assert seconds == [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 86_400]
    assert next_try(len(WAITS) + 1, NOW) is None


@given(attempts=st.integers(1, 8), chance=st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_shorter_than_promised_and_little_longer(
    attempts: int, chance: float
) -> None:
    due = next_try(attempts, NOW, lambda: chance)
    assert due is not None
    assert WAITS[attempts - 1] <= due - NOW <= WAITS[attempts - 1] * (1 + JITTER)


@given(st.text(max_size=40))
def test_no_text_of_a_stranger_makes_a_rest_longer_than_a_day(text: str) -> None:
    rest = rest_of(text, NOW)
    assert rest is None or timedelta() < rest <= LONGEST_REST


@given(st.integers(-(10**30), 10**30))
def test_seconds_are_obeyed_up_to_a_day(seconds: int) -> None:
    rest = rest_of(str(seconds), NOW)
    assert rest == (timedelta(seconds=min(seconds, 86_400)) if seconds > 0 else None)


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_an_http_date_is_obeyed_up_to_a_day(length: timedelta) -> None:
    moment = (NOW + length).replace(microsecond=0)
    rest = rest_of(format_datetime(moment, usegmt=True), NOW)
    assert rest == (min(moment - NOW, LONGEST_REST) if moment > NOW else None)


@pytest.mark.parametrize("text", [None, "", "soon", "-5", "0", "1e9", "٣", "Mon, 99 Foo 2026"])
def test_what_is_no_length_is_no_rest(text: str | None) -> None:
    assert rest_of(text, NOW) is None


def test_a_receiver_is_down_when_several_appeals_in_a_row_do_not_reach_it() -> None:
    reach = Reach(NOW)
    for _ in range(20):
        reach.miss([1], NOW)
    states = [reach.is_down]
    reach.miss(range(ROW), NOW)
    states.append(reach.is_down)
    reach.hit(NOW)
    states.append(reach.is_down)
    assert states == [False, True, False]
    reach.miss([7], NOW)
    reach.answered()
    reach.miss(range(ROW - 1), NOW)
    assert not reach.is_down


@given(st.lists(st.floats(0.1, 4_000), min_size=1, max_size=200))
def test_probes_of_a_receiver_that_is_down_are_never_far_apart(pauses: list[float]) -> None:
    reach, now = Reach(NOW), NOW
    reach.miss(range(ROW), now)
    last = now
    for pause in pauses:
        now += timedelta(seconds=pause)
        if reach.is_probe_due(now):
            reach.miss([1], now)
            last = now
        else:
            assert now - last < LONGEST_PROBE

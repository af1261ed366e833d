"""Moments as people write them, by the clocks of the day that is named."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadboard.queries.moments import moment_of

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-07-01", "2026-06-30T22:00"),
        ("2026-01-15", "2026-01-14T23:00"),
        ("01.07.2026", "2026-06-30T22:00"),
        ("1.7.26", "2026-06-30T22:00"),
        ("01.07", "2026-06-30T22:00"),
        ("31.12", "2025-12-30T23:00"),
        ("2026-07-01T10:00", "2026-07-01T08:00"),
        ("01.07.26T9:05:30", "2026-07-01T07:05:30"),
        ("2026-07-01T10:00+03:00", "2026-07-01T07:00"),
        ("2026-07-01T10:00+3", "2026-07-01T07:00"),
        ("2026-07-01T10:00-3:30", "2026-07-01T13:30"),
        ("2026-07-01T10:00UTC", "2026-07-01T10:00"),
        ("2026-07-01t10:00z", "2026-07-01T10:00"),
        ("2026-07-01T10:00-0430", "2026-07-01T14:30"),
        ("10:00", "2026-11-25T09:00"),
        ("9:30", "2026-11-25T08:30"),
        ("23:00", "2026-11-24T22:00"),
        ("10:00Z", "2026-11-24T10:00"),
        ("2026-03-29T02:30", "2026-03-29T01:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30"),
        ("２０２６-07-01", "2026-06-30T22:00"),
    ],
)
def test_a_moment_has_the_offset_of_its_own_day(zone: str, text: str, moment: str) -> None:
    assert moment_of(text, NOW) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "text", "moment"),
    [
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00"),
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00"),
        ("America/Havana", "2026-11-01", "2026-11-01T04:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),
        ("Asia/Kathmandu", "01.07.26", "2026-06-30T18:15"),
    ],
    indirect=["zone"],
)
def test_a_day_begins_when_its_first_clock_says_so(zone: str, text: str, moment: str) -> None:
    assert moment_of(text, NOW) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "99",
        "9",
        "2026",
        "24:00",
        "10:60",
        "31.02.2026",
        "0.1",
        "T10:00",
        "2026-07-01+03:00",
        "x",
    ],
)
def test_what_is_no_moment_is_none(text: str) -> None:
    assert moment_of(text, NOW) is None


@given(st.text("0123456789-:.TZ+ ", max_size=20))
def test_whatever_is_typed_is_a_moment_in_utc_or_none(text: str) -> None:
    moment = moment_of(text, NOW)
    assert moment is None or moment.tzinfo is UTC

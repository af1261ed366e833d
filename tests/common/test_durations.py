"""Lengths of time in words, and as people type them."""

from datetime import timedelta

import pytest

from leadboard.common.durations import length_of, worded


@pytest.mark.parametrize(
    ("seconds", "one", "two"),
    [
        (-5, "0 s", "0 s"),
        (0.9, "0 s", "0 s"),
        (45, "45 s", "45 s"),
        (59.9, "59 s", "59 s"),
        (60, "1 m", "1 m"),
        (719, "11 m", "11 m 59 s"),
        (3_600, "1 h", "1 h"),
        (7_500, "2 h", "2 h 5 m"),
        (86_399, "23 h", "23 h 59 m"),
        (86_400 + 59, "1 d", "1 d"),
        (86_400 * 400 + 3_600, "400 d", "400 d 1 h"),
    ],
)
def test_a_length_is_said_in_its_largest_units(seconds: float, one: str, two: str) -> None:
    assert worded(timedelta(seconds=seconds)) == one
    assert worded(timedelta(seconds=seconds), 2) == two


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45s", 45),
        ("15m", 900),
        ("2H", 7_200),
        ("3d", 259_200),
        ("1h30m", 5_400),
        ("15м", 900),
        ("2ч", 7_200),
        ("3д", 259_200),
        ("45с", 45),
        ("15ь", 900),  # the key of m on the Russian layout
        ("2р", 7_200),
        ("0m", 0),
    ],
)
def test_a_length_is_read_in_either_alphabet_and_layout(text: str, seconds: int) -> None:
    assert length_of(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "15", "m", "15x", "15 m", "-5m", "1.5h", "15m!", "9" * 40 + "d", "9" * 5_000 + "s"]
)
def test_what_is_no_length_is_none(text: str) -> None:
    assert length_of(text) is None

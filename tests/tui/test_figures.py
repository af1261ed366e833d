"""Numbers as people read them: groups, chances, meters and sparklines."""

import pytest

from tui.widgets.figures import bar, chance, grouped, meter, spark


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (9_999, "9999"),
        (10_000, "10 000"),
        (1_000_000, "1 000 000"),
        (-9_999, "-9999"),
        (-10_000, "-10 000"),
    ],
)
def test_long_numbers_have_their_digits_in_groups(number: int, text: str) -> None:
    assert grouped(number) == text


@pytest.mark.parametrize(
    ("weight", "total", "text"),
    [
        (7, 7, "100%"),
        (999_999, 1_000_000, ">99%"),
        (9_960, 10_000, ">99%"),
        (9_940, 10_000, "99%"),
        (1, 3, "33%"),
        (95, 10_000, "1%"),
        (94, 10_000, "0.9%"),
        (3, 1_000, "0.3%"),
        (1, 1_000, "0.1%"),
        (1, 1_001, "<.1%"),
        (1, 1_000_000_000, "<.1%"),
        (0, 9, "0%"),
        (0, 0, "0%"),
    ],
)
def test_a_chance_is_certain_only_where_nobody_else_can_be_drawn(
    weight: int, total: int, text: str
) -> None:
    assert chance(weight, total) == text


def test_chances_never_take_more_than_four_cells() -> None:
    assert {len(chance(weight, 10_007)) for weight in range(10_008)} == {2, 3, 4}


@pytest.mark.parametrize(
    ("load", "limit", "drawn"),
    [
        (0, 8, "────"),
        (1, 1_000, "╸───"),
        (4, 8, "━━──"),
        (5, 8, "━━╸─"),
        (999, 1_000, "━━━╸"),
        (8, 8, "━━━━"),
        (0, 0, "━━━━"),
        (9, 8, "━━━►"),
        (1, 0, "━━━►"),
    ],
)
def test_a_bar_tells_some_from_none_and_full_from_nearly(load: int, limit: int, drawn: str) -> None:
    assert "".join(bar(load, limit, 4)) == drawn


def test_only_what_is_filled_is_the_filled_part() -> None:
    assert bar(5, 8, 4) == ("━━╸", "─")
    assert bar(9, 8, 4) == ("━━━►", "")


@pytest.mark.parametrize("load", [0, 1, 5, 9, 10, 99])
def test_a_bar_has_any_width(load: int) -> None:
    for width in range(30):
        assert len("".join(bar(load, 10, width))) == width
        assert len("".join(meter(load, 10, width))) == width


def test_a_sparkline_is_lowest_for_nothing_and_tallest_from_the_limit_on() -> None:
    assert spark([0, 1, 4, 7, 8, 9], 8) == "▁▂▅▇██"
    assert spark([0, 1, 999, 1_000], 1_000) == "▁▂▇█"
    assert spark([0, 1, 0], 0) == "▁█▁"
    assert spark([], 5) == ""

"""Cells: texts that no spreadsheet obeys, and numbers as spreadsheets write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadboard.transfer.cells import defused, number_in, revived


@given(st.text(st.sampled_from("'=+-@\t\ra1"), max_size=6) | st.text())
def test_a_defused_text_comes_back_exactly(text: str) -> None:
    assert revived(defused(text)) == text
    assert not defused(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        *(("70", 70), (" 70.0 ", 70), ("70,00", 70), (70.0, 70), ("1 000", 1000)),
        *(("1\u00a0000\u202f000", 1_000_000), ("007", 7), ("0", 0)),
    ],
)
def test_numbers_are_read_as_spreadsheets_write_them(cell: object, number: int) -> None:
    assert number_in(cell) == number


@pytest.mark.parametrize("cell", ["70.000", "1,000", "70.5", "7e3", "-1", "x", "9" * 30, 0.5])
def test_what_may_mean_something_else_is_no_number(cell: object) -> None:
    assert number_in(cell) == cell

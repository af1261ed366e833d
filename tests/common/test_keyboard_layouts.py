"""What the same keys give on the other layout."""

import pytest

from leadboard.common.keyboard_layouts import on_either_layout


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("сдщыу", ("сдщыу", "close")),
        ("СДЩЫУ", ("СДЩЫУ", "close")),
        ("close", ("close",)),
        ("Close", ("Close",)),
        ("#12", ("#12",)),
        ("", ("",)),
    ],
)
def test_what_is_typed_is_read_on_either_layout(typed: str, read: tuple[str, ...]) -> None:
    assert on_either_layout(typed) == read

"""Strangers' text on one line of a terminal: nothing obeyed, nothing invisible, nothing lost."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadboard.common.text import clean, strip_controls

EVERY_LETTER = "".join(map(chr, range(0x110000)))
UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
ZERO_WIDTH = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\xad\u061c\u180e\ufe0f\U000e0041"


def is_obeyed(letter: str) -> bool:
    return unicodedata.category(letter) in UNSEEN or unicodedata.bidirectional(letter) in BIDI


def test_of_all_letters_there_are_none_is_left_that_a_terminal_obeys() -> None:
    for shown in (clean(EVERY_LETTER), strip_controls(EVERY_LETTER)):
        assert [hex(ord(letter)) for letter in shown if is_obeyed(letter)] == []
        assert not set(shown) & set(ZERO_WIDTH)


def test_invisible_format_letters_vanish() -> None:
    unseen = [*range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B)]
    assert [hex(code) for code in unseen if clean(chr(code))] == []


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("\x1b]52;c;aGk=\x1b\\", "␛]52;c;aGk=␛\\"),
        ("\x1b[2J", "␛[2J"),
        ("\x9b31m", "\ufffd31m"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\u2066a\u2069", "a"),
        ("a\u200bb", "ab"),
        ("👨\u200d👩\u200d👧", "👨👩👧"),
        ("tab\there", "tab here"),
        ("two\r\nlines", "two  lines"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("nul\0", "nul␀"),
        ("\x7f", "␡"),
        ("\ud800", "\ufffd"),
        ("", ""),
    ],
)
def test_hostile_text_is_shown_and_not_obeyed(given_text: str, shown: str) -> None:
    assert clean(given_text) == shown


@given(st.text(alphabet=st.characters()))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    shown = clean(text)
    assert clean(shown) == shown
    assert len(shown.splitlines()) <= 1
    assert len(shown) <= len(text)


@given(st.text(alphabet=st.characters()), st.text(alphabet=st.characters()))
def test_text_is_cleaned_letter_by_letter(left: str, right: str) -> None:
    assert clean(left + right) == clean(left) + clean(right)


@given(st.text())
def test_what_needs_no_cleaning_is_the_same_object(text: str) -> None:
    if clean(text) == text:
        assert clean(text) is text
    assert strip_controls(clean(text)) == clean(text)


# Of what Unicode calls ignorable, those that look like letters or marks; none takes up any width.
FILLERS = [0x034F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0]


@pytest.mark.parametrize("code", FILLERS, ids=hex)
def test_letters_without_width_vanish(code: int) -> None:
    assert clean(f"a{chr(code)}b") == "ab"


def test_ten_thousand_hostile_letters_stay_one_bounded_line() -> None:
    shown = clean("\x1b[31m\n\u202e\u200d" * 1_250)
    assert shown == "␛[31m " * 1_250


def test_a_family_of_pictures_loses_its_joiners_and_nobody() -> None:
    assert clean("👩🏽‍🚀 and 🏳️‍🌈") == "👩🚀 and 🏳🌈"


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("👍🏽 Anna", "👍 Anna"),
        ("🏿", ""),
        ("🇷🇺 and 🇰", "RU and K"),
        ("1\ufe0f\u20e3", "1"),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e007f", "🏴"),
    ],
)
def test_what_has_cells_of_its_own_only_in_some_terminals(given_text: str, shown: str) -> None:
    assert clean(given_text) == shown


def test_a_flag_that_was_measured_as_two_cells_is_painted_as_two() -> None:
    assert strip_controls("🇷🇺") == "RU"


@pytest.mark.parametrize("letter", ["\ufdd0", "\ufdef", "\uffff", "\U0001fffe", "\U0010ffff"])
def test_what_is_no_character_takes_the_one_cell_that_it_is_measured_as(letter: str) -> None:
    assert clean(f"a{letter}b") == strip_controls(f"a{letter}b") == "a\ufffdb"

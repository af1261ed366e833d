"""Names made plain: what shows nothing is nothing, and every script stays as it is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadboard.common.errors import Refused
from leadboard.common.validation import VANISHING, checked_external_id, checked_name, plain

TWINS = ["Anna\u200b", "\ufeffAnna", "An\u00adna", "\u2068Anna\u2069", "Anna\u3164", "A\u034fnna"]
SPACED = ["Vera\u00a0P", "Vera\u2009P", "Vera  P", "Vera \u3000 P", "\u202fVera P\u2028"]


@pytest.mark.parametrize("written", TWINS)
def test_a_letter_that_shows_nothing_makes_no_other_name(written: str) -> None:
    assert checked_name(written) == checked_external_id(written) == "Anna"


@pytest.mark.parametrize("written", SPACED)
def test_any_space_is_a_space(written: str) -> None:
    assert checked_name(written) == checked_external_id(written) == "Vera P"


def test_every_format_character_vanishes_from_a_name() -> None:
    letters = [chr(code) for code in range(0x110000)]
    formats = [each for each in letters if unicodedata.category(each) == "Cf"]
    assert [each for each in formats if plain(f"a{each}b") != "ab"] == []
    spaces = [each for each in letters if unicodedata.category(each) in {"Zs", "Zl", "Zp"}]
    assert [each for each in spaces if plain(f"a{each}b") != "a b"] == []


@pytest.mark.parametrize(
    "name", ["Анна-Мария", "José", "日本語", "سارا", "ศิริ", "नेहा", "👩🏽", "O'Brien [/]", "ё"]
)
def test_a_name_in_any_script_stays_as_it_is(name: str) -> None:
    assert checked_name(name) == name


def test_a_name_that_needs_joiners_stays_readable() -> None:
    assert checked_name("می\u200cخواهم") == "میخواهم"
    assert checked_name("👨\u200d👩\u200d👧 ❤\ufe0f") == "👨👩👧 ❤"


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(VANISHING + " \u00a0e\u0301"))))
def test_what_is_plain_stays_so(text: str) -> None:
    assert plain(plain(text)) == plain(text) == plain(f"\u200b {text}\u00a0")


@pytest.mark.parametrize("blank", ["\u200b", "\u3164", "\u2800", "\u00a0\ufeff", "\U000e0041"])
def test_a_name_of_nothing_is_refused(blank: str) -> None:
    for check in (checked_name, checked_external_id):
        with pytest.raises(Refused, match="empty"):
            check(blank)

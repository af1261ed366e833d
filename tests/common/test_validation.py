"""What may come in, and what may be shown: checked values, and text that no terminal obeys."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadboard.common import validation
from leadboard.common.errors import Refused
from leadboard.common.text import clean, strip_controls

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.text()),
)
HOSTILE = [
    "[@click=app.quit]x[/]",
    "[/",
    "\x1b]52;c;aGk=\x1b\\",
    "\x1b[2J",
    "\x9b31m",
    "\u202egnp.exe",
    "a\u200bb",
    "👨‍👩‍👧",
    "tab\there",
    "two\nlines",
    "nul\0",
    "\x7f",
    "\ud800",
]


@pytest.mark.parametrize(
    "check",
    [
        validation.checked_name,
        validation.checked_external_id,
        validation.checked_key,
        validation.checked_message,
        validation.checked_limit,
        validation.checked_weight,
    ],
)
def test_anything_is_either_taken_or_refused_in_a_sentence(
    check: Callable[[object], object],
) -> None:
    @given(ANYTHING)
    def try_it(value: object) -> None:
        try:
            checked = check(value)
        except Refused as refusal:
            checked = str(refusal)
        assert checked is None or isinstance(checked, str | int)

    try_it()


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (validation.checked_name, ["a", "x" * 80, "Анна [/]"], ["", "  ", "x" * 81, "a\nb", 7]),
        (validation.checked_external_id, ["a", "x" * 200, 42], ["", "x" * 201, "\x1b", True, 1.5]),
        (validation.checked_key, [None, "k", 42], ["", "x" * 201, True]),
        (validation.checked_message, ["", None, "x" * 10_000, "a\nb\tc\x1b"], ["x" * 10_001, 7]),
        (validation.checked_limit, [0, 5.0, 1_000_000], [-1, 1_000_001, "5", 5.5, True, None]),
        (validation.checked_weight, [0, 5.0, 1_000_000], [-1, 1_000_001, "5", 5.5, True, None]),
    ],
)
def test_the_bounds(
    check: Callable[[object], object], good: list[object], bad: list[object]
) -> None:
    for value in good:
        check(value)
    for value in bad:
        with pytest.raises(Refused):
            check(value)


def test_names_are_trimmed_and_composed() -> None:
    assert validation.checked_name("  Jose\u0301 ") == "José"


def test_a_message_keeps_everything_that_can_be_stored() -> None:
    assert validation.checked_message("a\0b\ud800c\x1b") == "a\ufffdb\ufffdc\x1b"


@given(st.one_of(st.text(), st.text(alphabet="".join(HOSTILE))))
def test_clean_text_is_one_line_that_no_terminal_obeys(text: str) -> None:
    shown = clean(text)
    assert not any(
        unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} or letter in "\u202e\u200b\u200d"
        for letter in shown
    )
    assert clean(shown) == shown
    assert strip_controls(shown) == shown


@pytest.mark.parametrize("text", ["plain", "Привет, мир", "[/b] [b", "日本語", "é", ""])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert clean(text) == strip_controls(text) == text


@pytest.mark.parametrize("check", [validation.checked_external_id, validation.checked_key])
def test_a_number_too_long_to_be_written_is_refused_like_any_other(
    check: Callable[[object], object],
) -> None:
    for digits in (201, 5_000):
        with pytest.raises(Refused):
            check(10**digits)


@given(st.text(min_size=1))
def test_a_name_that_was_taken_is_trimmed_composed_and_taken_again(text: str) -> None:
    try:
        name = validation.checked_name(text)
    except Refused:
        return
    assert name == name.strip() == unicodedata.normalize("NFC", name)
    assert 1 <= len(name) <= 80
    assert not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in name)
    assert validation.checked_name(name) == name


@given(st.text(alphabet=st.characters()))
def test_a_message_changes_only_where_no_database_could_hold_it(text: str) -> None:
    kept = validation.checked_message(text)
    assert len(kept) == len(text)
    kept.encode()
    for stored, original in zip(kept, text, strict=True):
        odd = original == "\0" or "\ud800" <= original <= "\udfff"
        assert stored == ("\ufffd" if odd else original)


@pytest.mark.parametrize(
    ("check", "value", "field", "words"),
    [
        (validation.checked_name, "x" * 81, "name", "81 characters; 80 are allowed"),
        (
            validation.checked_external_id,
            "x" * 201,
            "external_id",
            "201 characters; 200 are allowed",
        ),
        (
            validation.checked_message,
            "x" * 10_001,
            "message",
            "10,001 characters; 10,000 are allowed",
        ),
        (validation.checked_weight, 1_000_001, "weight", "between 0 and 1,000,000"),
        (validation.checked_weight, "70", "weight", "whole number"),
        (validation.checked_limit, True, "max_load", "whole number"),
        (validation.checked_key, " ", "key", "empty"),
    ],
)
def test_a_refusal_names_the_field_and_says_what_is_allowed(
    check: Callable[[object], object], value: object, field: str, words: str
) -> None:
    with pytest.raises(Refused, match=words) as caught:
        check(value)
    assert caught.value.field == field


def test_length_is_counted_after_trimming_and_composing() -> None:
    assert len(validation.checked_name(" " + "e\u0301" * 80 + " ")) == 80


@pytest.mark.parametrize("typed", ["5", " 5 ", "0", "5.0", "1e3", b"5", "\u0665", "", "NaN"])
@pytest.mark.parametrize("check", [validation.checked_limit, validation.checked_weight])
def test_a_number_typed_as_text_is_no_number(
    check: Callable[[object], object], typed: object
) -> None:
    with pytest.raises(Refused, match="must be a whole number"):
        check(typed)


@pytest.mark.parametrize("number", [0, 42, -1_001_234_567_890, 10**12, 2**64])
@pytest.mark.parametrize("check", [validation.checked_external_id, validation.checked_key])
def test_a_whole_number_is_taken_as_its_digits(
    check: Callable[[object], object], number: int
) -> None:
    assert check(number) == str(number) == check(str(number))


@given(st.integers())
def test_whole_numbers_within_the_bounds_are_taken_unchanged(number: int) -> None:
    for check in (validation.checked_limit, validation.checked_weight):
        if 0 <= number <= 1_000_000:
            assert check(number) == number
        else:
            with pytest.raises(Refused):
                check(number)


@given(ANYTHING)
def test_a_refusal_is_one_sentence_and_names_its_field(value: object) -> None:
    for check, field in (
        (validation.checked_external_id, "external_id"),
        (validation.checked_message, "message"),
        (validation.checked_weight, "weight"),
    ):
        for refusal in refusals_of(check, value):
            assert str(refusal).endswith(".")
            assert len(str(refusal).splitlines()) == 1
            assert refusal.field == field


def refusals_of(check: Callable[[object], object], value: object) -> list[Refused]:
    try:
        check(value)
    except Refused as refusal:
        return [refusal]
    return []


@pytest.mark.parametrize(
    ("given", "stored"),
    [(None, ""), ("  a \n", "a"), ("x" * validation.MAX_NOTE, "x" * validation.MAX_NOTE)],
)
def test_a_note_is_free_text(given: object, stored: str) -> None:
    assert validation.checked_note(given) == stored


@pytest.mark.parametrize("given", [7, True, ["a"], "x" * (validation.MAX_NOTE + 1)])
def test_what_is_no_note_is_refused(given: object) -> None:
    with pytest.raises(Refused) as refusal:
        validation.checked_note(given)
    assert refusal.value.field == "note"

"""What looks alike to a reader is one spelling for a search."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadboard.common.case_folding import contains, fold, pattern
from leadboard.queries.terms import matches

FOUND = [
    ("новый iPhone 15", "iphone"),
    ("WhatsApp", "wHATSaPP"),
    ("СПб, Невский", "спб"),
    ("AbC-77", "aBc"),
    ("Straße", "STRASSE"),
    ("STRASSE", "straße"),
    ("İSTANBUL", "istanbul"),
    ("ISTANBUL", "ıstanbul"),
    ("ΟΔΟΣ", "οδος"),
    ("Αθήνα", "ΑΘΗΝΑ"),
    ("и\u0306огурт", "йогурт"),
    ("Йогурт", "и\u0306ОГУРТ"),
    ("cafe\u0301", "café"),
    ("Café", "cafe"),
    ("за\u0301мок", "замок"),
    ("ёлка", "ЕЛКА"),
    ("е\u0308лка", "ёлка"),
    ("елка", "Ёлка"),
    ("\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"),
    ("рас\xadсроч\u200bка", "рассрочка"),
    ("\u202eкурс\u202c", "курс"),
    ("рассрочка", "рас\xadсрочка"),
    ("заказ\xa0№５７", "57"),
    ("８\u2011９００", "8-900"),
    ("𝐒𝐀𝐋𝐄", "sale"),
    ("ﬁnance", "FIN"),
    ("don\u2019t", "don't"),
    ("👍\U0001f3fd ок", "👍"),
    ("❤\ufe0f", "❤"),
    ("100%_[x]*.^$\\", "%_[X]*.^$\\"),
    ("x" * 60 + "Ы", "X" * 60 + "ы"),
]
NOT_FOUND = [
    ("йогурт", "иогурт"),
    ("и\u0306огурт", "иогурт"),
    ("한글", "하"),
    ("abc", "a.c"),
    ("abc", "[a]"),
    ("x" * 60 + "ы", "x" * 60 + "ь"),
]
CASES = [(*pair, True) for pair in FOUND] + [(*pair, False) for pair in NOT_FOUND]

LETTERS = (
    "абеиуйёЁЙa-]^[\\.*|k\u212a ßẞſıİI\u0131ςσΣﬁ１№…½\u0300\u0301\u0306\u0308\u0345\u200b\xad\ufe0f"
    "가각\u1100\u1161\u11a8ﾞｶ\u0430\U0001d400🙂\U00020000\U000e0020"
)
texts = st.text(LETTERS, max_size=12)


@pytest.mark.parametrize(("text", "word", "is_found"), CASES)
def test_a_word_is_found_as_a_reader_finds_it(text: str, word: str, is_found: bool) -> None:
    assert matches(word, text) is is_found
    assert contains(text.encode(), fold(word)) is is_found


@given(texts | st.text())
def test_folding_twice_is_folding_once_whatever_the_form_and_the_case(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    for form in ("NFC", "NFD"):
        assert fold(unicodedata.normalize(form, text)) == once


@given(st.text("абвгдежзйёщъыьэюяabcßéñçσöåўї", max_size=12))
def test_case_makes_no_difference(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower()) == fold(text.title()) == fold(text)


@settings(deadline=None)  # the first pattern makes a table of all letters
@given(texts, st.text(LETTERS, min_size=1, max_size=3))
def test_a_server_is_asked_for_no_less_than_what_is_found(text: str, word: str) -> None:
    folded = fold(word)
    if folded in fold(text):
        assert re.search(pattern(folded), text)
    assert contains(text.encode(), folded) == (folded in fold(text))


def test_a_server_is_asked_for_no_more_than_that_of_texts_that_fold_letter_by_letter() -> None:
    for text in (
        "Здравствуйте, хочу купить курс!",
        "Grüße aus Köln",
        "ΚΑΛΗΜΕΡΑ",
        "안녕하세요",
        "こんにちは",
    ):
        assert not re.search(pattern("absent"), text.replace("ß", "s"))
        assert re.search(pattern(fold(text[3:7])), text)


def test_bytes_that_are_no_text_hinder_nothing() -> None:
    assert contains(b"\xff\xfe course", "course")
    assert contains("\u0401лка ".encode() + b"\xd0", "елка")

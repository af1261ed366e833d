"""Text as searches compare it: spellings that look alike to a reader are one."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, groupby

FOLDING = 1
"""The version of these rules; what another version stored cannot be searched with this one."""

# Without ё, whose dots are an accent here, unlike the breve of й.
_PLAIN = re.compile("[\t\n\r -~А-Яа-я«»–—]*")
"""Text of these characters alone, which is most text, only needs lower case."""
_ACCENTS = re.compile("(?<!и)(?<!у)\u0306|[\u0300-\u0305\u0307-\u036f]")
"""Combining marks, except the breve of й and ў, which are letters of their own."""
_UNSEEN = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Unicode's default ignorable code points: they are invisible, and some occur inside words."""
_ALIKE = str.maketrans("ı‐−’ʼ", "i--''")
"""Letters and signs that Unicode keeps apart although people type one for the other."""


def fold(text: str) -> str:
    """Return a text as a search compares it; folding it again changes nothing.

    Letters lose their case (ß is ss, final ς is σ, Turkish İ and ı are i) and their accents, so
    that ё is е; й stays. Composed, decomposed, full-width and other compatible forms become one
    (Unicode's NFKC), unusual spaces become plain ones, and characters without width are removed.
    """
    if _PLAIN.fullmatch(text):
        return text.lower()
    text = unicodedata.normalize("NFKD", _UNSEEN.sub("", text))
    text = unicodedata.normalize("NFKD", text.casefold())
    text = _UNSEEN.sub("", _ACCENTS.sub("", text)).translate(_ALIKE)
    # Composed in the end, so that й is one letter again for `pattern`, which goes by letters.
    return unicodedata.normalize("NFC", text)


_QUICK = bytes(range(0xC0)) + b"\xd0\xd1"
"""The bytes of ASCII and of Cyrillic up to U+047F, where only ASCII folds to ASCII."""


def contains(raw: bytes, word: str) -> bool:
    """Tell whether the fold of a UTF-8 text contains a folded word, as fast as Python allows."""
    # SQLite calls this for each row of a search, where decoding and folding would take most time.
    if word.isascii() and not raw.translate(None, _QUICK):
        return word.encode() in raw.lower()
    return word in fold(raw.decode("utf-8", "replace"))


MOST_LETTERS = 40
"""Letters of a word that `pattern` looks for."""


def pattern(word: str) -> str:
    """Return a regular expression that matches every text whose fold contains a folded word.

    It lists each letter in all its forms, so that it means the same under any locale of a server.
    Text that does not fold letter by letter matches as well, so matches need a check with `fold`.
    """
    alike, unclear = _alphabet()
    letters = (_class([letter, *alike.get(letter, ())]) for letter in word[:MOST_LETTERS])
    return f"{''.join(letters)}|{unclear}"


_TRIED = (range(1, 0x3400), range(0xA000, 0xAC00), range(0xE000, 0x20000))
"""Code points that may fold; Han and whole syllables of Hangul do not."""
_RARE = "\ud7a4-\ud7ff\U00020000-\U0010ffff"
"""Code points so rare that every text with one of them matches, to be checked with `fold`."""


# Cached, because it folds some 90 000 code points.
@cache
def _alphabet() -> tuple[dict[str, list[str]], str]:
    """Return the other forms of each letter, and the class of what does not fold by itself."""
    alike: dict[str, list[str]] = {}
    unclear = []
    for letter in map(chr, chain(*_TRIED)):
        folded = fold(letter)
        if len(folded) != 1 or _joins(letter) or _joins(folded):
            unclear.append(letter)
        elif folded != letter:
            alike.setdefault(folded, []).append(letter)
    return alike, _class(unclear, _RARE)


def _joins(letter: str) -> bool:
    """Tell whether a letter may combine with the one before it: a mark, or a Hangul jamo."""
    return unicodedata.category(letter).startswith("M") or "\u1100" <= letter <= "\u11ff"


def _class(letters: Iterable[str], more: str = "") -> str:
    """Return a bracket expression of letters that PostgreSQL and RE2 understand alike."""
    return f"[{''.join(_ranges(sorted(map(ord, letters))))}{more}]"


def _ranges(codes: Iterable[int]) -> Iterator[str]:
    # Within a run each code point is ahead of its position by the same number.
    for _, run in groupby(enumerate(codes), lambda item: item[1] - item[0]):
        first, *_, last = [code for _, code in run] * 2
        yield "-".join(re.escape(chr(code)) for code in dict.fromkeys((first, last)))

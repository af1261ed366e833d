"""Checks of input: every name, id, number and message is checked here before any write."""

import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction

from leadboard.common.errors import Refused
from leadboard.common.language import _

MAX_WEIGHT = 1_000_000
MAX_LIMIT = 1_000_000
MAX_STRATEGY = 20
MAX_NAME = 80
MAX_IDENTIFIER = 200
MAX_MESSAGE = 10_000
MAX_NOTE = 1_000
MAX_CONTACT = 200
MAX_ADDRESS = 2_000

VANISHING = (
    "\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890-\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Characters without a shape of their own, as part of a class in a pattern: Unicode's category Cf
and its property Default_Ignorable_Code_Point."""
SPACES = "\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000"
"""What looks like a space, except ASCII's own: Unicode's Zs, Zl, Zp and the blank Braille."""
_VANISHING = re.compile(f"[{VANISHING}]")
_SPACES = re.compile(f"[ {SPACES}]+")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Unicode's categories Cc and Cs."""
# PostgreSQL refuses NUL in text, and UTF-8 has no form for a lone surrogate.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
EXACT = 2**53
"""Below it a float with a whole value stands for that whole number only."""


def plain(text: str) -> str:
    """Return a name or an id as people read it, so that two that look the same are equal.

    It is in NFC, without invisible characters (direction marks, joiners, variation selectors,
    which no list here shows either), with one plain space for any spaces, and none at the ends.
    """
    # Most ids are ASCII, where nothing vanishes or composes: those take the short way.
    if not text.isascii():
        # Removed before composing: an invisible character would keep a letter and its accent apart.
        text = unicodedata.normalize("NFC", _VANISHING.sub("", text))
        text = _SPACES.sub(" ", text)
    elif "  " in text:
        text = _SPACES.sub(" ", text)
    return text.strip()


def checked_name(name: object, field: str = "name") -> str:
    """Return a name made `plain`; raises Refused when it is empty, too long or not plain text."""
    return _line(name, field, _("The name"), MAX_NAME, plain)


def checked_external_id(external_id: object) -> str:
    """Return a lead's external id made `plain`; whole numbers are taken as their digits."""
    return _line(_digits(external_id), "external_id", _("The lead's id"), MAX_IDENTIFIER, plain)


def checked_key(key: object) -> str | None:
    """Return a message key, or None where there is none.

    It is trimmed and in NFC, but otherwise as the sender wrote it, since nobody reads it.
    """
    if key is None:
        return None
    return _line(_digits(key), "key", _("The key"), MAX_IDENTIFIER, _trimmed)


def checked_message(message: object) -> str:
    """Return the message as given, with U+FFFD for what no database can hold.

    That is NUL and lone surrogates. None becomes empty: a photo or a sticker has no text.
    """
    return _text(message, "message", _("The message"), MAX_MESSAGE)


def checked_note(note: object) -> str:
    """Return free text without spaces at its ends; None is empty; raises Refused when too long."""
    return _text(note, "note", _("The note"), MAX_NOTE).strip()


def checked_contact(contact: object) -> str:
    """Return where a person can be reached, on one line; None is empty; raises Refused."""
    if contact is None or (isinstance(contact, str) and not plain(contact)):
        return ""
    return _line(contact, "contact", _("The contact"), MAX_CONTACT, plain)


def _text(text: object, field: str, what: str, most: int) -> str:
    """Return text of any number of lines; raises Refused if it is not text or too long."""
    if text is None:
        return ""
    if not isinstance(text, str):
        raise Refused(_("{what} must be text.", what=what), field)
    if len(text) > most:
        raise Refused(_too_long(what, len(text), most), field)
    return storable(text)


def _too_long(what: str, length: int, most: int) -> str:
    return _(
        "{what} has {length:,} characters; {most:,} are allowed.",
        what=what,
        length=length,
        most=most,
    )


def storable(text: str) -> str:
    """Return the text with U+FFFD for what no database can hold: NUL and lone surrogates."""
    return _UNSTORABLE.sub("\ufffd", text)


def checked_limit(max_load: object) -> int:
    """Return an operator's limit, a whole number from 0; raises Refused for anything else."""
    return _whole(max_load, "max_load", _("The limit"), MAX_LIMIT)


def checked_weight(weight: object) -> int:
    """Return a weight, a whole number from 0 to 1 000 000; raises Refused for anything else."""
    return _whole(weight, "weight", _("The weight"), MAX_WEIGHT)


_PERCENT = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*%\s*")
_FACTOR = re.compile(r"\s*[×x*]?\s*(\d+(?:[.,]\d+)?)\s*(?:/\s*(\d+(?:[.,]\d+)?)\s*)?")
LONGEST_FACTOR = 20
"""Characters of a factor: no more digits mean anything for weights of at most seven."""


def checked_factor(factor: object) -> Fraction:
    """Return a factor above 0 as written: `0.5`, `1/2`, `50%`, `x2`; raises Refused otherwise."""
    text = str(factor) if isinstance(factor, int | Fraction) else factor
    found = None
    if isinstance(text, str) and len(text) <= LONGEST_FACTOR and text.isascii():
        if percent := _PERCENT.fullmatch(text):
            found = _fraction(percent[1]) / 100
        elif (parts := _FACTOR.fullmatch(text)) and (below := _fraction(parts[2] or "1")):
            found = _fraction(parts[1]) / below
    if not found:
        sentence = _("The factor must be a number above 0, such as 0.5, 1/2 or 150%.")
        raise Refused(sentence, "factor")
    return found


def _fraction(digits: str) -> Fraction:
    return Fraction(digits.replace(",", "."))


def checked_flag(flag: object) -> bool:
    """Return whether an operator is on; raises Refused for what is neither true nor false."""
    if not isinstance(flag, bool):
        raise Refused(_("An operator is either on or off."), "is_active")
    return flag


def whole(number: object) -> object:
    """Return the whole number 5 for `5.0`, since JSON has only one kind of number.

    Anything else is returned unchanged: true and false, text, and floats too large to be exact.
    """
    if isinstance(number, float) and number.is_integer() and abs(number) < EXACT:
        return int(number)
    return number


def _digits(number: object) -> object:
    """Return a whole number of a reasonable length as its digits, anything else unchanged."""
    number = whole(number)
    # An id has at most 200 characters, up to 665 bits; `str` raises ValueError beyond 4300 digits.
    if isinstance(number, bool) or not isinstance(number, int) or number.bit_length() > 700:
        return number
    return str(number)


def _whole(number: object, field: str, what: str, most: int) -> int:
    number = whole(number)
    # To Python True is the number 1, but nobody means a weight or a limit by it.
    if isinstance(number, bool) or not isinstance(number, int):
        raise Refused(_("{what} must be a whole number.", what=what), field)
    if not 0 <= number <= most:
        sentence = _("{what} must be between 0 and {most:,}.", what=what, most=most)
        raise Refused(sentence, field)
    return number


def _trimmed(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _line(text: object, field: str, what: str, most: int, tidy: Callable[[str], str]) -> str:
    if not isinstance(text, str):
        raise Refused(_("{what} must be text.", what=what), field)
    line = tidy(text)
    if not line:
        raise Refused(_("{what} is empty.", what=what), field)
    if len(line) > most:
        raise Refused(_too_long(what, len(line), most), field)
    if _CONTROL.search(line):
        raise Refused(_("{what} holds a control character.", what=what), field)
    return line

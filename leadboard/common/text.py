"""Strangers' text made safe for one line of a terminal."""

import re

# Textual removes only BEL, BS, VT, FF and CR: escape sequences in a client's message would
# reach the terminal, which could set its title or the clipboard.
_ODD = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u1160\u17b4\u17b5\u3164\uffa0"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u20dd-\u20e0\u20e2-\u20e4"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)
_FLAG_A = 0x1F1E6


def clean(text: str) -> str:
    """Return the text as one line with nothing in it that a terminal would obey.

    Line breaks and tabs become spaces, other control characters visible stand-ins; characters
    without width (bidirectional marks, joiners, variation selectors, tags) are removed. So are
    skin tones, which have cells of their own only in some terminals; a flag becomes the letters of
    its country. Unicode's noncharacters get a stand-in too.
    """
    return _ODD.sub(_stand_in, text) if _ODD.search(text) else text


def strip_controls(text: str) -> str:
    """Return the text without what `clean` would replace, as wide as it was measured."""
    return _ODD.sub(_unless_flag, text) if _ODD.search(text) else text


def _stand_in(match: re.Match[str]) -> str:
    letter = match.group()
    code = ord(letter)
    if letter in "\t\n\v\f\r\x85\u2028\u2029":
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if code < 0xA0 or 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return _unless_flag(match)


def _unless_flag(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return "\ufffd"  # a noncharacter: measured as one cell, painted in none
    letter = code - _FLAG_A
    return chr(ord("A") + letter) if 0 <= letter < 26 else ""

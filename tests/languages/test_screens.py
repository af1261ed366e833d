"""Every screen of the walk, in the languages of the desk: all of it is said in them, and fits."""

import re
from calendar import month_abbr
from collections.abc import Iterator

import pytest

from tests.languages.walk import Seen, seen_in
from tests.support.screen import LARGE, USUAL

OURS = {"leadboard", "db", "tester", "svg", "csv", *map(str.lower, month_abbr)}
"""What the walk itself, and the name of the program, put on the screen; and months,
which are numbers in Russian."""
IN_HISTORY = "H"
KEYS = {
    *("enter", "esc", "tab", "ctrl", "shift", "alt", "del", "home", "end", "pgup", "pgdn"),
    *(f"f{number}" for number in range(1, 13)),
}
"""The names of keys, which are on the keycaps."""
_COVERED = re.compile(r"\w+(?=[╭╰│┃])|(?<=[╮╯│┃])\w+")
"""A word of which a dialog covers a part."""
_LATIN = re.compile(r"[A-Za-z]{2,}[\w]*")


def english(seen: Seen) -> Iterator[str]:
    """Yield the Latin words on a screen that are neither keys nor rows."""
    for line in seen.lines:
        for word in _LATIN.findall(_COVERED.sub("", line)):
            if word.lower() not in KEYS | OURS:
                yield f"{seen.way}: {word!r} in {line.strip()!r}"


@pytest.fixture(scope="module")
def russian() -> list[Seen]:
    """Return the screens in Russian at 80x24."""
    return seen_in("ru", *USUAL)


def test_no_text_of_the_screen_escapes_the_catalogue() -> None:
    found = [each for seen in seen_in("pseudo", *LARGE) for each in english(seen)]
    assert not found, "\n".join(found)


def test_the_screens_are_in_russian(russian: list[Seen]) -> None:
    found = [each for seen in russian for each in english(seen)]
    assert not found, "\n".join(found)


def test_every_screen_fits_in_russian(russian: list[Seen]) -> None:
    # The history cuts what was noted of an act, which may be of any length.
    pairs = (
        each
        for each in zip(russian, seen_in("en", *USUAL), strict=True)
        if IN_HISTORY not in each[0].way
    )
    longer = [f"{ru.way}: {cut(ru)}" for ru, en in pairs if len(cut(ru)) > len(cut(en))]
    assert not longer, "\n".join(longer)


def cut(seen: Seen) -> list[str]:
    """Return the lines in which something had no room."""
    return [line for line in seen.lines if "…" in line]

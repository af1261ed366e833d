"""Lengths of time as people read and write them: `45 s`, `12 m`, `2 h 5 m`; `15m`, `1h30m`."""

import re
from datetime import timedelta

from leadboard.common.case_folding import fold
from leadboard.common.keyboard_layouts import in_latin
from leadboard.common.language import _

UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
"""Seconds in each unit, the largest first."""
_WORDED = {"d": _("{n} d"), "h": _("{n} h"), "m": _("{n} m"), "s": _("{n} s")}
_IN_RUSSIAN = {"д": "d", "ч": "h", "м": "m", "с": "s"}
_SIZES = list(UNITS.values())

_PART = r"(\d+)([^\W\d_])"
_WRITTEN = re.compile(rf"(?:{_PART})+")
_PARTS = re.compile(_PART)


def worded(length: timedelta, parts: int = 1) -> str:
    """Return a length in its largest unit, `2 h`, or in as many units as `parts`, `2 h 5 m`.

    It is rounded down. A negative one, which clocks that differ may give, is `0 s`.
    """
    found = _units(length, parts) or [(0, "s")]
    return " ".join(_WORDED[unit].format(n=count) for count, unit in found)


def written(length: timedelta) -> str:
    """Return a length as people write it into settings, whatever their language: `1h30m`."""
    return "".join(f"{count}{unit}" for count, unit in _units(length, len(UNITS))) or "0s"


def _units(length: timedelta, parts: int) -> list[tuple[int, str]]:
    """Return how many of each unit, of at most so many units, without those that are 0."""
    rest = max(0, int(length.total_seconds()))
    first = next((at for at, size in enumerate(_SIZES) if rest >= size), len(_SIZES) - 1)
    found = []
    # Only units side by side: after days, minutes would say nothing.
    for unit, size in list(UNITS.items())[first : first + parts]:
        count, rest = divmod(rest, size)
        found += [(count, unit)] if count else []
    return found


def length_of(text: str) -> timedelta | None:
    """Return the length that a text names, such as `15m`, `1h30m` or `15м`; None for no such text.

    Each unit may be a Russian letter, or the one on the same key of the Russian layout.
    """
    folded = fold(text)
    if not _WRITTEN.fullmatch(folded):
        return None
    found = [(count, _unit(letter)) for count, letter in _PARTS.findall(folded)]
    try:
        return timedelta(seconds=sum(int(count) * UNITS[unit] for count, unit in found))
    except (KeyError, OverflowError, ValueError):
        return None


def _unit(letter: str) -> str:
    return _IN_RUSSIAN.get(letter) or in_latin(letter)

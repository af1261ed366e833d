"""What a strategy is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from leadboard.allocation.lottery import Candidate, Candidates, json_of


class Footing(NamedTuple):
    """How an operator stands when an appeal of a source is drawn."""

    load: int
    max_load: int
    credit: int
    """What the source owes them, in units of `quota.WHOLE` for an appeal."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A rule between whom is drawn; its title and its sentence are for people.

    `numbers` returns of a standing what the rule goes by, which the roster keeps. `leave_out` is
    given the eligible and returns by operator id why somebody is left out. `credits` returns what
    is owed after a draw, to those whose credit changes. `words` tells of the numbers of a
    candidate, as in `load 3/10`, for the explanation of an appeal. `reasons` has the words for
    those that it leaves somebody out for.
    """

    title: str
    sentence: str
    numbers: Callable[[Footing], tuple[int, ...]]
    leave_out: Callable[[Sequence[Candidate]], Mapping[int, str]]
    credits: Callable[[Candidates, int], Mapping[int, int]]
    words: Callable[[Candidate], str]
    reasons: Mapping[str, str]


def credits_in(text: str) -> dict[int, int]:
    """Return what is owed by operator id, as `Source.credits` holds it.

    Nothing is owed by what cannot be read: it must not keep anybody waiting; `check` tells of it.
    """
    return (read_credits(text) or {}) if text != "{}" else {}


def read_credits(text: str) -> dict[int, int] | None:
    """Return what a text says is owed, None if another program has made it unreadable."""
    found = json_of(text)
    if not isinstance(found, dict) or not all(map(_is_credit, found.items())):
        return None
    return {int(key): credit for key, credit in found.items()}


def _is_credit(item: tuple[str, object]) -> bool:
    key, credit = item
    is_id = key.isascii() and key.isdecimal() and len(key) < _DIGITS
    return is_id and type(credit) is int and abs(credit) < 1 << 63


_DIGITS = 20
"""More digits than an id has."""


def no_credits(_: Candidates, __: int) -> Mapping[int, int]:
    """Return that a draw changes no credit."""
    return {}

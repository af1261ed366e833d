"""What a strategy is."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from leadboard.allocation.lottery import Candidate, Candidates


class Footing(NamedTuple):
    """How an operator stands when an appeal of a source is drawn."""

    load: int
    max_load: int
    credit: int
    """What the source owes them, in units of `quota.WHOLE` for an appeal."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A rule between whom is drawn.

    `numbers` returns of a standing what the rule goes by, which the roster keeps. `leave_out` is
    given the eligible and returns by operator id why somebody is left out. `credits` returns what
    is owed after a draw, to those whose credit changes. `words` tells of the numbers of a
    candidate, as in `load 3/10`, for the explanation of an appeal.
    """

    sentence: str
    numbers: Callable[[Footing], tuple[int, ...]]
    leave_out: Callable[[Sequence[Candidate]], Mapping[int, str]]
    credits: Callable[[Candidates, int], Mapping[int, int]]
    words: Callable[[Candidate], str]


def credits_in(text: str) -> dict[int, int]:
    """Return what is owed by operator id, as `Source.credits` holds it."""
    return {int(key): credit for key, credit in json.loads(text).items()} if text != "{}" else {}


def no_credits(_: Candidates, __: int) -> Mapping[int, int]:
    """Return that a draw changes no credit."""
    return {}

"""What happened in a time, as data: arrivals, acts and hand-outs in their order, and the team."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from leadboard.allocation.lottery import Candidates

ARRIVED: Final = 0
"""A new appeal went to the lottery: it got an operator, or it waits."""
ENTERED: Final = 1
"""A new appeal came with its operator: typed in by hand, or imported."""
HANDED_OUT: Final = 2
"""An appeal that waited was drawn an operator."""
ASSIGNED: Final = 3
"""An appeal that waited was given to somebody by hand."""
MOVED: Final = 4
"""An appeal went by hand from one operator to another."""
RETURNED: Final = 5
"""An appeal was taken from its operator and waits."""
SENT_HOME: Final = 6
"""The same, because its operator was sent home with all that they had."""
CLOSED: Final = 7
REOPENED: Final = 8
WITHDRAWN: Final = 9
"""An appeal is gone, because its arrival was undone."""
MENDED: Final = 10
"""A repair has noted an appeal as it was found; nothing happened to it."""
LIMIT: Final = 11
ACTIVE: Final = 12
WEIGHT: Final = 13
LOAD: Final = 14
"""A repair has moved a load by `value`."""


class PastLine(NamedTuple):
    """One change of an appeal, as the ledger has it; `act` is 0 for an arrival.

    `operator` has the appeal after it and `was` had it before, None for nobody.
    """

    kind: int
    at: float
    act: int
    appeal: int
    source: int
    operator: int | None
    was: int | None = None
    roster: int | None = None
    draw: int | None = None
    is_open: bool = True


class TeamStep(NamedTuple):
    """One change of the team: LIMIT, ACTIVE, WEIGHT or LOAD; a weight of None is no link."""

    kind: int
    at: float
    act: int
    operator: int
    source: int
    value: int | None


HistoryStep = PastLine | TeamStep


@dataclass(frozen=True, slots=True)
class Hand:
    """An operator as a time began; their appeals from before count in the load alone."""

    max_load: int
    is_active: bool
    load: int


@dataclass(frozen=True, slots=True)
class PastSpan:
    """A time of the desk, from `begun` to `ended` in seconds since 1970."""

    begun: float
    ended: float
    hands: Mapping[int, Hand]
    """The operators as the time began, by id."""
    weights: Mapping[int, Mapping[int, int]]
    """The weights as the time began, by source and operator."""
    steps: Sequence[HistoryStep]
    rosters: Mapping[int, Candidates]
    """The rosters of the lines, by id."""
    waiting: Mapping[int, Sequence[int]] = field(default_factory=dict)
    """By source, the appeals that waited as the time began, oldest first."""
    held: Mapping[int, int] = field(default_factory=dict)
    """Of the appeals from before that have lines: the operator of each as the time began."""
    strategies: Mapping[int, str] = field(default_factory=dict)
    """The strategies of sources; without one a source goes by the lottery."""
    arrived: int = 0
    """How many appeals came in this time."""
    left_out: int = 0
    """How many more came in the time that was asked for, before `begun`."""

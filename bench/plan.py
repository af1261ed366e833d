"""How much a run measures: the quick plan, and the long one with ten million appeals."""

from dataclasses import dataclass

from bench.generate import Sizes

TEN_THOUSAND, MILLION, TEN_MILLION = 10_000, 1_000_000, 10_000_000


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """The sizes of a run and the numbers of lines to feed, smallest first.

    `feeds` is how often the longest file is fed, `laps` how often each walk through a pane is
    made, `rounds` how often everything else is measured.
    """

    sizes: tuple[int, ...]
    feed_lines: tuple[int, ...]
    feeds: int
    rounds: int
    laps: int


QUICK = BenchPlan((TEN_THOUSAND, MILLION), (2_000, 20_000), 1, 3, 1)
LONG = BenchPlan((TEN_THOUSAND, MILLION, TEN_MILLION), (20_000, 200_000), 3, 5, 5)


SERVED = 4
"""The number of sources of an office that somebody serves: all except the last."""


def office(appeals: int) -> Sizes:
    """Return the sizes of an ordinary office: the team is fixed, only the appeals grow."""
    return Sizes(appeals, operators=50, sources=5)


def house(appeals: int) -> Sizes:
    """Return the sizes of a large house, with a grid of 500 x 50."""
    return Sizes(appeals, operators=500, sources=50)


def short(size: int) -> str:
    """Return a size in short: `10k`, `1M`."""
    if size >= MILLION:
        return f"{size // MILLION}M"
    return f"{size // 1000}k" if size else "0"

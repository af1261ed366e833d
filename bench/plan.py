"""How much a run measures: the quick set, and the long one that adds ten million appeals."""

from dataclasses import dataclass

from bench.generate import Sizes

TEN_THOUSAND, MILLION, TEN_MILLION = 10_000, 1_000_000, 10_000_000


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """The sizes of a run and the numbers of lines that are fed, each smallest first.

    `feeds` is how often the longest file is fed, `laps` how often each way through a
    pane is walked, `rounds` how often all else is measured.
    """

    sizes: tuple[int, ...]
    feed_lines: tuple[int, ...]
    feeds: int
    rounds: int
    laps: int


QUICK = BenchPlan((TEN_THOUSAND, MILLION), (2_000, 20_000), 1, 3, 1)
LONG = BenchPlan((TEN_THOUSAND, MILLION, TEN_MILLION), (20_000, 200_000), 3, 5, 5)


SERVED = 4
"""The sources of an office that somebody serves: all but the last."""


def office(appeals: int) -> Sizes:
    """Return an ordinary office: its team stays the same, so that only the appeals grow."""
    return Sizes(appeals, operators=50, sources=5)


def house(appeals: int) -> Sizes:
    """Return a large house: a grid of 500 x 50."""
    return Sizes(appeals, operators=500, sources=50)


def short(size: int) -> str:
    """Return a size as people say it: `10k`, `1M`."""
    if size >= MILLION:
        return f"{size // MILLION}M"
    return f"{size // 1000}k" if size else "0"

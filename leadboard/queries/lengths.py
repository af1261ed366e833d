"""Lengths of time by the million in a few kilobytes, for their median and other quantiles."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from math import ceil

_EXACT = 7
"""Bits of a length that are kept, so that a quantile is at most 1/128 of itself off."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How many lengths there were, how many longer than none, their median and their p90.

    Nine in ten are not longer than the p90. Both are None where there were none.
    """

    count: int = 0
    longer: int = 0
    median: timedelta | None = None
    p90: timedelta | None = None


class Lengths:
    """Counts lengths in whole seconds: exactly below 128 s, in steps of 1/64 of them above."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, length: timedelta, count: int = 1) -> None:
        """Count a length; a negative one, which clocks that differ may give, as none."""
        # Truncated towards nothing: days and seconds are whole numbers.
        self._counts[_rounded(max(0, length.days * 86_400 + length.seconds))] += count

    def spread(self) -> Spread:
        """Return the figures."""
        counts = sorted((length, count) for length, count in self._counts.items() if count)
        total = sum(count for _, count in counts)
        longer = total - self._counts.get(0, 0)
        if not total:
            return Spread()
        return Spread(total, longer, *(_quantile(counts, total, part) for part in (0.5, 0.9)))

    @classmethod
    def together(cls, each: "Iterable[Lengths]") -> "Lengths":
        """Return the lengths of all of them."""
        whole = cls()
        for lengths in each:
            whole._counts.update(lengths._counts)
        return whole


def _rounded(seconds: int) -> int:
    """Return the middle of the step that a number of seconds lies in."""
    lost = seconds.bit_length() - _EXACT
    return seconds if lost <= 0 else (seconds >> lost << lost) + (1 << lost - 1)


def _quantile(counts: list[tuple[int, int]], total: int, part: float) -> timedelta:
    """Return the shortest length that `part` of all do not exceed."""
    enough = ceil(total * part)
    so_far = accumulate(count for _, count in counts)
    at = next(at for at, count in enumerate(so_far) if count >= enough)
    return timedelta(seconds=counts[at][0])

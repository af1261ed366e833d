"""Arithmetic on weights: steps, factors and even spreads, in whole numbers."""

from collections.abc import Collection
from fractions import Fraction

from leadboard.common.validation import MAX_WEIGHT, checked_weight


def stepped(weight: int | None, step: int) -> int:
    """Return a weight moved by a step, within what weights may be; no link counts as 0."""
    return min(max((weight or 0) + step, 0), MAX_WEIGHT)


def scaled(weight: int, by: Fraction) -> int:
    """Return a weight times a factor, above 0 if it was; raises Refused if that is too large."""
    # Half up, and in whole numbers: round() would take 2.5 to 2 and 3.5 to 4.
    nearest = (2 * weight * by.numerator + by.denominator) // (2 * by.denominator)
    return checked_weight(max(min(weight, 1), nearest))


def even(weights: Collection[int]) -> int:
    """Return the weight that all may have alike, so that their sum stays as close as possible."""
    # At 0 none of them would get an appeal.
    return max(1, round(sum(weights) / len(weights)))

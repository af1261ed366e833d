"""Couplings: how a draw that was made becomes one under the draft, so that little else differs.

A draw is a position on a recorded wheel. Both couplings give the lottery of the draft exactly; with
the wheel of the record they return the operator of the record.
"""

import random
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Literal, NamedTuple

from leadboard.foresight.rosters import DraftWheel

FINENESS = 32
"""Bits between two positions of a recorded wheel, for a wheel with more of them."""


class Drawn(NamedTuple):
    """A recorded draw: its wheel and position, and the operator it named."""

    wheel: DraftWheel
    position: int
    operator: int


Couple = Callable[[Drawn | None, DraftWheel, random.Random], int]
"""Chooses from a wheel of the draft that is not empty, by a recorded draw if there was one."""

Coupling = Literal["wheel", "keep"]


def on_the_wheel(drawn: Drawn | None, wheel: DraftWheel, rng: random.Random) -> int:
    """Return the operator whose stretch of the wheel holds the draw, stretched to its size."""
    if drawn is None:
        return wheel.at(int(rng.random() * wheel.total))
    if (size := drawn.wheel.total) == wheel.total:
        return wheel.at(drawn.position)
    # Somewhere within its position, or a wheel of more positions had some that nothing reaches.
    fine = (drawn.position << FINENESS) + rng.getrandbits(FINENESS)
    return wheel.at(fine * wheel.total // (size << FINENESS))


def keeping(drawn: Drawn | None, wheel: DraftWheel, rng: random.Random) -> int:
    """Return the operator of the record as often as the draft allows, and else draw anew.

    They stay with the probability min(1, chance under the draft / chance then); no coupling moves
    fewer appeals.
    """
    if drawn is None:
        return wheel.at(int(rng.random() * wheel.total))
    stays = wheel.weights.get(drawn.operator, 0) * drawn.wheel.total
    stayed = drawn.wheel.weights[drawn.operator] * wheel.total
    if stays >= stayed or rng.random() * stayed < stays:
        return drawn.operator
    return _gaining(drawn.wheel, wheel, rng)


def _gaining(was: DraftWheel, wheel: DraftWheel, rng: random.Random) -> int:
    """Draw among those whose chance grows, by as much as it does."""
    grown = [
        max(0, weight * was.total - was.weights.get(operator, 0) * wheel.total)
        for operator, weight in wheel.weights.items()
    ]
    edges = list(accumulate(grown))
    return wheel.operators[bisect_right(edges, int(rng.random() * edges[-1]))]


COUPLINGS: dict[Coupling, Couple] = {"wheel": on_the_wheel, "keep": keeping}

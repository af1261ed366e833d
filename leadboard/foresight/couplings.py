"""Couplings: how a draw that was made becomes one under the draft, so that little else differs.

A draw is a position on a recorded wheel. Both couplings give the lottery of the draft exactly; with
the wheel of the record they return the operator of the record.
"""

import random
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Literal, NamedTuple

from leadboard.foresight.rosters import Base

FINENESS = 32
"""Bits between two positions of a recorded wheel, for a wheel with more of them."""


class Drawn(NamedTuple):
    """A recorded draw: the weights, who was full, the position, and the operator it named."""

    base: Base
    full: int
    position: int
    operator: int


Couple = Callable[[Drawn | None, Base, int, random.Random], int | None]
"""Chooses by a recorded draw, if there was one, from weights and who of them is full.

Returns None where nobody is left to choose from.
"""

Coupling = Literal["wheel", "keep"]


def anew(base: Base, full: int, rng: random.Random) -> int | None:
    """Draw without a record."""
    wheel = base.wheel(full)
    return wheel.at(int(rng.random() * wheel.total)) if wheel.total else None


def on_the_wheel(drawn: Drawn | None, base: Base, full: int, rng: random.Random) -> int | None:
    """Return the operator whose stretch of the wheel holds the draw, stretched to its size."""
    if drawn is None:
        return anew(base, full, rng)
    wheel = base.wheel(full)
    if not wheel.total:
        return None
    if drawn.base is base and drawn.full == full:
        return wheel.at(drawn.position)
    size = drawn.base.total(drawn.full)
    if size == wheel.total:
        return wheel.at(drawn.position)
    # Somewhere within its position, or a wheel of more positions had some that nothing reaches.
    fine = (drawn.position << FINENESS) + rng.getrandbits(FINENESS)
    return wheel.at(fine * wheel.total // (size << FINENESS))


def keeping(drawn: Drawn | None, base: Base, full: int, rng: random.Random) -> int | None:
    """Return the operator of the record as often as the draft allows, and else draw anew.

    They stay with the probability min(1, chance under the draft / chance then); no coupling moves
    fewer appeals.
    """
    if drawn is None:
        return anew(base, full, rng)
    if drawn.base is base and drawn.full == full:
        return drawn.operator
    total = base.total(full)
    if not total:
        return None
    size = drawn.base.total(drawn.full)
    stays = base.weight(drawn.operator, full) * size
    stayed = drawn.base.weights[drawn.operator] * total
    if stays >= stayed or rng.random() * stayed < stays:
        return drawn.operator
    return _gaining(drawn, size, base, full, total, rng)


def _gaining(drawn: Drawn, size: int, base: Base, full: int, total: int, rng: random.Random) -> int:
    """Draw among those whose chance grows, by as much as it does."""
    was, had = drawn.base, drawn.full
    grown = {
        operator: gain
        for operator, weight in base.weights.items()
        if not full >> operator & 1
        and (gain := weight * size - was.weight(operator, had) * total) > 0
    }
    edges = list(accumulate(grown.values()))
    return list(grown)[bisect_right(edges, int(rng.random() * edges[-1]))]


COUPLINGS: dict[Coupling, Couple] = {"wheel": on_the_wheel, "keep": keeping}

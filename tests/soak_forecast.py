"""How true forecasts are on simulated floors, with fresh seeds: `python -m tests.soak_forecast`."""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from math import sqrt
from statistics import median

from tests.support.shifts import whole_day
from tests.support.trials import (
    Trial,
    Warnings,
    median_error,
    share_held,
    trials,
    warnings_of_day,
)

SIZES = ((40, 1), (60, 1), (120, 1), (60, 3))
"""Places and sources of the floors."""
BUSY = (2.0, 1.5, 1.2)
PLACES = 60
"""Those of a floor whose whole days are looked at."""
HELD = (0.75, 0.85)
ERROR = 0.16
FALSE = 2.0
"""The most false warnings in ten days."""


def told(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def moments(busy: float, floors: int, rng: random.Random, *, is_known: bool) -> list[Trial]:
    """Try floors of every size, and tell of each size in a line."""
    found: list[Trial] = []
    for places, sources in SIZES:
        start = time.perf_counter()
        seeds = [rng.randrange(10**9) for _ in range(floors // sources)]
        tried = list(trials(places, busy, seeds, is_known=is_known, sources=sources))
        found += tried
        what = "known" if is_known else "counted"
        told(
            f"{busy:.1f} of capacity, {places:3} places, {sources} sources, {what:7}: "
            f"{share_held(tried):.1%} held, median error {median_error(tried):.1%}, "
            f"{len(tried)} moments ({time.perf_counter() - start:.0f} s)"
        )
    return found


def days(number: int, rng: random.Random, *, is_short: bool) -> Warnings:
    """Look at whole days, and tell what their warnings came to."""
    found = Warnings()
    for _ in range(number):
        day = whole_day(PLACES, rng.randrange(10**9), is_short=is_short)
        warned = warnings_of_day(day)
        found.ahead += warned.ahead
        found.unwarned += warned.unwarned
    ahead = f"{median(found.true):.0f} minutes ahead" if found.true else "none of them true"
    told(
        f"{number} days {'short of places' if is_short else 'as planned, with rushes'}: "
        f"{len(found.ahead)} warnings, {found.false} false "
        f"({found.false * 10 / number:.1f} in ten days), {ahead}, {found.unwarned} times unwarned"
    )
    return found


def soak(floors: int, number: int, seed: int) -> bool:
    """Try floors and days, and tell whether all is as it should be."""
    told(f"python -m tests.soak_forecast --floors {floors} --days {number} --seed {seed}")
    rng, is_well = random.Random(seed), True
    for is_known in (True, False):
        tried = {busy: moments(busy, floors, rng, is_known=is_known) for busy in BUSY}
        every = [each for found in tried.values() for each in found]
        error, held = median_error(tried[BUSY[0]]), share_held(every)
        told(f"  of all: {held:.1%} held, median error at twice the capacity {error:.1%}")
        is_well = is_well and HELD[0] <= held <= HELD[1] and error <= ERROR
    planned = days(number, rng, is_short=False)
    days(number, rng, is_short=True)
    return is_well and planned.false <= _most_false(number)


def _most_false(number: int) -> float:
    """Return the most false warnings in so many days, with two deviations for chance."""
    most = FALSE * number / 10
    return most + 2 * sqrt(most)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it once."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak_forecast", description=__doc__)
    parser.add_argument("--floors", type=int, default=300, help="so many of each size")
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--seed", type=int)
    wanted = parser.parse_args(arguments)
    seed = wanted.seed if wanted.seed is not None else random.SystemRandom().randrange(10**9)
    return 0 if soak(wanted.floors, wanted.days, seed) else 1


if __name__ == "__main__":
    sys.exit(main())

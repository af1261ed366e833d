"""How often fair and bent floors are accused, with fresh seeds: `python -m tests.soak_fairness`.

Each floor is judged twice: by the test of evenness, made once at the end, and by the evidence,
which is looked at after every LOOK draws and accuses for good.
"""

import argparse
import random
import sys
import time
from dataclasses import dataclass
from math import sqrt

from leadboard.allocation.evidence import Evidence
from tests.support.floors import FRIEND, SHAPES, Day, Floor

LEVEL, BEND, LOOK = 0.05, 0.03, 100
FAIR = {name: 2_000 if name.startswith("many") else 5_000 for name in SHAPES}
"""Draws of a fair floor; of forty operators fewer, since each look takes longer."""
BENT = {"steady": 10_000, "breaks": 10_000, "two operators": 10_000, "saturating": 30_000}
"""Draws within which a bent floor is to be found by one of the two."""
BENT |= {f"{name}, meddled": draws for name, draws in BENT.items()}


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one floor: by the test at the end, and when and against whom by the evidence."""

    is_uneven: bool
    draws: int | None
    names_friend: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many of so many floors were accused, by each and by any; `draws` is the median."""

    floors: int
    uneven: int
    ever: int
    found: int
    named: int
    draws: int | None


def judged(floor: Floor, draws: int, seed: int, bend: float) -> Judged:
    """Let a floor run, looking at the evidence until it accuses."""
    day, found, at = Day(floor, seed, bend), Evidence(), None
    for made in range(LOOK, draws + 1, LOOK):
        tally = day.run(made)
        if at is None and (found := tally.evidence()).accuses(LEVEL):
            at = made
    is_friend = (found.operator_id, found.is_more) == (FRIEND, True)
    return Judged(not tally.evenness().is_even(LEVEL), at, at is not None and is_friend)


def outcome(floor: Floor, draws: int, bend: float, floors: int, seed: int) -> Outcome:
    """Run floors of one shape and count."""
    rng = random.Random(seed)
    each = [judged(floor, draws, rng.randrange(10**9), bend) for _ in range(floors)]
    at = sorted(one.draws or draws + 1 for one in each)[floors // 2]
    return Outcome(
        floors,
        sum(one.is_uneven for one in each),
        sum(one.draws is not None for one in each),
        sum(one.is_uneven or one.draws is not None for one in each),
        sum(one.names_friend for one in each),
        at if at <= draws else None,
    )


def told(name: str, draws: int, bend: float, floors: int, seed: int) -> Outcome:
    """Return what came of floors, and say it in a line."""
    start = time.perf_counter()
    found = outcome(SHAPES[name], draws, bend, floors, seed)
    took = time.perf_counter() - start
    median = "" if found.draws is None else f", median {found.draws:,}"
    named = f", friend named {found.named}, by any {found.found}" if bend else ""
    sys.stdout.write(
        f"{name:22} {draws:6,} draws, bent by {bend:.0%}: of {floors} uneven {found.uneven}, "
        f"evidence {found.ever}{median}{named} ({took:.0f} s)\n"
    )
    sys.stdout.flush()
    return found


def soak(floors: int, seed: int) -> bool:
    """Try fair floors of every shape, and bent ones of some; tell if all is well.

    Of a thousand fair ones 50 are uneven at 5 %: 29 to 71 are three standard deviations.
    """
    sys.stdout.write(f"python -m tests.soak_fairness --floors {floors} --seed {seed}\n")
    fair = [told(name, draws, 0.0, floors, seed) for name, draws in FAIR.items()]
    bent = [told(name, draws, BEND, floors, seed) for name, draws in BENT.items()]
    spread = 3 * sqrt(floors * LEVEL * (1 - LEVEL))
    honest = all(abs(each.uneven - floors * LEVEL) <= spread for each in fair)
    careful = all(each.ever <= floors * LEVEL for each in fair)
    sharp = all(each.found >= 0.95 * floors for each in bent)
    clear = all(each.named >= 0.95 * each.ever for each in bent)
    sys.stdout.write(
        f"honest test: {honest}, careful evidence: {careful}, sharp: {sharp}, clear: {clear}\n"
    )
    return honest and careful and sharp and clear


def main() -> int:
    """Run it once."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak_fairness", description=__doc__)
    parser.add_argument("--floors", type=int, default=1_000, help="so many of each shape")
    parser.add_argument("--seed", type=int)
    wanted = parser.parse_args()
    seed = wanted.seed if wanted.seed is not None else random.SystemRandom().randrange(10**9)
    return 0 if soak(wanted.floors, seed) else 1


if __name__ == "__main__":
    sys.exit(main())

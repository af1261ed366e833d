"""How often fair and bent floors are accused, with fresh seeds: `python -m tests.soak_fairness`."""

import argparse
import random
import sys
import time
from itertools import product

from tests.support.floors import FLOORS, Day, Floor

SIZES = (200, 1_000, 10_000)
BEND = 0.03
LEVEL = 0.05


def accused(floor: Floor, draws: int, bend: float, days: int, rng: random.Random) -> int:
    """Return how many days of a floor are accused, of so many."""
    return sum(
        not Day(floor, rng.randrange(10**9), bend).run(draws).evenness().is_even(LEVEL)
        for _ in range(days)
    )


def told(name: str, draws: int, bend: float, days: int, rng: random.Random) -> int:
    """Return how many are accused, and say it in a line."""
    start = time.perf_counter()
    count = accused(FLOORS[name], draws, bend, days, rng)
    took = time.perf_counter() - start
    line = f"{name:18} {draws:6,} draws, bent by {bend:.0%}: {count:3} of {days} ({took:.1f} s)\n"
    sys.stdout.write(line)
    sys.stdout.flush()
    return count


def soak(fair_days: int, bent_days: int, seed: int) -> bool:
    """Try fair days of every floor and size, and bent ones of a steady floor; tell if all is well.

    Of a thousand fair days about 50 are accused; fewer than 30 or more than 70 once in 300 runs.
    """
    sys.stdout.write(f"python -m tests.soak_fairness --seed {seed}\n")
    rng, cases = random.Random(seed), list(product(FLOORS, SIZES))
    fair = sum(
        told(*case, 0.0, len(range(at, fair_days, len(cases))), rng)
        for at, case in enumerate(cases)
    )
    bent = told("equal, 6", SIZES[-1], BEND, bent_days, rng)
    sys.stdout.write(f"accused: {fair} of {fair_days} fair days, {bent} of {bent_days} bent ones\n")
    return 0.03 <= fair / fair_days <= 0.07 and bent >= 0.95 * bent_days


def main() -> int:
    """Run it once."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak_fairness", description=__doc__)
    parser.add_argument("--fair", type=int, default=1_000, help="so many fair days")
    parser.add_argument("--bent", type=int, default=100, help="so many bent ones")
    parser.add_argument("--seed", type=int)
    wanted = parser.parse_args()
    seed = wanted.seed if wanted.seed is not None else random.SystemRandom().randrange(10**9)
    return 0 if soak(wanted.fair, wanted.bent, seed) else 1


if __name__ == "__main__":
    sys.exit(main())

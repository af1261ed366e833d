"""How often `verify` accuses honest floors, on real files: `python -m tests.soak_verify`."""

import argparse
import random
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import allocator
from leadboard import desk
from leadboard.allocation.verification import verify
from leadboard.common.errors import Refused
from leadboard.database.connection import database
from models import open_database
from tests.support import add_team, rows

ARRIVALS = 300
"""Appeals of one floor; half of them are returned, moved or sent away with their operator."""

BOSS = "boss"


def floor(rng: random.Random) -> None:
    """Let a day pass: appeals arrive, and for each a dispatcher may do something."""
    for number in range(ARRIVALS):
        allocator.submit(f"lead {number}", rng.choice((1, 2)), "", rng=rng)
        if rng.random() < 0.5:
            with suppress(Refused):
                _act(rng, number + 1)


def _act(rng: random.Random, newest: int) -> None:
    some = rng.sample(range(1, newest + 1), min(newest, rng.choice((1, 2, 5))))
    operator = rng.choice((1, 2, 3, 4))
    kind = rng.random()
    if kind < 0.5:
        desk.give_back(some, actor=BOSS)
    elif kind < 0.6:
        desk.assign(some, operator, force=True, actor=BOSS)
    elif kind < 0.8:
        desk.close(some, actor=BOSS)
    elif kind < 0.85:
        desk.undo(actor=BOSS)
    else:
        (is_active,) = rows("SELECT is_active FROM operator WHERE id = ?", operator)[0]
        (desk.send_home if is_active else desk.toggle_active)([operator], actor=BOSS)


def accused(template: Path, copy: Path, seed: int, level: float) -> bool:
    """Tell whether verify accuses the honest floor of a seed."""
    shutil.copyfile(template, copy)
    opened = open_database(copy)
    # One transaction: what a day writes need not be durable here.
    with database.atomic("IMMEDIATE"):
        floor(random.Random(seed))
        outcome = verify()
    opened.close()
    if outcome.findings:
        raise AssertionError(f"seed {seed}: {outcome.findings[0].sentence}")
    return not outcome.evenness.is_even(level)


def main() -> None:
    """Run the floors and say how many were accused."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak_verify", description=__doc__)
    parser.add_argument("--floors", type=int, default=1_000)
    parser.add_argument("--level", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    wanted = parser.parse_args()
    sys.stdout.write(f"seed {wanted.seed}\n")
    with tempfile.TemporaryDirectory() as folder:
        template, copy = Path(folder) / "template.db", Path(folder) / "floor.db"
        opened = open_database(template)
        add_team(
            {"Anna": 40, "Boris": 25, "Vera": 15, "Gleb": 10},
            {
                "tg": {"Anna": 50, "Boris": 30, "Vera": 20},
                "vk": {"Boris": 10, "Vera": 10, "Gleb": 40},
            },
        )
        opened.close()
        seeds = range(wanted.seed, wanted.seed + wanted.floors)
        count = sum(accused(template, copy, seed, wanted.level) for seed in seeds)
    sys.stdout.write(f"accused: {count} of {wanted.floors} honest floors\n")


if __name__ == "__main__":
    main()

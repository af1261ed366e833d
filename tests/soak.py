"""Races, kills and random walks for minutes, with fresh seeds: `python -m tests.soak`."""

import argparse
import os
import random
import subprocess
import sys
import time

SUITES = (
    "tests/allocation/test_races.py",
    "tests/allocation/test_kills.py",
    "tests/allocation/test_walk.py",
    "tests/allocation/test_settling.py",
    "tests/allocation/test_floor.py",
    "tests/api/test_load.py",
    "tests/hooks/test_walk.py",
    "tests/hooks/test_kills.py",
    "tests/tui/test_ways.py",
    "tests/tui/test_every_act.py",
    "tests/tui/test_preview.py",
    "tests/tui/test_screen.py",
    "tests/tui/test_selection.py",
    "tests/tui/test_terminal.py",
)


def run(suite: str, seed: int) -> bool:
    """Run one suite with a seed, and say before it how to run the same again."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", suite]
    if suite.endswith("walk.py"):
        command.append(f"--hypothesis-seed={seed}")
    env = {"LEADBOARD_SOAK": "5", "LEADBOARD_SEED": str(seed)}
    again = " ".join([*(f"{name}={value}" for name, value in env.items()), *command[1:]])
    sys.stdout.write(f"{again}\n")
    sys.stdout.flush()
    return subprocess.run(command, env=os.environ | env, check=False).returncode == 0


def main() -> int:
    """Go round until the time is up or something fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, help="one round with this seed only")
    wanted = parser.parse_args()
    end = time.monotonic() + wanted.minutes * 60
    while True:
        seed = wanted.seed if wanted.seed is not None else random.SystemRandom().randrange(10**9)
        for suite in SUITES:
            if not run(suite, seed):
                sys.stdout.write(f"FAILED with seed {seed}: the line above runs it again.\n")
                return 1
        if wanted.seed is not None or time.monotonic() > end:
            return 0


if __name__ == "__main__":
    sys.exit(main())

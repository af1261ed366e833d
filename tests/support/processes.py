"""Real processes on one database file, started together, with seeds that can be replayed."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
IS_SOAK = "LEADBOARD_SOAK" in os.environ

PROLOGUE = """
import random, sys
import allocator
from leadboard import desk
import models
from models import Appeal, Operator, Source
from leadboard.common.errors import Refused, Trouble
from leadboard.database.connection import database, rows
path, seed = sys.argv[1], int(sys.argv[2])
rng = random.Random(seed)
models.open_database(path)
print("ready", flush=True)
sys.stdin.readline()
"""


def leadboard(
    target: str | Path, *arguments: str | Path, given: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run the command on a database as a person would, and return what came of it."""
    return subprocess.run(
        [sys.executable, "-m", "leadboard.cli", "--db", str(target), *map(str, arguments)],
        input=given,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


def let_go(running: "Sequence[subprocess.Popen[str]]") -> None:
    """Wait until every process has said that it is ready, then let all of them go at once."""
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def together(target: str, bodies: Sequence[str], seed: int, seconds: float = 120) -> list[str]:
    """Run each body in a process of its own, all let go at once; return what they printed.

    A body finds the database open, and `rng` seeded with `seed` and its number.
    """
    print(f"seed {seed}")  # noqa: T201 - pytest shows it with a failure, to replay it
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROLOGUE + body, target, str(seed * 1_000 + number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for number, body in enumerate(bodies)
    ]
    let_go(running)
    answers = [process.communicate(timeout=seconds)[0] for process in running]
    assert [process.returncode for process in running] == [0] * len(running)
    return answers

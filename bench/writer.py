"""A bot as a process: it submits appeals one by one and reports how long each took."""

import argparse
import json
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import allocator
from bench.plan import SERVED
from bench.programs import ROOT
from models import open_database


class PacedWriter:
    """The bot, as seen from the process that starts it."""

    def __init__(self, path: Path, rate: int) -> None:
        command = [sys.executable, "-m", "bench.writer", str(path), "--rate", str(rate)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        # Wait for `ready`: starting and opening the database must not count.
        self._process.stdout.readline()

    def stop(self) -> list[float]:
        """End the bot; return the milliseconds of each of its appeals, oldest first."""
        output, _ = self._process.communicate()
        took: list[float] = json.loads(output)
        return took

    def kill(self) -> None:
        """End the process at once, if it is still running."""
        self._process.kill()
        self._process.wait()


@contextmanager
def writing(path: Path, rate: int) -> Iterator[PacedWriter]:
    """Let a bot submit `rate` appeals a second during the block, or until it is stopped."""
    writer = PacedWriter(path, rate)
    try:
        yield writer
    finally:
        writer.kill()


def submit_until_told(rate: int) -> list[float]:
    """Submit appeals on a schedule until standard input ends; return the milliseconds of each.

    An appeal that is late because the one before took long is submitted at once.
    """
    took: list[float] = []
    begun = time.perf_counter()
    while True:
        pause = begun + len(took) / rate - time.perf_counter()
        if select.select([sys.stdin], [], [], max(0.0, pause))[0]:
            return took
        number, at = len(took), time.perf_counter()
        allocator.submit(f"writer_{number % 500}", 1 + number % SERVED, f"заявка {number}")
        took.append((time.perf_counter() - at) * 1000)


def main() -> None:
    """Print `ready` when the database is open, submit until told to stop, and print the times."""
    parser = argparse.ArgumentParser(description="Submit appeals one by one.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--rate", type=int, default=200, help="appeals a second")
    chosen = parser.parse_args()
    opened = open_database(chosen.path)
    print("ready", flush=True)
    print(json.dumps(submit_until_told(chosen.rate)))
    opened.close()


if __name__ == "__main__":
    main()

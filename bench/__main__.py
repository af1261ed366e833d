"""Run the benchmarks: `python -m bench`, or some of them by name: `python -m bench startup`."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import (
    calm,
    door,
    drain,
    feed,
    files,
    filters,
    follow,
    keys,
    memory,
    rivals,
    seal,
    startup,
    stream,
    submit,
    waiting,
    whatif,
)
from bench.databases import folder
from bench.growth import growth
from bench.plan import LONG, QUICK, BenchPlan
from bench.result import Result, table

BENCHMARKS: dict[str, Callable[[BenchPlan], list[Result]]] = {
    "startup": startup.measure,
    "memory": memory.measure,
    "keys": keys.measure,
    "follow": follow.measure,
    "calm": calm.measure,
    "submit": submit.measure,
    "feed": feed.measure,
    "seal": seal.measure,
    "drain": drain.measure,
    "waiting": waiting.measure,
    "filter": filters.measure,
    "files": files.measure,
    "whatif": whatif.measure,
    "door": door.measure,
    "stream": stream.measure,
    "rivals": rivals.measure,
}
"""Every benchmark by name; each measures its baseline in the same run."""
BY_NAME_ONLY = {"rivals"}
"""Those that need more than `make bench` installs."""


def main() -> None:
    """Run the benchmarks named, or all; print the tables and save them to a file."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Run the benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--long", action="store_true", help="also measure with ten million appeals")
    parser.add_argument("--output", type=Path, help="the file to save the tables to")
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.names if name not in BENCHMARKS]:
        parser.error(f"no benchmark is called {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    usual = [name for name in BENCHMARKS if name not in BY_NAME_ONLY]
    results = _run(chosen.names or usual, LONG if chosen.long else QUICK)
    report = "\n\n".join(filter(None, (table(results), growth(results))))
    print(report)
    path: Path = chosen.output or folder() / "results.txt"
    path.write_text(report + "\n", encoding="utf-8")
    print(f"\nThe tables are also in {path}.")


def _run(names: Sequence[str], plan: BenchPlan) -> list[Result]:
    results = []
    for name in names:
        begun = time.monotonic()
        results += BENCHMARKS[name](plan)
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return results


if __name__ == "__main__":
    main()

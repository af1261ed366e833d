"""Run the benchmarks: `python -m bench`, or some of them by name: `python -m bench startup`."""

import argparse
from collections.abc import Callable

from bench import calm, files, keys, startup, submit, waiting
from bench.result import Result, table

BENCHMARKS: dict[str, Callable[[], list[Result]]] = {
    "startup": startup.measure,
    "keys": keys.measure,
    "submit": submit.measure,
    "waiting": waiting.measure,
    "calm": calm.measure,
    "files": files.measure,
}
"""Every benchmark by name; each measures its baseline in the same run."""


def main() -> None:
    """Run the chosen benchmarks, all without a choice, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Run the benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names: list[str] = parser.parse_args().names
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"no benchmark is called {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    print(table([result for name in names or BENCHMARKS for result in BENCHMARKS[name]()]))


if __name__ == "__main__":
    main()

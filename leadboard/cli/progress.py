"""The progress of long work, shown on standard error if that is a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from leadboard.common.progress import Advance


def is_wanted() -> bool:
    """Tell whether a bar is seen and shares its terminal with neither answers nor typing."""
    shared = (sys.stdin, sys.stdout)
    seen = bool(sys.stderr) and sys.stderr.isatty()
    return seen and not any(stream and stream.isatty() for stream in shared)


def show_upgrades() -> None:
    """Show upgrades on standard error: a bar for a long one, and what came of it."""
    from leadboard.common.console import say
    from leadboard.database import upgrades

    is_shown = bool(sys.stderr) and sys.stderr.isatty()
    upgrades.onlooker = upgrades.Onlooker(
        lambda total: progress_bar(total, "rows", is_shown=is_shown), say
    )


@contextmanager
def progress_bar(
    total: int | None, unit: str = "appeals", *, is_shown: bool | None = None
) -> Iterator[Advance]:
    """Show a bar with the count and the rate of the unit, or nothing; see `is_wanted`."""
    if not (is_wanted() if is_shown is None else is_shown):
        yield lambda _done, _appeals: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(),
        TextColumn(f"{{task.fields[appeals]:,}} {unit}"),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
    )
    # Else Rich takes over standard output, and what is printed there goes to standard error.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False) as progress:
        task = progress.add_task("rows", total=total, appeals=0, rate=0.0)

        def advance(done: int, appeals: int) -> None:
            seconds = progress.tasks[0].elapsed or 0.0
            rate = appeals / seconds if seconds else 0.0
            progress.update(task, completed=done, appeals=appeals, rate=rate)

        yield advance

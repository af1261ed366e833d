"""The progress of long work, shown on standard error if that is a terminal."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from leadboard.common.language import _, ngettext
from leadboard.common.progress import Advance

Count = Callable[[int], str]
"""Returns how many there are in words, such as `1,200 appeals`."""
UNITS: Mapping[str, Count] = {
    "appeals": lambda count: ngettext("{n:,} appeal", "{n:,} appeals", count),
    "leads": lambda count: ngettext("{n:,} lead", "{n:,} leads", count),
    "lines": lambda count: ngettext("{n:,} line", "{n:,} lines", count),
    "operators": lambda count: ngettext("{n:,} operator", "{n:,} operators", count),
    "rows": lambda count: ngettext("{n:,} row", "{n:,} rows", count),
    "sources": lambda count: ngettext("{n:,} source", "{n:,} sources", count),
    "weights": lambda count: ngettext("{n:,} weight", "{n:,} weights", count),
}
"""The words for what a bar counts."""


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
        lambda total: progress_bar(total, UNITS["rows"], is_shown=is_shown), say
    )


@contextmanager
def progress_bar(
    total: int | None, count: Count, *, is_shown: bool | None = None
) -> Iterator[Advance]:
    """Show a bar with the count of what is done, in words, and its rate; see `is_wanted`."""
    if not (is_wanted() if is_shown is None else is_shown):
        yield lambda _done, _appeals: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    # Else Rich takes over standard output, and what is printed there goes to standard error.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False) as progress:
        task = progress.add_task("rows", total=total, count=count(0), rate=_rate(0.0))

        def advance(done: int, number: int) -> None:
            seconds = progress.tasks[0].elapsed or 0.0
            rate = _rate(number / seconds if seconds else 0.0)
            progress.update(task, completed=done, count=count(number), rate=rate)

        yield advance


def _rate(rate: float) -> str:
    return _("{rate:,.0f}/s", rate=rate)

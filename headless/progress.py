"""How far a long work is, shown on standard error where that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int, int], None]
"""Tells how many bytes have been read and how many appeals answered so far."""


def is_wanted() -> bool:
    """Tell whether a bar can be seen and disturbs nothing: answers or typing share no terminal."""
    shared = (sys.stdin, sys.stdout)
    seen = bool(sys.stderr) and sys.stderr.isatty()
    return seen and not any(stream and stream.isatty() for stream in shared)


@contextmanager
def progress_bar(total_bytes: int | None) -> Iterator[Advance]:
    """Show a bar with the count and the rate of appeals, or nothing at all."""
    if not is_wanted():
        yield lambda _bytes, _appeals: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(),
        TextColumn("{task.fields[appeals]:,} appeals"),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False) as progress:
        task = progress.add_task("feed", total=total_bytes, appeals=0, rate=0.0)

        def advance(bytes_read: int, appeals: int) -> None:
            seconds = progress.tasks[0].elapsed or 0.0
            rate = appeals / seconds if seconds else 0.0
            progress.update(task, completed=bytes_read, appeals=appeals, rate=rate)

        yield advance

"""The commands that move tables through files: export, import, and completion for the shell."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from headless.cli import Choice

WHAT = click.Choice(["operators", "sources", "weights", "appeals", "leads"])
FORMAT = click.Choice(["csv", "json"])


@click.command()
@click.argument("what", type=WHAT)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")
@click.option("--format", "form", type=FORMAT, help="Else as the file's ending says, else CSV.")
@click.option("--excel", is_flag=True, help="CSV with semicolons and a byte-order mark.")
@click.option("--force", is_flag=True, help="Write over an existing file.")
@click.pass_context
def export(
    context: click.Context, what: str, file: str, form: str | None, excel: bool, force: bool
) -> None:
    """Write a table to FILE, or to standard output, as CSV or JSON.

    All of it is of one moment, while others go on working. The weights are a matrix: a row for each
    operator, a column for each source, an empty cell where there is no link.

    In CSV a text that begins with = + - @, a tab or a line break (perhaps after apostrophes) gets
    one apostrophe in front, so that no spreadsheet runs it; import takes it away again. JSON is an
    array with one object a line. --excel suits an Excel that separates by semicolons.

    \b
    Examples:
      leadboard export weights weights.csv
      leadboard export operators --excel team.csv
      leadboard export appeals appeals.json
      leadboard export leads | wc -l
    """
    from headless.stopping import Stop, Stopped
    from transfer.writing import Style, format_of
    from transfer.writing import export as write

    choice: Choice = context.obj
    choice.open()
    stop = Stop()
    try:
        with stop.listening(), stop.waiting(), _output(file, force=force) as output:
            style = Style(is_excel=excel, is_shown=output.isatty())
            with _bar(what, is_shared=file == "-" and output.isatty()) as begin:
                write(what, format_of(file, form), output, begin, style=style)
    except Stopped as stopped:
        context.exit(stopped.code)


@contextmanager
def _output(file: str, *, force: bool) -> Iterator[TextIO]:
    """Open the file to write, or standard output for `-`."""
    from transfer.writing import standard_output, whole_file

    with standard_output() if file == "-" else whole_file(Path(file), force=force) as output:
        yield output


Begin = Callable[[int], Callable[[int, int], None]]


@contextmanager
def _bar(unit: str, *, is_shared: bool) -> Iterator[Begin]:
    """Lend a function that starts a bar on standard error, if that is a terminal of its own."""
    from contextlib import ExitStack

    from headless.progress import progress_bar

    is_shown = bool(sys.stderr) and sys.stderr.isatty() and not is_shared
    with ExitStack() as stack:
        yield lambda total: stack.enter_context(progress_bar(total, unit, is_shown=is_shown))

"""The commands that move tables through files: export and import."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from leadboard.common.progress import Begin

if TYPE_CHECKING:
    from leadboard.cli.context import Choice

WHAT = click.Choice(["operators", "sources", "weights", "appeals", "leads"])
DECISIONS = "decisions"
"""What is only exported: a history of draws, for those who check it."""
FORMAT = click.Choice(["csv", "json"])


@click.command()
@click.argument("what", type=click.Choice([*WHAT.choices, DECISIONS]))
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")
@click.option(
    "--format", "form", type=FORMAT, help="The format; else by the file's ending, else CSV."
)
@click.option("--excel", is_flag=True, help="CSV with semicolons and a byte-order mark.")
@click.option("--force", is_flag=True, help="Write over an existing file.")
@click.pass_context
def export(
    context: click.Context, what: str, file: str, form: str | None, excel: bool, force: bool
) -> None:
    """Write a table to FILE, or to standard output, as CSV or JSON.

    All of it is of one moment, while others go on working. The weights are a matrix: a row for each
    operator, a column for each source, an empty cell where there is no link.

    In CSV an apostrophe is put before each = + - @ that begins a text, or follows a comma, a
    semicolon, a tab or a line break in it, so that no spreadsheet runs it, whatever its separator;
    import removes it again. JSON is an array with one object per line. --excel suits an Excel that
    separates by semicolons. Data is always UTF-8; a terminal shows what it can.

    The decisions are lines of JSON in any case: each draw with its place in the chain of its
    source, the commitments, and the seeds that are revealed. docs/checking.md has 24 lines of
    Python that check them.

    \b
    Examples:
      leadboard export weights weights.csv
      leadboard export operators --excel team.csv
      leadboard export appeals appeals.json
      leadboard export leads | wc -l
      leadboard export decisions decisions.jsonl
    """
    from leadboard.cli.signals import Stop, Stopped
    from leadboard.transfer.writing import Style, export_decisions, format_of
    from leadboard.transfer.writing import export as write

    choice: Choice = context.obj
    choice.open(may_only_read=True)
    stop = Stop()
    try:
        # A signal may end it anywhere: the file takes its name only once it is whole.
        with stop.listening(), stop.waiting(), _output(file, force=force) as output:
            if what == DECISIONS:
                export_decisions(output)
                return
            style = Style(is_excel=excel, is_shown=output.isatty())
            with _bar(what, is_shared=file == "-" and output.isatty()) as begin:
                write(what, format_of(file, form), output, begin, style=style)
    except Stopped as stopped:
        context.exit(stopped.code)


@click.command(name="import")
@click.argument("what", type=WHAT)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--format", "form", type=FORMAT, help="The format; else by the file's ending, else CSV."
)
@click.option("--yes", is_flag=True, help="Do it without asking.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--force", is_flag=True, help="Appeals: also to operators who are off or full.")
@click.pass_context
def import_(
    context: click.Context,
    what: str,
    file: str,
    form: str | None,
    yes: bool,
    dry_run: bool,
    force: bool,
) -> None:
    """Import a table from FILE (- is standard input): show what will change, ask, do it.

    All or nothing: a bad cell is named by row and column, and then nothing is stored. Rows that the
    file leaves out stay as they are, and so do columns, and cells left empty. CSV may be separated
    by commas, semicolons or tabs, with heads in any case and spaces around quotes; JSON is an array
    of objects or one object per line.

    operators (id, name, is_active, max_load) and sources (id, name) are found by id where that is
    known, else by name; an unknown name is added. weights is a matrix: an empty cell unlinks, 0 is
    a link of weight 0. In JSON: {"operator": "Anna", "weights": {"tg_main": 70}}. Each of these
    imports is one act, which one undo takes back; places it frees go to waiting appeals.

    appeals (id, timestamp, external_id, source, operator, status, closed_at, message, key) are
    history: one whose id is known, or whose key is known for its lead and source, is never changed;
    a cell that differs from the one of its id is an error, and another text for a known key is
    reported. The times at the end of an export (first_assigned_at, assigned_at, waited_s, held_s)
    are passed over. New ones keep their id, if they have one. Closed and withdrawn ones are stored
    as they were; open ones take a place of their operator, who must be on and have room (or
    --force); those without an operator wait and go by lottery, oldest id first. leads (id,
    external_id) are added; to keep their ids, bring them in before the appeals. Undo does not take
    appeals and leads back. Others cannot write while a large file is stored.

    \b
    Examples:
      leadboard import weights weights.csv
      leadboard import operators team.csv --dry-run
      leadboard import appeals old.json --yes
    """
    from leadboard.cli.importing import ImportOptions, take_over
    from leadboard.cli.signals import Stop, Stopped

    choice: Choice = context.obj
    if dry_run:
        choice.open_to_look()
    else:
        choice.open(may_create=True)
    stop = Stop()
    try:
        # A signal may end it anywhere: the act is one transaction, stored whole or not at all.
        with stop.listening(), stop.waiting():
            wish = ImportOptions(what, file, form, is_sure=yes, is_dry=dry_run, is_forced=force)
            context.exit(take_over(wish, choice.actor))
    except Stopped as stopped:
        context.exit(stopped.code)


@contextmanager
def _output(file: str, *, force: bool) -> Iterator[TextIO]:
    """Open the file to write, or standard output for `-`."""
    from leadboard.transfer.writing import standard_output, whole_file

    with standard_output() if file == "-" else whole_file(Path(file), force=force) as output:
        yield output


@contextmanager
def _bar(what: str, *, is_shared: bool) -> Iterator[Begin]:
    """Yield a function that starts a bar on standard error, if that is a terminal of its own."""
    from contextlib import ExitStack

    from leadboard.cli.progress import UNITS, progress_bar

    is_shown = bool(sys.stderr) and sys.stderr.isatty() and not is_shared
    with ExitStack() as stack:
        yield lambda total: stack.enter_context(progress_bar(total, UNITS[what], is_shown=is_shown))

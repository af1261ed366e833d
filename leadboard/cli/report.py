"""The command that writes a report for a manager: one page of HTML."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadboard.common.language import ngettext

if TYPE_CHECKING:
    from leadboard.cli.context import Choice
    from leadboard.queries.statistics import Gathering

SPANS = ("today", "week", "month", "all")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--span",
    type=click.Choice(SPANS),
    default="month",
    show_default=True,
    help="Since local midnight, Monday, the first of the month, or the first line.",
)
@click.option("--source", metavar="NAME|ID", help="Only appeals of this source.")
@click.option("--force", is_flag=True, help="Write over an existing file.")
@click.pass_context
def report(context: click.Context, file: Path, span: str, source: str | None, force: bool) -> None:
    """Write a report to FILE: a page of HTML with pictures and tables.

    It has the figures of the statistics on the screen: arrivals and closings, waiting, the loads of
    operators, how long appeals waited and were handled, and the shares that operators were due and
    got. The page loads nothing from anywhere, so that it can be sent and printed. It needs
    leadboard[report].

    \b
    Examples:
      leadboard report november.html
      leadboard report today.html --span today --source tg_main --force
    """
    from leadboard.cli.extras import REPORTING, extra

    with extra(*REPORTING):
        from leadboard.transfer import report as pages
    from leadboard.allocation.names import id_of
    from leadboard.database.connection import engine
    from leadboard.database.fields import now
    from leadboard.queries.shares import shares
    from leadboard.queries.spans import TimeSpan
    from leadboard.queries.statistics import Gathering
    from models import Source

    choice: Choice = context.obj
    pages.refuse_existing(file, force=force)
    choice.open(may_only_read=True)
    source_id = None if source is None else id_of(Source, source)
    gathering = Gathering(TimeSpan(span))
    _gather(gathering)
    told = gathering.told(source_id)
    page = pages.page(told, shares(source_id, told.since), engine().title, now())
    pages.write(file, page, force=force)
    size = len(page.encode())
    click.echo(ngettext("{file}: {n:,} byte.", "{file}: {n:,} bytes.", size, file=file))


def _gather(gathering: "Gathering") -> None:
    """Read the lines of the span, with a bar for many."""
    from leadboard.cli.progress import UNITS, progress_bar

    has_more = gathering.catch_up()
    with progress_bar(gathering.size, UNITS["lines"]) as advance:
        while has_more:
            has_more = gathering.catch_up()
            done = round(gathering.size * gathering.progress)
            advance(done, done)

"""The command that moves a whole database: to a server, or back into a file."""

import sys
from typing import TYPE_CHECKING

import click

from leadboard.common.language import _, figure

if TYPE_CHECKING:
    from leadboard.cli.context import Choice


@click.command()
@click.option("--to", "target", metavar="PATH|URL", required=True, help="An empty database.")
@click.pass_context
def copy(context: click.Context, target: str) -> None:
    """Copy everything into another database, which must be empty: all of it or nothing.

    The copy is of one moment. It is kept only if the counts and a digest of every table are the
    same on both sides. Appeals that come in meanwhile are not copied: stop the bots first when you
    move for good.

    \b
    Examples:
      leadboard copy --to postgresql://anna@db.example/sales
      leadboard --db postgresql://anna@db.example/sales copy --to sales.db
    """
    from leadboard.cli.context import leave_out_drivers

    choice: Choice = context.obj
    leave_out_drivers(choice.target, target)
    from leadboard.cli.progress import UNITS, progress_bar, show_upgrades
    from leadboard.cli.signals import Stop, Stopped
    from leadboard.transfer.copying import move

    show_upgrades()
    is_seen = bool(sys.stderr) and sys.stderr.isatty()
    stop = Stop()
    try:
        with stop.listening(), stop.waiting():
            moved = move(
                choice.target,
                target,
                lambda total: progress_bar(total, UNITS["rows"], is_shown=is_seen),
            )
    except Stopped as stopped:
        context.exit(stopped.code)
    for each in moved:
        click.echo(f"{each.table:16}{figure(each.rows, '>12,')}  {each.digest}")
    click.echo(_("The same on both sides."))

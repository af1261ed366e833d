"""The command that puts a backup back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadboard.common.language import _, ngettext

if TYPE_CHECKING:
    from leadboard.cli.context import Choice


@click.command()
@click.argument("backup", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_context
def restore(context: click.Context, backup: Path) -> None:
    """Put BACKUP back as the database, and keep what was there beside it.

    BACKUP is checked first and stays as it is. The database may be damaged or gone, but nobody may
    have it open: close every screen, feed and door first. What was there is kept under another name
    with its log, which must never be left beside a restored file: it would be replayed over it.
    On a server, copy into an empty database: leadboard --db BACKUP copy --to URL.

    \b
    Examples:
      leadboard restore monday.db
      leadboard --db sales.db restore monday.db
    """
    from leadboard.database.urls import is_server

    choice: Choice = context.obj
    if is_server(choice.target):
        raise click.UsageError(
            _(
                "The database is on a server: make an empty one there, then "
                "leadboard --db BACKUP copy --to URL."
            )
        )
    from leadboard.cli.context import leave_out_drivers

    leave_out_drivers()
    from leadboard.database.restore import restore as put_back

    target = choice.path()
    restored = put_back(backup.absolute(), target)
    click.echo(_told(target, restored.appeals, restored.newest))
    if restored.kept:
        click.echo(_("What was there is kept as {file}.", file=restored.kept))


def _told(target: Path, count: int, newest: str | None) -> str:
    if newest is None:
        return ngettext(
            "{file}: restored with {n:,} appeals.",
            "{file}: restored with {n:,} appeals.",
            count,
            file=target,
        )
    return ngettext(
        "{file}: restored with {n:,} appeals, the newest of {newest}.",
        "{file}: restored with {n:,} appeals, the newest of {newest}.",
        count,
        file=target,
        newest=newest,
    )

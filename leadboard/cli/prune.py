"""The command that prunes the ledger."""

from typing import TYPE_CHECKING

import click

from leadboard.common.language import _, ngettext

if TYPE_CHECKING:
    from datetime import datetime

    from leadboard.cli.context import Choice


@click.command()
@click.option(
    "--before",
    metavar="MOMENT",
    required=True,
    help="Such as 2026-01-31, 31.01.2026 or 2026-01-31T10:00Z.",
)
@click.option("--dry-run", is_flag=True, help="Only say how many lines are that old.")
@click.option("--force", is_flag=True, help="Also what hooks have yet to get.")
@click.pass_context
def prune(context: click.Context, before: str, dry_run: bool, force: bool) -> None:
    """Delete the lines of the ledger that are older than a moment, for good.

    Without it every line is kept for ever. An appeal that is open, or has later lines, keeps its
    last old one, and a hook that is on what it has yet to get. Who follows the ledger from a place
    that is gone is told so (exit 3), acts from before cannot be undone, and verify cannot replay
    what is gone: keep a copy made by leadboard backup.

    \b
    Examples:
      leadboard prune --before 2026-01-31 --dry-run
      leadboard prune --before 2026-01-31
    """
    from leadboard.allocation import pruning
    from leadboard.cli.progress import UNITS, progress_bar

    choice: Choice = context.obj
    moment = _moment(before)
    choice.open()
    edge = _edge(moment, force=force)
    if dry_run:
        click.echo(_told(pruning.count_ahead(edge)))
        return
    with progress_bar(edge, UNITS["lines"]) as advance:
        count = pruning.prune(edge, moment, choice.actor, advance)
    click.echo(ngettext("{n:,} line deleted.", "{n:,} lines deleted.", count))


def _told(count: int) -> str:
    return ngettext(
        "{n:,} line is that old; the last of an appeal may stay.",
        "{n:,} lines are that old; the last of an appeal may stay.",
        count,
    )


def _edge(moment: "datetime", *, force: bool) -> int:
    """Return the place ahead of which lines go, and say so if a hook keeps it back."""
    from leadboard.allocation import pruning
    from leadboard.common.console import say

    edge = pruning.edge_of(moment)
    if force:
        return edge
    kept, hook_id = pruning.edge_for_hooks(edge)
    if hook_id is not None:
        say(
            _(
                "Hook {id} has yet to get the lines from {first} on, which stay; --force deletes "
                "them as well.",
                id=hook_id,
                first=kept,
            )
        )
    return kept


def _moment(text: str) -> "datetime":
    from leadboard.common.errors import Refused
    from leadboard.database.fields import now
    from leadboard.queries.moments import moment_of

    moment = moment_of(text, now())
    if moment is None:
        raise Refused(
            _("{text} is no moment: write 2026-01-31, or 2026-01-31T10:00Z.", text=text), "before"
        )
    return moment

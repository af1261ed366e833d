"""The command that follows the ledger: a JSON object a line, for other programs."""

from typing import TYPE_CHECKING

import click

from leadboard.common.language import _

if TYPE_CHECKING:
    from leadboard.cli.context import Choice

NOW, START = "now", "start"


def place(_context: click.Context, _option: click.Parameter, given: str) -> str | int:
    """Return a place of the ledger as it was given: a number, or one of two words."""
    if given in (NOW, START):
        return given
    if given.isascii() and given.isdigit() and len(given) < 19:
        return int(given)
    raise click.BadParameter(
        _("{given!r} is neither a number nor {now} nor {start}.", given=given, now=NOW, start=START)
    )


@click.command()
@click.option(
    "--since",
    metavar="SEQ|now|start",
    default=NOW,
    show_default=True,
    callback=place,
    help="The seq of the last line that you have.",
)
@click.option("--once", is_flag=True, help="Leave when all that is there now was written.")
@click.option("--source", metavar="NAME|ID", help="Only appeals of this source.")
@click.option("--operator", metavar="NAME|ID", help="Only what came to, or went from, them.")
@click.option("--kind", "kinds", metavar="KIND", multiple=True, help="Only such lines; repeatable.")
@click.option("--messages", is_flag=True, help="With the messages, cut at 2 000 characters.")
@click.pass_context
def follow(
    context: click.Context,
    since: str | int,
    once: bool,
    source: str | None,
    operator: str | None,
    kinds: tuple[str, ...],
    messages: bool,
) -> None:
    """Write what happens to appeals, one JSON object per line, as it happens.

    Each line is a row of the ledger: received, imported, assigned, moved, returned, closed,
    reopened or withdrawn, and later versions may add kinds. Keep the seq of the last line that you
    have dealt with, and go on with --since: no line is ever left out, and those of one appeal come
    in their order. Exit 3 means that what followed was pruned away.

    \b
    Examples:
      leadboard follow --since start --once | jq -r .type | sort | uniq -c
      leadboard follow --kind assigned --kind moved | notify
      leadboard follow --since 48213 --operator Anna --messages
    """
    from leadboard.cli.following import follow_from
    from leadboard.queries.chosen_lines import chosen

    choice: Choice = context.obj
    choice.open(may_only_read=True)
    lines = chosen(source, operator, kinds)
    context.exit(follow_from(since, lines, once=once, messages=messages))

"""The commands that show appeals: a list of plain lines, and everything about one."""

from typing import TYPE_CHECKING

import click

from leadboard.common.language import _, pgettext

if TYPE_CHECKING:
    from datetime import datetime

    from leadboard.cli.context import Choice
    from leadboard.queries.appeals import AppealRow

_ENDED = {"closed": pgettext("appeal", "closed"), "withdrawn": pgettext("appeal", "withdrawn")}


@click.command("list")
@click.argument("terms", nargs=-1, metavar="[FILTER]...")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="The most appeals to show.",
)
@click.option("--json", "is_json", is_flag=True, help="One JSON object per line.")
@click.pass_context
def list_appeals(context: click.Context, terms: tuple[str, ...], limit: int, is_json: bool) -> None:
    """Show appeals, one plain line each: those that are open, the oldest first.

    With a FILTER, the newest first, all that it finds: words, and the terms of the Appeals pane,
    such as waiting, closed, op:anna, src:tg, since:10:00 and older:15m.

    \b
    Examples:
      leadboard list
      leadboard list waiting older:15m
      leadboard list op:anna --json | jq .id
    """
    choice: Choice = context.obj
    choice.open(may_only_read=True)
    from leadboard.cli.output import write_json
    from leadboard.database.fields import now
    from leadboard.queries.appeal_records import named

    found = _found(" ".join(terms), limit)
    if is_json:
        for fields in named(found):
            write_json(fields)
        return
    moment = now()
    for row in found:
        click.echo(_line(row, moment))
    if len(found) == limit:
        click.echo(_("These are the first {limit:,}: --limit shows more.", limit=limit), err=True)


def _found(terms: str, limit: int) -> "list[AppealRow]":
    """Return the appeals that a filter finds, or those that are open; raises Refused."""
    from leadboard.common.errors import Refused
    from leadboard.database.fields import now
    from leadboard.queries.appeal_records import ChosenAppeals, newest, open_appeals
    from leadboard.queries.terms import parse

    if not terms.strip():
        return open_appeals(limit, 0, ChosenAppeals(is_open=True)).appeals
    wanted = parse(terms, now())
    if wanted.faults:
        raise Refused(wanted.faults[0], "filter")
    return newest(limit, wanted)


def _line(row: "AppealRow", now: "datetime") -> str:
    """Return `#12 waits 5 m: tg_77 via tg_main: Хочу купить курс`."""
    from leadboard.common.text import clean
    from leadboard.queries.appeals import EXCERPT

    message = clean(row.message[:EXCERPT].replace("\n", " "))
    message += "…" if len(row.message) > EXCERPT else ""
    return _(
        "#{id} {state}: {lead} via {source}: {message}",
        id=row.id,
        state=_state(row, now),
        lead=clean(row.external_id),
        source=clean(row.source),
        message=message,
    )


def _state(row: "AppealRow", now: "datetime") -> str:
    from leadboard.common.durations import worded
    from leadboard.common.text import clean

    if row.is_closed:
        return _ENDED[row.status]
    if row.operator is None:
        waits = row.times.waits(now)
        return _("waits") if waits is None else _("waits {length}", length=worded(waits))
    held, who = row.times.held(now), clean(row.operator)
    if held is None:
        return pgettext("state", "with {operator}", operator=who)
    return pgettext("state", "with {operator} {length}", operator=who, length=worded(held))


@click.command()
@click.argument("appeal", metavar="ID")
@click.option("--json", "is_json", is_flag=True, help="One JSON object.")
@click.pass_context
def show(context: click.Context, appeal: str, is_json: bool) -> None:
    """Show everything about an appeal: its message, times, history, and why it went where it went.

    \b
    Examples:
      leadboard show 12
      leadboard show 12 --json
    """
    choice: Choice = context.obj
    choice.open(may_only_read=True)
    from leadboard.cli.naming import appeal_id_of

    appeal_id = appeal_id_of(appeal)
    if is_json:
        _show_json(appeal_id)
        return
    from leadboard.database.fields import now
    from tui.dialogs.details_text import lines_of, look_up

    found = look_up(appeal_id)
    click.echo(_("Appeal #{id}", id=appeal_id))
    for line in lines_of(*found, now(), has_keys=False, has_meters=False):
        click.echo(line.plain.rstrip())


def _show_json(appeal_id: int) -> None:
    from leadboard.cli.output import write_json
    from leadboard.common.errors import Missing
    from leadboard.queries.appeal_records import appeal, named
    from leadboard.queries.ledger_lines import lines_of_appeal

    found = appeal(appeal_id)
    if found is None:
        raise Missing(_("There is no appeal #{id}.", id=appeal_id), "appeal")
    write_json({**named([found])[0], "history": lines_of_appeal(appeal_id)})

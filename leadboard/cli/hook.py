"""The commands about hooks: addresses that are told what happens to appeals."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import click

from leadboard.cli.follow import NOW, START, place
from leadboard.common.language import _, ngettext

if TYPE_CHECKING:
    from leadboard.cli.context import Choice

_ID = click.argument("hook_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.group()
def hook() -> None:
    """Tell other programs what happens to appeals, by signed webhooks.

    Each line of the ledger (see leadboard follow) is sent to the hook's address, at least once, and
    in order for each appeal. leadboard serve and leadboard deliver send them.

    \b
    Examples:
      leadboard hook add https://crm.example/appeals --kind assigned --kind closed
      leadboard hook list
      leadboard hook failed 1
    """


@hook.command()
@click.argument("address")
@click.option("--kind", "kinds", metavar="KIND", multiple=True, help="Only such lines; repeatable.")
@click.option("--source", metavar="NAME|ID", help="Only appeals of this source.")
@click.option("--messages", is_flag=True, help="With the messages, cut at 2 000 characters.")
@click.option("--private", is_flag=True, help="It may be an address of this machine or network.")
@click.option(
    "--since",
    metavar="SEQ|now|start",
    default=NOW,
    show_default=True,
    callback=place,
    help="Begin behind this line.",
)
@click.pass_context
def add(
    context: click.Context,
    address: str,
    kinds: tuple[str, ...],
    source: str | None,
    messages: bool,
    private: bool,
    since: str | int,
) -> None:
    """Add a hook, and print its id and the secret that it signs with.

    The secret is shown this once.

    \b
    Examples:
      leadboard hook add https://crm.example/appeals
      leadboard hook add http://127.0.0.1:9000/ --private --kind assigned --kind moved --messages
    """
    from leadboard.cli.output import require_output
    from leadboard.hooks import registry
    from leadboard.queries.chosen_lines import chosen
    from leadboard.queries.ledger_lines import start

    choice = _opened(context)
    require_output()
    begin = since if isinstance(since, int) else {NOW: None, START: start()}[since]
    new = registry.add(
        address,
        chosen(source, None, kinds),
        has_messages=messages,
        may_be_private=private,
        since=begin,
        actor=choice.actor,
    )
    _say_secret(
        _("hook: {id}\nsecret: {secret}", id=new.id, secret=new.secret),
        lambda: registry.remove(new.id, actor=choice.actor),
    )


@hook.command("list")
@_JSON
@click.pass_context
def list_(context: click.Context, as_json: bool) -> None:
    """Print each hook, what it is told of, and how far it is.

    \b
    Examples:
      leadboard hook list
      leadboard hook list --json | jq 'select(.behind > 1000)'
    """
    from leadboard.cli.hook_words import fields_of_hook, line_of
    from leadboard.hooks.hook_states import hook_states

    _opened(context, may_only_read=True)
    states = hook_states()
    _print(map(fields_of_hook, states) if as_json else map(line_of, states))


@hook.command()
@_ID
@click.pass_context
def test(context: click.Context, hook_id: int) -> None:
    """Send one event of the type leadboard.test now; exit 1 if it does not arrive.

    \b
    Examples:
      leadboard hook test 1
    """
    from leadboard.cli.extras import SENDING, extra

    with extra(*SENDING):
        from leadboard.hooks.sending import Verdict
        from leadboard.hooks.trial import try_hook

    _opened(context, may_only_read=True)
    outcome = try_hook(hook_id)
    has_arrived = outcome.verdict is Verdict.DELIVERED
    click.echo(_told(outcome.words.rstrip("."), has_arrived=has_arrived), err=not has_arrived)
    context.exit(0 if has_arrived else 1)


def _told(how: str, *, has_arrived: bool) -> str:
    if has_arrived:
        return _("The test event has arrived: {how}.", how=how)
    return _("The test event has not arrived: {how}.", how=how)


@hook.command()
@_ID
@click.pass_context
def off(context: click.Context, hook_id: int) -> None:
    """Send nothing to a hook until it is switched on again."""
    from leadboard.hooks.registry import switch_off

    switch_off(hook_id, actor=_opened(context).actor)
    click.echo(_("Hook {id} is off.", id=hook_id))


@hook.command()
@_ID
@click.pass_context
def on(context: click.Context, hook_id: int) -> None:
    """Switch a hook on: it goes on where it was."""
    from leadboard.hooks.registry import switch_on

    switch_on(hook_id, actor=_opened(context).actor)
    click.echo(_("Hook {id} is on.", id=hook_id))


@hook.command()
@_ID
@click.pass_context
def secret(context: click.Context, hook_id: int) -> None:
    """Make a new secret and print it; for 24 hours the old one signs as well."""
    from leadboard.cli.output import require_output
    from leadboard.hooks.registry import change_secret, forget_secret

    choice = _opened(context)
    require_output()
    new = change_secret(hook_id, actor=choice.actor)
    _say_secret(
        _("secret: {secret}", secret=new), lambda: forget_secret(hook_id, new, actor=choice.actor)
    )


@hook.command()
@click.argument("hook_id", metavar="[ID]", type=click.IntRange(1, 2**63 - 1), required=False)
@_JSON
@click.pass_context
def failed(context: click.Context, hook_id: int | None, as_json: bool) -> None:
    """Print the events that were given up, of one hook or of all.

    \b
    Examples:
      leadboard hook failed
      leadboard hook failed 1 --json | jq .seq
    """
    from leadboard.cli.hook_words import fields_of_dead, line_of_dead
    from leadboard.hooks.hook_states import dead_events
    from leadboard.hooks.registry import known

    _opened(context, may_only_read=True)
    if hook_id is not None:
        known(hook_id)
    events = dead_events(hook_id)
    _print(map(fields_of_dead, events) if as_json else map(line_of_dead, events))


def _place_or_none(
    context: click.Context, parameter: click.Parameter, given: str | None
) -> str | int | None:
    if given == NOW:
        raise click.BadParameter(_("nothing follows now."))
    return None if given is None else place(context, parameter, given)


@hook.command()
@_ID
@click.option("--seq", "seqs", type=int, multiple=True, help="Only this event; repeatable.")
@click.option(
    "--since",
    metavar="SEQ|start",
    callback=_place_or_none,
    help="Send again all that follows this line.",
)
@click.pass_context
def replay(
    context: click.Context, hook_id: int, seqs: tuple[int, ...], since: str | int | None
) -> None:
    """Send again the events that were given up, or all since a place of the ledger.

    \b
    Examples:
      leadboard hook replay 1
      leadboard hook replay 1 --seq 48213 --seq 48220
      leadboard hook replay 1 --since 48000
    """
    from leadboard.hooks import registry
    from leadboard.queries.ledger_lines import start

    if seqs and since is not None:
        raise click.UsageError(_("--seq and --since exclude each other."))
    actor = _opened(context).actor
    if since is None:
        count = registry.replay_failed(hook_id, seqs, actor=actor)
        click.echo(_sent_again(count, hook_id))
        return
    seq = since if isinstance(since, int) else start()
    registry.replay_since(hook_id, seq, actor=actor)
    click.echo(_("Hook {id} goes on from {seq}.", id=hook_id, seq=seq))


def _sent_again(count: int, hook_id: int) -> str:
    return ngettext(
        "{n:,} events of hook {id} are sent again.",
        "{n:,} events of hook {id} are sent again.",
        count,
        id=hook_id,
    )


@hook.command()
@_ID
@click.pass_context
def remove(context: click.Context, hook_id: int) -> None:
    """Forget a hook, and what it has yet to send."""
    from leadboard.hooks import registry

    registry.remove(hook_id, actor=_opened(context).actor)
    click.echo(_("Hook {id} is removed.", id=hook_id))


def _opened(context: click.Context, *, may_only_read: bool = False) -> "Choice":
    choice: Choice = context.obj
    choice.open(may_only_read=may_only_read)
    return choice


def _say_secret(secret: str, take_back: "Callable[[], None]") -> None:
    from leadboard.cli.output import show_once

    show_once(secret, take_back)
    click.echo(_("Give it to the receiver now: it is not shown again."), err=True)


def _print(items: "Iterable[str | Mapping[str, object]]") -> None:
    from leadboard.cli.output import write_json

    for each in items:
        if isinstance(each, str):
            click.echo(each)
        else:
            write_json(each)

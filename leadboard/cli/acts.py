"""The commands that act on appeals; each may be repeated, and says when nothing was to be done."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

import click

if TYPE_CHECKING:
    from leadboard.cli.context import Choice
    from leadboard.desk import Done

Command = TypeVar("Command", bound=Callable[..., None])


def _of_appeals(command: Command) -> Command:
    """Give a command the arguments and options that name appeals, and `--json`."""
    for decorate in (
        click.option("--json", "is_json", is_flag=True, help="Answer with one JSON object."),
        click.option("--lead", metavar="ID", help="The lead, where several used this key."),
        click.option("--key", help="The key that the source sent the appeal with."),
        click.option("--source", metavar="NAME|ID", help="The source of the appeal with --key."),
        click.argument("appeals", nargs=-1, metavar="[ID]..."),
    ):
        command = decorate(command)
    return command


_HOLDER = click.option("--from", "holder", metavar="OPERATOR", help="Only if they still have it.")


@click.command("close")
@_HOLDER
@_of_appeals
@click.pass_context
def close(context: click.Context, /, holder: str | None, is_json: bool, **named: Any) -> None:
    """Close appeals; the places that they took go to those that wait.

    \b
    Examples:
      leadboard close 12 13
      leadboard --as bot close --source tg_main --key 7:55
    """

    def aim(ids: Sequence[int], actor: str) -> "Done[Any]":
        from leadboard.desk import aims

        return aims.closed(ids, holder_id=_operator(holder), actor=actor)

    _act(context, named, is_json, aim)


@click.command("return")
@_HOLDER
@_of_appeals
@click.pass_context
def give_back(context: click.Context, /, holder: str | None, is_json: bool, **named: Any) -> None:
    """Take appeals from their operators; anybody eligible may get them at once, by lottery.

    Say --from where the command may be run twice: without it the second run takes an appeal from
    whoever got it after the first.

    \b
    Examples:
      leadboard return 12
      leadboard return 12 --from Anna
    """

    def aim(ids: Sequence[int], actor: str) -> "Done[Any]":
        from leadboard.desk import aims

        return aims.returned(ids, holder_id=_operator(holder), actor=actor)

    _act(context, named, is_json, aim)


@click.command("assign")
@click.option("--to", "operator", metavar="OPERATOR", required=True, help="Who gets them.")
@click.option("--force", is_flag=True, help="Also beyond their limit, or while they are off.")
@_of_appeals
@click.pass_context
def assign(
    context: click.Context, /, operator: str, force: bool, is_json: bool, **named: Any
) -> None:
    """Give appeals to an operator, by name or number, no matter who had them.

    \b
    Examples:
      leadboard assign 12 --to Anna
    """

    def aim(ids: Sequence[int], actor: str) -> "Done[Any]":
        from leadboard.desk import aims

        operator_id = _operator(operator)
        return aims.assigned(ids, operator_id, force=force, actor=actor)

    _act(context, named, is_json, aim)


@click.command("reopen")
@_of_appeals
@click.pass_context
def reopen(context: click.Context, /, is_json: bool, **named: Any) -> None:
    """Open closed appeals again: back to their operators where there is room, else they wait.

    \b
    Examples:
      leadboard reopen 12
    """

    def aim(ids: Sequence[int], actor: str) -> "Done[Any]":
        from leadboard.desk import aims

        return aims.reopened(ids, actor=actor)

    _act(context, named, is_json, aim)


@overload
def _operator(name: str) -> int: ...


@overload
def _operator(name: str | None) -> int | None: ...


def _operator(name: str | None) -> int | None:
    """Return the id of an operator by name or number, None where nobody is named."""
    from leadboard.allocation.names import id_of
    from models import Operator

    return None if name is None else id_of(Operator, name)


def _act(
    context: click.Context,
    named: dict[str, Any],
    is_json: bool,
    aim: "Callable[[Sequence[int], str], Done[Any]]",
) -> None:
    """Do an act on the named appeals, and say what came of it."""
    choice: Choice = context.obj
    choice.open()
    from leadboard.cli.naming import appeal_ids_of

    ids = appeal_ids_of(named["appeals"], named["source"], named["key"], named["lead"])
    tell(aim(ids, choice.actor), is_json=is_json)


def tell(done: "Done[Any]", *, is_json: bool) -> None:
    """Write what an act did: its sentence, or an object with the event and what it changed."""
    from leadboard.cli.output import write_json
    from leadboard.common.text import clean

    if is_json:
        # The result of an act on one row is its id.
        changed = [done.result] if isinstance(done.result, int) else list(done.result)
        write_json({"note": done.note, "event": done.event_id, "changed": changed})
    else:
        note = clean(done.note)
        click.echo(note if note.endswith(".") else f"{note}.")

"""The commands for operators: who there is, on and off, and their limits."""

from typing import TYPE_CHECKING

import click

from leadboard.common.language import _, pgettext

if TYPE_CHECKING:
    from leadboard.cli.context import Choice
    from leadboard.entities import OperatorRow

_JSON = click.option("--json", "is_json", is_flag=True, help="Answer in JSON.")


@click.group("operator")
def operator() -> None:
    """Show operators, switch them on and off, set their limits.

    \b
    Examples:
      leadboard operator list
      leadboard operator off Anna
      leadboard operator limit Anna 12
    """


@operator.command("list")
@_JSON
@click.pass_context
def list_operators(context: click.Context, is_json: bool) -> None:
    """Show all operators with their loads, one per line."""
    from dataclasses import asdict

    choice: Choice = context.obj
    choice.open(may_only_read=True)
    from leadboard.cli.output import write_json
    from leadboard.queries.records import ALL, operators

    for row in operators(ALL):
        if is_json:
            write_json(asdict(row))
        else:
            click.echo(_line(row))


def _line(row: "OperatorRow") -> str:
    """Return `Anna: 12 of 15`, `Boris: off, 3 of 15, tg:555`."""
    from leadboard.common.text import clean

    words = [_("{load} of {limit}", load=row.load, limit=row.max_load)]
    words = words if row.is_active else [pgettext("operator", "off"), *words]
    words += [clean(row.contact)] if row.contact else []
    return f"{clean(row.name)}: {', '.join(words)}"


@operator.command("on")
@click.argument("name", metavar="NAME|ID")
@_JSON
@click.pass_context
def switch_on(context: click.Context, name: str, is_json: bool) -> None:
    """Switch an operator on; appeals that wait may go to them at once."""
    _change(context, name, is_json, is_active=True)


@operator.command("off")
@click.argument("name", metavar="NAME|ID")
@click.option("--return", "is_home", is_flag=True, help="And return all their appeals.")
@_JSON
@click.pass_context
def switch_off(context: click.Context, name: str, is_home: bool, is_json: bool) -> None:
    """Switch an operator off; they keep their appeals unless --return gives them to others."""
    if not is_home:
        _change(context, name, is_json, is_active=False)
        return
    choice: Choice = context.obj
    choice.open()
    from leadboard import desk
    from leadboard.allocation.names import id_of
    from leadboard.cli.acts import tell
    from models import Operator

    tell(desk.send_home([id_of(Operator, name)], actor=choice.actor), is_json=is_json)


@operator.command("limit")
@click.argument("name", metavar="NAME|ID")
@click.argument("limit", type=int)
@_JSON
@click.pass_context
def set_limit(context: click.Context, name: str, limit: int, is_json: bool) -> None:
    """Set how many open appeals an operator may have; it takes none away from them."""
    _change(context, name, is_json, max_load=limit)


def _change(context: click.Context, name: str, is_json: bool, **columns: object) -> None:
    choice: Choice = context.obj
    choice.open()
    from leadboard import desk
    from leadboard.allocation.names import id_of
    from leadboard.cli.acts import tell
    from models import Operator

    operator_id = id_of(Operator, name)
    tell(desk.change_operator(operator_id, actor=choice.actor, **columns), is_json=is_json)

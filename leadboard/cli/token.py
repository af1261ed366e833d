"""The commands for the tokens that programs show to the HTTP door."""

from typing import TYPE_CHECKING

import click

from leadboard.common.language import _

if TYPE_CHECKING:
    from leadboard.cli.context import Choice
    from leadboard.queries.tokens import Scope, TokenRow

SCOPES = "intake|operator:NAME|desk"


@click.group("token")
def token() -> None:
    """Give tokens to programs that use the HTTP door, list and withdraw them.

    Once there is a token, the door answers nobody who brings none. It learns of a change within a
    second.

    \b
    Examples:
      leadboard token add site --scope intake
      leadboard token add anna-bot --scope operator:Anna
      leadboard token withdraw site
    """


@token.command("add")
@click.argument("name")
@click.option("--scope", metavar=SCOPES, required=True, help="What it may do.")
@click.pass_context
def add(context: click.Context, name: str, scope: str) -> None:
    """Add a token and print it, this once: only a digest of it is kept.

    intake only sends appeals; operator:NAME sees the appeals of that operator, closes, returns and
    reopens them; desk may do everything. Acts are recorded under the token's NAME.
    """
    choice: Choice = context.obj
    choice.open()
    from leadboard.cli.output import require_output, show_once
    from leadboard.desk.tokens import add_token, forget_token

    require_output()
    kind, operator_id = _scope_of(scope)
    token = add_token(name, kind, operator_id, actor=choice.actor)
    show_once(token, lambda: forget_token(token, actor=choice.actor))


def _scope_of(given: str) -> "tuple[Scope, int | None]":
    """Return what `--scope` names; raises UsageError, and Missing for an unknown operator."""
    from leadboard.allocation.names import id_of
    from leadboard.queries.tokens import Scope
    from models import Operator

    word, colon, name = given.partition(":")
    is_named = bool(name.strip())
    if word not in set(Scope) or (word == Scope.OPERATOR) != is_named or bool(colon) != is_named:
        raise click.UsageError(
            _("{given!r} is no scope: write {scopes}.", given=given, scopes=SCOPES)
        )
    return Scope(word), id_of(Operator, name) if colon else None


@token.command("list")
@click.option("--json", "is_json", is_flag=True, help="One JSON object per line.")
@click.pass_context
def list_tokens(context: click.Context, is_json: bool) -> None:
    """Show which tokens there are, and which there were."""
    choice: Choice = context.obj
    choice.open(may_only_read=True)
    from leadboard.cli.output import write_json
    from leadboard.queries.tokens import tokens

    for row in tokens():
        if is_json:
            write_json(_fields(row))
        else:
            click.echo(_line(row))


def _line(row: "TokenRow") -> str:
    from leadboard.common.text import clean

    line = _(
        "{name}: {scope}, added {at:%Y-%m-%d}",
        name=clean(row.name),
        scope=row.scope.value + _whose(row),
        at=row.added_at,
    )
    if row.withdrawn_at is None:
        return line
    return _("{token}, withdrawn {at:%Y-%m-%d}", token=line, at=row.withdrawn_at)


def _whose(row: "TokenRow") -> str:
    from leadboard.common.text import clean

    if not row.operator_id:
        return ""
    name = row.operator or _("#{id}, deleted", id=row.operator_id)
    return f":{clean(name)}"


def _fields(row: "TokenRow") -> dict[str, object]:
    from leadboard.database.fields import stamp

    return {
        "name": row.name,
        "scope": row.scope.value,
        "operator_id": row.operator_id,
        "operator": row.operator,
        "added_at": stamp(row.added_at),
        "withdrawn_at": row.withdrawn_at and stamp(row.withdrawn_at),
    }


@token.command("withdraw")
@click.argument("name")
@click.pass_context
def withdraw(context: click.Context, name: str) -> None:
    """Withdraw a token for good; its name is not given again."""
    choice: Choice = context.obj
    choice.open()
    from leadboard.common.validation import plain
    from leadboard.desk.tokens import withdraw_token

    withdraw_token(plain(name), actor=choice.actor)
    click.echo(_("It opens nothing any more."))

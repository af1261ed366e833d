"""Commands of Leadboard as pages write them, read by click without being run."""

from collections.abc import Sequence
from typing import Any

import click

from leadboard.cli.main import cli


def found(words: Sequence[str]) -> tuple[click.Context, dict[str, Any], list[str]]:
    """Return the command that words after `leadboard` name, its values, and words left over.

    Raises UsageError for a command or an option that there is not. Not by click's own resilient
    parsing, which passes over them.
    """
    context = click.Context(cli, info_name="leadboard")
    while True:
        command = context.command
        values, rest, _ = command.make_parser(context).parse_args(list(words))
        if not (isinstance(command, click.Group) and rest):
            return context, values, rest
        name, *words = rest
        below = command.get_command(context, name)
        if below is None:
            raise click.UsageError(f"There is no command {name}.")
        context = click.Context(below, info_name=name, parent=context)


def require_complete(words: Sequence[str]) -> None:
    """Raise UsageError unless the words are a complete command, whatever files there are."""
    context, values, rest = found(words)
    if values.get("help"):
        return
    if rest:
        raise click.UsageError(f"{rest} is left over.")
    for parameter in context.command.params:
        value = values.get(parameter.name or "")
        # click has a value of its own for what is not given.
        is_given = isinstance(value, str | int | tuple)
        if parameter.required and not is_given:
            raise click.MissingParameter(ctx=context, param=parameter)
        if is_given and not isinstance(parameter.type, click.Path | click.File):
            parameter.type_cast_value(context, value)

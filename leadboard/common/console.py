"""One line to whoever looks at standard error."""

from contextlib import suppress

import click

from leadboard.common.crashlog import without_secrets
from leadboard.common.text import clean


def say(sentence: str) -> None:
    """Write one line to standard error, with secrets struck out, if anybody can still read it."""
    with suppress(OSError, ValueError):
        click.echo(f"leadboard: {clean(without_secrets(sentence))}", err=True)

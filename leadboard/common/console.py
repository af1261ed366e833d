"""Sentences for people on standard error."""

from contextlib import suppress

import click

from leadboard.common.crashlog import without_secrets
from leadboard.common.text import clean


def say(sentence: str) -> None:
    """Write one line to standard error without credentials, if it can still be written."""
    # OSError: its reader is gone; ValueError: it is closed. Nobody is left who could be told.
    with suppress(OSError, ValueError):
        click.echo(f"leadboard: {clean(without_secrets(sentence))}", err=True)

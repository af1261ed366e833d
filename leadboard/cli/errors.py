"""Error messages for people: one sentence, never a traceback, never a password."""

import os
import sys
from contextlib import suppress
from typing import TextIO

import click

from leadboard.common.console import say
from leadboard.common.crashlog import surprise
from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _


def complain(error: Exception) -> None:
    """Report an error in one line on standard error; log it if it is unexpected."""
    # Standard output itself may have failed, and would fail again when Python flushes it at exit.
    if isinstance(error, OSError):
        drop_output()
    say(sentence_of(error) or surprise(error))


def sentence_of(error: Exception) -> str | None:
    """Return the sentence that an expected error carries, None for an unexpected one."""
    if isinstance(error, click.ClickException):
        return " ".join(error.format_message().split())
    if isinstance(error, OSError):
        what = error.filename or _("Reading or writing failed")
        return f"{what}: {error.strerror or error}."
    return str(error) if isinstance(error, (Refused, Trouble)) else None


def drop_output(*streams: TextIO) -> None:
    """Discard what standard output, or these streams, still hold; else the flush at exit fails."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in streams or (sys.stdout,):
            os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def drop_terminal() -> None:
    """Write nothing more to a terminal that has gone."""
    drop_output(sys.stdout, sys.stderr)

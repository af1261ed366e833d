"""Completion for the shell: the script that asks, and the answer to what it asks."""

import os

from click import Command
from click.shell_completion import get_completion_class, shell_complete

PROGRAM = "leadboard"
VARIABLE = "_LEADBOARD_COMPLETE"
"""The variable that carries the question, such as `bash_complete`."""


def script(shell: str) -> str:
    """Return the script for `bash`, `zsh` or `fish`."""
    from headless.cli import cli

    completer = get_completion_class(shell)
    assert completer is not None, "click knows the shells that the command offers"
    # Not `source()`: it starts bash only to look at its version.
    asking = completer(cli, {}, PROGRAM, VARIABLE)
    return asking.source_template % asking.source_vars()


def answer(command: Command) -> int:
    """Print what completes the line that the shell asks about; return the exit code."""
    return shell_complete(command, {}, PROGRAM, VARIABLE, os.environ[VARIABLE])

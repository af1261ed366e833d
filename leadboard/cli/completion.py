"""Completion for shells: the script that asks, and the answer."""

import os

import click
from click import Command
from click.shell_completion import get_completion_class, shell_complete

PROGRAM = "leadboard"
VARIABLE = "_LEADBOARD_COMPLETE"
"""The variable that carries the shell's question, such as `bash_complete`."""

# Only the first call of a function is one of loading it: by click's question, the second completion
# in a zsh that loads the script from its folder finds nothing.
_ONCE = "[[ $zsh_eval_context[-1] == loadautofunc ]]"
_ALWAYS = f"[[ $funcstack[1] == _{PROGRAM} ]]"


def script(command: Command, shell: str) -> str:
    """Return the script that completes a command in `bash`, `zsh` or `fish`."""
    completer = get_completion_class(shell)
    assert completer is not None, "click knows the shells that the command offers"
    # Not `source()`: it starts bash only to look at its version.
    asking = completer(command, {}, PROGRAM, VARIABLE)
    return (asking.source_template % asking.source_vars()).replace(_ONCE, _ALWAYS)


def answer(command: Command) -> int:
    """Print the completions of the line that the shell asks about; return the exit code."""
    return shell_complete(command, {}, PROGRAM, VARIABLE, os.environ[VARIABLE])


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that makes a shell complete the commands of leadboard.

    Put it where the shell looks for it, as below, make the folder first where there is none, and
    start a new shell. For bash the package bash-completion must be there; zsh finds the folder if
    "fpath=(~/.zfunc $fpath)" stands in ~/.zshrc before compinit.

    \b
    Examples:
      leadboard completion bash > ~/.local/share/bash-completion/completions/leadboard
      leadboard completion zsh > ~/.zfunc/_leadboard
      leadboard completion fish > ~/.config/fish/completions/leadboard.fish
    """
    click.echo(script(context.find_root().command, shell), nl=False)

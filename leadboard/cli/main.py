"""The console command; each command loads what it needs only when it runs."""

import os
import sys
from pathlib import Path

import click

from leadboard.cli.acts import assign, close, give_back, reopen
from leadboard.cli.appeals import list_appeals, show
from leadboard.cli.checking import check, verify
from leadboard.cli.completion import completion
from leadboard.cli.config import config
from leadboard.cli.context import Choice
from leadboard.cli.copy import copy
from leadboard.cli.deliver import deliver
from leadboard.cli.errors import complain, drop_output
from leadboard.cli.follow import follow
from leadboard.cli.helps import translate
from leadboard.cli.hook import hook
from leadboard.cli.operator import operator
from leadboard.cli.output import replace_unwritable, write_json
from leadboard.cli.prune import prune
from leadboard.cli.report import report
from leadboard.cli.restore import restore
from leadboard.cli.seal import seal
from leadboard.cli.serve import serve
from leadboard.cli.token import token
from leadboard.cli.transfer import export, import_
from leadboard.common.language import _


def _say_version(context: click.Context, option: click.Parameter, is_wanted: bool) -> None:
    if not is_wanted or context.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("leadboard")
    except PackageNotFoundError:
        number = "(run from its source, not installed)"
    click.echo(f"leadboard {number}")
    context.exit()


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--db",
    "target",
    metavar="PATH|URL",
    envvar="LEADBOARD_DB",
    help="The database; else LEADBOARD_DB, the settings, or a file in your data directory.",
)
@click.option(
    "--as",
    "actor",
    metavar="NAME",
    help="The name your acts are recorded under; else that of the settings, or your login.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_say_version,
    help="Print the version and leave.",
)
@click.pass_context
def cli(context: click.Context, target: str | None, actor: str | None) -> None:
    """Give appeals to operators by a fair lottery; without a command, open the screen."""
    is_for_screen = context.invoked_subcommand in {None, "demo"}
    choice = Choice(target, actor, is_for_screen=is_for_screen)
    context.obj = choice
    if context.invoked_subcommand is None:
        from leadboard.cli.desks import open_desks
        from leadboard.common.elsewhere import Elsewhere

        context.exit(open_desks(choice, Elsewhere.OWN))


@cli.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True), default="-")
@click.pass_context
def feed(context: click.Context, file: str) -> None:
    """Store appeals, one JSON object per line, from FILE or standard input.

    A line holds external_id, source (its name or number), message and, if you like, key. Each is
    answered with one JSON object per line once it is safely stored; a bad line is answered with
    its error and does not stop the rest.

    \b
    Examples:
      leadboard feed appeals.jsonl > answers.jsonl
      bot | leadboard feed
    """
    from leadboard.cli.feed import feed_from

    choice: Choice = context.obj
    choice.open()
    context.exit(feed_from(file))


@cli.command()
@click.pass_context
def demo(context: click.Context) -> None:
    """Open the screen on a sample team with simulated traffic; nothing of it is kept.

    There you can take a tour, and go on to your own database.

    \b
    Examples:
      leadboard demo
    """
    from leadboard.cli.desks import open_desks
    from leadboard.common.elsewhere import Elsewhere

    choice: Choice = context.obj
    context.exit(open_desks(choice, Elsewhere.DEMO))


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Write over an existing file.")
@click.pass_context
def backup(context: click.Context, file: Path, force: bool) -> None:
    """Write a consistent copy to FILE while others go on working.

    The copy is checked before it takes the name; until then an older one stays. To put one back
    use leadboard restore, not cp: the log of the old file would be replayed over the copy.

    \b
    Examples:
      leadboard backup monday.db
      leadboard backup latest.db --force
    """
    from leadboard.database.backup import backup as write_copy

    choice: Choice = context.obj
    choice.open(may_only_read=True)
    size = write_copy(choice.path(), file, force=force)
    click.echo(f"{file}: {size:,} bytes.")


@cli.command()
@click.option("--json", "is_json", is_flag=True, help="Answer with one JSON object.")
@click.pass_context
def paths(context: click.Context, is_json: bool) -> None:
    """Print where the database, the settings and the log folder are.

    \b
    Examples:
      leadboard paths
    """
    from leadboard.common.crashlog import log_folder
    from leadboard.common.settings_file import path
    from leadboard.database.urls import address_of

    choice: Choice = context.obj
    places = {
        "database": str(address_of(choice.target)),
        "settings": str(path()),
        "log": str(log_folder()),
    }
    if is_json:
        write_json(places)
        return
    for what, where in places.items():
        click.echo(f"{what}: {where}")


@cli.command()
@click.pass_context
def keys(context: click.Context) -> None:
    """Print what every key of the screen does, as your settings have them.

    \b
    Examples:
      leadboard keys | less
    """
    from leadboard.common.console import say
    from tui.keymap import keymap_of
    from tui.keytable import key_table

    choice: Choice = context.obj
    keymap, faults = keymap_of(choice.settings.keys)
    for fault in faults:
        say(fault)
    table = key_table(keymap)
    widths = [max(len(row[column]) for row in table) for column in (0, 1)] if table else []
    for pane, names, does in table:
        click.echo(f"{pane:{widths[0]}}  {names:{widths[1]}}  {does}")


COMMANDS = (
    *(list_appeals, show, close, give_back, assign, reopen, operator, token),
    *(check, verify, follow, hook, deliver, prune, export, import_, copy, restore),
    *(report, seal, serve, config, completion),
)
for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run the command line and exit with its code; every failure is reported in one sentence."""
    replace_unwritable()
    translate(cli)
    # click does this in `cli.main`, which is not used here: see `_exit_code`.
    if "_LEADBOARD_COMPLETE" in os.environ:
        from leadboard.cli.completion import answer

        sys.exit(answer(cli))
    sys.exit(_exit_code(sys.argv[1:]))


def _refuse_windows() -> None:
    """Raise UsageError on Windows, which has neither the file locks nor the terminal of POSIX."""
    if sys.platform == "win32":
        raise click.UsageError(
            _("Leadboard runs on Linux, macOS and, on Windows, in WSL: install it there.")
        )


def _exit_code(arguments: list[str]) -> int:
    try:
        _refuse_windows()
        # Not `cli.main`: it answers a closed pipe with exit code 1 of its own.
        with cli.make_context("leadboard", arguments) as context:
            cli.invoke(context)
        # Now, while a full disk can still be reported; at exit it would be a traceback. None where
        # standard output was closed from the start.
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except BrokenPipeError:
        # The reader has had enough, as `head` does: that is no failure.
        drop_output()
        return 0
    except (KeyboardInterrupt, click.Abort):
        return 130
    except Exception as error:
        complain(error)
        return 2
    return 0

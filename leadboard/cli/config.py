"""The command that shows the settings."""

import click


@click.command()
@click.option("--path", "is_path", is_flag=True, help="Print only where the file is.")
@click.pass_context
def config(context: click.Context, is_path: bool) -> None:
    """Print every setting as it is now, and whether it is a default or comes from the file.

    What is printed is TOML, and may be the beginning of a file of your own. Options and variables
    of the environment go before the settings; LEADBOARD_CONFIG names another file. What is wrong
    with the file goes to standard error, and the exit code is then 1.

    \b
    Examples:
      leadboard config
      leadboard config --path
      leadboard config > settings.toml
    """
    from leadboard.common.settings_file import path

    if is_path:
        click.echo(path())
        return
    from leadboard.cli.context import leave_out_drivers
    from leadboard.common import settings

    leave_out_drivers()
    from leadboard.cli.config_text import lines_of
    from leadboard.common.console import say
    from tui.app import LeadboardApp
    from tui.keymap import all_keys

    found = settings.read()
    app = LeadboardApp(settings=found)
    for line in lines_of(found, all_keys(app.keymap)):
        click.echo(line)
    for fault in app.faults:
        say(fault)
    context.exit(1 if app.faults else 0)

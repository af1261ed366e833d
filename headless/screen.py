"""The one door from the command line to the screen."""

import sys

import click


def require_terminal() -> None:
    """Raise UsageError unless people can see the screen and type on it."""
    # The screen is drawn on standard error, so that one counts as well.
    if not all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise click.UsageError(
            "The screen needs a terminal: start it without redirecting input or output, "
            "or see leadboard --help for commands that need none."
        )


def show(actor: str, title: str | None = None) -> int:
    """Run the screen on the open database until it is left; return its exit code."""
    from checks import checked_name
    from store import engine
    from tui.app import LeadboardApp

    app = LeadboardApp(actor=checked_name(actor, "actor"), title=title or engine().title)
    app.run()
    return app.return_code or 0

"""The way from the command line to the screen."""

import codecs
import gc
import os
import sys
from typing import TYPE_CHECKING, NamedTuple, TextIO

import click

from leadboard.cli.errors import drop_terminal
from leadboard.common.errors import Trouble
from leadboard.common.language import _
from leadboard.common.settings import Settings

if TYPE_CHECKING:
    from leadboard.common.elsewhere import Elsewhere


class Left(NamedTuple):
    """How the screen was left: its exit code, and where the person has gone on to, if anywhere."""

    code: int
    goes_to: "Elsewhere | None" = None


FAMILIES = (
    *("alacritty", "ansi", "contour", "cygwin", "eterm", "foot", "ghostty", "gnome", "iterm"),
    *("kitty", "konsole", "linux", "mintty", "mlterm", "putty", "rio", "rxvt", "screen", "st"),
    *("tmux", "vt", "vte", "wezterm", "xterm", "zellij"),
)
"""Families of terminals that can place their cursor, whether or not this machine knows them."""
INSTEAD = "or see leadboard --help for commands that need none"
COERCED = {"C.UTF-8", "C.utf8", "UTF-8"}
"""Values that Python itself puts into LC_CTYPE when it does not know the locale."""
REST = 5.0
"""Seconds that what runs beside the screen may take to end before another one opens."""
STILL_BUSY = _("The database is still busy with what was asked of it: start Leadboard again.")
HUNG_UP = 128 + 1
"""The exit code when the terminal has gone."""


def require_terminal() -> None:
    """Raise UsageError unless people can see the screen and type on it."""
    # The screen is drawn on standard error, so that one counts as well.
    if not all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise click.UsageError(
            f"The screen needs a terminal: start it without redirecting input or output, {INSTEAD}."
        )
    name = os.environ.get("TERM", "")
    if not _places_its_cursor(name):
        raise click.UsageError(
            f"The screen needs a terminal that can place its cursor, and TERM is "
            f"{name or 'not set'}: start it in another terminal, {INSTEAD}."
        )
    encoding = _encoding()
    if not _is_utf8(encoding):
        raise click.UsageError(
            f"The screen needs a terminal that shows UTF-8, and this one is set to {encoding}: "
            f"set LC_ALL=C.UTF-8 in a terminal that does, {INSTEAD}."
        )


def _places_its_cursor(terminal: str) -> bool:
    if not terminal or terminal in {"dumb", "unknown"}:
        return False
    try:
        import curses

        curses.setupterm(terminal, sys.stdout.fileno())
    except (ImportError, OSError, ValueError):
        return _is_of_a_family(terminal)
    # This machine has no description of it. A clause of its own, because the name exists only
    # once the import has worked.
    except curses.error:
        return _is_of_a_family(terminal)
    return bool(curses.tigetstr("cup"))


def _is_of_a_family(terminal: str) -> bool:
    return terminal.lower().startswith(FAMILIES)


def _encoding() -> str:
    """Return the encoding of the terminal: what Python writes, and what the locale says it shows.

    Without a locale Python writes UTF-8, as nearly every terminal shows it.
    """
    written = sys.stderr.encoding or "ascii"
    if not _is_utf8(written) or os.environ.get("PYTHONIOENCODING"):
        return written
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next((name for name in names if name and name not in COERCED), "")
    return locale.partition("@")[0].partition(".")[2] or written


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except (LookupError, ValueError):
        return False


def postpone_collecting() -> None:
    """Collect no garbage until the screen has its first frame, which it then sets right.

    What is made until then stays, and looking through it again and again takes 20 ms.
    """
    gc.disable()


def show(
    actor: str, title: str | None = None, *, settings: Settings, is_demo: bool = False
) -> Left:
    """Run the screen on the open database until it is left; return how."""
    from leadboard.common.validation import checked_name
    from leadboard.database.connection import engine
    from tui.app import LeadboardApp

    name = checked_name(actor, "actor")
    title = title or engine().title
    app = LeadboardApp(actor=name, title=title, settings=settings, is_demo=is_demo)
    app.run()
    code = app.return_code or 0
    if code == HUNG_UP or not _is_there(sys.stderr):
        drop_terminal()
    if app.goes_to is not None and not app.is_at_rest(REST):
        raise Trouble(STILL_BUSY)
    return Left(code, app.goes_to)


def _is_there(terminal: TextIO) -> bool:
    try:
        # A terminal that has hung up can still be open; this call fails on it.
        os.tcgetpgrp(terminal.fileno())
    except OSError:
        return False
    return True

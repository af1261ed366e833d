"""The database and the actor that the options of the group chose, for every command."""

import getpass
import os
import sys
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadboard.common.console import say
from leadboard.database.server_address import is_server

if TYPE_CHECKING:
    from peewee import Database

    from leadboard.common.settings import Settings


class Choice:
    """What the group's options chose, else the settings: the database, and who acts.

    The settings are read once, and only if a command asks for something that no option chose.
    """

    def __init__(self, target: str | None, actor: str | None, *, is_for_screen: bool) -> None:
        self._target = target
        self._actor = actor
        self._is_for_screen = is_for_screen

    @cached_property
    def settings(self) -> "Settings":
        """Return the settings; what is wrong with them is said, by the screen or here."""
        from leadboard.common.settings import read

        settings = read()
        if not self._is_for_screen:
            for fault in settings.faults:
                say(fault)
        return settings

    def forget_settings(self) -> None:
        """Read the settings anew when they are asked for next: the screen may change them."""
        vars(self).pop("settings", None)

    @property
    def target(self) -> str | None:
        """Return the path or URL of the database, None for the default file."""
        if self._target is not None:
            return self._target
        # No shell has seen the path, so a tilde still stands for the home folder.
        return os.path.expanduser(self.settings.database) or None

    @property
    def actor(self) -> str:
        """Return the name that acts are recorded under."""
        return self.settings.actor or login_name() if self._actor is None else self._actor

    def open(self, *, may_create: bool = False, may_only_read: bool = False) -> None:
        """Open the chosen database until the command ends; raises Trouble when that fails."""
        opened = self.opened(may_create=may_create, may_only_read=may_only_read)
        click.get_current_context().call_on_close(opened.close)

    def opened(self, *, may_create: bool = False, may_only_read: bool = False) -> "Database":
        """Open the chosen database and return it, to be closed; raises Trouble when that fails."""
        # Before the import below, which loads Peewee.
        leave_out_drivers(self.target)
        from leadboard.cli.progress import show_upgrades
        from models import open_database

        show_upgrades()
        return open_database(self.target, may_create=may_create, may_only_read=may_only_read)

    def open_to_look(self) -> None:
        """Open the chosen database for reading, or an empty temporary one if it does not exist yet.

        Raises Trouble when it cannot be opened.
        """
        from leadboard.database.urls import is_server

        if is_server(self.target) or self.path().exists():
            self.open(may_only_read=True)
            return
        # Registered first, so called last: the database is closed before its folder is removed.
        folder = tempfile.TemporaryDirectory(prefix="leadboard-")
        click.get_current_context().call_on_close(folder.cleanup)
        Choice(str(Path(folder.name) / "empty.db"), None, is_for_screen=False).open(may_create=True)

    def path(self) -> Path:
        """Return the file of the chosen database; raises Trouble when it is on a server."""
        from leadboard.database.urls import default_path, path_of

        return default_path() if self.target is None else path_of(self.target)


def leave_out_drivers(*targets: str | None) -> None:
    """Keep Peewee from loading drivers of servers when every target is a file.

    Peewee loads each one that is installed, which takes as long as the first frame of the screen.
    """
    if not any(map(is_server, targets)):
        for driver in ("psycopg", "psycopg2", "psycopg2cffi"):
            sys.modules.setdefault(driver, None)  # type: ignore[arg-type]  # None: "not installed"


def login_name() -> str:
    """Return the name of the account, or a word for one that has no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such account, as in some containers
        return "dispatcher"

"""The database and the actor that the options of the group chose, for every command."""

import getpass
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

from leadboard.database.server_address import is_server


@dataclass(frozen=True, slots=True)
class Choice:
    """What the group's options chose: the database, and the name acts are recorded under."""

    target: str | None
    actor: str

    def open(self, *, may_create: bool = False, may_only_read: bool = False) -> None:
        """Open the chosen database until the command ends; raises Trouble when that fails."""
        # Before the import below, which loads Peewee.
        leave_out_drivers(self.target)
        from leadboard.cli.progress import show_upgrades
        from models import open_database

        show_upgrades()
        opened = open_database(self.target, may_create=may_create, may_only_read=may_only_read)
        click.get_current_context().call_on_close(opened.close)

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
        Choice(str(Path(folder.name) / "empty.db"), self.actor).open(may_create=True)

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

"""Addresses of databases: the paths of files, and the URLs of servers."""

from pathlib import Path
from urllib.parse import unquote

import platformdirs

from leadboard.common.errors import Trouble
from leadboard.common.language import _
from leadboard.database.server_address import is_server, refuse_lookalike, server_shown

__all__ = ["address_of", "default_path", "file_of", "is_server", "path_of"]

SQLITE = "sqlite:///"
"""What the URL of a file begins with, as in SQLAlchemy and Django."""


def default_path() -> Path:
    """Return where the database is when none is named."""
    return platformdirs.user_data_path("leadboard") / "leadboard.db"


def address_of(target: str | None) -> str:
    """Return the path or URL of a database as it may be shown: without its password."""
    if target is not None and is_server(target):
        return server_shown(target)
    return str(file_of(target))


def path_of(target: str) -> Path:
    """Return the file that a path or `sqlite:///` URL names; raises Trouble for anything else."""
    if "\0" in unquote(target):
        raise Trouble(_("The path of the database holds a NUL: check --db."))
    if is_server(target):
        raise Trouble(
            _("The database is on a server: use its own backups, or leadboard copy --to FILE.")
        )
    if target[: len(SQLITE)].lower() == SQLITE:
        if set("?#") & set(target):
            raise Trouble(_("After sqlite:/// only a path may follow, with ? as %3F and # as %23."))
        return Path(unquote(target[len(SQLITE) :])).absolute()
    refuse_lookalike(target)
    return Path(target).expanduser().absolute()


def file_of(target: str | Path | None) -> Path:
    """Return the file that a target names; raises Trouble if it does not name one."""
    try:
        return default_path() if target is None else path_of(str(target))
    except (OSError, RuntimeError, ValueError) as error:
        # Trouble is a RuntimeError, and so is `expanduser`'s for a user without a home.
        if isinstance(error, Trouble):
            raise
        raise Trouble(_("The database cannot be opened: check its path and rights.")) from error

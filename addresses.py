"""Addresses of databases: the paths of files, and the URLs of servers."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import platformdirs

from troubles import Trouble

SERVERS = ("postgresql", "postgres", "cockroachdb", "crdb")
"""The schemes of addresses of servers."""


def default_path() -> Path:
    """Return where the database is when none is named."""
    return platformdirs.user_data_path("leadboard") / "leadboard.db"


def is_server(target: str | Path | None) -> bool:
    """Tell whether a path or URL names a database on a server."""
    return str(target).partition("://")[0] in SERVERS and "://" in str(target)


def address_of(target: str | None) -> str:
    """Return the path or URL of a database as it may be shown: without its password."""
    if not is_server(target):
        return str(default_path() if target is None else path_of(str(target)))
    scheme, name, parameters = parts_of(str(target))
    user = f"{parameters['user']}@" if "user" in parameters else ""
    port = f":{parameters['port']}" if "port" in parameters else ""
    host = parameters.get("host", "")
    return f"{scheme}://{user}{'' if host.startswith('/') else host}{port}/{name}"


def path_of(target: str) -> Path:
    """Return the file that a path or `sqlite:///` URL names; raises Trouble for another scheme."""
    if "\0" in unquote(target):
        raise Trouble("The path of the database holds a NUL: check --db.")
    if "://" not in target:
        return Path(target).expanduser().absolute()
    try:
        url = urlsplit(target)
    except ValueError as error:
        raise Trouble("The address of the database cannot be read: check --db.") from error
    if is_server(target):
        raise Trouble(
            "The database is on a server: use its own backups, or leadboard copy --to FILE."
        )
    if url.scheme != "sqlite":
        raise Trouble(f"Leadboard cannot open {url.scheme} databases: SQLite and PostgreSQL only.")
    return Path(unquote(url.path.removeprefix("/"))).absolute()


def file_of(target: str | Path | None) -> Path:
    """Return the file that a target names; raises Trouble when it is no address of a file."""
    try:
        return default_path() if target is None else path_of(str(target))
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, Trouble):
            raise
        raise Trouble("The database cannot be opened: check its path and rights.") from error


def parts_of(url: str) -> tuple[str, str, dict[str, Any]]:
    """Return the scheme, the database's name, and the settings of the connection; raises Trouble.

    What follows the question mark is in the words of libpq, as `sslmode=require`.
    """
    try:
        parts = urlsplit(url)
        named = {
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "host": unquote(parts.hostname or ""),
            "port": parts.port,
        }
    except ValueError as error:
        raise Trouble("The address of the database cannot be read: check --db.") from error
    given = {key: value for key, value in named.items() if value}
    name = unquote(parts.path.strip("/"))
    if not name or "\0" in unquote(url):
        raise Trouble("The address must end in the name of a database: postgresql://host/name.")
    return parts.scheme, name, given | dict(parse_qsl(parts.query))

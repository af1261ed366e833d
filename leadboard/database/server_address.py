"""Addresses of databases on servers: which text is one, which only looks like one, and its parts.

Only `parts_of` needs a driver, because it reads an address as libpq does.
"""

import os
import re
from pathlib import Path
from typing import Any

from leadboard.common.errors import Trouble
from leadboard.common.language import _

_SCHEMES = {"postgresql", "postgres", "cockroachdb", "crdb"}
_FOREIGN = {"mysql", "mariadb", "mssql", "sqlserver", "oracle", "mongodb", "redis", "duckdb"}
_OTHERS = {
    *("jdbc", "odbc", "psql", "pgsql", "pg", "yugabytedb", "ysql", "file", "sqlite", "sqlite3"),
    *("http", "https", "tcp", "ssh", "host", "server"),
}
_URL = re.compile(r"\s*([a-z]+)://", re.IGNORECASE)
_KEYWORDS = re.compile(
    r"\s*(host|hostaddr|port|dbname|user|password|passfile|service|servicefile|options|"
    r"connect_timeout|client_encoding|application_name|target_session_attrs|"
    r"(?:ssl|gss|krb|keepalives|load_balance|channel_|require_|tcp_)\w*)\s*=",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\s*\W?([a-z]\w*)([+\s][^:/]*)?(:|//)", re.IGNORECASE)
_LOGIN = re.compile(r"[^/\s]+:.*@")
_VARIABLE = re.compile(r"(^|\s)PG[A-Z]+\s*=")
_PASSFILE = re.compile(r"[^:/]*:(\d+|\*):[^:]*:[^:]*:.")
"""A line of libpq's file of passwords."""
_SECRET = re.compile(r"\b(password|passwd|pwd)\s*=", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"(\[[^\]/]*\]|[^/:\s]+):\d+(,[^/]*)?(/|$)")
_HERE = re.compile(r"(localhost|\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:]+\])(/|$)", re.IGNORECASE)

UNREADABLE = _(
    "The address of the database cannot be read: check --db. In a password, @ "
    "is written %40, / is %2F and % is %25."
)
_NO_FILE = _(
    "That looks like a server's address but is not one: write "
    "postgresql://host/name, or put ./ before the name of a file."
)


def is_server(target: str | Path | None) -> bool:
    """Tell whether a target names a database on a server: by a URL, or by libpq's keywords."""
    if not isinstance(target, str):
        return False
    url = _URL.match(target)
    if url is not None:
        return url[1].lower() in _SCHEMES
    return _KEYWORDS.match(target) is not None


def refuse_lookalike(target: str) -> None:
    """Raise Trouble for text that was meant to name a server, so that it never becomes a file.

    A path that begins with `/`, `./`, `../` or `~` is always a file, except `//host:port/name`.
    """
    text = target.strip()
    if text.startswith(("/", "./", "../", "~")) and not text.startswith("//"):
        return
    bare = text.removeprefix("//")
    scheme = _SCHEME.match(text)
    word = scheme[1].lower() if scheme else ""
    if word in _FOREIGN:
        raise Trouble(
            _("Leadboard cannot open {word} databases: SQLite and PostgreSQL only.", word=word)
        )
    if (
        "://" in text
        or "@" in bare.partition("/")[0]
        or word in _SCHEMES | _OTHERS
        or any(found.search(text) for found in (_SECRET, _LOGIN, _VARIABLE))
        or any(found.match(bare) for found in (_HOST_AND_PORT, _HERE, _PASSFILE))
    ):
        raise Trouble(_NO_FILE)


def parts_of(target: str) -> tuple[str, str, dict[str, Any]]:
    """Return the scheme, the database's name, and the settings of the connection.

    The name is empty if a service of libpq supplies it. Raises Trouble for what libpq does not
    accept, or when the driver is not installed.
    """
    try:
        from psycopg import Error
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        raise Trouble(_("Servers need a driver: pip install 'leadboard[postgres]'.")) from error
    text = target.strip()
    url = _URL.match(text)
    scheme = url[1].lower() if url else "postgresql"
    try:
        # libpq knows no scheme but its own, so that of CockroachDB is replaced.
        given = conninfo_to_dict(f"postgresql://{text[url.end() :]}" if url else text)
    except (Error, UnicodeError):
        # Without a cause: the driver's message quotes the address, and the password with it.
        raise Trouble(UNREADABLE) from None
    settings: dict[str, Any] = {key: str(each) for key, each in given.items() if each is not None}
    name = settings.pop("dbname", "") or os.environ.get("PGDATABASE", "")
    if not _is_plausible(name, settings) or "\0" in text:
        raise Trouble(UNREADABLE)
    if not name and not (settings.get("service") or os.environ.get("PGSERVICE")):
        raise Trouble(_("The address must end in the name of a database: postgresql://host/name."))
    return scheme, name, settings


def _is_plausible(name: str, settings: dict[str, Any]) -> bool:
    """Tell whether the parts are what they should be, and not pieces of an unescaped password.

    libpq would use them as they are, and would read a name that is an address as an address.
    """
    hosts = settings.get("host", "").split(",")
    return (
        not re.search("[@/=]", name)
        and all(host.startswith(("/", "@")) or not re.search("[@/]", host) for host in hosts)
        and all(not port or port.isdecimal() for port in settings.get("port", "").split(","))
    )


def server_shown(target: str) -> str:
    """Return the address of a server as it may be shown: without its password."""
    scheme, name, settings = parts_of(target)
    user = f"{settings['user']}@" if settings.get("user") else ""
    return f"{scheme}://{user}{_hosts(settings)}/{name or _service(settings)}"


def _hosts(settings: dict[str, Any]) -> str:
    """Return hosts and ports as a URL has them; a folder of sockets is left out."""
    hosts = str(settings.get("host") or settings.get("hostaddr") or "").split(",")
    ports = str(settings.get("port", "")).split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    shown = ["" if host.startswith(("/", "@")) else _bracketed(host) for host in hosts]
    return ",".join(
        f"{host}:{port}" if port else host for host, port in zip(shown, ports, strict=False)
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _service(settings: dict[str, Any]) -> str:
    return f"?service={settings['service']}" if settings.get("service") else ""

"""What the engines' error codes mean, in sentences for people."""

import re
import sqlite3

from leadboard.common.errors import Missing, Refused, ServerLost, TooBusy, Trouble
from leadboard.common.language import _
from leadboard.common.text import clean

SERVER_LOST = _(
    "The database server cannot be reached: check that it runs and the address in --db."
)

NO_PRIMARY = _(
    "No primary server can be reached, only a read-only one: promote the "
    "standby, or check the address in --db."
)


def is_constraint(error: BaseException) -> bool:
    """Tell whether the error is about a row that a constraint of the schema forbids."""
    return sqlite_name(error) == "SQLITE_CONSTRAINT" or sql_state(error).startswith("23")


def is_meeting(error: BaseException) -> bool:
    """Tell whether a server found a row that others just stored, or missed one they deleted.

    A file has one writer at a time, so it cannot happen there.
    """
    return sql_state(error) in _MET


def trouble_of(error: Exception) -> Exception:
    """Return an error of the database library as one with a sentence for people."""
    state = sql_state(error)
    if state or not _is_of_sqlite(error):
        return _server_trouble(error, state)
    name = sqlite_name(error)
    if name in {"SQLITE_BUSY", "SQLITE_LOCKED"}:
        return TooBusy(_("The database is locked by another program: try again in a moment."))
    return Trouble(_SQLITE.get(name) or _("The database answered: {error}.", error=error))


def sqlite_name(error: BaseException | None) -> str:
    """Return SQLite's name for the error without its detail, such as SQLITE_BUSY.

    On a full disk SQLite rolls back by itself, and the last error only says that there was nothing
    to roll back; the cause is further down the chain, so the first name is returned.
    """
    known = ""
    while error is not None:
        name = getattr(getattr(error, "orig", error), "sqlite_errorname", None) or ""
        # Only the kind counts: SQLITE_BUSY_SNAPSHOT is SQLITE_BUSY to people, too.
        short = "_".join(name.split("_")[:2])
        known = short if short and short != "SQLITE_ERROR" else known
        error = error.__cause__ or error.__context__
    return known


def sql_state(error: BaseException | None) -> str:
    """Return the first SQLSTATE that a server gave, empty if there is none.

    The first one is the cause, after which the rollback may have failed as well.
    """
    known = ""
    while error is not None:
        known = getattr(getattr(error, "orig", error), "sqlstate", None) or known
        error = error.__cause__ or error.__context__
    return known


def _is_of_sqlite(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(getattr(error, "orig", error), sqlite3.Error):
            return True
        error = error.__cause__ or error.__context__
    return False


_SQLITE = {
    "SQLITE_READONLY": (
        _("The database is read-only: check the permissions of the file and its folder.")
    ),
    "SQLITE_FULL": _("The disk is full: free some space, then try again."),
    "SQLITE_IOERR": _("The disk could not be read or written: check it, then try again."),
    "SQLITE_NOTADB": _("The file is not a Leadboard database: choose another with --db."),
    "SQLITE_CORRUPT": _("The database file is damaged: leadboard restore BACKUP puts a copy back."),
    "SQLITE_CANTOPEN": _("The database cannot be opened: check the path and its rights."),
    "SQLITE_PERM": _("The database cannot be opened: check the path and its rights."),
}

_AGAIN = {
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "55P03",  # lock_not_available
    "42P07",  # duplicate_table: two programs made the tables of a new database at once
}

_MET = {
    "23503",  # foreign_key_violation
    "23505",  # unique_violation
}

_BROKEN = ("08", "57P", "25P03", "25P04", "40003")
"""States after which the connection is closed or, for 40003, the outcome is unknown."""

_SERVER = {
    "25006": _("The database is read-only: use the primary server, and a user who may write."),
    "28": _("The database server refused the user or the password: check --db."),
    "3D": _("The server has no database of this name: create it, or check --db."),
    "3F": _("The search_path of the database user names no existing schema: set it."),
    "42501": _("The database user may not do this: give it rights on the tables."),
    "53100": _("The server's disk is full: free some space there, then try again."),
    "53200": _("The database server is out of memory: try again in a moment."),
    "53300": _("The database server has no free connection: raise its max_connections."),
    "57014": _("The server cancelled a statement that took too long: raise its statement_timeout."),
    "58030": _("The server's disk cannot be read or written: check the server."),
}

STATEMENT_POOLING = _(
    "The pooler is in statement mode, which splits transactions: set its "
    "pool_mode to transaction or session."
)

POOL_IN_USE = _(
    "The pooler has no free connection (query_wait_timeout): raise its "
    "default_pool_size, or set its pool_mode to transaction."
)

_REASON = re.compile(r"\w+:  ([^\n]+)")
"""The reason a server gives for refusing a connection, after its severity in any language."""

_STANDBY = re.compile(r"session is read-only|server is in hot standby mode")
"""What libpq says of a server that was reached but is not what the address asks for."""


def _server_trouble(error: Exception, state: str) -> Exception:
    if state in _AGAIN:
        return TooBusy(_("Others are changing the same rows: try again in a moment."))
    if state in _MET:
        return TooBusy(_("Others are storing the same new rows: try again in a moment."))
    if state == "22003":
        return Missing(_("That number is too large."))
    if not state and _STANDBY.search(str(error)):
        return ServerLost(NO_PRIMARY)
    if not state and (reason := _REASON.search(str(error))):
        return ServerLost(
            _("The database server refused the connection: {words}.", words=_words(reason[1]))
        )
    # Told by its name, since the class would have to be imported from a driver.
    if not state and type(getattr(error, "orig", error)).__name__ == "DataError":
        return Refused(_("The database server cannot hold this text: it has a NUL character."))
    if state.startswith(_BROKEN):
        return _broken(error)
    # The driver's own words may quote the address, and with it the password.
    if not state:
        return ServerLost(SERVER_LOST)
    sentence = _SERVER.get(state) or _SERVER.get(state[:2])
    return Trouble(sentence or _("The database server answered with error {state}.", state=state))


def _broken(error: Exception) -> Trouble:
    """Return a Trouble with the reason for which a server or a pooler closed the connection."""
    said = getattr(getattr(getattr(error, "orig", error), "diag", None), "message_primary", None)
    if said and "statement pooling" in said:
        return Trouble(STATEMENT_POOLING)
    if said and "query_wait_timeout" in said:
        return ServerLost(POOL_IN_USE)
    return ServerLost(
        _("The database server broke the connection: {words}.", words=_words(said))
        if said
        else SERVER_LOST
    )


def _words(said: str) -> str:
    return clean(said.strip()).rstrip(".")

"""Consistent copies of a SQLite database while others write to it."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _
from leadboard.common.os_reasons import reason_of
from leadboard.database.error_codes import sqlite_name
from leadboard.database.file_logs import REPLAYED, beside, modes_of, uri_of
from leadboard.database.file_opening import refuse_log

NEEDED = {"schema_version", "operator", "appeal"}
"""Tables that every Leadboard database has."""


def backup(source: Path, target: Path, *, force: bool = False) -> int:
    """Copy the database at `source` to `target` as it is at one moment; return its bytes.

    The copy is made and checked beside the target, and only then takes its name. Raises Refused
    when the target exists and `force` is not given, and when it is the database itself, one with a
    log, a part of one or not an ordinary file; Trouble when the database is damaged or the copy
    cannot be written.
    """
    if not source.is_file():
        raise Trouble(_("There is no database at {source}: nothing was written.", source=source))
    place = Path(os.path.realpath(target))  # so a link still leads to the newest copy
    _refuse_loss(source, place, force=force)
    with copied(source, place) as partial:
        if not force:
            # Fails if the target was created in the meantime; a rename would overwrite it.
            os.close(os.open(place, os.O_CREAT | os.O_EXCL, 0o600))
        partial.replace(place)
        # Until the folder is on the disk as well, a power failure can undo the rename.
        sync(place.parent)
    return place.stat().st_size


def _refuse_loss(source: Path, place: Path, *, force: bool) -> None:
    """Raise Refused where a copy must not be written, or not without `force`."""
    if place.exists() and not place.is_file():
        raise Refused(_("{place} is no ordinary file: name another.", place=place), "file")
    if place.exists() and os.path.samefile(source, place):
        raise Refused(_("That is the database itself: name another file."), "file")
    refuse_log(place)
    if place.exists() and not force:
        raise Refused(
            _("{place} exists already: name another file, or use --force.", place=place), "file"
        )
    if any(beside(place, ending).exists() for ending in REPLAYED):
        # SQLite would replay it over the copy; most likely that database is in use.
        raise Refused(
            _("{place} is or was in use, a log lies beside it: name another file.", place=place),
            "file",
        )


@contextmanager
def copied(source: Path, target: Path) -> Iterator[Path]:
    """Yield a private, durable, checked copy of a database beside `target`; delete it if not moved.

    Raises Trouble when it cannot be made, and when the database is damaged or not Leadboard's.
    """
    partial = None
    try:
        # In the target's folder, because a rename is atomic only within one file system.
        descriptor, name = tempfile.mkstemp(".part", ".leadboard.", target.parent)  # mode 0600
        os.close(descriptor)
        partial = Path(name)
        _copy(source, partial)
        _prove(partial, source)
        yield partial
    except sqlite3.DatabaseError as error:
        if sqlite_name(error) in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
            raise Trouble(
                _("{source} is damaged or not a database: nothing was written.", source=source)
            ) from error
        raise Trouble(_("Cannot write {target}: {error}.", target=target, error=error)) from error
    except OSError as error:
        raise Trouble(
            _("Cannot write {target}: {reason}.", target=target, reason=reason_of(error))
        ) from error
    finally:
        for ending in ("", "-journal") if partial else ():
            with suppress(FileNotFoundError):
                os.unlink(f"{partial}{ending}")


def _copy(source: Path, partial: Path) -> None:
    with closing(_reading(source)) as live, closing(sqlite3.connect(partial)) as copy:
        # All pages in one step: it reads one snapshot and blocks no writer. Copying in parts starts
        # over after every commit, and under steady traffic would never end.
        live.backup(copy)
        # One file: no log beside it that could be forgotten when the copy is moved.
        copy.execute("PRAGMA journal_mode=DELETE")
    sync(partial)


def _reading(source: Path) -> sqlite3.Connection:
    """Return a connection to an existing file, even if it may only be read."""
    *others, last = modes_of(source)
    for mode in others:
        connection = sqlite3.connect(uri_of(source, mode), uri=True)
        try:
            # `connect` reads nothing yet: only a query shows whether this mode is enough.
            connection.execute("PRAGMA schema_version").fetchone()
            return connection
        except sqlite3.OperationalError:
            connection.close()
    return sqlite3.connect(uri_of(source, last), uri=True)


def _prove(copy: Path, source: Path) -> None:
    """Raise Trouble unless a copy is an intact Leadboard database."""
    with closing(sqlite3.connect(uri_of(copy, "ro"), uri=True)) as found:
        names = {name for (name,) in found.execute("SELECT name FROM sqlite_master")}
        if not names >= NEEDED:
            raise Trouble(
                _("{source} is not a Leadboard database: nothing was written.", source=source)
            )
        [(words,)] = found.execute("PRAGMA integrity_check(1)")
    if words != "ok":
        raise Trouble(
            _("{source} is damaged ({words}): nothing was written.", source=source, words=words)
        )


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

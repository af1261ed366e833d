"""The file of a SQLite database: who may write it, and whether it is still the one at its path."""

import os
import sqlite3
import threading
import weakref
from pathlib import Path

from leadboard.common.errors import Refused, Trouble, Uncertain
from leadboard.common.language import _
from leadboard.database.file_logs import (
    LOGS,
    Mode,
    has_log,
    uri_of,
)

Identity = tuple[int, int]
"""The device and the inode of a file, which identify it."""


class DatabaseFile:
    """An existing database file, and how it is opened.

    What is stored must be in the file that was named. A file that is deleted or moved while it is
    open takes later commits along, and one with a second name gets a second log under that name
    (https://sqlite.org/howtocorrupt.html, sections 2.4 and 2.5), so both are noticed.
    """

    def __init__(self, path: Path, mode: Mode) -> None:
        self.path = path
        self.mode = mode
        self.real = os.path.realpath(path)
        self._is_link = self.real != str(path)
        status = os.lstat(self.real)
        self._identity, self._names = _identity(status), status.st_nlink
        self._last_change = _change(self.real)
        # Weak, because a thread that ends drops its connection without closing it.
        self._open: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._logs: dict[str, Identity] = {}
        self._lock = threading.Lock()

    @property
    def is_read_only(self) -> bool:
        """Tell whether the file may only be read."""
        return self.mode != "rw"

    @property
    def uri(self) -> str:
        """Return the URI by which SQLite opens the file and never creates one."""
        return uri_of(self.path, self.mode)

    def before_connecting(self) -> None:
        """Raise Trouble when a new connection would open another file, or another log."""
        self.confirm_path()
        if self._open and not self.is_read_only:
            self._confirm_logs()

    def connected(self, connection: "Connection") -> None:
        """Register a new connection; raises Trouble if it is to another file."""
        with self._lock:
            if not self._open:
                self._logs = {}  # the last one that closes a file deletes its logs
            self._open.add(connection)
        # Again: the file may have been replaced between the first look and the opening.
        self.confirm_path()

    def closed(self, connection: "Connection") -> None:
        """Unregister a closed connection, whose object may live on for a while."""
        with self._lock:
            self._open.discard(connection)

    def refuse_writing(self) -> None:
        """Raise Refused if the file may only be read."""
        if self.is_read_only:
            raise Refused(_("This database is read-only: nothing can be changed here."))

    def confirm(self) -> None:
        """Raise Trouble unless the open file and its logs are those at the path.

        It takes a few microseconds. A file that is put back is the right one again.
        """
        self.confirm_path()
        if self.mode == "ro&immutable=1":
            self._confirm_unchanged()
        if not self.is_read_only:
            self._confirm_logs()

    def confirm_stored(self) -> None:
        """Confirm after a commit; raises Uncertain, since the commit may be in a lost file."""
        try:
            self.confirm()
        except Trouble as trouble:
            told = str(trouble).rstrip(".")
            raise Uncertain(
                _("{told}; check whether it was stored before you repeat.", told=told)
            ) from trouble

    def confirm_path(self) -> None:
        """Raise Trouble unless the file at the path is the one that was opened first."""
        try:
            status = os.lstat(self.real)
            # A link may lead elsewhere by now while the file that it led to is still in its place.
            is_same = _identity(status) == self._identity and (
                not self._is_link or _identity(os.stat(self.path)) == self._identity
            )
        except OSError:
            is_same = False
        if not is_same:
            raise Trouble(
                _(
                    "The database file was deleted, moved or replaced while it was open: put "
                    "it back as {path}, or start Leadboard again.",
                    path=self.path,
                )
            )
        if not status.st_size and self._open:
            raise Trouble(
                _(
                    "{path} was emptied while it was open: end every program that has it open, "
                    "then leadboard restore BACKUP puts a copy back.",
                    path=self.path,
                )
            )
        if status.st_nlink > self._names and not self.is_read_only:
            raise Trouble(
                _(
                    "{path} was given a second name (a hard link) while it was open, under "
                    "which it would get a second log: remove that name, or start Leadboard "
                    "again.",
                    path=self.path,
                )
            )

    def _confirm_logs(self) -> None:
        for ending in LOGS:
            try:
                found = _identity(os.lstat(self.real + ending))
            except OSError:
                found = None
            if found is not None:
                # A log is created only when needed, so the first one found is ours.
                self._logs.setdefault(ending, found)
            if found != self._logs.get(ending):
                raise Trouble(
                    _(
                        "{path}{ending}, a part of the open database, was deleted or replaced: end "
                        "every Leadboard that has it open (not by kill -9), then start again.",
                        path=self.path,
                        ending=ending,
                    )
                )

    def _confirm_unchanged(self) -> None:
        if has_log(self.path) or _change(self.real) != self._last_change:
            raise Trouble(
                _(
                    "{path} was changed by another program while it was read: try again.",
                    path=self.path,
                )
            )


class Connection(sqlite3.Connection):
    """A connection that takes weak references, which sqlite3's own class does not."""


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino


def _change(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_mtime_ns, status.st_size

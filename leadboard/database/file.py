"""The file of a SQLite database: who may write it, and whether it is still the one at its path."""

import fcntl
import os
import re
import sqlite3
import threading
import time
import weakref
from pathlib import Path
from typing import Literal

from leadboard.common.errors import Refused, Trouble, Uncertain
from leadboard.common.language import _
from leadboard.common.os_reasons import reason_of
from leadboard.database.transactions import PATIENCE, nap

LOGS = ("-wal", "-shm")
"""Endings of what SQLite keeps beside a file while it is open: the log, and an index of it."""

LOOKS = 9
"""Times that a log is looked at which comes and goes meanwhile."""

REPLAYED = (*LOGS, "-journal")
"""Endings of what SQLite would replay over another file put in the place of its own."""

MOUNTS = Path("/proc/self/mountinfo")

# The bytes from SQLite's PENDING_BYTE on, with those of RESERVED and SHARED; in the index the one
# that every connection in WAL mode locks (DMS).
LOCKS = {"": (0x4000_0000, 512), "-shm": (128, 1)}
"""Where every program that has a file open holds a lock, as start and length: in the file itself
and in the index of its log (https://sqlite.org/fileformat2.html, https://sqlite.org/walformat.html).
"""

Mode = Literal["rw", "ro", "ro&immutable=1"]
"""How SQLite opens a file; it takes an immutable one to have no writer, and needs no log for it."""

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


def uri_of(path: Path, mode: Mode) -> str:
    """Return the URI by which SQLite opens a file in a mode."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def modes_of(path: Path) -> list[Mode]:
    """Return the modes in which this user may open a file, the best first.

    Without the right to write beside it, a file in WAL mode can only be opened as immutable if its
    log is gone or empty; otherwise the index of its log must be there as well.
    """
    if may_write(path):
        return ["rw"]
    return ["ro"] if has_log(path) else ["ro", "ro&immutable=1"]


def may_write(path: Path) -> bool:
    """Tell whether a file and its logs may be written."""
    logs = (beside(path, ending) for ending in LOGS)
    return os.access(path, os.W_OK) and all(map(_may_write_log, logs))


def _may_write_log(log: Path) -> bool:
    # Other programs make and delete it as they open and close the file: between two questions, too.
    for _unused in range(LOOKS):
        if os.access(log, os.W_OK):
            return True
        if not log.exists():
            # SQLite has to create a log that is missing, for which the folder must be writable.
            return os.access(log.parent, os.W_OK)
    return False


def has_log(path: Path) -> bool:
    """Tell whether a part of a file is in its log; an open file may have an empty one."""
    log = beside(path, LOGS[0])
    return log.exists() and log.stat().st_size > 0


def beside(path: Path, ending: str) -> Path:
    """Return the path of a log: it lies beside the file itself, not beside a link to it."""
    return Path(os.path.realpath(path) + ending)


def refuse_log(path: Path) -> None:
    """Raise Refused for the path of a log or a journal that belongs to a database."""
    place = os.path.realpath(path)
    for ending in REPLAYED:
        database = place.removesuffix(ending)
        if database != place and os.path.isfile(database):
            raise Refused(
                _(
                    "{path} is a part of the database {database}: name another file.",
                    path=path,
                    database=database,
                )
            )


def make_sure(path: Path, *, may_create: bool) -> None:
    """Create an empty private file, and its folder, if there is none and `may_create` allows it.

    Raises Trouble for what is not a file and, without `may_create`, if there is none; Refused for
    the name of a log.
    """
    refuse_log(path)
    try:
        if path.is_dir():
            raise Trouble(_("{path} is a folder and cannot be opened: name a file.", path=path))
        if path.exists():
            if not path.is_file():
                raise Trouble(_("{path} is no ordinary file: name another with --db.", path=path))
            if not may_create and not path.stat().st_size:
                raise Trouble(
                    _("{path} is empty and holds no tables of Leadboard: check --db.", path=path)
                )
            if may_write(path):
                _refuse_own_mount(path)
                _refuse_second_name(Path(os.path.realpath(path)))
                _refuse_lost_log(path)
            return
        if not may_create:
            raise Trouble(
                _("There is no database at {path}: check --db; nothing was made there.", path=path)
            )
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite would go by the umask, and give its logs the same rights as the file.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        why = {"path": path, "reason": reason_of(error)}
        made, opened = _("Cannot create {path}: {reason}."), _("Cannot open {path}: {reason}.")
        raise Trouble((made if may_create else opened).format(**why)) from error


def _refuse_second_name(path: Path) -> None:
    """Raise Trouble for one of several names of a file when the log is beside another.

    What was stored under one name would be lost under the other.
    """
    if path.stat().st_nlink == 1:
        return
    for each in path.parent.iterdir():
        has_log = each.name != path.name and Path(f"{each}{LOGS[0]}").exists()
        if has_log and each.samefile(path):
            raise Trouble(
                _(
                    "{path} is a second name of {each}, which has a log: open that one.",
                    path=path,
                    each=each,
                )
            )
    # The other name may be in any folder, but the locks are in the file itself: it is in use, and
    # the index of the log beside this name is not.
    if is_locked(path) and not is_locked(path, "-shm"):
        raise Trouble(
            _(
                "{path} is in use under another name (a hard link), where its log is: use "
                "that one.",
                path=path,
            )
        )


def _refuse_lost_log(path: Path) -> None:
    """Raise Trouble if another program has a file open whose log was deleted.

    SQLite would create a second log, and only one of the two could be kept.
    """
    give_up = time.monotonic() + PATIENCE
    # It is also true for a moment while the last program closes a file or the first opens it.
    while _lacks_log(path):
        if time.monotonic() > give_up:
            raise Trouble(
                _(
                    "{path} is open in another program, and its log {path}{log} is not there: "
                    "end that program (not by kill -9), then try again.",
                    path=path,
                    log=LOGS[0],
                )
            )
        nap()


def _lacks_log(path: Path) -> bool:
    if beside(path, LOGS[0]).exists():
        return False
    # Shared locks alone mean WAL mode; with a write lock in the file itself no log is in use.
    return is_locked(path) and not is_locked(path, against=fcntl.LOCK_SH)


def is_locked(path: Path, ending: str = "", *, against: int = fcntl.LOCK_EX) -> bool:
    """Tell whether another program has a file open, or the index of its log.

    With LOCK_SH, tell whether it keeps others even from reading. This program must not have the
    file open: closing it here would release the locks of its own connections as well.
    """
    try:
        descriptor = os.open(f"{path}{ending}", os.O_RDWR)
    except FileNotFoundError:
        return False
    start, length = LOCKS[ending]
    try:
        fcntl.lockf(descriptor, against | fcntl.LOCK_NB, length, start)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _refuse_own_mount(path: Path) -> None:
    """Raise Trouble if a container has only the file mounted: its logs would stay inside."""
    try:
        mounts = MOUNTS.read_bytes().splitlines()
    except OSError:  # only Linux has it
        return
    real = os.path.realpath(path)
    if any(_unescaped(line.split(b" ")[4]) == os.fsencode(real) for line in mounts):
        raise Trouble(
            _(
                "{path} is mounted alone, without its folder, where its log belongs: mount "
                "the folder.",
                path=path,
            )
        )


def _unescaped(mount: bytes) -> bytes:
    """Return a path of the list of mounts, where spaces and the like are octal numbers."""
    return re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), mount)


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino


def _change(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_mtime_ns, status.st_size

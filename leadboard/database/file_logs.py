"""What SQLite keeps beside a file while it is open, and the locks of whoever has it open."""

import fcntl
import os
from pathlib import Path
from typing import Literal

LOGS = ("-wal", "-shm")
"""Endings of what SQLite keeps beside a file while it is open: the log, and an index of it."""

LOOKS = 9
"""Times that a log is looked at which comes and goes meanwhile."""

REPLAYED = (*LOGS, "-journal")
"""Endings of what SQLite would replay over another file put in the place of its own."""

# The bytes from SQLite's PENDING_BYTE on, with those of RESERVED and SHARED; in the index the one
# that every connection in WAL mode locks (DMS).
LOCKS = {"": (0x4000_0000, 512), "-shm": (128, 1)}
"""Where every program that has a file open holds a lock, as start and length: in the file itself
and in the index of its log (https://sqlite.org/fileformat2.html, https://sqlite.org/walformat.html).
"""

Mode = Literal["rw", "ro", "ro&immutable=1"]
"""How SQLite opens a file; it takes an immutable one to have no writer, and needs no log for it."""


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

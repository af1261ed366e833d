"""Checks of a path before SQLite opens it: what must not be opened is told in a sentence."""

import fcntl
import os
import re
import time
from pathlib import Path

from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _
from leadboard.common.os_reasons import reason_of
from leadboard.database.file_logs import LOGS, REPLAYED, beside, is_locked, may_write
from leadboard.database.transactions import PATIENCE, nap

MOUNTS = Path("/proc/self/mountinfo")


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

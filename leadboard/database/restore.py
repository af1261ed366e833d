"""Restoring a backup: it is put in the place of the database, and what was there is kept."""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _
from leadboard.common.os_reasons import reason_of
from leadboard.database.backup import copied, sync
from leadboard.database.fields import now
from leadboard.database.file_logs import LOCKS, REPLAYED, uri_of
from leadboard.database.file_opening import refuse_log
from leadboard.database.upgrades import UPGRADES


@dataclass(frozen=True, slots=True)
class Restored:
    """What a backup brought back, and where the previous database is kept."""

    appeals: int
    newest: str | None
    kept: Path | None


def restore(backup: Path, target: Path) -> Restored:
    """Put a copy of a backup at `target`, whole or not at all; what was there is kept beside it.

    Raises Refused when the backup is the target itself; Trouble when it is damaged, not Leadboard's
    or from a newer version, when the target is in use or is a database of another program, and
    when it cannot be written.
    """
    place = Path(os.path.realpath(target))
    _refuse_useless(backup, place)
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Trouble(
            _("Cannot create {parent}: {reason}.", parent=place.parent, reason=reason_of(error))
        ) from error
    # Copied and checked before the target is touched, so that a useless backup changes nothing.
    with copied(backup, place) as partial:
        appeals, newest = _looked_at(partial, backup)
        with _alone(place):
            kept = _kept(place)
            try:
                _put(partial, place)
            except BaseException:
                _take_back(place, kept)
                raise
    return Restored(appeals, newest, kept)


def _refuse_useless(backup: Path, place: Path) -> None:
    if not backup.is_file():
        raise Trouble(_("There is no backup at {backup}: name the file of a copy.", backup=backup))
    if place.is_dir():
        raise Trouble(_("{place} is a folder: name a file with --db.", place=place))
    if place.exists() and not place.is_file():
        raise Trouble(_("{place} is no ordinary file: name another with --db.", place=place))
    refuse_log(place)
    if place.exists() and os.path.samefile(backup, place):
        raise Refused(_("That is the database itself: name the file of a copy."), "file")
    _refuse_foreign(place)


def _refuse_foreign(place: Path) -> None:
    """Raise Trouble for a sound database of another program; a damaged one may be anybody's."""
    if not place.exists() or not place.stat().st_size:
        return
    # A damaged file cannot be read, and replacing one is what a restore is for.
    with suppress(sqlite3.Error):
        # Immutable, so that looking at it neither creates a log nor replays one.
        with closing(sqlite3.connect(uri_of(place, "ro&immutable=1"), uri=True)) as found:
            names = {name for (name,) in found.execute("SELECT name FROM sqlite_master")}
        if names and "schema_version" not in names:
            raise Trouble(
                _(
                    "{place} is a database of another program: choose another with --db.",
                    place=place,
                )
            )


def _looked_at(copy: Path, backup: Path) -> tuple[int, str | None]:
    """Return how many appeals a copy holds and when the newest came; raises Trouble if too new."""
    with closing(sqlite3.connect(uri_of(copy, "ro"), uri=True)) as found:
        [(version,)] = found.execute("SELECT max(version) FROM schema_version")
        appeals = found.execute("SELECT count(*), max(timestamp) FROM appeal").fetchone()
    newest = max(UPGRADES) + 1
    if version is None:
        raise Trouble(
            _("{backup} is not a Leadboard database: name the file of a copy.", backup=backup)
        )
    if version > newest:
        raise Trouble(
            _(
                "{backup} was made by a newer Leadboard (tables of version {version}, this "
                "one knows {newest}): upgrade Leadboard.",
                backup=backup,
                version=version,
                newest=newest,
            )
        )
    return int(appeals[0]), appeals[1]


def _put(copy: Path, place: Path) -> None:
    """Give a copy the name of the database, without the logs of the one that had it.

    If the machine stops in between, the old file still has its second name with its log beside it,
    and cannot be opened by the first one.
    """
    # Before the file is replaced: SQLite would replay these logs over the new one.
    for ending in REPLAYED:
        with suppress(FileNotFoundError):
            os.unlink(f"{place}{ending}")
    copy.replace(place)
    sync(place.parent)


def _take_back(place: Path, kept: Path | None) -> None:
    """Put back what was there, unless the copy already has its name."""
    if kept is None or (kept.exists() and not (place.exists() and kept.samefile(place))):
        return
    # The file comes last, so that under its own name it is never without its logs.
    for ending in (*REPLAYED, ""):
        with suppress(FileNotFoundError):
            if not os.path.exists(f"{place}{ending}"):
                os.link(f"{kept}{ending}", f"{place}{ending}")
            os.unlink(f"{kept}{ending}")


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Keep every other program out of a file; raises Trouble when one has it open."""
    held: list[int] = []
    try:
        # SQLite's own locks, so that any program that has the file open is noticed and kept out.
        for ending, (start, length) in LOCKS.items():
            with suppress(FileNotFoundError):
                held.append(os.open(f"{place}{ending}", os.O_RDWR))
                fcntl.lockf(held[-1], fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
        yield
    except BlockingIOError:
        raise Trouble(
            _("{place} is in use: end every program that has it open, first.", place=place)
        ) from None
    finally:
        for descriptor in held:
            os.close(descriptor)


def _kept(place: Path) -> Path | None:
    """Give the file at a place, and its logs, a second name beside it; return that name."""
    kept = place.with_name(f"{place.name}.{now():%Y%m%dT%H%M%S%f}.old")
    there = [ending for ending in ("", *REPLAYED) if os.path.exists(f"{place}{ending}")]
    for ending in there:
        _linked(f"{place}{ending}", f"{kept}{ending}")
    sync(place.parent)
    return kept if there else None


def _linked(path: str, second: str) -> None:
    try:
        os.link(path, second)
    except OSError:  # some file systems have no hard links
        shutil.copy2(path, second)

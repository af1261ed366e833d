"""Consistent copies of a SQLite database while others write to it."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from store import Refused, Trouble


def backup(source: Path, target: Path, *, force: bool = False) -> int:
    """Copy the database at `source` to `target` as it is at one moment; return its bytes.

    The copy is made beside the target and takes its name only when it is whole. Raises Refused
    when the target exists and `force` is not given, or is the database itself, and Trouble when it
    cannot be written.
    """
    if target.exists() and os.path.samefile(source, target):
        raise Refused("That is the database itself: name another file.", "file")
    if target.exists() and not force:
        raise Refused(f"{target} exists already: name another file, or use --force.", "file")
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _copy(source, partial)
        if not force:
            # Fails where somebody has made the target meanwhile, which a rename would not.
            os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))
        partial.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise Trouble(f"Cannot write {target}: {_words(error)}.") from error
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
    return target.stat().st_size


def _copy(source: Path, partial: Path) -> None:
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(partial)) as copy:
        # All pages in one step: it reads one snapshot, which holds up no writer, where copying in
        # parts begins anew after every commit and under steady traffic would never end.
        live.backup(copy)
        # One file: no log beside it that could be forgotten when the copy is moved.
        copy.execute("PRAGMA journal_mode=DELETE")
    with partial.open("rb") as written:
        os.fsync(written.fileno())


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)

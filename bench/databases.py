"""Generated databases, made once and kept: benchmarks use the kept file or a copy."""

import os
import tempfile
from contextlib import closing
from dataclasses import astuple
from hashlib import blake2b
from inspect import getsource
from pathlib import Path
from shutil import copyfile
from sqlite3 import connect

import models
from bench import generate, words
from bench.generate import Sizes

HOME = "LEADBOARD_BENCH_DIR"
"""The variable that names the folder of generated databases; the default is temporary."""


def folder() -> Path:
    """Return the folder of generated databases, creating it on first use."""
    named = os.environ.get(HOME)
    path = Path(named) if named else Path(tempfile.gettempdir()) / f"leadboard-bench-{os.getuid()}"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def kept(sizes: Sizes) -> Path:
    """Return a database of these sizes, generated on first use; it must only be read."""
    path = folder() / f"{_name(sizes)}.db"
    if not path.exists():
        # Under another name until it is complete: an interrupted run must leave no partial file.
        unfinished = path.with_suffix(f".{os.getpid()}.part")
        try:
            generate.generate(unfinished, sizes)
            unfinished.rename(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return path


def copied(sizes: Sizes, to: Path) -> Path:
    """Return a writable copy at `to` of the database of these sizes."""
    return Path(copyfile(kept(sizes), to))


def with_room(path: Path) -> Path:
    """Raise all limits, so that every appeal finds an operator, as on an ordinary day."""
    with closing(connect(path)) as connection, connection:
        connection.execute("UPDATE operator SET max_load = 1000000")
    return path


def _name(sizes: Sizes) -> str:
    """Return a name that differs when the sizes, the tables or the generator do."""
    sources = "".join(map(getsource, (generate, words, models)))
    written_by = blake2b(sources.encode(), digest_size=4).hexdigest()
    numbers = "-".join(map(str, astuple(sizes)))
    return f"appeals-{numbers}-v{models.SCHEMA_VERSION}-{written_by}"

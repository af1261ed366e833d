"""What is on show, written to a file: a list as CSV, the screen as a picture."""

import csv
import os
from collections.abc import Callable, Sequence
from dataclasses import astuple, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import platformdirs

from transfer.cells import defused


def save(name: str, ending: str, write: Callable[[TextIO], object]) -> Path:
    """Write a new private file into the downloads folder and return it; raises OSError."""
    folder = platformdirs.user_downloads_path()
    folder.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    target = folder / f"leadboard-{name}-{stamp}.{ending}"
    descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with open(descriptor, "w", encoding="utf-8", newline="") as file:
        write(file)
    return target


def write_rows(rows: Sequence[Any], file: TextIO) -> None:
    """Write rows of one dataclass as CSV with a header; no cell can be taken for a formula."""
    writer = csv.writer(file)
    if rows and is_dataclass(rows[0]):
        writer.writerow([field.name for field in fields(rows[0])])
        writer.writerows(map(_safe, astuple(row)) for row in rows)


def _safe(cell: object) -> object:
    return defused(cell) if isinstance(cell, str) else cell

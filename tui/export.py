"""Saving what is shown to a file: a list as CSV, the screen as a picture."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TextIO

import platformdirs

from leadboard.common.errors import Trouble
from leadboard.common.language import _
from leadboard.common.os_reasons import reason_of
from leadboard.database.transactions import at_one_moment
from leadboard.transfer.list_export import Shown
from leadboard.transfer.tables import Record
from leadboard.transfer.writing import whole_file, write_csv

TELL = 0.5
"""Seconds between reports of how many rows are written."""


class SavingStopped(Exception):
    """The desk was closed while a file was being written."""


def place_for(name: str, ending: str) -> Path:
    """Return the path for a new file in the downloads folder; raises Trouble."""
    folder = platformdirs.user_downloads_path()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sentence = _("Cannot write to {folder}: {why}.", folder=folder, why=reason_of(error))
        raise Trouble(sentence) from error
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    names = (f"leadboard-{name}-{stamp}{again}.{ending}" for again in _numbers())
    return next(folder / each for each in names if not (folder / each).exists())


def _numbers() -> Iterator[str]:
    yield ""
    yield from (f"-{number}" for number in count(2))


def save_text(name: str, ending: str, text: str) -> Path:
    """Write a text into a new private file and return it; raises Refused and Trouble."""
    target = place_for(name, ending)
    with whole_file(target) as file:
        file.write(text)
    return target


class Saving:
    """A list being written to a file on a thread of its own: the whole list, or no file."""

    def __init__(self, name: str, read: Callable[[], Shown], tell: Callable[[int], object]) -> None:
        self._name = name
        self._read = read
        self._tell = tell
        self._is_stopped = threading.Event()
        self._has_ended = threading.Event()
        self.rows = 0
        """How many rows have been written."""

    def run(self) -> Path:
        """Write all rows as of one moment; raises Refused, Trouble and SavingStopped."""
        try:
            target = place_for(self._name, "csv")
            with whole_file(target) as file:
                at_one_moment(lambda: self._write(self._read(), file))
            return target
        finally:
            # Set even on an error: stop() must not wait for a thread that is done.
            self._has_ended.set()

    def _write(self, shown: Shown, file: TextIO) -> None:
        self.rows = 0
        write_csv(shown.columns, self._counted(shown.records), file)

    def _counted(self, records: Iterator[Record]) -> Iterator[Record]:
        told = time.monotonic()
        for record in records:
            if self._is_stopped.is_set():
                # Raised inside whole_file, which removes the unfinished file.
                raise SavingStopped
            yield record
            self.rows += 1
            if self.rows % 100 == 0 and time.monotonic() - told > TELL:
                told = time.monotonic()
                self._tell(self.rows)

    def stop(self, seconds: float) -> None:
        """Stop, and wait up to `seconds` until the unfinished file is removed."""
        self._is_stopped.set()
        self._has_ended.wait(seconds)

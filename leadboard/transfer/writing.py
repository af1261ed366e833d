"""Writing a table as CSV or JSON: streamed, into a file that appears whole or not at all."""

import csv
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _
from leadboard.common.os_reasons import reason_of
from leadboard.common.progress import Advance, Begin
from leadboard.common.text import clean
from leadboard.database.file_opening import refuse_log
from leadboard.database.transactions import at_one_moment
from leadboard.transfer.cells import csv_cell, json_value
from leadboard.transfer.decisions import decision_lines
from leadboard.transfer.tables import ExportedTable, Record, table_of

DATABASE = b"SQLite format 3\0"
STEP = 1000
"""Rows between two steps of the bar."""


def format_of(file: str, wanted: str | None) -> str:
    """Return the format that was asked for, else the one that the file's ending names, else CSV."""
    is_json = file.lower().endswith((".json", ".jsonl", ".ndjson"))
    return wanted or ("json" if is_json else "csv")


def export_decisions(output: TextIO) -> None:
    """Write the decisions of one moment as JSON, one object per line."""

    def write() -> None:
        for line in decision_lines():
            output.write(json.dumps(line) + "\n")

    at_one_moment(write)


def export(what: str, form: str, output: TextIO, begin: Begin, *, style: "Style") -> int:
    """Write a table as it is at one moment and return how many rows it has."""

    # One reading transaction is one moment; it holds up no writer.
    def write() -> int:
        table = table_of(what)
        records = _counted(table, begin(table.total))
        if form == "json":
            _write_json(table, records, output, style)
        else:
            _write_csv(table.columns, records, output, style)
        return table.total

    return at_one_moment(write)


class Style:
    """How cells are written: `is_excel` as Excel expects them, `is_shown` for a terminal."""

    def __init__(self, *, is_excel: bool = False, is_shown: bool = False) -> None:
        self.mark = "\ufeff" if is_excel else ""
        self.delimiter = ";" if is_excel else ","
        self.is_shown = is_shown

    def cell(self, value: object) -> object:
        """Return a value as a cell of CSV, for a terminal without anything that it would obey."""
        cell = csv_cell(value)
        return clean(cell) if self.is_shown and isinstance(cell, str) else cell

    def line(self, fields: dict[str, object]) -> str:
        """Return an object as a line of JSON, for a terminal with odd characters escaped."""
        line = json.dumps(fields, ensure_ascii=False, default=json_value)
        return json.dumps(fields, default=json_value) if self.is_shown and _is_odd(line) else line


def _is_odd(line: str) -> bool:
    return not line.isprintable()


def write_csv(columns: Sequence[str], records: Iterable[Record], output: TextIO) -> None:
    """Write rows under their heads; no cell can be taken for a formula."""
    _write_csv(columns, records, output, Style())


def _counted(table: ExportedTable, advance: Advance) -> Iterator[Record]:
    for count, record in enumerate(table.records, 1):
        yield record
        if count % STEP == 0 or count == table.total:
            advance(count, count)


def _write_csv(
    columns: Sequence[str], records: Iterable[Record], output: TextIO, style: Style
) -> None:
    output.write(style.mark)
    writer = csv.writer(output, delimiter=style.delimiter)
    # A file of many rows takes a tenth less time without a step for terminals in each cell.
    cell = style.cell if style.is_shown else csv_cell
    writer.writerow(map(cell, columns))
    writer.writerows(map(cell, record) for record in records)


def _write_json(
    table: ExportedTable, records: Iterator[Record], output: TextIO, style: Style
) -> None:
    """Write a JSON array with one object per line."""
    separator = "[\n"
    for record in records:
        output.write(separator + style.line(table.as_object(record)))
        separator = ",\n"
    output.write("[\n]\n" if separator == "[\n" else "\n]\n")


@contextmanager
def standard_output() -> Iterator[TextIO]:
    """Yield standard output, with line ends as they are written.

    A file or a pipe takes data, which is always UTF-8; a terminal shows what its encoding can hold.
    """
    if sys.stdout is None:
        raise Refused(_("There is no standard output: name a file."))
    encoding = sys.stdout.encoding if sys.stdout.isatty() else "utf-8"
    output = io.TextIOWrapper(sys.stdout.buffer, encoding=encoding, errors="replace", newline="")
    try:
        yield output
        output.flush()
    finally:
        # Detached, because closing it would close standard output itself. It flushes what is left,
        # which fails again where the reader has gone.
        with suppress(OSError):
            output.detach()


@contextmanager
def whole_file(target: Path, *, force: bool = False) -> Iterator[TextIO]:
    """Open a private file that takes its name once it is whole; nothing is left of a failed one.

    Raises Refused where there is a file already and `force` is not given, or where it is a
    database, and Trouble when it cannot be written. Anything but a plain file is written directly.
    """
    # A link stays a link: the file that it leads to is replaced.
    place = Path(os.path.realpath(target))
    try:
        is_plain = place.is_file() or not place.exists()
        if not is_plain or _is_stream(target):
            with target.open("w", encoding="utf-8", newline="") as file:
                yield file
            return
        _refuse_loss(place, force=force)
        with _renamed(place) as file:
            yield file
    except BrokenPipeError:
        raise
    except OSError as error:
        sentence = _("Cannot write {file}: {why}.", file=target, why=reason_of(error))
        raise Trouble(sentence) from error


def _is_stream(target: Path) -> bool:
    """Whether it names an open file, as /dev/stdout does, also where that leads to a plain one."""
    folder = Path(os.path.realpath(target.parent))
    return folder == Path("/dev") or folder.is_relative_to("/proc")


def _refuse_loss(place: Path, *, force: bool) -> None:
    refuse_log(place)
    if not place.exists():
        return
    with place.open("rb") as file:
        is_database = file.read(len(DATABASE)) == DATABASE
    if is_database:
        raise Refused(_("{file} is a database: name another file.", file=place), "file")
    if not force:
        sentence = _("{file} exists already: name another file, or use --force.", file=place)
        raise Refused(sentence, "file")


@contextmanager
def _renamed(place: Path) -> Iterator[TextIO]:
    # In the same folder, because a rename works only within a file system; its mode is 0600.
    descriptor, name = tempfile.mkstemp(".part", ".leadboard.", place.parent)
    partial = Path(name)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            # Before the rename: else the name could lead to an empty file after a power cut.
            os.fsync(file.fileno())
        partial.replace(place)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()

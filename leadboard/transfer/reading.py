"""Reading a table from CSV or JSON, row by row, in all the ways that spreadsheets write."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, TypeVar

from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.common.validation import plain
from leadboard.transfer.cells import Cell, is_blank, revived

T = TypeVar("T")

CHUNK = 1 << 16
MOST = 1 << 20
"""Characters of one JSON object; more are no row of any table."""

PART = 500
"""Rows that are looked up together."""

_NOT_UTF_8 = _("The file is not UTF-8 text: save it as “CSV UTF-8”.")
_SPACE = re.compile(r"\s*")
_HINT = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)
_FIRST_CELL = re.compile(r"""\s*("?)[^",;\t\r\n]*\1\s*([,;\t])""")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: its number as a spreadsheet counts, the head being row 1, and its cells.

    The cells are keyed by the name of their column, in a matrix by its place.
    """

    number: int
    cells: Mapping[Any, Cell]


def csv_rows(file: BinaryIO) -> Iterator[Row]:
    """Yield the rows of CSV, first the head; cells go by place, counted from 0; raises Refused.

    Comma, semicolon or tab; with or without a byte-order mark; rows without content are left out.
    """
    text = _text(file)
    try:
        head = _head(text)
        # Excel reads the separator from such a first line, whatever its settings.
        if hint := _HINT.fullmatch(head):
            head = _head(text)
        delimiter = hint[1] if hint else _delimiter(head)
        lines = tidied(_lines(text, head), delimiter)
        # Strict: else a quote that never ends takes the rest of the file without an error.
        yield from _records(csv.reader(lines, delimiter=delimiter, strict=True))
    finally:
        _let_go(text)


def _head(text: io.TextIOWrapper) -> str:
    head = _line(text)
    if not head.strip():
        raise Refused(_("row 1: the names of the columns are missing."))
    # UTF-16 without a byte-order mark passes for UTF-8 with a NUL after each letter.
    if "\0" in head:
        raise Refused(_NOT_UTF_8)
    return head


def _lines(text: io.TextIOWrapper, head: str) -> Iterator[str]:
    line = head or _line(text)
    while line:
        yield line
        line = _line(text)


def _line(text: io.TextIOWrapper) -> str:
    with _plain_text():
        line = text.readline(MOST)
    if len(line) == MOST:
        raise Refused(_("The file has a line of more than {most:,} characters.", most=MOST))
    return line


def tidied(lines: Iterable[str], delimiter: str) -> Iterator[str]:
    """Yield lines of CSV without spaces around quotes, after which `csv` takes them for text."""
    cell = re.compile(_CELL.format(mark=re.escape(delimiter)))
    is_inside = False
    for line in lines:
        if '"' not in line:
            yield line
            continue
        found = list(cell.finditer(f'"{line}' if is_inside else line))
        yield "".join(map(_tidy, found))[is_inside:]
        is_inside = any(each["open"] is not None for each in found)


_CELL = r"""(?x)
    [^\S\r\n{mark}]* (?P<quoted> "(?:[^"]|"")*" ) [^\S\r\n{mark}]* (?P<end> {mark} | [\r\n]+ | \Z )
    | [^\S\r\n{mark}]* (?P<open> "(?:[^"]|"")* ) \Z
    | [^\r\n{mark}]* (?: {mark} | [\r\n]+ | \Z )
"""
"""One cell with its end: in quotes, in quotes that go on in the next line, or bare."""


def _tidy(cell: "re.Match[str]") -> str:
    if cell["quoted"] is not None:
        return cell["quoted"] + cell["end"]
    return cell[0] if cell["open"] is None else cell["open"]


def _delimiter(head: str) -> str:
    found = _FIRST_CELL.match(head)
    return found[2] if found else ","


def _records(reader: Any) -> Iterator[Row]:
    number = 0
    while True:
        number += 1
        try:
            record: list[str] | None = next(reader, None)
        except csv.Error as error:
            sentence = _("row {row}: this is no CSV ({fault}).", row=number, fault=error)
            raise Refused(sentence) from None
        if record is None:
            return
        if not all(map(is_blank, record)):
            yield Row(number, dict(enumerate(map(revived, record))))


@contextmanager
def _plain_text() -> Iterator[None]:
    """Turn bytes that are no UTF-8 into a sentence."""
    try:
        yield
    except UnicodeError:
        raise Refused(_NOT_UTF_8) from None


def _text(file: BinaryIO) -> io.TextIOWrapper:
    file.seek(0)
    return io.TextIOWrapper(file, encoding="utf-8-sig", newline="")


def _let_go(text: io.TextIOWrapper) -> None:
    # Detached, or the wrapper closes the file, which is read twice, when it is collected. A reader
    # that stopped in the middle may have closed it already.
    with suppress(ValueError):
        text.detach()


def json_rows(file: BinaryIO) -> Iterator[Row]:
    """Yield the objects of a JSON array or of JSON lines, the first being row 1; raises Refused."""
    text = _text(file)
    try:
        yield from (Row(number, found) for number, found in enumerate(_Objects(text), 1))
    finally:
        _let_go(text)


class _Objects:
    """The objects in a text, one after another, of which only what one needs is held."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._buffer = ""
        self._place = 0
        self._number = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        is_array = self._next() == "["
        if is_array:
            self._place += 1
        while (letter := self._next()) == "{":
            self._number += 1
            yield self._object()
            if is_array and self._next() == ",":
                self._place += 1
                if self._next() != "{":
                    raise self._bad(_("after a comma the next object is missing"))
            elif is_array and self._next() != "]":
                raise self._bad(_("a comma or the closing ] is missing"))
        self._end(letter, is_array)

    def _end(self, letter: str, is_array: bool) -> None:
        if is_array and letter == "]":
            self._place += 1
            letter = self._next()
        elif is_array and not letter:
            raise self._bad(_("the closing ] is missing"))
        if letter:
            self._number += 1
            raise self._bad(_("an object was expected, such as {…}"))

    def _next(self) -> str:
        """Return the next character that is no space, without taking it; "" at the end."""
        while True:
            self._place = _SPACE.match(self._buffer, self._place).end()  # type: ignore[union-attr]
            if self._place < len(self._buffer):
                return self._buffer[self._place]
            if not self._more():
                return ""

    def _more(self) -> bool:
        with _plain_text():
            chunk = self._text.read(CHUNK)
        self._buffer, self._place = self._buffer[self._place :] + chunk, 0
        return bool(chunk)

    def _object(self) -> dict[str, Any]:
        while True:
            try:
                found, self._place = _DECODER.raw_decode(self._buffer, self._place)
            except json.JSONDecodeError as error:
                # The object may only be cut off, as long as there is more to read.
                if len(self._buffer) - self._place > MOST or not self._more():
                    raise self._bad(_("this is no JSON ({fault})", fault=error.msg)) from None
            except (ValueError, RecursionError):
                raise self._bad(_("a number is too long or the nesting too deep")) from None
            else:
                return dict(found)

    def _bad(self, fault: str) -> Refused:
        return Refused(_("row {row}: {fault}.", row=max(1, self._number), fault=fault))


_DECODER = json.JSONDecoder()


def rows_of(file: BinaryIO, form: str, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a table by the names of its columns; raises Refused for other columns."""
    if form == "json":
        yield from (_known(row, columns) for row in json_rows(file))
        return
    found = csv_rows(file)
    names = heading(next(found), columns)
    for row in found:
        yield Row(row.number, by_column(row, names))


def heading(head: Row, columns: Sequence[str] | None = None) -> dict[int, str]:
    """Return the names of the columns by place; raises Refused for an unknown or repeated one.

    Without `columns` any name is allowed; else names are read by `column_in`.
    """
    names: dict[int, str] = {}
    for place, cell in head.cells.items():
        name = str(cell).strip() if columns is None else column_in(str(cell))
        if columns is not None and name and name not in columns:
            raise Refused(_no_such(head.number, str(cell).strip(), columns))
        if name in names.values():
            raise Refused(_twice(head.number, name))
        if name:
            names[place] = name
    return names


def column_in(head: str) -> str:
    """Return the column that a head names, in any case, with spaces or underscores."""
    return "_".join(plain(head).casefold().split())


def _no_such(row: int, name: str, columns: Sequence[str]) -> str:
    return _(
        "row {row}, column {column}: there is no such column, only {columns}.",
        row=row,
        column=name,
        columns=", ".join(columns),
    )


def _twice(row: int, name: str) -> str:
    return _("row {row}, column {column}: this column is there twice.", row=row, column=name)


def by_column(row: Row, names: Mapping[int, str]) -> dict[str, Cell]:
    """Return the cells of a row of CSV by column; raises Refused for one beyond the columns."""
    for place, cell in row.cells.items():
        if place not in names and not is_blank(cell):
            where = {"row": row.number, "column": place + 1}
            raise Refused(_("row {row}, column {column}: this column has no name.", **where))
    return {name: row.cells.get(place) for place, name in names.items()}


def _known(row: Row, columns: Sequence[str]) -> Row:
    """Return an object of JSON with its keys as columns; raises Refused as `heading` does."""
    cells: dict[str, Cell] = {}
    for name, cell in row.cells.items():
        column = column_in(name)
        if column not in columns:
            raise Refused(_no_such(row.number, name, columns))
        if column in cells:
            raise Refused(_twice(row.number, column))
        cells[column] = cell
    return Row(row.number, cells)


def parts(entries: Iterable[T]) -> Iterator[list[T]]:
    """Yield the entries in lists of PART, the last one shorter."""
    waiting = iter(entries)
    while part := list(islice(waiting, PART)):
        yield part

"""A block of weights as a spreadsheet copies it: rows of numbers, an empty cell for no link."""

import csv
import io

from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.common.validation import checked_weight
from leadboard.transfer.cells import checked_cell, is_blank, number_in


def parse_block(text: str) -> list[list[int | None]]:
    """Return the weights of a pasted block row by row, None where a cell is empty: no link.

    Cells are separated by tabs, else by semicolons, else by commas. Raises Refused for a block
    that is empty or has rows of different lengths, and for a cell, named by row and column.
    """
    records = _records(text)
    if not any(not is_blank(cell) for record in records for cell in record):
        raise Refused(_("There are no weights to paste."))
    width = len(records[0])
    for number, record in enumerate(records, 1):
        if len(record) != width:
            found = {"row": number, "cells": len(record), "width": width}
            raise Refused(_("row {row} has {cells} cells, row 1 has {width}.", **found))
    return [
        [checked_cell(row, column, _weight, cell) for column, cell in enumerate(record, 1)]
        for row, record in enumerate(records, 1)
    ]


def _records(text: str) -> list[list[str]]:
    # The comma last: it may be part of a number, as in `70,0`.
    delimiter = next((each for each in "\t;" if each in text), ",")
    # A spreadsheet ends each row with a line break, the last one too.
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    try:
        records = [record or [""] for record in reader]
    except csv.Error as error:
        raise Refused(_("This is no block of cells ({fault}).", fault=error)) from None
    # With a single column an empty line is an empty cell.
    while records and len(records[0]) > 1 and records[-1] == [""]:
        records.pop()
    return records


def _weight(cell: object) -> int | None:
    return None if is_blank(cell) else checked_weight(number_in(cell))

"""One cell of a file: formulas defused and brought back, numbers, yes and no, moments, names."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.common.validation import whole
from leadboard.database.fields import stamp

T = TypeVar("T")

UNKNOWN: Mapping[str, str] = {
    "source": _("There is no source {name}."),
    "operator": _("There is no operator {name}."),
}
"""What is said of a name in a cell that nothing has."""

Cell = object
"""What a file holds in one cell: text from CSV, any value from JSON; None where there is none."""

MAX_ID = 2**62
"""The largest id that may come in; after 2**63 - 1 no database can go on counting."""
EARLIEST, LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""Between these a moment has a date in every time zone."""
YES = frozenset({"yes", "true", "1", "1.0", "on", "да", "истина"})
NO = frozenset({"no", "false", "0", "0.0", "off", "нет", "ложь"})

_SKIPPED = (
    '["\0-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\xad'
    "\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]*"
)
"""What a spreadsheet may drop before it looks at the first letter of a cell."""
_HOT = "[=+\\-@＝＋－＠﹢﹣﹦﹫]"
"""What begins a formula."""
_RISKY = re.compile(rf"{_HOT[:-1]}\t\r]")
_OPENING = rf"((?:\A|[,;\t\r\n]){_SKIPPED})"
"""Where a cell begins, whatever separates the cells."""
_RUNNABLE = re.compile(rf"\A(?='*[\t\r])|{_OPENING}(?='*{_HOT})")
_DEFUSED = re.compile(rf"\A'(?='*[\t\r])|{_OPENING}'(?='*{_HOT})")
_WHOLE = re.compile(r"(\d{1,18}|\d{1,3}(?:[ \u00a0\u202f]\d{3}){1,5})(?:[.,]0{1,2})?")


def defused(text: str) -> str:
    """Return the text with an apostrophe before all that a spreadsheet would run as a formula.

    It may also begin after a comma, a semicolon, a tab or a line break: the program that opens the
    file may separate cells by another one. Apostrophes already before such a beginning get one
    more, so that `revived` is exact.
    """
    # Most texts hold nothing risky, and the whole pattern takes longer.
    if not _RISKY.search(text):
        return text
    return _RUNNABLE.sub(lambda found: f"{found[1] or ''}'", text)


def revived(text: str) -> str:
    """Return what `defused` was given: without the apostrophes that it added."""
    return _DEFUSED.sub(lambda found: found[1] or "", text) if "'" in text else text


def csv_cell(value: object) -> object:
    """Return a value as a cell of CSV."""
    if isinstance(value, str):
        return defused(value)
    # Most cells that are no text; the other questions need not be asked of them.
    if value is None or type(value) is int:
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return stamp(value) if isinstance(value, datetime) else value


def json_value(value: object) -> object:
    """Return a value as JSON holds it."""
    return stamp(value) if isinstance(value, datetime) else value


def is_blank(cell: Cell) -> bool:
    """Tell whether there is nothing in the cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def number_in(cell: Cell) -> object:
    """Return the whole number that a spreadsheet wrote as `70`, `70.0`, `70,0` or `1 000`.

    Anything else is returned unchanged, for the check of the column to refuse. Three zeros after a
    point or a comma are no number here: `1,000` is a thousand to some and one to others.
    """
    if isinstance(cell, str) and (found := _WHOLE.fullmatch(cell.strip())):
        return int(re.sub(r"\D", "", found[1]))
    return whole(cell)


def id_in(cell: Cell) -> int:
    """Return a row's id; raises Refused when it is none."""
    number = number_in(cell)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise Refused(_("The id must be a whole number from 1."), "id")
    if number > MAX_ID:
        raise Refused(_("The id is too large: later ones could not go on from it."), "id")
    return number


def flag_in(cell: Cell) -> bool:
    """Return what a cell of yes or no says; raises Refused when it says neither."""
    word = str(cell).strip().casefold()
    if word not in YES | NO:
        raise Refused(_("Write yes or no."))
    return word in YES


def moment_in(cell: Cell) -> datetime:
    """Return the moment in a cell, a time without a zone being local; raises Refused."""
    try:
        written = datetime.fromisoformat(str(cell).strip())
    except ValueError:
        raise Refused(_("Write the time as 2026-11-23T10:42:07Z.")) from None
    # The year as written first: the ends of the calendar have no moment in some time zones.
    if not EARLIEST.year <= written.year < LATEST.year:
        raise Refused(_TOO_FAR)
    moment = written.astimezone(UTC)
    if not EARLIEST <= moment < LATEST:
        raise Refused(_TOO_FAR)
    return moment


_TOO_FAR = _("The time must lie in the years 2 to 9998, so that every time zone can show it.")


def choice_in(cell: Cell, choices: Iterable[str]) -> str:
    """Return the word that a cell holds; raises Refused for any other."""
    word = str(cell).strip().casefold()
    if word not in choices:
        raise Refused(_("Write one of: {choices}.", choices=", ".join(choices)))
    return word


def bad_cell(row: int, column: object, refusal: Exception | str) -> Refused:
    """Return the refusal of one cell, named by its row (the head is row 1) and its column."""
    sentence = str(refusal)
    fault = f"{sentence[:1].lower()}{sentence[1:]}"
    where = {"row": row, "column": column}
    return Refused(_("row {row}, column {column}: {fault}", **where, fault=fault))


def checked_cell(row: int, column: object, check: Callable[[Cell], T], cell: Cell) -> T:
    """Return what a check makes of a cell; raises Refused that names row and column."""
    try:
        return check(cell)
    except Refused as refusal:
        raise bad_cell(row, column, refusal) from refusal

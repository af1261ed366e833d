"""One row of a file of appeals: its cells checked, each alone and all together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadboard.allocation.intake import Sender
from leadboard.common.language import _, pgettext
from leadboard.common.validation import (
    checked_external_id,
    checked_key,
    checked_message,
    checked_name,
)
from leadboard.database.fields import now
from leadboard.transfer.cells import (
    UNKNOWN,
    Cell,
    bad_cell,
    checked_cell,
    choice_in,
    id_in,
    is_blank,
    moment_in,
)
from leadboard.transfer.reading import Row
from leadboard.transfer.tables import STATUSES


@dataclass(frozen=True, slots=True)
class Names:
    """The ids of the sources and of the operators by their plain names."""

    sources: Mapping[str, int]
    operators: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AppealEntry:
    """A row that passed the checks: its cells as values by column, and the ids that they name.

    `given` are the columns of the file; the others were worked out or are missing.
    """

    row: int
    id: int | None
    source_id: int
    operator_id: int | None
    status: str
    cells: dict[str, Any]
    given: frozenset[str]

    @property
    def sender(self) -> Sender | None:
        """Return the key with the source and lead that it belongs to, None without a key."""
        key = self.cells.get("key")
        return None if key is None else (self.source_id, self.cells["external_id"], key)

    @property
    def is_held(self) -> bool:
        """Tell whether the appeal takes a place of its operator."""
        return self.status == "open"

    @property
    def closed_at(self) -> datetime | None:
        """Return when the appeal was closed; if that is not given, when it came."""
        if self.status not in {"closed", "withdrawn"}:
            return None
        moment: datetime = self.cells.get("closed_at") or self.cells.get("timestamp") or now()
        return moment

    @property
    def words(self) -> str:
        """Return the row as a change: `+ appeal of tg_7 by site, waiting`."""
        holder = self.cells.get("operator")
        told = {"appeal": self.about, "status": _STATUSES[self.status]}
        if not holder:
            return _("+ {appeal}, {status}", **told)
        return _("+ {appeal}, {status} with {operator}", **told, operator=holder)

    @property
    def about(self) -> str:
        """Return whose appeal the row is: `appeal of tg_7 by site`."""
        whose, source = self.cells["external_id"], self.cells["source"]
        return _("appeal of {lead} by {source}", lead=whose, source=source)


_STATUSES: Mapping[str, str] = {
    "open": pgettext("appeal", "open"),
    "waiting": pgettext("appeal", "waiting"),
    "closed": pgettext("appeal", "closed"),
    "withdrawn": pgettext("appeal", "withdrawn"),
}


_CHECKS: dict[str, Callable[[Cell], Any]] = {
    "timestamp": moment_in,
    "external_id": checked_external_id,
    "status": lambda cell: choice_in(cell, STATUSES),
    "closed_at": moment_in,
    "key": checked_key,
}
REQUIRED = ("external_id", "source")


def entry_of(row: Row, names: Names) -> AppealEntry:
    """Return what a row of appeals says; raises Refused that names the first bad cell."""
    cells: dict[str, Any] = {
        column: None if is_blank(cell) else checked_cell(row.number, column, _CHECKS[column], cell)
        for column, cell in row.cells.items()
        if column in _CHECKS
    }
    cells["source"] = _name(row, "source", names.sources)
    cells["operator"] = _name(row, "operator", names.operators)
    for column in REQUIRED:
        if cells.get(column) is None:
            raise bad_cell(row.number, column, _("This cell must not be empty."))
    message = row.cells.get("message")
    cells["message"] = checked_cell(row.number, "message", checked_message, message)
    key = row.cells.get("id")
    cells["status"] = _status(row.number, cells)
    return AppealEntry(
        row.number,
        None if is_blank(key) else checked_cell(row.number, "id", id_in, key),
        names.sources[cells["source"]],
        None if cells["operator"] is None else names.operators[cells["operator"]],
        cells["status"],
        cells,
        frozenset(row.cells),
    )


def _name(row: Row, what: str, ids: Mapping[str, int]) -> str | None:
    """Return the name in a cell, None where there is none; raises Refused for an unknown one."""
    cell = row.cells.get(what)
    if is_blank(cell):
        return None
    # Most names are written as they are stored; only the others need to be made plain.
    if isinstance(cell, str) and cell in ids:
        return cell
    name = checked_cell(row.number, what, checked_name, cell)
    if name not in ids:
        raise bad_cell(row.number, what, UNKNOWN[what].format(name=name))
    return name


def _status(row: int, cells: Mapping[str, Any]) -> str:
    """Return the status, worked out from the other cells where none is given; raises Refused."""
    closed_at, operator = cells.get("closed_at"), cells.get("operator")
    without = "closed" if closed_at else "open" if operator else "waiting"
    status: str = cells.get("status") or without
    if status == "open" and operator is None:
        status = "waiting"
    if status == "waiting" and operator is not None:
        raise bad_cell(row, "operator", _("A waiting appeal has no operator."))
    if closed_at is not None and status in {"open", "waiting"}:
        raise bad_cell(row, "closed_at", _("An open appeal has no closing time."))
    return status

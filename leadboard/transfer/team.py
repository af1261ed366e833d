"""Import of operators, sources and weights: what a file would change."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

from leadboard import desk
from leadboard.allocation.names import by_look, ids_by_name
from leadboard.common.errors import Refused
from leadboard.common.validation import checked_name, checked_weight, plain
from leadboard.database.connection import rows
from leadboard.desk.weights import weight_words
from leadboard.entities import OPERATOR, SOURCE, Column, Entity, Kind
from leadboard.queries.team import weights
from leadboard.transfer.cells import (
    Cell,
    bad_cell,
    checked_cell,
    flag_in,
    id_in,
    is_blank,
    number_in,
)
from leadboard.transfer.plan import SAME, Plan
from leadboard.transfer.reading import Row, by_column, column_in, csv_rows, heading, rows_of
from models import Operator, Source

Columns = dict[str, Any]
RowsWanted = list[tuple[int | None, Columns]]

_READ: dict[Kind, Callable[[Cell], Any]] = {Kind.WHOLE: number_in, Kind.FLAG: flag_in}
"""How a cell is read before it is checked, if spreadsheets write its value in their own ways."""


@dataclass(slots=True)
class _Known:
    """The stored rows, by id and by name, and which row of the file is about each."""

    by_id: dict[int, Columns]
    ids: dict[str, int] = field(init=False)
    seen: dict[object, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ids = by_look((key, columns["name"]) for key, columns in self.by_id.items())

    def is_name_of(self, key: int, name: object) -> bool:
        """Tell whether the row's name reads so already, even in another spelling."""
        return plain(self.by_id[key]["name"]) == name

    def match(self, row: Row, name: str | None) -> int | None:
        """Return the id of the row that is meant, None for a new one; raises Refused."""
        cell = row.cells.get("id")
        key = None if is_blank(cell) else checked_cell(row.number, "id", id_in, cell)
        if key not in self.by_id:
            if name is None:
                raise bad_cell(row.number, "name", "The name is empty.")
            key = self.ids.get(name)
        self._once(row, key, name)
        return key

    def _once(self, row: Row, key: int | None, name: str | None) -> None:
        if key is not None and self.is_name_of(key, name):
            # The name stays, so that only the row itself can be meant twice.
            name = None
        holder = self.ids.get(name, key) if name is not None else key
        if holder != key:
            raise bad_cell(row.number, "name", f"The name {name} is taken by another.")
        for meant in (name, key):
            if meant is not None and self.seen.setdefault(meant, row.number) != row.number:
                raise bad_cell(row.number, "name", f"Row {self.seen[meant]} is about the same.")


def plan_operators(file: BinaryIO, form: str) -> Plan:
    """Return what a file would change in the operators; raises Refused for a bad cell."""
    return _plan_rows(OPERATOR, file, form)


def plan_sources(file: BinaryIO, form: str) -> Plan:
    """Return what a file would change in the sources; raises Refused for a bad cell."""
    return _plan_rows(SOURCE, file, form)


def _plan_rows(entity: Entity, file: BinaryIO, form: str) -> Plan:
    found = rows(entity.select())
    known = _Known({key: dict(zip(entity.names, row, strict=True)) for key, *row in found})
    wanted: RowsWanted = []
    plan = Plan(f"{entity.word}s", lambda actor: desk.import_rows(entity, wanted, actor=actor).note)
    for row in rows_of(file, form, ("id", *entity.names)):
        _plan_row(row, entity, known, wanted, plan)
    return plan


def _plan_row(row: Row, entity: Entity, known: _Known, wanted: RowsWanted, plan: Plan) -> None:
    """Add to the plan what one row would change."""
    columns = {
        column.name: checked_cell(row.number, column.name, _reading(column), row.cells[column.name])
        for column in entity.columns
        if _is_given(column, row)
    }
    key = known.match(row, columns.get("name"))
    if key is None:
        whole = _completed(entity, row, columns)
        plan.count("added", entity.says.new.format(name=whole["name"]) + entity.of_new(whole))
        wanted.append((None, whole))
        return
    before = known.by_id[key]
    changed = {name: value for name, value in columns.items() if value != before[name]}
    if known.is_name_of(key, changed.get("name")):
        # It reads the same: an earlier version stored it in another spelling.
        del changed["name"]
    if changed:
        plan.count("changed", entity.change(before, changed))
        wanted.append((key, changed))
    else:
        plan.count(SAME)


def _reading(column: Column) -> Callable[[Cell], Any]:
    read = _READ.get(column.kind)
    return column.check if read is None else lambda cell: column.check(read(cell))


def _is_given(column: Column, row: Row) -> bool:
    """Tell whether a row sets a column; an empty cell does so only where text may be empty."""
    return column.name in row.cells and (
        column.may_be_empty or not is_blank(row.cells[column.name])
    )


def _completed(entity: Entity, row: Row, columns: Columns) -> Columns:
    """Return the columns of a new row; raises Refused that names a missing one."""
    try:
        return entity.completed(columns)
    except Refused as refusal:
        raise bad_cell(row.number, refusal.field, refusal) from refusal


# --- weights ----------------------------------------------------------------------------------

WeightChanges = list[tuple[int, int, int | None]]


def plan_weights(file: BinaryIO, form: str) -> Plan:
    """Return what a matrix would change in the weights; raises Refused for a bad cell."""
    people, sources = ids_by_name(Operator), ids_by_name(Source)
    before = {(operator, source): weight for operator, source, weight in rows(weights())}
    wanted: WeightChanges = []
    plan = Plan("weights", lambda actor: desk.set_weights(wanted, actor=actor).note)
    seen: dict[int, int] = {}
    source_of = partial(_named, sources, "source", in_any_case=_in_any_case(sources))
    for row, name, cells in _json_matrix(file) if form == "json" else _csv_matrix(file, source_of):
        operator_id = _named(people, "operator", row, "operator", name)
        if seen.setdefault(operator_id, row) != row:
            raise bad_cell(row, "operator", f"Row {seen[operator_id]} is about the same.")
        met: set[int] = set()
        for source, cell in cells.items():
            source_id = source_of(row, source, source)
            if source_id in met:
                raise bad_cell(row, source, "This source is there twice.")
            met.add(source_id)
            after = checked_cell(row, source, _weight, cell)
            was = before.get((operator_id, source_id))
            if after == was:
                plan.count(SAME)
            else:
                kind = "unlinked" if after is None else "linked" if was is None else "changed"
                plan.count(
                    kind,
                    f"{str(name).strip()} · {source.strip()}: "
                    f"{weight_words(was)} → {weight_words(after)}",
                )
                wanted.append((operator_id, source_id, after))
    return plan


def _weight(cell: Cell) -> int | None:
    return None if is_blank(cell) else checked_weight(number_in(cell))


def _in_any_case(ids: Mapping[str, int]) -> dict[str, int]:
    """Return ids by names in lower case, without those that several names share."""
    alike: dict[str, set[int]] = {}
    for name, key in ids.items():
        alike.setdefault(name.casefold(), set()).add(key)
    return {name: keys.pop() for name, keys in alike.items() if len(keys) == 1}


def _named(
    ids: Mapping[str, int],
    what: str,
    row: int,
    column: object,
    cell: Cell,
    *,
    in_any_case: Mapping[str, int] | None = None,
) -> int:
    """Return the id of the row with a name; raises Refused."""
    if isinstance(cell, str) and cell in ids:
        return ids[cell]
    name = checked_cell(row, column, checked_name, "" if cell is None else cell)
    key = ids.get(name, (in_any_case or {}).get(name.casefold()))
    if key is None:
        raise bad_cell(row, column, f"There is no {what} {name}.")
    return key


MatrixRow = tuple[int, Cell, Mapping[str, Cell]]
"""A row of the matrix: its number, the operator's name, and the weights by source."""


def _csv_matrix(file: BinaryIO, source_of: Callable[[int, str, str], int]) -> Iterator[MatrixRow]:
    found = csv_rows(file)
    head = next(found)
    if column_in(str(head.cells.get(0))) != "operator":
        raise bad_cell(head.number, 1, "The first column must be called operator.")
    # The first column is kept apart: a source may be called `operator` as well.
    sources = heading(
        Row(head.number, {place: cell for place, cell in head.cells.items() if place})
    )
    for name in sources.values():
        source_of(head.number, name, name)
    for row in found:
        weights = {place: cell for place, cell in row.cells.items() if place}
        yield row.number, row.cells[0], by_column(Row(row.number, weights), sources)


def _json_matrix(file: BinaryIO) -> Iterator[MatrixRow]:
    for row in rows_of(file, "json", ("operator", "weights")):
        weights = row.cells.get("weights", {})
        if not isinstance(weights, dict):
            raise bad_cell(row.number, "weights", 'Write an object such as {"tg_main": 70}.')
        yield row.number, row.cells.get("operator"), weights

"""Queries compiled once: written with Peewee, without building the SQL again for every appeal."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from peewee import (
    BlobField,
    BooleanField,
    Context,
    Database,
    Field,
    Insert,
    IntegerField,
    Node,
    Query,
    TextField,
)

from leadboard.database.connection import database

T = TypeVar("T")

CHUNK = 128
"""Rows per statement; the last ones of a batch have fewer."""


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the items in parts of CHUNK, the rest in powers of two: one for each statement."""
    # With a statement for every number of rows, drivers kept ten megabytes of them prepared.
    start = 0
    while rest := len(items) - start:
        size = min(CHUNK, 1 << rest.bit_length() - 1)
        yield items[start : start + size]
        start += size


class _Marker(NamedTuple):
    """Marks the place of a value among the parameters of a compiled query."""

    name: str
    field: "Field[Any]"


class Param(Node):
    """A named value that is given at each run and converted as a field converts its values.

    The name defaults to the field's column: `Param(Appeal.source)` is given as `source_id=7`.
    """

    def __init__(self, field: "Field[Any]", name: str | None = None) -> None:
        self._marker = _Marker(name or field.column_name, field)

    def __sql__(self, ctx: Context) -> Context:
        # Peewee must not convert this marker as if it were the value, which comes at each run.
        return ctx.value(self._marker, _as_it_is)  # type: ignore[no-any-return]


def params(*fields: "Field[Any]") -> dict[str, Param]:
    """Return parameters for columns of a row, by the names of the columns."""
    return {field.column_name: Param(field) for field in fields}


def _as_it_is(value: object) -> object:
    return value


class _Statement:
    """A query in the SQL of one engine, and how its values are converted on the way in and out."""

    def __init__(self, query: Query) -> None:
        self.sql, self._parameters = query.sql()
        markers = [(at, each) for at, each in enumerate(self._parameters) if type(each) is _Marker]
        self._slots = [(at, marker.name) for at, marker in markers]
        self._places = [at for at, _ in markers]
        self._names = {name for _, name in self._slots}
        self._count = len(self._names)
        self._stored = [
            (at, marker.field.db_value) for at, marker in markers if _differs(marker.field)
        ]
        columns = getattr(query, "_returning", None) or ()
        fields = [(at, column.unwrap()) for at, column in enumerate(columns)]
        self._read = [(at, _reading(field)) for at, field in fields if _differs(field)]

    def filled(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the parameters filled with values by name."""
        filled = self._parameters.copy()
        try:
            for at, name in self._slots:
                filled[at] = values[name]
        except KeyError:
            raise self._misfit(values) from None
        # A name may be needed at several places, so that the lengths differ although all names fit.
        if len(values) != self._count:
            raise self._misfit(values)
        for at, convert in self._stored:
            filled[at] = convert(filled[at])
        return filled

    def _misfit(self, values: Mapping[str, Any]) -> TypeError:
        odd = ", ".join(sorted(values.keys() ^ self._names))
        return TypeError(f"the values do not fit the query: {odd}")

    def filled_in_turn(self, values: Iterable[Any]) -> list[Any]:
        """Return the parameters filled with values from left to right."""
        filled = self._parameters.copy()
        for at, value in zip(self._places, values, strict=True):
            filled[at] = value
        for at, convert in self._stored:
            filled[at] = convert(filled[at])
        return filled

    def read(self, found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return rows with their values converted to those of Python."""
        if not self._read or not found:
            return found
        if len(found) == 1:
            return [self._converted(found[0])]
        # Column by column, which is faster for many rows.
        columns: list[Iterable[Any]] = list(zip(*found, strict=True))
        for at, convert in self._read:
            columns[at] = map(convert, columns[at])
        return list(zip(*columns, strict=True))

    def _converted(self, row: Iterable[Any]) -> tuple[Any, ...]:
        values = list(row)
        for at, convert in self._read:
            values[at] = convert(values[at])
        return tuple(values)


def _differs(node: Node) -> bool:
    """Tell whether a field's values in Python differ from those that drivers take and return.

    Whole numbers, text and bytes, which most columns hold, are the same in both.
    """
    target = getattr(node, "rel_field", node)
    return isinstance(target, Field) and not isinstance(
        target, (IntegerField, TextField, BlobField)
    )


_FLAGS = {0: False, 1: True}


def _reading(field: "Field[Any]") -> Callable[[Any], Any]:
    # A dictionary lookup is several times as fast as Peewee's method. Servers' drivers return True
    # and False, which it finds as well, since they are equal to 1 and 0.
    return _FLAGS.get if isinstance(field, BooleanField) else field.python_value


# Building the same SQL for each appeal took 70 % of the time of a submission.
class Compiled:
    """A query with parameters, compiled on its first run on each engine.

    Values are converted by their fields, in both directions. Raises TypeError when the values are
    not exactly those that the query names, and on the first run of a query that would freeze a
    default meant to be computed for each row.
    """

    def __init__(self, build: Callable[[], Query]) -> None:
        self._build = build
        # By engine, because the same query is other SQL on a server.
        self._statements: dict[type, _Statement] = {}

    def _of(self, opened: Database) -> _Statement:
        known = self._statements.get(type(opened))
        if known is None:
            query = self._build().bind(opened)
            _refuse_frozen_defaults(query)
            known = self._statements[type(opened)] = _Statement(query)
        return known

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Return all rows that the query finds."""
        opened = database.obj
        statement = self._of(opened)
        return statement.read(
            opened.execute_sql(statement.sql, statement.filled(values)).fetchall()
        )

    def first(self, **values: Any) -> tuple[Any, ...] | None:
        """Return the first row, None where there is none."""
        found = self.rows(**values)
        return found[0] if found else None

    def scalar(self, **values: Any) -> Any:
        """Return the first column of the first row, None where there is none."""
        found = self.rows(**values)
        return found[0][0] if found else None

    def changes(self, **values: Any) -> int:
        """Run a statement that writes, and return how many rows it changed."""
        opened = database.obj
        statement = self._of(opened)
        count: int = opened.execute_sql(statement.sql, statement.filled(values)).rowcount
        return count

    def rows_in_turn(self, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        """Return all rows, with parameters filled from left to right, whatever their names."""
        opened = database.obj
        statement = self._of(opened)
        filled = statement.filled_in_turn(values)
        return statement.read(opened.execute_sql(statement.sql, filled).fetchall())

    def changes_in_turn(self, values: Iterable[Any]) -> int:
        """Run a statement that writes, the parameters filled from left to right."""
        opened = database.obj
        statement = self._of(opened)
        count: int = opened.execute_sql(statement.sql, statement.filled_in_turn(values)).rowcount
        return count


def _refuse_frozen_defaults(query: Query) -> None:
    """Raise TypeError for an insert that would store a default computed only once."""
    if not isinstance(query, Insert):
        return
    given: Any = query._insert  # type: ignore[attr-defined]
    # Copied from other rows, by a query that names its own columns.
    if isinstance(given, Query):
        return
    first = given if isinstance(given, Mapping) else given[0]
    named = {getattr(key, "column_name", key) for key in first}
    # Peewee computes such a default while it builds the SQL, which happens only once here.
    for field, default in query.table._meta.defaults.items():
        if callable(default) and named.isdisjoint({field.name, field.column_name}):
            raise TypeError(f"give {field.column_name}: its default would be computed only once")

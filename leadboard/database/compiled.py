"""Queries compiled once: Peewee's words, without building the same SQL for every appeal."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from peewee import (
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

CHUNK = 100
"""Rows of one statement; the last one of a batch has fewer."""


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the items in as many parts as there will be statements."""
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


class _Marker(NamedTuple):
    """Stands in a compiled query's parameters where a value comes at each run."""

    name: str
    field: "Field[Any]"


class Param(Node):
    """A value that is given at each run, under a name, and stored as a field stores values.

    Without a name of its own it is called as the field's column: `Param(Appeal.source)` is given
    as `source_id=7`.
    """

    def __init__(self, field: "Field[Any]", name: str | None = None) -> None:
        self._marker = _Marker(name or field.column_name, field)

    def __sql__(self, ctx: Context) -> Context:
        # Without a converter of Peewee's own: the marker converts what stands for it later.
        return ctx.value(self._marker, _as_it_is)  # type: ignore[no-any-return]


def params(*fields: "Field[Any]") -> dict[str, Param]:
    """Return the columns of a row that is given at each run, by their names."""
    return {field.column_name: Param(field) for field in fields}


def _as_it_is(value: object) -> object:
    return value


class _Statement:
    """A query in the words of one engine, and how values go into it and come out."""

    def __init__(self, query: Query) -> None:
        self.sql, self._parameters = query.sql()
        markers = [(at, each) for at, each in enumerate(self._parameters) if type(each) is _Marker]
        self._places = [at for at, _ in markers]
        self._names = [marker.name for _, marker in markers]
        self._stored = [
            (at, marker.field.db_value) for at, marker in markers if _differs(marker.field)
        ]
        self._is_mixed = len(markers) < len(self._parameters) or bool(self._stored)
        columns = getattr(query, "_returning", None) or ()
        fields = [(at, column.unwrap()) for at, column in enumerate(columns)]
        self._read = [(at, _reading(field)) for at, field in fields if _differs(field)]

    def filled(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the parameters with values by name."""
        try:
            in_turn = [values[name] for name in self._names]
        except KeyError:
            raise self._misfit(values) from None
        if len(values) != len(in_turn) and values.keys() != set(self._names):
            raise self._misfit(values)
        return self.filled_in_turn(in_turn) if self._is_mixed else in_turn

    def _misfit(self, values: Mapping[str, Any]) -> TypeError:
        odd = ", ".join(sorted(values.keys() ^ set(self._names)))
        return TypeError(f"the values do not fit the query: {odd}")

    def filled_in_turn(self, values: Iterable[Any]) -> list[Any]:
        """Return the parameters with values from left to right."""
        filled = self._parameters.copy()
        for at, value in zip(self._places, values, strict=True):
            filled[at] = value
        for at, convert in self._stored:
            filled[at] = convert(filled[at])
        return filled

    def read(self, found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return rows as Python's own values."""
        if not self._read or not found:
            return found
        if len(found) == 1:
            return [self._converted(found[0])]
        # Column by column, which is quicker where there are many rows.
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
    """Tell whether a field's values are others in Python than in a driver's hands.

    Whole numbers and text are the same in both, and most of what there is.
    """
    target = getattr(node, "rel_field", node)
    return isinstance(target, Field) and not isinstance(target, (IntegerField, TextField))


_FLAGS = {0: False, 1: True}


def _reading(field: "Field[Any]") -> Callable[[Any], Any]:
    # A look into a dictionary is several times as fast as a call of Peewee's.
    return _FLAGS.get if isinstance(field, BooleanField) else field.python_value


class Compiled:
    """A query with parameters, compiled on its first run on each engine.

    Values are converted as their fields convert them, in both directions. Raises TypeError where
    the values are not exactly those that the query names, and at the first run where the query
    would freeze a default that is made anew for each row.
    """

    def __init__(self, build: Callable[[], Query]) -> None:
        self._build = build
        self._statements: dict[type, _Statement] = {}

    def _of(self, opened: Database) -> _Statement:
        known = self._statements.get(type(opened))
        if known is None:
            query = self._build().bind(opened)
            _refuse_frozen_defaults(query)
            known = self._statements[type(opened)] = _Statement(query)
        return known

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Return every row that the query finds."""
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
        """Return every row, the parameters filled from left to right whatever they are called."""
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
    """Raise TypeError for an insert that would store the default of one moment in every row."""
    if not isinstance(query, Insert):
        return
    given: Any = query._insert  # type: ignore[attr-defined]
    first = given if isinstance(given, Mapping) else given[0]
    named = {getattr(key, "column_name", key) for key in first}
    for field, default in query.table._meta.defaults.items():
        if callable(default) and named.isdisjoint({field.name, field.column_name}):
            raise TypeError(f"give {field.column_name}: its default would be made only once")

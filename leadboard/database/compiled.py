"""Queries compiled once: Peewee's words, without building the same SQL for every appeal."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from peewee import Context, Node, Query

from leadboard.database.connection import database

T = TypeVar("T")

CHUNK = 100
"""Rows of one statement; the last one of a batch has fewer."""


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the items in as many parts as there will be statements."""
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


@dataclass(frozen=True, slots=True)
class _Marker:
    """Stands in a compiled query's parameters where a value comes at each run."""

    name: str


class slot(Node):  # noqa: N801 - reads as a word inside a query
    """A place in a query whose value is given at each run."""

    def __init__(self, name: str) -> None:
        self._marker = _Marker(name)

    def __sql__(self, ctx: Context) -> Context:
        filled: Context = ctx.value(self._marker, _as_it_is)
        return filled


def _as_it_is(value: object) -> object:
    return value


class Prepared:
    """A query with slots, compiled on its first run; rows come as the driver gives them."""

    def __init__(self, build: Callable[[], Query]) -> None:
        self._build = build
        self._compiled: dict[type, tuple[str, list[Any]]] = {}

    def _sql(self) -> tuple[str, list[Any]]:
        engine = type(database.obj)
        if engine not in self._compiled:
            self._compiled[engine] = self._build().bind(database.obj).sql()
        return self._compiled[engine]

    def _run(self, values: dict[str, Any]) -> Any:
        sql, parameters = self._sql()
        filled = [values[each.name] if type(each) is _Marker else each for each in parameters]
        return database.execute_sql(sql, filled)

    def _run_in_turn(self, values: Iterable[Any]) -> Any:
        sql, parameters = self._sql()
        given = iter(values)
        filled = [next(given) if type(each) is _Marker else each for each in parameters]
        return database.execute_sql(sql, filled)

    def rows_in_turn(self, values: Iterable[Any]) -> list[tuple[Any, ...]]:
        """Return every row, the slots filled from left to right whatever they are called."""
        found: list[tuple[Any, ...]] = self._run_in_turn(values).fetchall()
        return found

    def changes_in_turn(self, values: Iterable[Any]) -> int:
        """Run a statement that writes, the slots filled from left to right."""
        count: int = self._run_in_turn(values).rowcount
        return count

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """Return every row that the query finds."""
        found: list[tuple[Any, ...]] = self._run(values).fetchall()
        return found

    def first(self, **values: Any) -> tuple[Any, ...] | None:
        """Return the first row, None where there is none."""
        found = self._run(values).fetchall()
        return found[0] if found else None

    def scalar(self, **values: Any) -> Any:
        """Return the first column of the first row, None where there is none."""
        found = self.first(**values)
        return found[0] if found else None

    def changes(self, **values: Any) -> int:
        """Run a statement that writes, and return how many rows it changed."""
        count: int = self._run(values).rowcount
        return count

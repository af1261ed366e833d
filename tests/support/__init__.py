"""What tests share: rows, a team by its names, and proofs that nothing or all of it changed."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import psycopg
from peewee import QueryEvent

import allocator
import models
from leadboard import desk
from leadboard.database.connection import database, engine
from models import Operator, Source

AnyPath = TypeVar("AnyPath", str, Path)
Row = tuple[object, ...]
Dump = dict[str, list[Row]]

ACTOR = "anna"


# --- rows ---------------------------------------------------------------------------------------


@contextmanager
def opened(path: AnyPath) -> Iterator[AnyPath]:
    """Open a database for as long as the block lasts."""
    base = models.open_database(path)
    try:
        yield path
    finally:
        base.close()


def rows(sql: str, *parameters: object) -> list[Row]:
    """Return what a query finds in the open database."""
    cursor = database.execute_sql(worded(sql), parameters)
    return list(cursor.fetchall()) if cursor.description else []


def scalar(query: str, *values: object) -> object:
    """Run one query past the models and return the first column of its first row."""
    return rows(query, *values)[0][0]


def number(query: str, *values: object) -> int:
    """Run a query that finds one number."""
    found = scalar(query, *values)
    assert isinstance(found, int)
    return found


def worded(sql: str) -> str:
    """Return a statement with the open engine's mark for a parameter instead of SQLite's."""
    mark: str = database.param
    return sql if mark == "?" else sql.replace("%", "%%").replace("?", mark)


def elsewhere(target: str, sql: str) -> None:
    """Change the database as another program would."""
    if "://" in target:
        with psycopg.connect(target) as other:
            other.execute(sql.encode())
        return
    with closing(sqlite3.connect(target)) as file, file:
        file.execute(sql)


def dump(*tables: str) -> Dump:
    """Return every row of the tables, of all without a choice.

    Without the chain of a source, which goes on whatever is undone.
    """
    names = tables or tuple(model._meta.table_name for model in models.TABLES)
    columns = {"source": "id, name, strategy, is_sealed"}
    return {
        name: sorted(rows(f'SELECT {columns.get(name, "*")} FROM "{name}"'), key=repr)
        for name in names
    }


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Yield the list of statements that are run inside the block."""
    statements: list[str] = []

    def note(event: QueryEvent) -> None:
        statements.append(event.sql)

    database.query_hooks.append(note)
    try:
        yield statements
    finally:
        database.query_hooks.remove(note)


# --- a team -------------------------------------------------------------------------------------


class Team:
    """Ids of operators and sources by name: `team.anna`, and `team["op 1"]` for odd names."""

    def __init__(self) -> None:
        people = [(row.name, int(row.id)) for row in Operator.select()]
        sources = [(row.name, int(row.id)) for row in Source.select()]
        self._ids = {name.lower(): key for name, key in [*people, *sources]}
        assert len(self._ids) == len(people) + len(sources), "a name that stands for two"

    def __getattr__(self, name: str) -> int:
        return self._ids[name]

    def __getitem__(self, name: str) -> int:
        return self._ids[name.lower()]


def add_team(operators: Mapping[str, int], weights: Mapping[str, Mapping[str, int]]) -> Team:
    """Add operators with limits, and sources with weights by name; return the ids by name."""
    people = {name: add_operator(name, limit) for name, limit in operators.items()}
    sources = {name: add_source(name) for name in weights}
    for source, column in weights.items():
        for operator, weight in column.items():
            desk.set_weight(people[operator], sources[source], weight, actor=ACTOR)
    return Team()


def add_operator(name: str, limit: int = 5, *, is_active: bool = True) -> int:
    """Add an operator and return the id."""
    desk.add_operator(name, limit, is_active=is_active, actor="setup")
    return number("SELECT max(id) FROM operator")


def add_source(name: str = "bot", *links: tuple[int, int]) -> int:
    """Add a source with (operator, weight) links and return the id."""
    desk.add_source(name, actor="setup")
    source_id = number("SELECT max(id) FROM source")
    for operator_id, weight in links:
        desk.set_weight(operator_id, source_id, weight, actor="setup")
    return source_id


def arrive(source_id: int, count: int = 1) -> list[int]:
    """Let a bot send appeals, which leave no event."""
    return [allocator.submit(f"lead {each}", source_id, "hello").id for each in range(count)]


def holders(ids: Iterable[int] | None = None) -> list[int | None]:
    """Return who has these appeals, or who has each of all in the order of their ids."""
    found: dict[int, int | None] = dict(rows("SELECT id, operator_id FROM appeal ORDER BY id"))  # type: ignore[arg-type]
    return [found[each] for each in (found if ids is None else ids)]


def holder_of(appeal_id: int) -> int | None:
    """Return whose appeal it is, None when nobody's."""
    return holders([appeal_id])[0]


def load_of(operator_id: int) -> int:
    """Return the load as the counter has it."""
    return int(Operator.get_by_id(operator_id).load)


def deadlocks() -> int:
    """Return how often the server found transactions that waited for each other; 0 on SQLite."""
    if not engine().is_server:
        return 0
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    [(found,)] = rows(query)
    assert isinstance(found, int)
    return found


def assert_loads_equal_counts() -> None:
    """Fail unless every load is the number of open appeals assigned."""
    assert (
        rows(
            "SELECT name FROM operator o WHERE load <> (SELECT count(*) FROM appeal "
            "WHERE operator_id = o.id AND closed_at IS NULL)"
        )
        == []
    )

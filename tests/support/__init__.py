"""What tests of the core share: a team, rows, and proofs that nothing or all of it changed."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager

import psycopg
from peewee import QueryEvent

import models
from leadboard import desk
from leadboard.database.connection import database
from models import Operator, Source

T = "test"


def rows(sql: str, *parameters: object) -> list[tuple[object, ...]]:
    """Return what a query finds in the open database."""
    cursor = database.execute_sql(worded(sql), parameters)
    return list(cursor.fetchall()) if cursor.description else []


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


def dump(*tables: str) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of the tables, of all without a choice."""
    names = tables or tuple(model._meta.table_name for model in models.TABLES)
    return {name: sorted(rows(f'SELECT * FROM "{name}"'), key=repr) for name in names}


def team(
    operators: Mapping[str, int], weights: Mapping[str, Mapping[str, int]]
) -> tuple[dict[str, int], dict[str, int]]:
    """Add operators with limits, and sources with weights by name; return the ids by name."""
    for name, limit in operators.items():
        desk.add_operator(name, limit, actor=T)
    for name in weights:
        desk.add_source(name, actor=T)
    people = {row.name: row.id for row in Operator.select()}
    sources = {row.name: row.id for row in Source.select()}
    for source, column in weights.items():
        for operator, weight in column.items():
            desk.set_weight(people[operator], sources[source], weight, actor=T)
    return people, sources


def assert_loads_equal_counts() -> None:
    """Fail unless every load is the number of open appeals assigned."""
    assert (
        rows(
            "SELECT name FROM operator o WHERE load <> (SELECT count(*) FROM appeal "
            "WHERE operator_id = o.id AND closed_at IS NULL)"
        )
        == []
    )


def holders(ids: Iterable[int] = ()) -> list[object]:
    """Return who has each appeal, in the order of the ids."""
    wanted = list(ids)
    return [
        operator
        for key, operator in rows("SELECT id, operator_id FROM appeal ORDER BY id")
        if not wanted or key in wanted
    ]


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

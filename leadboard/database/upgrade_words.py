"""The SQL of upgrades, in which engines differ by a few words."""

from typing import Any

from leadboard.database.connection import database, engine

IN_FILES = {
    "key": "INTEGER NOT NULL PRIMARY KEY",
    "whole": "INTEGER",
    "text": "TEXT",
    "flag": "INTEGER",
    "bytes": "BLOB",
    "strict": " STRICT",
    "later": "max",
    "for_now": "",
}
ON_SERVERS = {
    "key": "BIGSERIAL NOT NULL PRIMARY KEY",
    "whole": "BIGINT",
    "text": 'TEXT COLLATE "C"',
    "flag": "BOOLEAN",
    "bytes": "BYTEA",
    "strict": "",
    "later": "greatest",
    "for_now": " ON COMMIT DROP",
}


def run(statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Run a statement with the words of the open engine in it, and return what it finds.

    A question mark stands for each value.
    """
    words = ON_SERVERS if engine().is_server else IN_FILES
    sql = statement.format_map(words).replace("?", database.param)
    cursor = database.execute_sql(sql, values)
    return list(cursor.fetchall()) if cursor.description else []

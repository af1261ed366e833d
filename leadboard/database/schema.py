"""Opening a database, whose tables are created on first use and upgraded later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peewee import SQL, Database, Model

from leadboard.common.errors import Trouble
from leadboard.common.language import _
from leadboard.database.connection import bind, database, engine
from leadboard.database.fields import UtcField
from leadboard.database.sqlite import connect_sqlite
from leadboard.database.transactions import patiently, plainly, transact
from leadboard.database.upgrades import bring_up_to_date
from leadboard.database.urls import file_of, is_server

_PLAIN: dict[Any, list[Any]] = {}
"""The constraints of each column without those of an engine, which each opening adds again."""


@dataclass(frozen=True, slots=True)
class Schema:
    """Tables of one version; no id of `never_reused` columns is ever given to a second row.

    `complete` adds to new tables what Peewee cannot create.
    """

    tables: Sequence[type[Model]]
    version: int
    never_reused: Sequence[Any]
    complete: Callable[[], None]

    def open(self, target: str | Path | None, *, may_create: bool, may_only_read: bool) -> Database:
        """Open the database by path or URL, and bind the tables to it; raises Trouble."""
        if is_server(target):
            from leadboard.database.connect import connect_server

            return self._opened(connect_server(str(target)), None, may_create)
        path = file_of(target)
        opened = connect_sqlite(path, may_create=may_create, may_only_read=may_only_read)
        return self._opened(opened, path, may_create)

    def _opened(self, opened: Database, path: Path | None, may_create: bool) -> Database:
        bind(opened)
        self._fit_to_engine()
        try:
            # While another program is the last to close a file, it cannot even be read.
            patiently(lambda: self._make_ready(path, may_create))
        except BaseException:
            opened.close()
            raise
        return opened

    def _make_ready(self, path: Path | None, may_create: bool) -> None:
        with plainly():
            database.connect(reuse_if_open=True)
            # Without a lock, as most often they are there; `_create` looks again under one.
            if not database.table_exists("schema_version"):
                if not may_create or engine().is_read_only:
                    raise Trouble(
                        _(
                            "{database} holds no tables of Leadboard: check --db.",
                            database=path or engine().title,
                        )
                    )
                transact(self._create)
            bring_up_to_date(path, self.version)

    def _fit_to_engine(self) -> None:
        """Adapt the tables to the open engine, since Peewee would write the same for all."""
        for table in self.tables:
            # Peewee writes STRICT for every engine, and for a server it is a syntax error.
            table._meta.strict_tables = not engine().is_server
            for field in table._meta.sorted_fields:
                plain = _PLAIN.setdefault(field, list(field.constraints or ()))
                field.constraints = [*plain, *self._words_for(field)]

    def _words_for(self, field: Any) -> list[SQL]:
        if field.field_type == UtcField.field_type:
            return engine().text_collation
        # A server never reuses ids, but SQLite gives out again that of a deleted newest row.
        is_counted_on = not engine().is_server and any(field is each for each in self.never_reused)
        return [SQL("AUTOINCREMENT")] if is_counted_on else []

    def _create(self) -> None:
        # In this order: another program may create the same tables between the two queries.
        found = set(database.get_tables())
        if database.table_exists("schema_version"):
            return
        if taken := {table._meta.table_name for table in self.tables} & found:
            raise Trouble(
                _(
                    "The database has tables of another program, such as {table}: name "
                    "another one.",
                    table=min(taken),
                )
            )
        database.create_tables(list(self.tables))
        self.complete()
        database.execute_sql(f"INSERT INTO schema_version (version) VALUES ({int(self.version)})")

"""The open database: which one it is, and what each engine does in its own way."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from peewee import SQL, Database, DatabaseProxy, Expression, Query

T = TypeVar("T")
BEYOND = 2**63 - 1
"""An id above all others."""
OVERTAKING = 20_000
"""Ids that are taken to be given out at most while a lower one is stored, where no server tells."""
READ_ONLY = " (read only)"
"""What a title ends in where nothing can be stored."""


class Engine(Protocol):
    """What each kind of database does in a way of its own."""

    is_server: bool
    """Whether many write at once and rows are locked one by one."""

    is_read_only: bool
    """Whether nothing can be stored, for want of rights."""

    text_words: list[SQL]
    """What a column of text needs beside its type to be sorted by the bytes of its letters."""

    @property
    def title(self) -> str:
        """Return what the database is called on the screen, without a password."""

    @property
    def identity(self) -> str:
        """Return what tells this database from all others, without a password."""

    def writing(self) -> AbstractContextManager[Any]:
        """Return a transaction that writes."""

    def snapshot(self) -> AbstractContextManager[Any]:
        """Return a transaction that reads everything as it was at one moment."""

    def confirm(self) -> None:
        """Raise Trouble when what is open is no longer what the address names."""

    def was_stored(self) -> bool | None:
        """Tell what became of the transaction whose commit was not answered; None: unknown."""

    def settled(self, table: str, patience: float) -> int | None:
        """Return the id up to which every row of a table is stored; None: unknown."""

    def version(self) -> int | None:
        """Return a number that changes with every commit, None where there is no such number."""

    def rest(self) -> None:
        """Let go of what this thread need not keep while it has nothing to do."""

    def expect_bulk(self) -> None:
        """Get this connection ready for a long run of writes."""

    def holds(self, columns: Sequence[Any], word: str) -> Expression:
        """Return a condition that is true where the fold of a column holds a folded word.

        It may be true elsewhere, too, so that whatever is found needs a closer look.
        """

    def count_on(self, table: str) -> None:
        """Let the ids of a table go on from its highest."""

    def take_stock(self) -> None:
        """Look how many rows there are of what, once very many have been stored."""

    def damage(self) -> list[str]:
        """Return what is broken in the database itself, a sentence each."""


database = DatabaseProxy()


def engine() -> Engine:
    """Return the open database as what it can do."""
    opened: Engine = database.obj
    return opened


def rows(query: Query) -> list[tuple[Any, ...]]:
    """Return what a query finds, as plain tuples."""
    found: list[tuple[Any, ...]] = list(query.tuples())
    return found


def bind(opened: Database) -> None:
    """Make `opened` the database that every table uses."""
    database.initialize(opened)

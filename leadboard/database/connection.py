"""The open database: which one it is, and what each engine does in its own way."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from peewee import SQL, Database, DatabaseProxy, Expression, Query

from leadboard.common.language import _

T = TypeVar("T")
BEYOND = 2**63 - 1
"""An id above all others."""
OVERTAKING = 20_000
"""The most ids expected to be given out while a lower one is stored, if the server cannot tell."""
READ_ONLY = _(" (read only)")
"""The end of a title when nothing can be stored."""


class Engine(Protocol):
    """What each kind of database does differently."""

    is_server: bool
    """Whether many write at once and rows are locked one by one."""

    is_read_only: bool
    """Whether nothing can be stored, because rights are missing."""

    text_collation: list[SQL]
    """What a text column needs besides its type to be sorted by the bytes of its characters."""

    @property
    def title(self) -> str:
        """Return what the database is called on the screen, without a password."""

    @property
    def identity(self) -> str:
        """Return what identifies this database, without a password."""

    def writing(self) -> AbstractContextManager[Any]:
        """Return a transaction that writes."""

    def snapshot(self) -> AbstractContextManager[Any]:
        """Return a transaction that reads everything as it was at one moment."""

    def confirm(self) -> None:
        """Raise Trouble when what is open is no longer what the address names."""

    def was_stored(self) -> bool | None:
        """Tell whether the transaction whose commit got no answer was stored; None if unknown."""

    def settled(self, table: str, patience: float) -> int | None:
        """Return the id up to which every row of a table is stored, None if unknown."""

    def change_counter(self) -> int | None:
        """Return a number that changes with every commit, None if there is none."""

    def rest(self) -> None:
        """Release what this thread need not keep while it is idle."""

    def tune_for_reading(self) -> None:
        """Prepare this connection for reading much, but nothing twice."""

    def tune_for_bulk(self) -> None:
        """Prepare this connection for a long run of writes."""

    def contains(self, columns: Sequence[Any], word: str) -> Expression:
        """Return a condition that is true where the fold of a column contains a folded word.

        It may be true for other rows as well, so every row found must be checked again.
        """

    def advance_ids(self, table: str) -> None:
        """Make the next id of a table follow its highest one."""

    def analyze(self) -> None:
        """Update the statistics for planning queries, after very many rows have been stored."""

    def integrity_errors(self) -> list[str]:
        """Return what is broken in the database itself, one sentence each."""


# The tables are defined before it is known which database they belong to.
database = DatabaseProxy()


def engine() -> Engine:
    """Return the open database, typed as what all engines can do."""
    opened: Engine = database.obj
    return opened


def rows(query: Query) -> list[tuple[Any, ...]]:
    """Return the rows that a query finds, as plain tuples."""
    found: list[tuple[Any, ...]] = list(query.tuples())
    return found


def bind(opened: Database) -> None:
    """Make `opened` the database that every table uses."""
    database.initialize(opened)

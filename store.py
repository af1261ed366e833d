"""The connection: which database, how a write gets its turn, and troubles put into sentences."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeVar

from peewee import (
    SQL,
    Database,
    DatabaseError,
    DatabaseProxy,
    Expression,
    IntegrityError,
    InterfaceError,
    Model,
    Query,
    fn,
)

from fields import NoMoment, UtcField, moment_of, now, stamp
from troubles import (
    Missing,
    Refused,
    ServerLost,
    Taken,
    TooBusy,
    Trouble,
    Uncertain,
    is_constraint,
    is_meeting,
    trouble_of,
)

__all__ = [
    "Missing",
    "NoMoment",
    "Refused",
    "ServerLost",
    "Taken",
    "TooBusy",
    "Trouble",
    "Uncertain",
    "UtcField",
    "moment_of",
    "now",
    "stamp",
]


T = TypeVar("T")

PATIENCE = 5.0
"""Seconds that a write waits for its turn before it gives up."""

BEYOND = 2**63 - 1
"""An id above all others."""

OVERTAKING = 20_000
"""Ids that are taken to be given out at most while a lower one is stored, where no server tells."""

SETTLING, GLANCE = 0.5, 0.05
"""Seconds that a page for others, and a screen, waits for who is storing below the newest row."""

READ_ONLY = " (read only)"
"""What a title ends in where nothing can be stored."""

database = DatabaseProxy()


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


def engine() -> Engine:
    """Return the open database as what it can do."""
    opened: Engine = database.obj
    return opened


def transact(work: Callable[[], T]) -> T:
    """Run `work` in one transaction and return its result.

    On SQLite it owns the write lock from its start; on a server it is run again when others
    changed the same rows or stored the same new ones. Inside another `transact` it simply joins in.
    `work` may be run again, so it must keep nothing from a failed run. Raises what `work` raises,
    TooBusy after PATIENCE seconds, and Trouble when the database cannot be written.
    """
    if database.in_transaction():
        return work()
    give_up = time.monotonic() + PATIENCE
    attempts = 0
    while True:
        try:
            with storing(engine()):
                return work()
        except (TooBusy, ServerLost):
            if time.monotonic() > give_up:
                raise
        except IntegrityError as error:
            # A second look finds what somebody else stored at once, or took away.
            if not is_meeting(error):
                raise
            if time.monotonic() > give_up:
                raise trouble_of(error) from error
        attempts += 1
        nap(attempts if engine().is_server else 1)


def patiently(attempt: Callable[[], T], seconds: float | None = None) -> T:
    """Return what an attempt returns, tried again while it is TooBusy, for PATIENCE seconds.

    Or for as many `seconds` as are named.
    """
    give_up = time.monotonic() + (PATIENCE if seconds is None else seconds)
    while True:
        try:
            return attempt()
        except TooBusy:
            if time.monotonic() > give_up:
                raise
        nap()


@contextmanager
def storing(there: Engine) -> Iterator[None]:
    """Run what is inside in one transaction, stored when it ends without an error.

    Where the answer to the commit is lost, the server is asked what became of it. Raises Uncertain
    when it cannot tell, and ServerLost, like every other Trouble, for what was not stored.
    """
    is_done = False
    try:
        with plainly(), there.writing():
            yield
            is_done = True
    except ServerLost as lost:
        is_stored = there.was_stored() if is_done else False
        if is_stored is None:
            # Nobody knows whether it was stored, so it must not be tried again by itself.
            raise Uncertain(
                "The database server was lost while storing, which may be done or not: look "
                "before you repeat."
            ) from lost
        if not is_stored:
            raise


def nap(attempts: int = 1) -> None:
    """Sleep for about a millisecond, longer after several attempts.

    Each time another one, so that waiting writers do not meet again.
    """
    time.sleep(random.uniform(0.0005, 0.001 * 2 ** min(attempts, 6)))


def expect_bulk() -> None:
    """Get this connection ready for a long run of writes."""
    with plainly():
        engine().expect_bulk()


def try_writing() -> None:
    """Raise Trouble when the database cannot be written now; changes nothing."""
    with plainly(), engine().writing() as attempt:
        database.execute_sql("CREATE TABLE try_writing (x INTEGER)")
        attempt.rollback()


@contextmanager
def plainly() -> Iterator[None]:
    """Turn the database library's errors into Trouble, with a sentence for people."""
    try:
        yield
    except (DatabaseError, InterfaceError, sqlite3.Error) as error:
        if is_constraint(error):
            raise
        raise trouble_of(error) from error
    except OverflowError as error:
        raise Missing("There is nothing with so large a number.") from error


def reading(query: Callable[[], T]) -> T:
    """Return what a reading finds; raises Trouble when the database cannot be read."""
    with plainly():
        return query()


def reading_in_place(query: Callable[[], T]) -> T:
    """Return what a reading finds in what the address names still; raises Trouble."""
    found = reading(query)
    engine().confirm()
    return found


def at_one_moment(query: Callable[[], T]) -> T:
    """Return what a reading of several queries finds as it was at one moment; raises Trouble."""
    with plainly(), engine().snapshot():
        return query()


def settled(table: type[Model]) -> int:
    """Return the id up to which every row is stored, BEYOND on SQLite; raises Trouble.

    On a server a transaction may still be storing one below the newest. It holds for what is read
    from now on, so it is asked before a transaction that reads one moment, not inside. Where
    nothing is known it is OVERTAKING below the newest.
    """
    with plainly():
        known = engine().settled(table._meta.table_name, GLANCE)
    if known is not None:
        return known
    newest = reading(lambda: table.select(fn.MAX(table._meta.primary_key)).scalar())
    return max(0, (newest or 0) - OVERTAKING)


def followable(table: type[Model]) -> int:
    """Return the id up to which a page for others may go; raises Trouble.

    Nothing below it can come later. BEYOND where that cannot be known: on CockroachDB, on
    YugabyteDB, on a standby.
    """
    with plainly():
        known = engine().settled(table._meta.table_name, SETTLING)
    return BEYOND if known is None else known


def ids_given(table: type[Model]) -> None:
    """Let the next ids go on from the highest: rows were stored with ids of their own."""
    name = table._meta.table_name
    with plainly():
        engine().count_on(name)


def rows(query: Query) -> list[tuple[Any, ...]]:
    """Return what a query finds, as plain tuples."""
    found: list[tuple[Any, ...]] = list(query.tuples())
    return found


def bind(opened: Database) -> None:
    """Make `opened` the database that every table uses."""
    database.initialize(opened)

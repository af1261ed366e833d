"""How a write gets its turn, and how the library's errors become sentences."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from peewee import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    Model,
    fn,
)

from leadboard.common.errors import Missing, ServerLost, TooBusy, Uncertain
from leadboard.database.connection import BEYOND, OVERTAKING, Engine, T, database, engine
from leadboard.database.error_codes import is_constraint, is_meeting, trouble_of

PATIENCE = 5.0
"""Seconds that a write waits for its turn before it gives up."""


SETTLING, GLANCE = 0.5, 0.05
"""Seconds that a page for others, and a screen, waits for who is storing below the newest row."""


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


def tune_for_bulk() -> None:
    """Get this connection ready for a long run of writes."""
    with plainly():
        engine().tune_for_bulk()


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
        engine().advance_ids(name)

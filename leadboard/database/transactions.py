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
from leadboard.common.language import _
from leadboard.database.connection import BEYOND, OVERTAKING, Engine, T, database, engine
from leadboard.database.error_codes import is_constraint, is_meeting, trouble_of

PATIENCE = 5.0
"""Seconds that a write waits for its turn before it gives up."""


SETTLING, GLANCE = 0.5, 0.05
"""Seconds that pages for other programs, and the screen, wait for rows still being stored."""


def transact(work: Callable[[], T]) -> T:
    """Run `work` in one transaction and return its result.

    On SQLite it holds the write lock from its start; on a server it is run again when others
    changed the same rows or stored the same new ones. Inside another `transact` it simply joins in.
    `work` may be run again, so it must keep nothing from a failed run. Raises what `work` raises,
    TooBusy after PATIENCE seconds, and Trouble when the database cannot be written.
    """
    # No savepoint: after a conflict only a run from the outermost start sees what others stored.
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
            # The next run finds what others stored, or no longer finds what they deleted.
            if not is_meeting(error):
                raise
            if time.monotonic() > give_up:
                raise trouble_of(error) from error
        attempts += 1
        # Always short on SQLite, whose writers take turns of milliseconds: with naps of up to
        # 100 ms a third writer waited ten times as long.
        nap(attempts if engine().is_server else 1)


def patiently(attempt: Callable[[], T], seconds: float | None = None) -> T:
    """Return what `attempt` returns, calling it again while it raises TooBusy.

    It gives up after `seconds`, which are PATIENCE unless given.
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
    """Run the body in one transaction, which is stored if it ends without an error.

    If the answer to the commit is lost, the server is asked for the outcome. Raises Uncertain when
    it cannot tell, and ServerLost, like every other Trouble, when nothing was stored.
    """
    is_done = False
    try:
        # `plainly` is the outer one, because a commit fails only as `writing` ends.
        with plainly(), there.writing():
            yield
            is_done = True
    except ServerLost as lost:
        # Lost before the commit was sent, nothing was stored and it may be tried again.
        is_stored = there.was_stored() if is_done else False
        if is_stored is None:
            # It may be stored, so it must not be tried again automatically.
            raise Uncertain(
                _(
                    "The database server was lost while storing: check whether it was stored "
                    "before you repeat it."
                )
            ) from lost
        if not is_stored:
            raise


def nap(attempts: int = 1) -> None:
    """Sleep for about a millisecond, longer after several attempts.

    The time is random, so that waiting writers do not collide again.
    """
    time.sleep(random.uniform(0.0005, 0.001 * 2 ** min(attempts, 6)))


def tune_for_bulk() -> None:
    """Prepare this connection for a long run of writes."""
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
        # For `transact`, which knows a meeting of writers from a mistake of ours.
        if is_constraint(error):
            raise
        raise trouble_of(error) from error
    # Python's sqlite3 raises it for a number beyond 64 bits; a server has a code for that.
    except OverflowError as error:
        raise Missing(_("That number is too large.")) from error


def reading(query: Callable[[], T]) -> T:
    """Return what `query` returns; raises Trouble when the database cannot be read."""
    with plainly():
        return query()


def reading_in_place(query: Callable[[], T]) -> T:
    """Return what `query` returns; raises Trouble also if the address names another database."""
    found = reading(query)
    # After the query, since the file may have been replaced while it was read.
    engine().confirm()
    return found


def at_one_moment(query: Callable[[], T]) -> T:
    """Return what several queries find as it was at one moment; raises Trouble."""
    with plainly(), engine().snapshot():
        return query()


def settled(table: type[Model]) -> int:
    """Return the id up to which every row is stored, BEYOND on SQLite; raises Trouble.

    On a server a transaction may still be storing a row below the newest. The id holds for what is
    read from now on, so ask before a transaction that reads one moment, not inside it. If nothing
    is known it is OVERTAKING below the newest.
    """
    with plainly():
        known = engine().settled(table._meta.table_name, GLANCE)
    if known is not None:
        return known
    newest = reading(lambda: table.select(fn.MAX(table._meta.primary_key)).scalar())
    return max(0, (newest or 0) - OVERTAKING)


def followable(table: type[Model]) -> int:
    """Return the id up to which a page for other programs may go; raises Trouble.

    No row below it can appear later. BEYOND if that cannot be known: on CockroachDB, YugabyteDB
    and a standby.
    """
    with plainly():
        known = engine().settled(table._meta.table_name, SETTLING)
    return BEYOND if known is None else known


def ids_given(table: type[Model]) -> None:
    """Make the next id follow the highest, after rows were stored with given ids."""
    name = table._meta.table_name
    with plainly():
        engine().advance_ids(name)

"""Copies of whole databases, with proof that every row arrived."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from typing import Any, cast

from peewee import BooleanField, Database, IntegrityError

from leadboard.allocation.ledger import settle
from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _
from leadboard.common.progress import Advance
from leadboard.database.connection import Engine
from leadboard.database.fields import UtcField, stamp
from leadboard.database.table import Table
from leadboard.database.transactions import plainly, storing
from leadboard.database.urls import is_server, path_of
from leadboard.transfer.cells import EARLIEST, LATEST, MAX_ID
from models import TABLES, SchemaVersion, open_database

_FIRST, _LAST = stamp(EARLIEST), stamp(LATEST)

PAGE = 1000
"""Rows read and written at a time."""

RawRow = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """A table that has arrived: its name, how many rows, and the digest that both sides have."""

    table: str
    rows: int
    digest: str


def move(
    source: str | None, target: str, begin: Callable[[int], AbstractContextManager[Advance]]
) -> list[Moved]:
    """Copy every table from one database to another that is empty, in one transaction there.

    What is copied is of one moment; others may go on writing to the source. Raises Refused when
    the target holds something, and Trouble when a side cannot be used or the two differ in the
    end; then nothing is stored.
    """
    here = open_database(source, may_create=False, may_only_read=True)
    try:
        with _opened(target) as there:
            _refuse_same(here, there)
            return _moved(here, there, begin)
    finally:
        here.close()


@contextmanager
def _opened(target: str) -> Iterator[Database]:
    """Open a database; when something fails, remove a file that is new."""
    is_new = not is_server(target) and not path_of(target).exists()
    there = open_database(target)
    try:
        yield there
    except BaseException:
        there.close()
        if is_new:
            _remove(path_of(target))
        raise
    there.close()


def _remove(file: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            file.with_name(file.name + ending).unlink()


def _as_engine(opened: Database) -> Engine:
    return cast(Engine, opened)


def _refuse_same(here: Database, there: Database) -> None:
    if _as_engine(here).identity == _as_engine(there).identity:
        raise Refused(_("That is the database itself: name another with --to."), "to")


def _moved(
    here: Database, there: Database, begin: Callable[[int], AbstractContextManager[Advance]]
) -> list[Moved]:
    # Opening the other database has stored its version already.
    tables = [_Columns(table) for table in TABLES if table is not SchemaVersion]
    with plainly(), _as_engine(here).snapshot(), storing(_as_engine(there)):
        # Each new database has its row, which the one that comes takes the place of.
        _execute(there, "DELETE FROM ledger_bounds", ())
        if taken := [each.name for each in tables if each.count(there)]:
            sentence = _("The other database holds rows of {table} already.", table=taken[0])
            raise Refused(sentence, "to")
        with begin(sum(each.count(here) for each in tables)) as advance:
            moved = _each_moved(tables, here, there, advance)
        # Pending rows of a server; the tables are bound to the other side, opened last.
        settle()
        _as_engine(there).analyze()
    return moved


def _each_moved(
    tables: Sequence["_Columns"], here: Database, there: Database, advance: Advance
) -> list[Moved]:
    done: list[Moved] = []
    for table in tables:
        sent = _copy(table, here, there, sum(each.rows for each in done), advance)
        # Read back before the commit, so that a difference takes everything back.
        arrived = Moved(table.name, *_proof(table.read(there)))
        if arrived != sent:
            raise Trouble(_difference(table.name))
        # Rows stored with their ids leave the counter of a server where it was.
        if table.key == ["id"]:
            _as_engine(there).advance_ids(table.name)
        done.append(sent)
    return done


def _difference(table: str) -> str:
    return _("The rows of {table} differ on the other side: nothing was kept.", table=table)


def _copy(
    table: "_Columns", here: Database, there: Database, before: int, advance: Advance
) -> Moved:
    proof, count = blake2b(digest_size=16), 0
    found = table.read(here)
    while page := list(islice(found, PAGE)):
        for row in page:
            table.refuse_extremes(row)
            proof.update(repr(row).encode())
        table.write(there, page)
        count += len(page)
        advance(before + count, before + count)
    return Moved(table.name, count, proof.hexdigest())


def _proof(found: Iterator[RawRow]) -> tuple[int, str]:
    proof, count = blake2b(digest_size=16), 0
    for row in found:
        proof.update(repr(row).encode())
        count += 1
    return count, proof.hexdigest()


class _Columns:
    """One table as plain rows in the order of its key, the same on every engine."""

    def __init__(self, table: type[Table]) -> None:
        fields = table._meta.sorted_fields
        primary = table._meta.get_primary_keys()  # type: ignore[no-untyped-call]
        self.name: str = table._meta.table_name
        self.key = [field.column_name for field in primary]
        self._names = [field.column_name for field in fields]
        self._key_places = [self._names.index(name) for name in self.key]
        # SQLite has 0 and 1 for booleans; the digests of both sides must be equal.
        self._flags = [place for place, each in enumerate(fields) if isinstance(each, BooleanField)]
        self._moments = [place for place, each in enumerate(fields) if isinstance(each, UtcField)]
        self._ids = [place for place, name in enumerate(self._names) if name == "id"]

    def count(self, opened: Database) -> int:
        """Return how many rows there are."""
        return int(_run(opened, f'SELECT count(*) FROM "{self.name}"', ())[0][0])

    def read(self, opened: Database) -> Iterator[RawRow]:
        """Yield every row in the order of the key, read in pages."""
        key = ", ".join(self.key)
        chosen = f'SELECT {_listed(self._names)} FROM "{self.name}"'
        marks = ", ".join([opened.param] * len(self.key))
        order = f"ORDER BY {key} LIMIT {PAGE}"
        page = _run(opened, f"{chosen} {order}", ())
        while page:
            yield from map(self._plain, page)
            last = [page[-1][place] for place in self._key_places]
            # A row value: the same written with OR uses no index, and each page would be a scan.
            page = _run(opened, f"{chosen} WHERE ({key}) > ({marks}) {order}", last)

    def _plain(self, row: RawRow) -> RawRow:
        """Return a row as Python's own values, whatever the driver gave."""
        values = [bytes(each) if isinstance(each, memoryview) else each for each in row]
        for place in self._flags:
            values[place] = bool(values[place])
        return tuple(values)

    def refuse_extremes(self, row: RawRow) -> None:
        """Raise Refused for an id or a moment that no import would let in."""
        for place in self._ids:
            if row[place] > MAX_ID:
                raise Refused(
                    _(
                        "{table} #{id}: the id is too large to go on from.",
                        table=self.name,
                        id=row[place],
                    )
                )
        for place in self._moments:
            # As the tables hold it, a moment sorts as text.
            if row[place] is not None and not _FIRST <= row[place] < _LAST:
                raise Refused(
                    _(
                        "{table} #{id}: its {column}, {value}, is beyond the years 2 to 9998.",
                        table=self.name,
                        id=row[0],
                        column=self._names[place],
                        value=row[place],
                    )
                )

    def write(self, opened: Database, page: Sequence[RawRow]) -> None:
        """Store rows; raises Refused for one that the tables forbid."""
        marks = f"({', '.join([opened.param] * len(self._names))})"
        statement = (
            f'INSERT INTO "{self.name}" ({_listed(self._names)}) '
            f"VALUES {', '.join([marks] * len(page))}"
        )
        try:
            _execute(opened, statement, list(chain.from_iterable(page)))
        except IntegrityError as error:
            sentence = _(
                "A row of {table} breaks a rule of the tables: see leadboard check.",
                table=self.name,
            )
            raise Refused(sentence) from error


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _execute(opened: Database, sql: str, values: Sequence[object]) -> Any:
    return opened.execute_sql(sql, values)  # type: ignore[no-untyped-call]


def _run(opened: Database, sql: str, values: Sequence[object]) -> list[RawRow]:
    found: list[RawRow] = _execute(opened, sql, values).fetchall()
    return found

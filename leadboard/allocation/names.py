"""Names as people read them: those that look the same are one, also in rows of old versions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from leadboard.common.errors import Missing
from leadboard.common.language import _
from leadboard.common.text import clean
from leadboard.common.validation import plain
from leadboard.database.connection import rows
from leadboard.database.scratch_file import open_scratch
from models import Lead, Operator, Source

Named = type[Operator] | type[Source] | type[Lead]

PAGE = 5_000
"""Rows read at a time; SQLite takes at most 32 766 values in one statement."""
MOST_GROUPS = 20
"""Groups of rows that look the same which are reported one by one."""
MOST_IDS = 5
"""Rows of such a group that are named."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows whose names look the same: how they read, how many there are, the first ids."""

    name: str
    count: int
    ids: list[int]


def ids_by_name(table: "type[Operator] | type[Source]") -> dict[str, int]:
    """Return the ids of all rows by their names made `plain`, and as they are stored.

    Among several that look the same, the one stored exactly so is taken, else the first.
    """
    return by_look(rows(table.select(table.id, table.name)))


def id_of(table: type[Operator] | type[Source], given: str) -> int:
    """Return the id of a row by its name, else by its number; raises Missing."""
    known = ids_by_name(table)
    row_id = known.get(plain(given))
    if row_id is None and given.isascii() and given.isdigit() and int(given[:18]) in known.values():
        row_id = int(given)
    if row_id is None:
        word = table.__name__.lower()
        raise Missing(_MISSING[table].format(name=clean(given)), word)
    return row_id


_MISSING = {
    Operator: _("There is no operator {name}."),
    Source: _("There is no source {name}."),
}


def by_look(found: Iterable[tuple[int, str]]) -> dict[str, int]:
    """Return ids by names made `plain`, and as they are stored; each row is an id and a name."""
    in_order = sorted(found)
    first = {plain(name): row_id for row_id, name in reversed(in_order)}
    return first | {name: row_id for row_id, name in in_order}


def odd_names(table: "type[Operator] | type[Source]") -> dict[str, list[int]]:
    """Return the ids of the rows whose names are not stored `plain`, by their plain names.

    Only earlier versions stored such names, so there are few; it takes one pass over all the names.
    """
    found: dict[str, list[int]] = {}
    for row_id, name in rows(table.select(table.id, table.name)):
        if (look := plain(name)) != name:
            found.setdefault(look, []).append(row_id)
    return found


def is_taken(
    table: "type[Operator] | type[Source]",
    name: str,
    odd: Mapping[str, Sequence[int]],
    but: int | None = None,
) -> bool:
    """Tell whether a row, other than the one with the id `but`, has a name that looks the same.

    `odd` is the result of `odd_names`; a row that was renamed since is judged by its name now.
    """
    look = plain(name)
    maybe = table.name == look
    if ids := odd.get(look):
        # Not for an empty list, for which SQLite would scan all rows.
        maybe |= table.id.in_(ids)
    found = rows(table.select(table.id, table.name).where(maybe))
    return any(plain(each) == look for row_id, each in found if row_id != but)


class LookAlikes:
    """The rows of a table whose names look the same, found in one pass and with little memory.

    Stored names are unique, so each group has at least one that is not `plain`: only those are
    kept, with the rows that they look like, in a temporary file.
    """

    def __init__(self, table: Named) -> None:
        self._table = table
        self._name = Lead.external_id if table is Lead else table._meta.fields["name"]
        self._aside = open_scratch()
        self._aside.execute("CREATE TABLE odd (name TEXT, id INTEGER, PRIMARY KEY (name, id))")
        # One transaction, or each page would be a commit of its own.
        self._aside.execute("BEGIN")

    def found(self) -> tuple[int, list[Alike]]:
        """Return how many groups there are, and the first of them."""
        with closing(self._aside):
            for page in self._pages():
                self._keep(page)
            groups = "SELECT name, count(*) AS count FROM odd GROUP BY name HAVING count(*) > 1"
            total = self._aside.execute(f"SELECT count(*) FROM ({groups})").fetchone()[0]
            first = self._aside.execute(f"{groups} ORDER BY name LIMIT {MOST_GROUPS}").fetchall()
            return total, [Alike(name, count, self._ids(name)) for name, count in first]

    def _pages(self) -> Iterator[list[tuple[int, str]]]:
        query = self._table.select(self._table.id, self._name).order_by(self._table.id).limit(PAGE)
        page = rows(query)
        while page:
            yield [(row_id, name) for row_id, name in page]
            page = rows(query.where(self._table.id > page[-1][0]))

    def _keep(self, page: list[tuple[int, str]]) -> None:
        odd = [(look, row_id) for row_id, name in page if (look := plain(name)) != name]
        if not odd:
            return
        looks = self._name.in_([name for name, _unused in odd])
        same = rows(self._table.select(self._name, self._table.id).where(looks))
        # OR IGNORE, because several odd names may look like the same row.
        self._aside.executemany("INSERT OR IGNORE INTO odd VALUES (?, ?)", [*odd, *same])

    def _ids(self, name: str) -> list[int]:
        query = f"SELECT id FROM odd WHERE name = ? ORDER BY id LIMIT {MOST_IDS}"
        return [row_id for (row_id,) in self._aside.execute(query, (name,))]

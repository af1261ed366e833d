"""How a filter becomes SQL: conditions for the database, and the index of words where it helps."""

import heapq
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from peewee import JOIN, Expression, ModelSelect, fn

from leadboard.common.case_folding import fold
from leadboard.database.connection import BEYOND, engine, rows
from leadboard.database.fields import now
from leadboard.database.scratch_file import ScratchError
from leadboard.queries.terms import AppealFilter, is_named
from leadboard.queries.word_index import SHORTEST, SearchIndex
from models import Appeal, Lead, Operator, Source, is_waiting

MOST_WAYS = 100
"""Operators or sources that are looked up one by one; with more, all appeals are walked through."""

FIRST_PAGE, LARGEST_PAGE = 200, 5_000

PATIENCE = 0.2
"""Seconds after which counting gives up."""
STEP = 10_000
"""Appeals looked through at once while counting."""

Conditions = list[Expression]
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word, and the ids of the operators and sources whose names hold it."""

    text: str
    operators: Sequence[int]
    sources: Sequence[int]

    @property
    def condition(self) -> Expression:
        """Return a condition that every appeal with the word meets, and on a server some others."""
        written = engine().contains((Appeal.message, Lead.external_id), self.text)
        named: Expression = Appeal.operator.in_(self.operators) | Appeal.source.in_(self.sources)
        return named | written

    def is_in(self, operator: int | None, source: int, lead: str | None, message: str) -> bool:
        """Tell whether an appeal has the word."""
        if operator in self.operators or source in self.sources:
            return True
        return self.text in fold(message) or self.text in fold(lead or "")


@dataclass(frozen=True, slots=True)
class Sought:
    """What is wanted, with the names looked up once."""

    wanted: AppealFilter
    words: tuple[Word, ...]
    operators: list[int] | None
    """The ids of operators whose names hold every `op:` term, None without one."""
    sources: list[int] | None


def newest_ids(
    limit: int, before: int | None, wanted: AppealFilter, index: SearchIndex | None
) -> list[int]:
    """Return the ids of the newest appeals that are wanted, or of those before an id."""
    return _newest(limit, BEYOND if before is None else before, _sought(wanted), index)


def _newest(limit: int, edge: int, sought: Sought, index: SearchIndex | None) -> list[int]:
    words = _searchable(sought) if index else []
    if index is not None and words:
        # Without the index, damaged or deleted meanwhile, it only takes longer.
        with suppress(ScratchError):
            return _newest_by_index(limit, edge, sought, words, index)
    return _merged(sought, edge, limit, is_ascending=False)


def _newest_by_index(
    limit: int, before: int, sought: Sought, words: Sequence[str], index: SearchIndex
) -> list[int]:
    # Once for both halves: an appeal indexed meanwhile must not be found twice.
    mark = index.mark
    found = _merged(sought, before, limit, Appeal.id > mark, is_ascending=False)
    pages = _pages(lambda *page: _as_rows(index.newest(words, *page)), min(before, mark + 1))
    indexed = _wanted_of(pages, sought, is_ascending=False)
    return [*found, *islice(indexed, limit - len(found))]


def ids_after(limit: int, after: int, wanted: AppealFilter, index: SearchIndex | None) -> list[int]:
    """Return the ids of the wanted appeals just newer than an id, oldest first."""
    sought = _sought(wanted)
    words = _searchable(sought) if index else []
    if index is not None and words:
        with suppress(ScratchError):
            return _after_by_index(limit, after, sought, words, index)
    return _merged(sought, after, limit, is_ascending=True)


def _after_by_index(
    limit: int, after: int, sought: Sought, words: Sequence[str], index: SearchIndex
) -> list[int]:
    mark = index.mark
    pages = _pages(lambda *page: _as_rows(index.oldest(words, *page)), after)
    found = list(islice(_wanted_of(pages, sought, is_ascending=True), limit))
    return found + _merged(sought, max(after, mark), limit - len(found), is_ascending=True)


def count(most: int, wanted: AppealFilter, index: SearchIndex | None) -> tuple[int, bool]:
    """Return how many appeals are wanted, up to `most`, and whether that is all.

    A count that has to read messages without the index gives up after PATIENCE.
    """
    sought = _sought(wanted)
    if not sought.words or (index and _searchable(sought)):
        found = len(_newest(most + 1, BEYOND, sought, index))
        return min(most, found), found <= most
    return _count_through(most, sought)


def _count_through(most: int, sought: Sought) -> tuple[int, bool]:
    give_up, found, edge = time.monotonic() + PATIENCE, 0, BEYOND
    while edge and time.monotonic() < give_up:
        low = _further(edge, STEP)
        ids = _merged(sought, edge, most + 1 - found, Appeal.id >= low, is_ascending=False)
        found += len(ids)
        if found > most:
            return most, False
        edge = low
    return found, not edge


def _further(edge: int, step: int) -> int:
    """Return the id that is `step` appeals below an edge, 0 where there are fewer."""
    below = Appeal.select(Appeal.id).where(Appeal.id < edge).order_by(Appeal.id.desc())
    return next((each for (each,) in rows(below.offset(step - 1).limit(1))), 0)


def _wanted_of(pages: Iterator[Rows], sought: Sought, *, is_ascending: bool) -> Iterator[int]:
    """Yield the ids of wanted appeals; the index knows only groups of letters."""
    conditions = [*_plain(sought), *_driving(sought)]
    edge = 0 if is_ascending else BEYOND
    for page in pages:
        ids = [appeal_id for (appeal_id,) in page]
        among = [*conditions, Appeal.id.in_(ids)]
        yield from _ids(among, sought.words, edge, len(ids), is_ascending=is_ascending)


def lead_ids(limit: int, edge: int, words: Sequence[str], *, is_ascending: bool) -> list[int]:
    """Return the ids of the leads next to an id whose own external ids hold every word."""
    hold = [engine().contains([Lead.external_id], fold(word)) for word in words]

    def read(size: int, last: int) -> Rows:
        query = Lead.select(Lead.id, Lead.external_id)
        return rows(_in_order(query, hold, Lead.id, last, size, is_ascending=is_ascending))

    found = chain.from_iterable(_pages(read, edge, limit))
    return list(islice((key for key, name in found if is_named(name, words)), limit))


def _pages(read: Callable[[int, int], Rows], edge: int, size: int = FIRST_PAGE) -> Iterator[Rows]:
    """Yield pages of rows, ever larger ones, in the order of the id that each row begins with."""
    while page := read(size, edge):
        yield page
        if len(page) < size:
            return
        edge, size = page[-1][0], min(2 * size, LARGEST_PAGE)


def _as_rows(ids: Sequence[int]) -> Rows:
    return [(each,) for each in ids]


def _searchable(sought: Sought) -> list[str]:
    """Return the words that only a lead's id or a message can hold, none where that is slower.

    Waiting appeals and those of one lead are few, and found quickly without the index.
    """
    if sought.wanted.is_waiting or sought.wanted.lead_id is not None:
        return []
    return [
        word.text
        for word in sought.words
        if len(word.text) >= SHORTEST and not word.operators and not word.sources
    ]


def _merged(
    sought: Sought, edge: int, limit: int, *more: Expression, is_ascending: bool
) -> list[int]:
    """Return the first ids beyond an edge in order over all operators or sources that are wanted.

    One operator's appeals come in order from an index; those of several would have to be sorted.
    """
    plain = [*_plain(sought), *more]
    ways = _ways(sought)
    found = (
        _ids([*plain, *way], sought.words, edge, limit, is_ascending=is_ascending)
        for way in ([_driving(sought)] if ways is None else ways)
    )
    return list(islice(heapq.merge(*found, reverse=not is_ascending), limit))


def _ids(
    conditions: Sequence[Expression],
    words: Sequence[Word],
    edge: int,
    limit: int,
    *,
    is_ascending: bool,
) -> list[int]:
    """Return the first ids beyond an edge that meet the conditions and hold all words."""
    columns = (Appeal.operator, Appeal.source, Lead.external_id, Appeal.message) if words else ()

    def read(size: int, last: int) -> Rows:
        # An outer join: with an inner one SQLite may start from all the leads.
        query = Appeal.select(Appeal.id, *columns).join(Lead, JOIN.LEFT_OUTER)
        page = _in_order(query, conditions, Appeal.id, last, size, is_ascending=is_ascending)
        return rows(page)

    found = chain.from_iterable(_pages(read, edge, limit))
    wanted = (key for key, *appeal in found if all(word.is_in(*appeal) for word in words))
    return list(islice(wanted, limit))


def _in_order(
    query: "ModelSelect[Any]",
    conditions: Sequence[Expression],
    key: Any,
    edge: int,
    limit: int,
    *,
    is_ascending: bool,
) -> "ModelSelect[Any]":
    """Return a page beyond an edge; there is always one, so that no plan begins with a scan."""
    beyond = key > edge if is_ascending else key <= edge if edge == BEYOND else key < edge
    return (
        query.where(beyond, *conditions).order_by(key if is_ascending else key.desc()).limit(limit)
    )


def _ways(sought: Sought) -> list[Conditions] | None:
    """Return the conditions of each operator or source by itself, None where they are too many."""
    operators, sources = sought.operators, sought.sources
    driving, rest = (operators, sources) if operators is not None else (sources, None)
    if driving is None or len(driving) > MOST_WAYS:
        return None
    column = Appeal.operator if operators is not None else Appeal.source
    others = [] if rest is None else [Appeal.source.in_(rest)]
    return [[column == key, *others] for key in driving]


def _driving(sought: Sought) -> Conditions:
    """Return the conditions on operators and sources, written so that no index on them is used."""
    conditions = []
    if sought.operators is not None:
        # ABS hides the column from the planner, which walks by id then and stops at the limit.
        conditions.append(fn.ABS(Appeal.operator).in_(sought.operators))
    if sought.sources is not None:
        conditions.append(fn.ABS(Appeal.source).in_(sought.sources))
    return conditions


def _plain(sought: Sought) -> Conditions:
    """Return all other conditions."""
    wanted = sought.wanted
    conditions: Conditions = []
    if wanted.is_waiting:
        conditions.append(is_waiting())
    if wanted.is_open:
        conditions.append(Appeal.closed_at.is_null())
    if wanted.is_closed:
        conditions.append(Appeal.closed_at.is_null(False))
    if wanted.since is not None:
        conditions.append(Appeal.timestamp >= wanted.since)
    if (latest := wanted.latest(now())) is not None:
        conditions.append(Appeal.timestamp <= latest)
    if wanted.lead_id is not None:
        conditions.append(Appeal.lead == wanted.lead_id)
    return conditions + [word.condition for word in sought.words]


def _sought(wanted: AppealFilter) -> Sought:
    """Look up the names in a filter; there are few, so they are compared here."""
    named = bool(wanted.words or wanted.operators or wanted.sources)
    operators, sources = (_names(Operator), _names(Source)) if named else ({}, {})
    named_operators = _holding(operators, wanted.operators) if wanted.operators else None
    named_sources = _holding(sources, wanted.sources) if wanted.sources else None
    return Sought(
        wanted,
        tuple(
            Word(fold(word), _holding(operators, [word]), _holding(sources, [word]))
            for word in wanted.words
        ),
        _narrowed(named_operators, wanted.operator_id),
        _narrowed(named_sources, wanted.source_id),
    )


def _narrowed(ids: list[int] | None, only: int | None) -> list[int] | None:
    """Return the ids that are wanted, of which a single one is left if `only` names it."""
    if only is None:
        return ids
    return [only] if ids is None or only in ids else []


def _names(table: "type[Operator] | type[Source]") -> dict[int, str]:
    return dict(rows(table.select(table.id, table.name).order_by(table.id)))


def _holding(names: Mapping[int, str], words: Sequence[str]) -> list[int]:
    return [key for key, name in names.items() if is_named(name, words)]

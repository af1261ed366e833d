"""Finding what a filter wants: conditions for the database, and the words' index where it helps."""

import heapq
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import reduce
from itertools import islice
from operator import or_

from peewee import JOIN, Expression, fn

from models import Appeal, Lead, Operator, Source
from places import is_waiting
from search import SHORTEST, SearchIndex
from store import BEYOND, engine, rows
from wanted import Wanted, matches, spellings

MOST_WAYS = 100
"""Operators or sources that are looked up one by one; more of them are passed through in order."""

FIRST_PAGE, LARGEST_PAGE = 200, 5_000

Conditions = list[Expression]


def newest_ids(
    limit: int, before: int | None, wanted: Wanted, index: SearchIndex | None
) -> list[int]:
    """Return the ids of the newest appeals that are wanted, or of those before an id."""
    words = _searchable(wanted) if index else []
    if index is not None and words:
        # A cache that is damaged or gone only makes it slower.
        with suppress(sqlite3.Error):
            return _newest_by_index(limit, before, wanted, words, index)
    return _merged(wanted, [_below(before)], limit, is_ascending=False)


def _newest_by_index(
    limit: int, before: int | None, wanted: Wanted, words: Sequence[str], index: SearchIndex
) -> list[int]:
    mark = index.mark
    found = _merged(wanted, [_below(before), Appeal.id > mark], limit, is_ascending=False)
    start = mark + 1 if before is None else min(before, mark + 1)
    pages = _pages(lambda size, last: index.newest(words, size, last), start)
    indexed = _wanted_of(pages, wanted, is_ascending=False)
    return [*found, *islice(indexed, limit - len(found))]


def ids_after(limit: int, after: int, wanted: Wanted, index: SearchIndex | None) -> list[int]:
    """Return the ids of the wanted appeals just newer than an id, oldest first."""
    words = _searchable(wanted) if index else []
    if index is not None and words:
        with suppress(sqlite3.Error):
            return _after_by_index(limit, after, wanted, words, index)
    return _merged(wanted, [Appeal.id > after], limit, is_ascending=True)


def _after_by_index(
    limit: int, after: int, wanted: Wanted, words: Sequence[str], index: SearchIndex
) -> list[int]:
    mark = index.mark
    pages = _pages(lambda size, last: index.oldest(words, size, last), after)
    found = list(islice(_wanted_of(pages, wanted, is_ascending=True), limit))
    rest = [Appeal.id > max(after, mark)]
    return found + _merged(wanted, rest, limit - len(found), is_ascending=True)


def _below(before: int | None) -> Expression:
    """Return the upper bound; there is always one, so that no plan begins with a scan."""
    return Appeal.id <= BEYOND if before is None else Appeal.id < before


def _pages(read: Callable[[int, int], list[int]], edge: int) -> Iterator[list[int]]:
    """Yield pages of ids that the index finds, each larger than the one before."""
    size = FIRST_PAGE
    while ids := read(size, edge):
        yield ids
        edge, size = ids[-1], min(2 * size, LARGEST_PAGE)


def _wanted_of(pages: Iterator[list[int]], wanted: Wanted, *, is_ascending: bool) -> Iterator[int]:
    """Yield those ids whose appeals are wanted: the index knows only groups of letters."""
    conditions = [*_plain(wanted), *_driving(wanted)]
    for ids in pages:
        yield from _ids([*conditions, Appeal.id.in_(ids)], len(ids), is_ascending=is_ascending)


def _searchable(wanted: Wanted) -> list[str]:
    """Return the words that only the lead's id or the message can hold; none where that is slower.

    Waiting appeals and those of one lead are few, and found quickly without the index.
    """
    if wanted.is_waiting or wanted.lead_id is not None:
        return []
    return [
        word
        for word in wanted.words
        if len(word.casefold()) >= SHORTEST
        and not _named(Operator, word)
        and not _named(Source, word)
    ]


def _merged(
    wanted: Wanted, edge: Sequence[Expression], limit: int, *, is_ascending: bool
) -> list[int]:
    """Return the first ids in order over all operators or sources that are wanted.

    One operator's appeals come in order from an index; those of several would have to be sorted.
    """
    plain = [*_plain(wanted), *edge]
    ways = _ways(wanted)
    if ways is None:
        return _ids([*plain, *_driving(wanted)], limit, is_ascending=is_ascending)
    found = (_ids([*plain, *way], limit, is_ascending=is_ascending) for way in ways)
    return list(islice(heapq.merge(*found, reverse=not is_ascending), limit))


def _ids(conditions: Sequence[Expression], limit: int, *, is_ascending: bool) -> list[int]:
    order = Appeal.id if is_ascending else Appeal.id.desc()
    query = Appeal.select(Appeal.id).where(*conditions)
    # An outer join: with an inner one SQLite may start from all the leads.
    query = query.join(Lead, JOIN.LEFT_OUTER).order_by(order).limit(limit)
    return [appeal_id for (appeal_id,) in rows(query)]


def _ways(wanted: Wanted) -> list[Conditions] | None:
    """Return the conditions of each operator or source by itself, None where they are too many."""
    operators, sources = _wanted_ids(wanted)
    driving, rest = (operators, sources) if operators is not None else (sources, None)
    if driving is None or len(driving) > MOST_WAYS:
        return None
    column = Appeal.operator if operators is not None else Appeal.source
    others = [] if rest is None else [Appeal.source.in_(sorted(rest))]
    return [[column == key, *others] for key in sorted(driving)]


def _driving(wanted: Wanted) -> Conditions:
    """Return the conditions on operators and sources, so that no index on them is used."""
    operators, sources = _wanted_ids(wanted)
    conditions = []
    if operators is not None:
        conditions.append(fn.ABS(Appeal.operator).in_(sorted(operators)))
    if sources is not None:
        conditions.append(fn.ABS(Appeal.source).in_(sorted(sources)))
    return conditions


def _wanted_ids(wanted: Wanted) -> tuple[set[int] | None, set[int] | None]:
    """Return the ids of the operators and sources that hold every `op:` and `src:` term."""
    return _all_named(Operator, wanted.operators), _all_named(Source, wanted.sources)


def _all_named(table: "type[Operator] | type[Source]", parts: Sequence[str]) -> set[int] | None:
    if not parts:
        return None
    return set.intersection(*(set(_named(table, part)) for part in parts))


def _plain(wanted: Wanted) -> Conditions:
    """Return all other conditions; names are compared here, where case is understood."""
    conditions: Conditions = []
    if wanted.is_waiting:
        conditions.append(is_waiting())
    if wanted.is_closed:
        conditions.append(Appeal.closed_at.is_null(False))
    if wanted.since is not None:
        conditions.append(Appeal.timestamp >= wanted.since)
    if wanted.lead_id is not None:
        conditions.append(Appeal.lead == wanted.lead_id)
    return conditions + [_holds(word) for word in wanted.words]


def _holds(word: str) -> Expression:
    written = [
        engine().holds(column, spelling)
        for column in (Appeal.message, Lead.external_id)
        for spelling in spellings(word)
    ]
    named = [
        Appeal.operator.in_(_named(Operator, word)),
        Appeal.source.in_(_named(Source, word)),
    ]
    either: Expression = reduce(or_, [*named, *written])
    return either


def _named(table: "type[Operator] | type[Source]", part: str) -> list[int]:
    names = rows(table.select(table.id, table.name))
    return [key for key, name in names if matches(part, name)]

"""Filling the ledger of version 4 from appeals and the record of acts, in the order of time.

Most appeals were left alone, or were closed by one act: the database tells their lines by itself.
Those of all others are told in Python and kept aside first. Then all go into the ledger, one window
of time after the other, so that no more than a window or a page is ever in memory.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from leadboard.database.connection import engine
from leadboard.database.recorded_appeals import Columns, OldState, Recorded, lines_of
from leadboard.database.upgrade_words import run

PAGE = 2_000
"""Recorded changes that are read, and lines that are kept aside, at a time."""

WINDOW = 20_000
"""Lines of each kind that are written at a time."""

LISTED = (
    '"at", "appeal_id", "kind", "operator_id", "was_operator_id", "closed_at", "roster_id", '
    '"draw", "drawn", "event_id"'
)
"""The columns of a line."""

Tick = Callable[[int], object]
"""Receives how many more changes were read, or lines written."""

Row = tuple[Any, ...]


def fill(tick: Tick) -> int:
    """Write the lines of all appeals, and return how many recorded changes nobody can read."""
    unreadable = _tell_recorded(tick)
    run(f'CREATE INDEX "appeal_closing" ON "appeal" ({_CLOSING}) WHERE {_IS_CLOSED}')
    begin: str | None = ""
    last = 0
    while begin is not None:
        end = _end_of_window(begin)
        if end is None:
            run(_LAST_LINES, *[begin] * 4)
        else:
            run(_LINES, *[begin, end] * 4)
        before, last = last, last_seq()
        tick(last - before)
        begin = end
    run('DROP INDEX "appeal_closing"')
    run('DROP TABLE "told"')
    return unreadable


def last_seq() -> int:
    """Return the place of the last line."""
    return int(run('SELECT coalesce(max("seq"), 0) FROM "change"')[0][0])


# --- appeals of which there is more to tell -----------------------------------------------------

_OF_APPEALS = "c.subject < 'appeal;'"
_OPERATOR = "coalesce(CAST(a.operator_id AS TEXT), 'null')"
# Most of what acts record; the database tells it ten times as fast.
_IS_LONE_CLOSING = f"""(
    e.target_id IS NULL AND e.at = a.closed_at AND a.closed_at >= a.timestamp AND NOT a.withdrawn
    AND c.before = '{{{{"closed_at":null,"operator_id":' || {_OPERATOR} || '}}}}'
    AND c.after =
        '{{{{"closed_at":"' || a.closed_at || '","operator_id":' || {_OPERATOR} || '}}}}'
    AND NOT EXISTS (
        SELECT 1 FROM event_change o WHERE o.subject = c.subject AND o.event_id <> c.event_id
    )
)"""
_END_OF_PAGE = f"""
SELECT c.subject, c.event_id FROM event_change c
WHERE (c.subject, c.event_id) > (?, ?) AND {_OF_APPEALS}
ORDER BY c.subject, c.event_id LIMIT 1 OFFSET ?"""
_RECORDED = f"""
SELECT a.id, c.event_id, e.at, e.part_of_id,
    coalesce(
        (SELECT max(s.id) FROM event s WHERE s.target_id = e.target_id AND s.id < e.id), e.target_id
    ),
    c.before, c.after,
    a.timestamp, a.operator_id, a.closed_at, a.roster_id, a.draw, a.withdrawn
FROM event_change c
JOIN event e ON e.id = c.event_id
JOIN appeal a ON a.id = CAST(substr(c.subject, 8) AS {{whole}})
WHERE (c.subject, c.event_id) > (?, ?) AND (c.subject, c.event_id) <= (?, ?)
    AND {_IS_LONE_CLOSING} IS NOT TRUE
ORDER BY c.subject, c.event_id"""
_TOLD = """
CREATE TEMPORARY TABLE "told" (
    "turn" {whole}, "place" {whole}, "at" {text}, "appeal_id" {whole}, "kind" {text},
    "operator_id" {whole}, "was_operator_id" {whole}, "closed_at" {text}, "roster_id" {whole},
    "draw" {whole}, "drawn" BOOLEAN, "event_id" {whole}
){for_now}"""


def _tell_recorded(tick: Tick) -> int:
    """Keep aside the lines of appeals that events changed; return how many nobody can read."""
    run(_TOLD)
    unreadable = 0
    aside: list[Row] = []
    for _, found in groupby(_recorded(tick), key=itemgetter(0)):
        changes = list(found)
        recorded = [each for row in changes if (each := _record(row)) is not None]
        unreadable += len(changes) - len(recorded)
        aside += _told(changes[0], recorded)
        if len(aside) >= PAGE:
            _keep(aside)
            aside.clear()
    _keep(aside)
    run('CREATE INDEX "told_by_moment" ON "told" ("at")')
    run('CREATE INDEX "told_by_appeal" ON "told" ("appeal_id")')
    if engine().is_server:
        run('ANALYZE "told"')
    return unreadable


def _recorded(tick: Tick) -> Iterator[Row]:
    """Yield what events recorded of appeals, those of one appeal in a row, in their order."""
    begin: Row = ("appeal:", 0)
    while begin < ("appeal;", 0):
        found = run(_END_OF_PAGE, *begin, PAGE - 1)
        end = found[0] if found else ("appeal;", 0)
        yield from run(_RECORDED, *begin, *end)
        begin = end
        tick(PAGE * len(found))


def _record(row: Row) -> Recorded | None:
    """Return what an event recorded, None if another program left something else there."""
    _, event_id, at, part_of, reverses, before, after, *_ = row
    told = _columns(after)
    was = None if before is None else _columns(before)
    if told is None or (was is None and before is not None):
        return None
    return Recorded(event_id, at, part_of, reverses, was, told)


_TYPES = {
    "operator_id": (int, type(None)),
    "closed_at": (str, type(None)),
    "roster_id": (int, type(None)),
    "draw": (int, type(None)),
    "withdrawn": (bool,),
}


# Cached, since the way an appeal was before, open with an operator, is that of many.
@lru_cache(4096)
def _columns(text: str | None) -> Columns | None:
    """Return the columns that a text records, None for one that records none."""
    try:
        columns = json.loads(text or "")
    except ValueError:
        return None
    is_right = isinstance(columns, dict) and all(
        isinstance(value, _TYPES.get(name, ())) for name, value in columns.items()
    )
    return columns if is_right else None


def _told(change: Row, recorded: Sequence[Recorded]) -> Iterator[Row]:
    """Yield the lines of an appeal as they are kept aside."""
    appeal_id, (timestamp, *now) = change[0], change[7:]
    for place, line in enumerate(lines_of(timestamp, OldState(*now), recorded)):
        at, turn, kind, was_operator_id, state, drawn, event_id = line
        after = (state.operator_id, was_operator_id, state.closed_at, state.roster_id, state.draw)
        yield (turn, place, at, appeal_id, kind, *after, drawn, event_id)


def _keep(aside: Sequence[Row]) -> None:
    if aside:
        marks = ", ".join(["(" + ", ".join("?" * len(aside[0])) + ")"] * len(aside))
        run(f'INSERT INTO "told" VALUES {marks}', *chain.from_iterable(aside))


# --- all lines, in the order of time ------------------------------------------------------------

_CLOSING = '{later}("timestamp", "closed_at")'
_IS_CLOSED = '"closed_at" IS NOT NULL'
_MOMENTS = (
    ("appeal", '"timestamp"', "TRUE"),
    ("appeal", _CLOSING, _IS_CLOSED),
    ("told", '"at"', "TRUE"),
)
_IS_UNTOLD = 'NOT EXISTS (SELECT 1 FROM "told" WHERE "told"."appeal_id" = "appeal"."id")'
# The lottery had nobody for it, so whoever has it got it later.
_HAD_NOBODY = '"roster_id" IS NOT NULL AND "draw" IS NULL'


def _end_of_window(begin: str) -> str | None:
    """Return the moment before which a window ends, None for the last one."""
    ends = [
        run(
            f'SELECT {moment} FROM "{table}" WHERE {of_these} AND {moment} > ? '
            f"ORDER BY {moment} LIMIT 1 OFFSET ?",
            begin,
            WINDOW,
        )
        for table, moment, of_these in _MOMENTS
    ]
    return min((found[0][0] for found in ends if found), default=None)


def _lines(*, is_last: bool) -> str:
    """Return the statement for a window from one moment to another, or to the end."""
    received, closing, told = (
        f"{of_these} AND {moment} >= ?" + (not is_last) * f" AND {moment} < ?"
        for _, moment, of_these in _MOMENTS
    )
    return f"""
INSERT INTO "change" ({LISTED})
SELECT {LISTED} FROM (
    SELECT 0 AS "turn", 0 AS "place", "timestamp" AS "at", "id" AS "appeal_id",
        CASE WHEN "roster_id" IS NULL THEN 'imported' ELSE 'received' END AS "kind",
        CASE WHEN {_HAD_NOBODY} THEN NULL ELSE "operator_id" END AS "operator_id",
        CAST(NULL AS {{whole}}) AS "was_operator_id", CAST(NULL AS TEXT) AS "closed_at",
        "roster_id", "draw", "draw" IS NOT NULL AS "drawn", CAST(NULL AS {{whole}}) AS "event_id"
    FROM "appeal" WHERE {received} AND {_IS_UNTOLD}
    UNION ALL
    SELECT 0, 1, "timestamp", "id", 'assigned', "operator_id", NULL, NULL,
        "roster_id", "draw", FALSE, NULL
    FROM "appeal"
    WHERE {received} AND {_HAD_NOBODY} AND "operator_id" IS NOT NULL AND {_IS_UNTOLD}
    UNION ALL
    SELECT coalesce(2 * c.event_id, 0), 2, {_CLOSING}, "id",
        CASE WHEN "withdrawn" THEN 'withdrawn' ELSE 'closed' END, "operator_id", "operator_id",
        "closed_at", "roster_id", "draw", FALSE, c.event_id
    FROM "appeal" LEFT JOIN "event_change" c ON c.subject = 'appeal:' || "id"
    WHERE {closing} AND {_IS_UNTOLD}
    UNION ALL
    SELECT "turn", "place", {LISTED} FROM "told" WHERE {told}
) AS "line" ORDER BY "at", "turn", "appeal_id", "place"
"""


_LINES, _LAST_LINES = _lines(is_last=False), _lines(is_last=True)

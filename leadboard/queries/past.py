"""The past of the desk as a replay needs it: the last day, week or number of appeals.

The team and the loads are those of now with everything since taken back, as the record of acts and
the ledger tell it. At most MOST appeals are read; those before them are left out, and counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from peewee import SQL, IntegerField, fn

from leadboard.allocation.ledger import bounds, last_seq, settle
from leadboard.allocation.lottery import Candidates
from leadboard.allocation.rosters import recorded_roster
from leadboard.common.errors import Trouble
from leadboard.common.language import _, ngettext
from leadboard.database.compiled_queries import Compiled, Param, chunks
from leadboard.database.connection import engine, rows
from leadboard.database.fields import now
from leadboard.database.transactions import at_one_moment, reading
from leadboard.foresight.history import (
    ARRIVED,
    ENTERED,
    MENDED,
    REOPENED,
    Hand,
    HistoryStep,
    PastLine,
    PastSpan,
)
from leadboard.queries.past_lines import (
    LedgerSpan,
    TeamRecord,
    lines_of,
    pending_lines,
    seconds,
    team_records,
    team_steps,
)
from models import Appeal, Change, Event, Operator, OperatorSource, Roster, Source, is_waiting

MOST = 100_000
"""Appeals that are read at most."""

Progress = Callable[[int, int], None]
"""Called now and then with the lines read and those to read; it may wait, or raise to stop."""


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """How far back to go: a length of time, or a number of appeals."""

    words: str
    length: timedelta | None = None
    appeals: int = MOST


DAY = TimeWindow(_("last day"), timedelta(days=1))
WEEK = TimeWindow(_("last week"), timedelta(days=7))


def last_appeals(number: int) -> TimeWindow:
    """Return the window of the last appeals."""
    words = ngettext("last {n:,} appeal", "last {n:,} appeals", number)
    return TimeWindow(words, appeals=number)


def past_of(window: TimeWindow, progress: Progress, most: int = MOST) -> PastSpan:
    """Return what happened in a window, up to now.

    Raises Trouble, and whatever `progress` raises to stop it.
    """
    if engine().is_server:
        with suppress(Trouble):  # what cannot be settled is read as it is
            settle()
    present = at_one_moment(lambda: _present(window, most))
    total = present.span.last - present.span.first + 1
    lines = lines_of(present.span, lambda done: progress(done, total))
    return _assembled(present, [*lines, *present.pending])


class _Present(NamedTuple):
    """The team and what waits, at the one moment up to which the lines go."""

    at: float
    begun: float
    span: LedgerSpan
    hands: dict[int, Hand]
    weights: dict[int, dict[int, int]]
    waiting: Sequence[tuple[int, int]]
    records: Sequence[TeamRecord]
    pending: Sequence[PastLine]
    strategies: dict[int, str]
    left_out: int


_STRATEGIES = Compiled(lambda: Source.select(Source.id, Source.strategy))
_HANDS = Compiled(
    lambda: Operator.select(Operator.id, Operator.max_load, Operator.is_active, Operator.load)
)
_WEIGHTS = Compiled(
    lambda: OperatorSource.select(
        OperatorSource.source, OperatorSource.operator, OperatorSource.weight
    )
)
_WAITING = Compiled(
    lambda: (
        Appeal.select(Appeal.id, Appeal.source)
        .where(is_waiting())
        .order_by(Appeal.id)
        .limit(Param(IntegerField(), "count"))
    )
)


def _present(window: TimeWindow, most: int) -> _Present:
    at = now()
    since, left_out = _beginning(window, at, most)
    span = _span(since)
    begun = seconds(since)
    weights: dict[int, dict[int, int]] = {}
    for source, operator_id, weight in _WEIGHTS.rows():
        weights.setdefault(source, {})[operator_id] = weight
    return _Present(
        *(seconds(at), begun, span),
        {key: Hand(limit, bool(is_on), load) for key, limit, is_on, load in _HANDS.rows()},
        weights,
        _WAITING.rows(count=most),
        team_records(span.first_event),
        pending_lines(span) if engine().is_server else (),
        dict(_STRATEGIES.rows()),
        left_out,
    )


# --- where it begins ----------------------------------------------------------------------------

_NTH_NEWEST = Compiled(
    lambda: (
        Appeal.select(Appeal.timestamp)
        .order_by(Appeal.timestamp.desc())
        .offset(Param(IntegerField(), "place"))
        .limit(1)
    )
)
_SINCE = Compiled(
    lambda: Appeal.select(fn.COUNT(SQL("*"))).where(
        Appeal.timestamp >= Param(Appeal.timestamp, "since")
    )
)
_OLDEST = Compiled(lambda: Change.select(Change.at).order_by(Change.seq).limit(1))


def _beginning(window: TimeWindow, at: datetime, most: int) -> tuple[datetime, int]:
    """Return the moment at which the window begins, and how many of its appeals are before it."""
    if window.length is None:
        number = min(window.appeals, most)
        since = _NTH_NEWEST.scalar(place=number - 1)
        return since or _OLDEST.scalar() or at, 0
    since = at - window.length
    count = int(_SINCE.scalar(since=since))
    if count <= most:
        return since, 0
    return _NTH_NEWEST.scalar(place=most - 1), count - most


_LINE_AT = Compiled(
    lambda: (
        Change.select(Change.at)
        .where(Change.seq >= Param(Change.seq, "place"))
        .order_by(Change.seq)
        .limit(1)
    )
)
_EVENT_AT = Compiled(
    lambda: (
        Event.select(Event.at)
        .where(Event.id >= Param(Event.id, "place"))
        .order_by(Event.id)
        .limit(1)
    )
)
_LAST_EVENT = Compiled(lambda: Event.select(fn.MAX(Event.id)))


def _span(since: datetime) -> LedgerSpan:
    last = last_seq()
    # Of what was pruned only some lines are left, which tell no whole story.
    first = max(_first(_LINE_AT, last, since), bounds().pruned + 1)
    return LedgerSpan(first, last, _first(_EVENT_AT, _LAST_EVENT.scalar() or 0, since))


def _first(at_place: Compiled, last: int, since: datetime) -> int:
    """Return the first place from which on all is of a moment or later; places may be missing."""
    low, high = 0, last + 1
    while high - low > 1:
        middle = (low + high) // 2
        found = at_place.scalar(place=middle)
        low, high = (low, middle) if found is None or found >= since else (middle, high)
    return high


# --- putting it together ------------------------------------------------------------------------


def _assembled(present: _Present, lines: Sequence[PastLine]) -> PastSpan:
    hands, weights = _taken_back(present)
    began = _as_it_began(lines, present.waiting)
    loads = _loads_taken_back(present, lines)
    steps = list(_merged(lines, present.records))
    return PastSpan(
        begun=lines[0].at if lines else present.begun,
        ended=max([present.at, *(step.at for step in steps[-1:])]),
        hands={key: replace(hand, load=loads[key]) for key, hand in hands.items()},
        weights=weights,
        steps=steps,
        rosters=_rosters({line.roster for line in lines if line.roster is not None}),
        waiting=began.waiting,
        held=began.held,
        strategies=present.strategies,
        arrived=sum(line.kind in (ARRIVED, ENTERED) for line in lines),
        left_out=present.left_out,
    )


def _merged(lines: Iterable[PastLine], records: Sequence[TeamRecord]) -> Iterator[HistoryStep]:
    """Yield lines and what was done to the team in their order: in an act the team goes first."""
    place = 0
    for line in lines:
        # By the act where there is one; an arrival has only its moment.
        while place < len(records) and (
            records[place].event <= line.act if line.act else records[place].at <= line.at
        ):
            # Never later than the line: clocks of two writers may differ.
            for step in team_steps(records[place]):
                yield step._replace(at=min(step.at, line.at))
            place += 1
        yield line
    yield from chain.from_iterable(map(team_steps, records[place:]))


def _taken_back(present: _Present) -> tuple[dict[int, Hand], dict[int, dict[int, int]]]:
    """Return the team and the weights as they were before all acts of the window."""
    hands = dict(present.hands)
    weights = {source: dict(column) for source, column in present.weights.items()}
    for record in reversed(present.records):
        before: Any = record.before or {}
        if record.table == "weight":
            operator_id, source = record.key
            weights.setdefault(source, {}).pop(operator_id, None)
            if before:
                weights[source][operator_id] = before["weight"]
        elif record.table == "operator":
            _take_back_hand(hands, record)
    return hands, weights


def _take_back_hand(hands: dict[int, Hand], record: TeamRecord) -> None:
    (operator_id,) = record.key
    before: Any = record.before
    known = hands.get(operator_id)
    if before is None:
        return  # they were added: they stay, with no weight and so without a part in anything
    max_load = before.get("max_load", known.max_load if known else 0)
    is_active = bool(before.get("is_active", known.is_active if known else True))
    hands[operator_id] = Hand(max_load, is_active, known.load if known else 0)


def _loads_taken_back(present: _Present, lines: Iterable[PastLine]) -> Counter[int]:
    """Return the loads before the first line."""
    loads = Counter({key: hand.load for key, hand in present.hands.items()})
    for line in lines:
        if line.kind == MENDED:
            continue  # nothing happened to it
        if line.operator is not None and line.is_open:
            loads[line.operator] -= 1
        if line.was is not None and line.kind not in (REOPENED, ENTERED):
            loads[line.was] += 1
    for record in present.records:
        if record.table == "load":
            for step in team_steps(record):
                loads[step.operator] -= step.value or 0
    return loads


class _Began(NamedTuple):
    """Appeals as the time began: what waited, by source, and who had those that have lines."""

    waiting: dict[int, list[int]]
    held: dict[int, int]


def _as_it_began(lines: Iterable[PastLine], waiting_now: Iterable[tuple[int, int]]) -> _Began:
    waiting, held, seen = dict[int, set[int]](), dict[int, int](), set[int]()
    for line in lines:
        if line.appeal in seen:
            continue
        seen.add(line.appeal)
        if line.kind in (ARRIVED, ENTERED, REOPENED, MENDED):
            continue
        if line.was is not None:
            held[line.appeal] = line.was
        else:
            waiting.setdefault(line.source, set()).add(line.appeal)
    for appeal, source in waiting_now:
        if appeal not in seen:
            waiting.setdefault(source, set()).add(appeal)
    return _Began({source: sorted(each) for source, each in waiting.items()}, held)


def _rosters(ids: set[int]) -> dict[int, Candidates]:
    return {
        key: recorded_roster(content)
        for chunk in chunks(sorted(ids))
        for key, content in reading(
            lambda: rows(Roster.select(Roster.id, Roster.content).where(Roster.id.in_(chunk)))  # noqa: B023
        )
    }

"""The board: what the panes and the header show, read at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from peewee import OP, SQL, Expression, Query, fn

from leadboard.common.text import clean
from leadboard.database.compiled_queries import Compiled, Param
from leadboard.database.connection import engine, rows
from leadboard.database.fields import now, stamp
from leadboard.database.program_tables import HeldEvent, Hook
from leadboard.database.transactions import at_one_moment, reading, settled
from leadboard.entities import OperatorRow, SourceRow
from leadboard.queries import team
from leadboard.queries.hook_alarms import HookAlarm, hook_alarms
from leadboard.queries.times import oldest_waits
from models import Appeal, Event, Lead, Operator, OperatorSource, Source

if TYPE_CHECKING:
    from leadboard.foresight.forecast import Outlook

T = TypeVar("T")

SPARK_MINUTES = 12
MINUTE = len("2026-11-23T10:42")


WeightTable = Mapping[int, Mapping[int, int]]
"""Weights by source id, then by operator id."""


@dataclass(frozen=True, slots=True)
class Board:
    """All that the operators pane, the grid and the header show at one moment."""

    operators: Sequence[OperatorRow] = ()
    sources: Sequence[SourceRow] = ()
    weights: WeightTable = field(default_factory=dict)
    weights_stamp: tuple[int, int] = (0, 0)
    per_minute: int = 0
    minutes: Mapping[str, int] = field(default_factory=dict)
    """Arrivals of the last minutes, by the minute as the tables write it."""
    counts: "Counts | None" = None
    """How many appeals and leads there are; None until somebody has counted them."""
    oldest_waits: Mapping[int, datetime] = field(default_factory=dict)
    """By source, since when the appeal that has waited longest waits."""

    hooks: Sequence[HookAlarm] = ()
    """The hooks in need."""
    outlooks: Mapping[int, "Outlook"] = field(default_factory=dict)
    """By source, when it will have nobody; empty until somebody has made a forecast."""

    @property
    def oldest_wait(self) -> datetime | None:
        """Return since when the appeal that has waited longest waits, None if nothing waits."""
        return min(self.oldest_waits.values(), default=None)

    @property
    def capacity(self) -> tuple[int, int]:
        """Return the load and the limit of all active operators.

        Both count the same people, or the room between them would be wrong.
        """
        active = [each for each in self.operators if each.is_active]
        return sum(each.load for each in active), sum(each.max_load for each in active)

    def source(self, source_id: int) -> SourceRow | None:
        """Return a source, None where there is none with this id."""
        return next((each for each in self.sources if each.id == source_id), None)

    @property
    def waiting(self) -> int:
        """Return how many open appeals nobody has."""
        return sum(source.waiting for source in self.sources)


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of appeals and leads, and the ids from which counting goes on."""

    appeals: int = 0
    leads: int = 0
    settled: tuple[int, int] = (0, 0)
    """How many there are up to the marks."""
    marks: tuple[int, int] = (0, 0)
    """Ids up to which nothing more can come."""


def board(previous: Board | None = None) -> Board:
    """Return the board as it is now; what has not changed is taken from `previous`.

    The counts go on from those of `previous`, and are left out while it has none.
    """
    known = previous or Board()
    # Before the snapshot: what is settled holds only for what is read afterwards.
    ends = None if known.counts is None else _ends()
    return at_one_moment(lambda: _board(known, ends))


def figures() -> Board:
    """Return what is cheap to read often: operators, sources and their oldest waits."""

    def read() -> Board:
        waits = oldest_waits()
        return Board(operators=_operators(), sources=_sources(), oldest_waits=waits)

    return at_one_moment(read)


def counts() -> Counts:
    """Count all appeals and leads, which takes a while when there are millions."""
    ends = _ends()
    return at_one_moment(lambda: _counted_on(Counts(), ends))


def _ends() -> tuple[int, int]:
    """Return the ids of appeals and of leads below which nothing more can come."""
    return settled(Appeal), settled(Lead)


def _board(known: Board, ends: tuple[int, int] | None) -> Board:
    stamp_now = _weights_stamp()
    is_same = known.weights_stamp == stamp_now
    sources = _sources()
    return Board(
        operators=_operators(),
        sources=sources,
        weights=known.weights if is_same else _weights(),
        weights_stamp=stamp_now,
        per_minute=_arrivals_of_last_minute(),
        minutes=_minutes(known.minutes),
        counts=_counted_on(known.counts, ends) if known.counts and ends else None,
        oldest_waits=oldest_waits() if any(each.waiting for each in sources) else {},
        hooks=hook_alarms(),
    )


_OPERATORS = Compiled(lambda: team.operators().order_by(Operator.id))
_SOURCES = Compiled(lambda: team.sources().order_by(Source.id))
_WEIGHTS = Compiled(team.weights)


def _operators() -> tuple[OperatorRow, ...]:
    return tuple(OperatorRow(key, clean(name), *rest) for key, name, *rest in _OPERATORS.rows())


def _sources() -> tuple[SourceRow, ...]:
    return tuple(SourceRow(key, clean(name), *rest) for key, name, *rest in _SOURCES.rows())


def _stamping() -> Query:
    # Squares of remainders: sums of plain products are equal for many different weights.
    # The ids as remainders as well: a server's arithmetic ends at 64 bits, and so do ids.
    operator = Expression(OperatorSource.operator, OP.MOD, 999_999_937)
    source = Expression(OperatorSource.source, OP.MOD, 999_999_937)
    spread = Expression(operator * 7_919_333 + source * 104_729, OP.MOD, 999_999_937) + 1
    mix = Expression((OperatorSource.weight + 17) * spread, OP.MOD, 1_000_003)
    return OperatorSource.select(fn.COUNT(OperatorSource.weight), fn.SUM(mix * mix))


_STAMP = Compiled(_stamping)


def _weights_stamp() -> tuple[int, int]:
    """Return numbers that change with any weight, far quicker than reading them all."""
    [(count, total)] = _STAMP.rows()
    # A server sums whole numbers to a Decimal, and no rows to None.
    return count, int(total or 0)


def _weights() -> WeightTable:
    weights: dict[int, dict[int, int]] = {}
    for operator_id, source_id, weight in _WEIGHTS.rows():
        weights.setdefault(source_id, {})[operator_id] = weight
    return weights


_IN_TIME = (Appeal.timestamp >= Param(Appeal.timestamp, "start")) & (
    Appeal.timestamp <= Param(Appeal.timestamp, "end")
)
_MINUTE_OF = fn.SUBSTR(Appeal.timestamp, 1, MINUTE)
_ARRIVALS = Compiled(
    # By position: a server takes the expression with other parameters for another one.
    lambda: Appeal.select(_MINUTE_OF, fn.COUNT(Appeal.id)).where(_IN_TIME).group_by(SQL("1"))
)


def _minutes(known: Mapping[str, int]) -> dict[str, int]:
    """Return the arrivals per minute; only minutes that may have grown are counted again."""
    this_minute = now().replace(second=0, microsecond=0)
    starts = [this_minute - timedelta(minutes=back) for back in reversed(range(SPARK_MINUTES))]
    minutes = [stamp(start)[:MINUTE] for start in starts]
    # The minute before this one may have grown since it was read.
    first = len(starts) - 2 if minutes[-2] in known else 0
    counted = dict(_ARRIVALS.rows(start=starts[first], end=now()))
    older = {each: known.get(each, 0) for each in minutes[:first]}
    return older | {each: counted.get(each, 0) for each in minutes[first:]}


_APPEALS_AFTER = Compiled(
    lambda: Appeal.select(fn.COUNT(Appeal.id), fn.MAX(Appeal.id)).where(
        Appeal.id > Param(Appeal.id, "mark")
    )
)
_LEADS_AFTER = Compiled(
    lambda: Lead.select(fn.COUNT(Lead.id), fn.MAX(Lead.id)).where(Lead.id > Param(Lead.id, "mark"))
)


def _counted_on(known: Counts, ends: tuple[int, int]) -> Counts:
    """Add the rows beyond the marks; no row of these tables is ever deleted."""
    appeals = _on(_APPEALS_AFTER, known.settled[0], known.marks[0], ends[0])
    leads = _on(_LEADS_AFTER, known.settled[1], known.marks[1], ends[1])
    return Counts(appeals[0], leads[0], (appeals[1], leads[1]), (appeals[2], leads[2]))


def _on(after: Compiled, count: int, mark: int, end: int) -> tuple[int, int, int]:
    """Return how many rows there are, and how many up to the mark that comes with them."""
    [(more, newest)] = after.rows(mark=mark)
    total = count + more
    further = min(newest or 0, end)
    if further <= mark:
        return total, count, mark
    beyond = 0 if further == newest else after.rows(mark=further)[0][0]
    return total, total - beyond, further


_BETWEEN = Compiled(lambda: Appeal.select(fn.COUNT(Appeal.id)).where(_IN_TIME))


def _arrivals_of_last_minute() -> int:
    """Count the arrivals of the last minute, without moments ahead of the clock."""
    end = now()
    return int(_BETWEEN.scalar(start=end - timedelta(minutes=1), end=end))


def weight_of(operator_id: int, source_id: int) -> int | None:
    """Return a weight as it is now, None where the operator does not serve the source."""
    pair = (OperatorSource.operator == operator_id) & (OperatorSource.source == source_id)
    found = reading(lambda: rows(OperatorSource.select(OperatorSource.weight).where(pair)))
    return found[0][0] if found else None


_NEWEST = 500
"""Appeals among which one that is stored late, below the highest id, is still noticed."""


def _signing() -> Query:
    latest = Appeal.select(Appeal.id).order_by(Appeal.id.desc()).limit(_NEWEST).alias("latest")
    return Operator.select(
        fn.SUM(Operator.load),
        fn.SUM(Operator.max_load),
        Source.select(fn.MAX(Source.id)),
        Appeal.select(fn.SUM(latest.c.id)).from_(latest),
        Event.select(fn.MAX(Event.id)),
        Lead.select(fn.MAX(Lead.id)),
        Hook.select(fn.COUNT(Hook.off_because)),
        HeldEvent.select(fn.COUNT(HeldEvent.id)),
        HeldEvent.select(fn.COUNT(HeldEvent.id)).where(HeldEvent.dead_at.is_null()),
    )


_SIGNATURE = Compiled(_signing)


def data_version() -> object:
    """Return a value that changes when another connection commits a visible change."""

    def read() -> object:
        version = engine().change_counter()
        return _SIGNATURE.first() if version is None else version

    return reading(read)

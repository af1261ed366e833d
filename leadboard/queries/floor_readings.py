"""What a forecast is made from: the team as it is, and what the last hour of the ledger counted.

Closings are counted against the minutes for which appeals were held, also those still
open: a mean over the closed ones alone would be too short while a floor fills.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, fn

from leadboard.allocation.ledger import CLOSED, RECEIVED, REOPENED
from leadboard.common.language import _
from leadboard.database.compiled_queries import Compiled, Param
from leadboard.database.fields import moment_of, now
from leadboard.database.transactions import at_one_moment
from leadboard.entities import SourceRow
from leadboard.foresight.floor import Floor, Places, Stream, faded, pooled
from leadboard.foresight.staffing import Staffing
from leadboard.queries import team
from leadboard.queries.recent_lines import first_line, has_gained, has_lost, ledger
from models import Appeal, Change, Operator

WINDOWS = tuple(timedelta(minutes=minutes) for minutes in (60, 10, 2))
"""How far back is counted; less where the ledger has more than LINES since then, or was pruned."""
LINES = 50_000
"""Lines of the ledger that are looked at."""
MOST_OPEN = 50_000
"""Open appeals that are looked at; a floor with more has no forecast."""
YOUNGEST = timedelta(minutes=5)
"""What is counted of a ledger that begins later than this."""
MINUTE = len("2026-11-23T10:42")
SECONDS = 60.0

Held = Mapping[tuple[int, int], int]
"""How many open appeals of each source everybody has, by operator and source."""


@dataclass(slots=True)
class Counted:
    """What happened in the last minutes, by source."""

    minutes: float
    arrivals: Counter[int] = field(default_factory=Counter)
    ages: dict[int, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    """How many minutes ago how many arrived."""
    closings: Counter[int] = field(default_factory=Counter)
    held: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    """Minutes for which its appeals were held, all added up."""

    def staffing(self, source_id: int) -> Staffing | None:
        """Return the places a source needs, None if nothing came or nothing was closed."""
        closings, arrivals = self.closings[source_id], self.arrivals[source_id]
        if closings <= 0 or not arrivals:
            return None
        return Staffing.of(arrivals * 60 / self.minutes, self.held[source_id] / closings)


@dataclass(frozen=True, slots=True)
class FloorReading:
    """A floor, and what was counted to know how fast it fills and empties."""

    floor: Floor
    counted: Counted


def floor_reading() -> FloorReading | None:
    """Return the floor as it is now, None if too much is open or happens; raises Trouble."""
    return at_one_moment(_read)


def places_needed(source_id: int) -> Staffing | None:
    """Return the places that a source needs, by the last hour; raises Trouble.

    None if nothing came or nothing was closed in that time, or too much to look at.
    """
    reading = floor_reading()
    return None if reading is None else reading.counted.staffing(source_id)


def staffing_words(source_id: int) -> str:
    """Return a sentence about the places that a source needs; raises Trouble."""
    needed = places_needed(source_id)
    if needed is None:
        return _("Places needed: not known, as too little came or was closed in the last hour.")
    places = needed.sentence.capitalize()
    return _("{places}; with fewer, more than 1 in 20 have to wait.", places=places)


_OPERATORS = Compiled(
    lambda: Operator.select(Operator.id, Operator.max_load, Operator.load, Operator.is_active)
)
_SOURCES = Compiled(team.sources)
_WEIGHTS = Compiled(team.weights)
_HELD = Compiled(
    lambda: (
        Appeal.select(Appeal.operator, Appeal.source, fn.COUNT(Appeal.id))
        .where(Appeal.closed_at.is_null(), Appeal.operator.is_null(False))
        .group_by(Appeal.operator, Appeal.source)
    )
)


def _read() -> FloorReading | None:
    rows = _OPERATORS.rows()
    operators = {key: Places(limit, load, is_on) for key, limit, load, is_on in rows}
    # The loads first, which cost nothing.
    if sum(each.load for each in operators.values()) > MOST_OPEN:
        return None
    held = {(operator_id, source_id): count for operator_id, source_id, count in _HELD.rows()}
    counted = _counted(operators, held, now())
    if counted is None:
        return None
    return FloorReading(Floor(operators, _streams(counted), held), counted)


def _streams(counted: Counted) -> dict[int, Stream]:
    """Return the sources by id."""
    weights: dict[int, dict[int, int]] = defaultdict(dict)
    for operator_id, source_id, weight in _WEIGHTS.rows():
        weights[source_id][operator_id] = weight
    sources = (SourceRow(*row) for row in _SOURCES.rows())
    waiting = {each.id: each.waiting for each in sources}
    paces = pooled({key: (max(0, counted.closings[key]), counted.held[key]) for key in waiting})
    return {
        key: Stream(faded(counted.ages[key], counted.minutes), paces[key], weights[key], count)
        for key, count in waiting.items()
    }


# --- the last hour ------------------------------------------------------------------------------


def _counted(operators: Mapping[int, Places], held: Held, moment: datetime) -> Counted | None:
    """Return what the longest window counted that can be looked at."""
    for window in WINDOWS:
        if (first := first_line(moment - window, LINES)) is not None:
            since = _not_before_all(first, moment - window, moment)
            counted = _happened(first, since, moment)
            active = {key for key, each in operators.items() if each.is_active}
            for source_id, minutes in _minutes_held(first, since, counted.minutes, held, active):
                counted.held[source_id] += minutes
            return counted
    return None


_FIRST_AT = Compiled(lambda: Change.select(Change.at).order_by(Change.seq).limit(1))


def _not_before_all(first: int, since: datetime, moment: datetime) -> datetime:
    """Return when counting begins: where the ledger is younger than the window, with its birth."""
    born = _FIRST_AT.scalar() if first == 1 else None
    return since if born is None else max(since, min(born, moment - YOUNGEST))


def _happened(first: int, since: datetime, moment: datetime) -> Counted:
    counted = Counted((moment - since).total_seconds() / SECONDS)
    for source_id, kind, minute, count in _KINDS.rows(first=first, at=since):
        if kind == RECEIVED:
            counted.arrivals[source_id] += count
            age = counted.minutes - _begun(minute, since, counted.minutes)
            counted.ages[source_id].append((age, count))
        else:
            # One that was opened again has not freed its place.
            counted.closings[source_id] += count if kind == CLOSED else -count
    return counted


def _minutes_held(
    first: int, since: datetime, window: float, held: Held, active: set[int]
) -> Iterator[tuple[int, float]]:
    """Yield by source for how long each operator held its appeals.

    What they hold now was held from the beginning, but for what they got since and gave away.
    """
    spans = {pair: count * window for pair, count in held.items()}
    at_work = set(active)
    for query, sign in ((_GOT, -1), (_LOST, 1)):
        for operator_id, source_id, minute, count in query.rows(first=first, at=since):
            pair, begun = (operator_id, source_id), _begun(minute, since, window)
            spans[pair] = spans.get(pair, 0.0) + sign * count * begun
            at_work.add(operator_id)
    for (operator_id, source_id), minutes in spans.items():
        # What lies with people who have gone home tells nothing of how long appeals take.
        if operator_id in at_work:
            yield source_id, max(0.0, minutes)


def _begun(minute: str, since: datetime, window: float) -> float:
    """Return how many minutes of the window had passed in the middle of a minute."""
    # A line is at some second of it.
    passed = (moment_of(minute) - since).total_seconds() / SECONDS + 0.5
    return min(max(passed, 0.0), window)


def _counting(*columns: Any, condition: Any) -> Any:
    line, place = ledger()
    is_since = (place >= Param(place, "first")) & (line.at >= Param(line.at))
    return (
        line.select(*columns, fn.COUNT(SQL("*")))
        .join(Appeal, on=(Appeal.id == line.appeal))
        .where(is_since, condition)
        # By position: a server takes the expression with other parameters for another one.
        .group_by(*(SQL(str(at)) for at in range(1, len(columns) + 1)))
    )


def _kinds() -> Any:
    line, _place = ledger()
    is_one = line.kind.in_([RECEIVED, CLOSED, REOPENED])
    return _counting(Appeal.source, line.kind, _minute(line), condition=is_one)


def _minute(line: Any) -> Any:
    return fn.SUBSTR(line.at, 1, MINUTE)


def _moves(*, is_gain: bool) -> Any:
    line, _place = ledger()
    operator_id = line.operator_id if is_gain else line.was_operator_id
    condition = has_gained(line) if is_gain else has_lost(line)
    return _counting(operator_id, Appeal.source, _minute(line), condition=condition)


_KINDS = Compiled(_kinds)
_GOT = Compiled(lambda: _moves(is_gain=True))
_LOST = Compiled(lambda: _moves(is_gain=False))

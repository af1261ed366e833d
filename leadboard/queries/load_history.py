"""The loads of the last hour: those of now, with what the ledger tells since taken back.

Two things are assumed of the lines. Their moments are those of their writing, and two writers'
clocks and transactions differ by less than DISORDER, so that a line out of order is still found.
"""

from bisect import bisect
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, fn

from leadboard.allocation.ledger import IMPORTED, REOPENED, bounds, last_seq
from leadboard.database.compiled_queries import Compiled, Param
from leadboard.database.connection import engine
from leadboard.database.fields import now, stamp
from leadboard.database.transactions import at_one_moment
from leadboard.queries.ledger_search import DISORDER, first_since, moment_at
from models import AppealStep, Change, Operator, PendingChange

SAMPLES = 12
EVERY = timedelta(minutes=5)
MOST = 50_000
"""Lines of the ledger that are looked at; where the hour has more, its history is left out."""
MINUTE = len("2026-11-23T10:42")

LoadHistory = Mapping[int, Sequence[int]]
"""Loads by operator id: at the latest full five minutes, and last the load of now."""


def load_history() -> LoadHistory | None:
    """Return the loads of all operators over the last hour, SAMPLES each, the newest last.

    None where there are more lines than MOST, or some were pruned. Raises Trouble.
    """
    return at_one_moment(_load_history)


_LOADS = Compiled(lambda: Operator.select(Operator.id, Operator.load))


def _load_history() -> LoadHistory | None:
    marks = _marks(now())
    first = _first_line(marks[0] - DISORDER)
    if first is None:
        return None
    later = _steps(first, marks)
    return {key: _samples(load, later[key]) for key, load in _LOADS.rows()}


def _marks(moment: datetime) -> list[datetime]:
    """Return the latest full five minutes, the newest last: one for each sample but that of now."""
    newest = moment.replace(minute=moment.minute - moment.minute % 5, second=0, microsecond=0)
    return [newest - EVERY * back for back in reversed(range(SAMPLES - 1))]


def _samples(load: int, steps: Sequence[int]) -> list[int]:
    """Return the loads before each step, and the load of now after the last."""
    samples = [load]
    for step in reversed(steps):
        samples.append(samples[-1] - step)
    # Less than nothing would be the fault of a counter that `leadboard check` mends.
    return [max(0, sample) for sample in reversed(samples)]


# --- where the hour begins ----------------------------------------------------------------------

_WITHOUT_PLACE = PendingChange.select(PendingChange.id).limit(MOST + 1)
_COUNT_WITHOUT_PLACE = Compiled(
    lambda: PendingChange.select(fn.COUNT(SQL("1"))).from_(_WITHOUT_PLACE)
)


def _first_line(since: datetime) -> int | None:
    """Return the place of the first line of a time, None if not all since then can be looked at."""
    last = last_seq()
    # The lines up to `low` are older than that, those from `high` on are not.
    low, high = max(0, last - MOST), last + 1
    if low and (moment_at(low) or since) >= since:
        return None
    high = first_since(since, low, high)
    further = _COUNT_WITHOUT_PLACE.scalar() if engine().is_server else 0
    is_whole = bounds().pruned < high and last - low + further <= MOST
    return high if is_whole else None


# --- what changed since -------------------------------------------------------------------------


def _steps(first: int, marks: Sequence[datetime]) -> Mapping[int, Sequence[int]]:
    """Return by operator how much the load grew from each mark to the next, and to now."""
    texts = [stamp(mark)[:MINUTE] for mark in marks]
    steps: dict[int, list[int]] = defaultdict(lambda: [0] * len(marks))
    for query, sign in ((_GOT, 1), (_LOST, -1)):
        for operator_id, minute, count in query.rows(first=first, at=marks[0]):
            steps[operator_id][bisect(texts, minute) - 1] += sign * count
    return steps


def _got() -> Any:
    """Return the query that counts the appeals that each operator got, by minute."""
    line, _ = _ledger()
    # A repair notes an appeal as it was found: nothing happened to it.
    is_repair = (line.kind == IMPORTED) & line.was_operator_id.is_null(False)
    return _counted(line.operator_id, line.closed_at.is_null(), ~is_repair)


def _lost() -> Any:
    """Return the query that counts the appeals that each operator lost, by minute."""
    line, _ = _ledger()
    # Whatever else happens to an appeal, it was open before: only those can be closed or moved.
    return _counted(line.was_operator_id, line.kind.not_in([REOPENED, IMPORTED]))


def _ledger() -> tuple[Any, Any]:
    """Return the table of lines and the column of their places."""
    # The view has lines that wait for their place as well; on SQLite none ever does.
    return (AppealStep, AppealStep.place) if engine().is_server else (Change, Change.seq)


def _counted(operator_id: Any, *conditions: Any) -> Any:
    line, place = _ledger()
    is_since = (place >= Param(place, "first")) & (line.at >= Param(line.at))
    return (
        line.select(operator_id, fn.SUBSTR(line.at, 1, MINUTE), fn.COUNT(SQL("*")))
        .where(is_since, operator_id.is_null(False), *conditions)
        # By position: a server takes the expression with other parameters for another one.
        .group_by(SQL("1"), SQL("2"))
    )


_GOT, _LOST = Compiled(_got), Compiled(_lost)

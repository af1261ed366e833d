"""The loads of the last hour: those of now, with what the ledger tells since taken back."""

from bisect import bisect
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL, fn

from leadboard.database.compiled_queries import Compiled, Param
from leadboard.database.fields import now, stamp
from leadboard.database.transactions import at_one_moment
from leadboard.queries.recent_lines import first_line, has_gained, has_lost, ledger
from models import Operator

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
    first = first_line(marks[0], MOST)
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
    line, _ = ledger()
    return _counted(line.operator_id, has_gained(line))


def _lost() -> Any:
    """Return the query that counts the appeals that each operator lost, by minute."""
    line, _ = ledger()
    return _counted(line.was_operator_id, has_lost(line))


def _counted(operator_id: Any, condition: Any) -> Any:
    line, place = ledger()
    is_since = (place >= Param(place, "first")) & (line.at >= Param(line.at))
    return (
        line.select(operator_id, fn.SUBSTR(line.at, 1, MINUTE), fn.COUNT(SQL("*")))
        .where(is_since, condition)
        # By position: a server takes the expression with other parameters for another one.
        .group_by(SQL("1"), SQL("2"))
    )


_GOT, _LOST = Compiled(_got), Compiled(_lost)

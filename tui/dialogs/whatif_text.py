"""What came of a replay, in words: what was beside what would have been, operator by operator."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from rich.cells import cell_len
from textual.content import Content

from leadboard.common.durations import worded
from leadboard.common.language import _, ngettext, pgettext
from leadboard.entities import OperatorRow
from leadboard.foresight.outcome import Deviations, ReplayOutcome
from leadboard.foresight.worlds import Course, Waited
from tui.widgets.cells import fit
from tui.widgets.figures import grouped, spark
from tui.widgets.moments import shown

_ELSEWHERE, _WAITED = _("other operator"), _("had to wait")
_MEDIAN, _NINE, _STILL = _("median wait"), _("9 of 10 within"), _("still waiting")
LABEL = max(map(cell_len, (_ELSEWHERE, _WAITED, _MEDIAN, _NINE, _STILL))) + 2
_WIDE_WAS, _WAS, _DRAFT = _("as it was"), _("was"), pgettext("column", "draft")
COLUMN, NARROW = max(12, cell_len(_WIDE_WAS) + 2), max(7, cell_len(_WAS) + 2)
"""Cells of what a line is about and of its first value, which has fewer on a narrow sheet."""
_OPERATOR, _APPEALS, _FULL = _("operator"), _("appeals"), pgettext("column", "full")
_FIRST_FULL, _LOAD = _("first full"), _("load")
_TIME, _DATE = pgettext("moment", "%H:%M"), pgettext("moment", "%d %b")
_DATE_AND_TIME = pgettext("moment", "%d %b %H:%M")
_NEVER, _AT_ONCE = _("never"), _("at once")
SAMPLES = 12
ROOMY, ROOMIEST = 64, 96
"""Cells from which there is room for the first full moments, and for the loads."""
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class DraftedTeam:
    """The operators under the draft, and their limits as they were."""

    rows: Sequence[OperatorRow]
    limits: Mapping[int, int]


def lines_of(
    outcome: ReplayOutcome, spread: Deviations | None, team: DraftedTeam, width: int
) -> Iterator[Content]:
    """Yield everything about an outcome in lines of a width."""
    yield Content(_span(outcome))
    if not outcome.arrived and not outcome.now.count:
        yield Content(_("Nothing came and nothing waited: there is nothing to compare."))
        return
    yield Content("")
    was, column = (_WIDE_WAS, COLUMN) if width >= ROOMY else (_WAS, NARROW)
    yield Content.styled(f"{fit('', LABEL)}{fit(was, column)}{_DRAFT}", "bold")
    for label, before, after in _waits(outcome, spread):
        yield Content.assemble((fit(label, LABEL), "$quiet"), fit(before, column), after)
    yield Content("")
    yield Content.styled(_head(width), "bold")
    for row in _by_first_full(outcome, team.rows):
        yield Content(_operator(outcome, spread, row, team, width))


def _span(outcome: ReplayOutcome) -> str:
    fmt = _TIME if outcome.ended - outcome.begun < DAY else _DATE_AND_TIME
    came = ngettext(
        "{count} appeal since {moment}",
        "{count} appeals since {moment}",
        outcome.arrived,
        count=grouped(outcome.arrived),
        moment=shown(_moment(outcome.begun), fmt),
    )
    if not outcome.left_out:
        return came
    left_out = ngettext(
        "{count} appeal before them left out",
        "{count} appeals before them left out",
        outcome.left_out,
        count=grouped(outcome.left_out),
    )
    return f"{came}; {left_out}"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _waits(outcome: ReplayOutcome, spread: Deviations | None) -> Iterator[tuple[str, str, str]]:
    was, now = outcome.was, outcome.now
    share = f" ({100 * outcome.elsewhere / max(1, outcome.arrived):.0f}%)"
    error = _error(spread.elsewhere if spread else None)
    yield _ELSEWHERE, "–", f"{grouped(outcome.elsewhere)}{share}{error}"
    error = _error(spread.waited if spread else None)
    yield _WAITED, grouped(was.count), f"{grouped(now.count)}{error}"
    yield _MEDIAN, _length(was, was.median), _length(now, now.median)
    yield _NINE, _length(was, was.p90), _length(now, now.p90)
    yield _STILL, grouped(was.still), grouped(now.still)


def _error(deviation: float | None) -> str:
    return "" if deviation is None else f" ±{deviation:.0f}"


def _length(waits: Waited, seconds: float) -> str:
    return worded(timedelta(seconds=seconds), 2) if waits.count else "–"


# --- operators ----------------------------------------------------------------------------------


def _by_first_full(outcome: ReplayOutcome, rows: Sequence[OperatorRow]) -> list[OperatorRow]:
    """Return the operators who have a part in it: first those who fill up first."""
    now, was = outcome.now_courses, outcome.was_courses
    known = [row for row in rows if row.id in now]
    busy = [row for row in known if any((now[row.id].got, was[row.id].got, any(now[row.id].loads)))]
    never = outcome.ended + 1
    return sorted(busy, key=lambda row: (now[row.id].first_full or never, -now[row.id].full_share))


def _head(width: int) -> str:
    head = fit(_OPERATOR, _name_width(width)) + fit(f" {_APPEALS}", 17) + fit(_FULL, 13)
    if width >= ROOMY:
        head += fit(_FIRST_FULL, 16)
    return head + (_LOAD if width >= ROOMIEST else "")


def _name_width(width: int) -> int:
    if width < ROOMY:
        return max(6, min(20, width - 30))
    return 16 + min(16, max(0, width - ROOMIEST))


def _operator(
    outcome: ReplayOutcome,
    spread: Deviations | None,
    row: OperatorRow,
    team: DraftedTeam,
    width: int,
) -> str:
    was, now = outcome.was_courses[row.id], outcome.now_courses[row.id]
    error = _error(spread.got.get(row.id) if spread else None)
    line = fit(row.name, _name_width(width)) + " "
    line += fit(f"{grouped(was.got)}→{grouped(now.got)}{error}", 15) + " "
    line += fit(f"{_percent(was.full_share)}→{_percent(now.full_share)}", 12) + " "
    if width >= ROOMY:
        line += fit(f"{_when(was, outcome)}→{_when(now, outcome)}", 15) + " "
    if width >= ROOMIEST:
        limit = team.limits.get(row.id, row.max_load)
        line += f"{_loads(was, limit)}→{_loads(now, row.max_load)}"
    return line.rstrip()


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _when(course: Course, outcome: ReplayOutcome) -> str:
    if course.first_full is None:
        return _NEVER
    if course.first_full <= outcome.begun:
        return _AT_ONCE
    fmt = _TIME if outcome.ended - outcome.begun < DAY else _DATE
    return shown(_moment(course.first_full), fmt)


def _loads(course: Course, limit: int) -> str:
    """Return the loads over time as blocks, each the highest of its part."""
    loads = course.loads
    if not loads:
        return ""
    edges = [len(loads) * at // SAMPLES for at in range(SAMPLES + 1)]
    parts = (loads[low : max(high, low + 1)] for low, high in pairwise(edges))
    return spark([max(part) for part in parts if part], limit)

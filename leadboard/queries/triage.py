"""The next appeal to place by hand, and who is best for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from leadboard.common.durations import worded
from leadboard.common.language import _, ngettext, pgettext
from leadboard.database.fields import NoMoment
from leadboard.entities import OperatorRow
from leadboard.queries.appeals import AppealRow, states_up, whole_appeal
from leadboard.queries.board import Board
from leadboard.queries.leads import LeadPast, past_of
from leadboard.queries.odds import Standing, standings
from leadboard.queries.terms import AppealFilter

WAITING = AppealFilter(is_waiting=True)


@dataclass(frozen=True, slots=True)
class Case:
    """A waiting appeal with its whole message, and what its lead has written before."""

    appeal: AppealRow
    past: LeadPast | None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """An operator for an appeal, and why they come in this place."""

    operator: OperatorRow
    why: str

    @property
    def is_over(self) -> bool:
        """Tell whether the appeal would take them over their limit."""
        return self.operator.load >= self.operator.max_load


def next_case(after: int = 0) -> Case | None:
    """Return the oldest waiting appeal whose id is above `after`, None if there is none."""
    for appeal_id in states_up(1, after, WAITING):
        appeal = whole_appeal(appeal_id)
        return None if appeal is None else Case(appeal, past_of(appeal.external_id))
    return None


def best_for(board: Board, case: Case, most: int, now: datetime) -> list[Recommendation]:
    """Return the operators who are on, the best first.

    Whoever has a free place comes before those who are full. Then: who had this lead last, the
    chance in the lottery of the source, and the free places.
    """
    standing = standings(board, case.appeal.source_id)
    last = case.past.operator_id if case.past else None

    def order(row: OperatorRow) -> tuple[object, ...]:
        free = row.max_load - row.load
        weight = standing[row.id].weight if row.id in standing else -1
        return free <= 0, row.id != last, -weight, -free, row.id

    team = sorted((row for row in board.operators if row.is_active), key=order)
    return [Recommendation(row, _why(row, case, standing, now)) for row in team[:most]]


def _why(row: OperatorRow, case: Case, standing: Mapping[int, Standing], now: datetime) -> str:
    """Return in words what speaks for an operator, or against them."""
    free = row.max_load - row.load
    words = [ngettext("{n} free", "{n} free", free) if free > 0 else pgettext("operator", "full")]
    past = case.past
    if past is not None and past.operator_id == row.id:
        words.append(_had_this_lead(past.at, now))
    weight = standing[row.id].weight if row.id in standing else None
    words.append(_("not linked") if weight is None else _("weight {weight}", weight=weight))
    return ", ".join(words)


def _had_this_lead(at: datetime, now: datetime) -> str:
    if isinstance(at, NoMoment):
        return _("had this lead")
    return _("had this lead {time} ago", time=worded(now - at))

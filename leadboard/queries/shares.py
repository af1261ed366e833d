"""Shares due and got: what each operator had a right to by the weights, and what the draws gave.

Spans begin on a day, and not so long ago: evidence is honest however often it is looked at, but
only from a beginning that does not move.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from peewee import SQL, fn

from leadboard.allocation.evidence import Evidence
from leadboard.allocation.fairness import DrawCounts, Evenness, Share
from leadboard.allocation.lottery import BY_LOTTERY, Candidates
from leadboard.allocation.rosters import recorded_roster
from leadboard.allocation.tally import (
    BATCH,
    BY_HAND,
    DRAWN,
    FORCED,
    count_on,
    counted_up_to,
    cursor,
    day_of,
    given,
)
from leadboard.common.errors import Trouble
from leadboard.common.language import _, ngettext
from leadboard.database.compiled_queries import chunks
from leadboard.database.connection import engine, rows
from leadboard.database.proof_tables import LostDraw, Tally
from leadboard.database.transactions import at_one_moment
from leadboard.queries.operator_names import names_of
from models import Appeal, AppealStep, Roster


@dataclass(frozen=True, slots=True)
class OperatorShare:
    """What an operator was due and got of the draws that could have given them more or less.

    `seen` is the smallest bend that the evidence would show in 95 of 100 cases. `by_hand` and
    `forced` count what dispatchers gave them, `by_rule` what other strategies than the lottery did.
    """

    operator_id: int
    name: str
    due: float
    got: int
    free: int
    z: float | None
    seen: float | None
    by_hand: int
    forced: int
    by_rule: int


@dataclass(frozen=True, slots=True)
class Shares:
    """How the draws of a source, or of all, from a day on follow the weights, with a verdict.

    `free` draws had more than one operator to choose from; `lost` ones were drawn again. The alarm
    is the evidence, from 20 on; the p-value is honest only for whoever looks once. `favoured` is
    whom an alarm names.
    """

    source_id: int | None
    since: date | None
    draws: int
    free: int
    lost: int
    p_value: float
    evidence: float
    favoured: int | None
    operators: tuple[OperatorShare, ...]
    verdict: str


def shares(source_id: int | None = None, since: date | None = None) -> Shares:
    """Return the shares of a source, or of all, from a day of UTC on; raises Trouble."""
    # Else each look would count the same lines again.
    if not engine().is_read_only and cursor().left > BATCH:
        # On a standby, or beside somebody who writes for long, they are counted for this look only.
        with suppress(Trouble):
            count_on()
    return at_one_moment(lambda: _shares(source_id, since))


def _shares(source_id: int | None, since: date | None) -> Shares:
    found = _Counted()
    found.add(_tallied(source_id, since))
    found.add(_beyond(source_id, since))
    found.add_lost(_lost(source_id, since))
    even, evidence = found.draws.evenness(), found.draws.evidence()
    names = names_of(sorted({*found.ways, *(share.operator_id for share in even.shares)}))
    operators = tuple(_operators(even, evidence, found, names))
    accused = evidence.operator_id if evidence.accuses() else None
    return Shares(
        *(source_id, since, even.draws, even.free, found.lost, even.p_value, evidence.value),
        accused,
        operators,
        _verdict(even, evidence, operators),
    )


# --- what is counted ----------------------------------------------------------------------------

CountedRow = tuple[str, int, int, str, int]
"""The first day, roster, operator, way and count."""


class _Counted:
    """Draws by roster, and by operator in which other ways they got appeals."""

    def __init__(self) -> None:
        self._known: dict[int, Candidates] = {}
        self.draws = DrawCounts(self._known.__getitem__)
        self.ways: dict[int, Counter[str]] = {}
        self.lost = 0

    def add(self, counted: Iterable[CountedRow]) -> None:
        """Add what operators got."""
        found = list(counted)
        self._read({row[1] for row in found if row[3] == DRAWN})
        for day, roster_id, operator_id, way, count in found:
            if way != DRAWN:
                self._note(operator_id, way, count)
            elif self._known[roster_id].strategy == BY_LOTTERY:
                self.draws.add(roster_id, operator_id, count, day)
            else:
                self._note(operator_id, BY_RULE, count)

    def add_lost(self, counted: Iterable[CountedRow]) -> None:
        """Add draws that gave nobody anything, but were made."""
        found = list(counted)
        self._read({row[1] for row in found})
        for day, roster_id, operator_id, _way, count in found:
            if self._known[roster_id].strategy == BY_LOTTERY:
                self.draws.add(roster_id, operator_id, count, day)
                self.lost += count

    def _note(self, operator_id: int, way: str, count: int) -> None:
        self.ways.setdefault(operator_id, Counter())[way] += count

    def _read(self, roster_ids: set[int]) -> None:
        missing = roster_ids - self._known.keys()
        # Of one that is gone nobody can tell any more who was on it.
        self._known |= dict.fromkeys(missing, Candidates(()))
        for chunk in chunks(sorted(missing)):
            query = Roster.select(Roster.id, Roster.content).where(Roster.id.in_(chunk))
            self._known |= {key: recorded_roster(content) for key, content in rows(query)}


BY_RULE = "rule"
"""The way of appeals that another strategy than the lottery gave."""


def _tallied(source_id: int | None, since: date | None) -> list[CountedRow]:
    """Return what the tally has, added up over the days, with the first day of each."""
    kind = (Tally.roster_id, Tally.operator_id, Tally.way)
    query = Tally.select(fn.MIN(Tally.day), *kind, fn.SUM(Tally.count))
    if since is not None:
        query = query.where(Tally.day >= since.isoformat())
    if source_id is not None:
        query = query.where(Tally.source_id == source_id)
    return [(*row, int(count)) for *row, count in rows(query.group_by(*kind))]


def _beyond(source_id: int | None, since: date | None) -> list[CountedRow]:
    """Return what is not in the tally yet, counted in the same way."""
    query = given(AppealStep).where(AppealStep.place > counted_up_to())
    if since is not None:
        query = query.where(AppealStep.at >= _begin(since))
    if source_id is not None:
        query = query.where(Appeal.source == source_id)
    return [(day, *counted) for day, _source, *counted in rows(query)]


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _lost(source_id: int | None, since: date | None) -> list[CountedRow]:
    columns: list[Any] = [
        *(day_of(LostDraw.at), LostDraw.roster_id, LostDraw.operator_id),
        SQL("'lost'"),
    ]
    query = LostDraw.select(*columns, fn.COUNT(LostDraw.id))
    if since is not None:
        query = query.where(LostDraw.at >= _begin(since))
    if source_id is not None:
        query = query.where(LostDraw.source_id == source_id)
    return rows(query.group_by(*(SQL(str(place)) for place in range(1, 4))))


# --- what is told -------------------------------------------------------------------------------


def _operators(
    even: Evenness, evidence: Evidence, found: _Counted, names: dict[int, str]
) -> Iterator[OperatorShare]:
    by_id: dict[int, Share] = {share.operator_id: share for share in even.shares}
    for operator_id, name in sorted(names.items(), key=lambda each: each[1]):
        share, ways = by_id.get(operator_id), found.ways.get(operator_id, Counter())
        yield OperatorShare(
            operator_id,
            name,
            due=share.due if share else 0.0,
            got=share.got if share else 0,
            free=share.free if share else 0,
            z=share.z if share else None,
            seen=share.seen_by(evidence.needed(operator_id)) if share else None,
            by_hand=ways[BY_HAND],
            forced=ways[FORCED],
            by_rule=ways[BY_RULE],
        )


def _verdict(even: Evenness, evidence: Evidence, operators: Sequence[OperatorShare]) -> str:
    """Return in a sentence or two whether the lottery is fair, and how sure that is."""
    if evidence.accuses():
        names = {each.operator_id: each.name for each in operators}
        name = names.get(evidence.operator_id or 0, f"#{evidence.operator_id}")
        return _accusation(evidence, name)
    if not even.free:
        return _("No draw had more than one operator to choose from.")
    return _seen([each.seen for each in operators if each.free])


def _accusation(evidence: Evidence, name: str) -> str:
    told = {"odds": evidence.odds, "name": name}
    if evidence.is_more:
        return _("The evidence is {odds} that {name} gets more than is due.", **told)
    return _("The evidence is {odds} that {name} gets less than is due.", **told)


def _seen(bends: Sequence[float | None]) -> str:
    """Return what a lottery that is not accused may still hide."""
    known = [each for each in bends if each is not None]
    if not known:
        return _("Nothing speaks against the lottery, but so few draws could hardly show it.")
    points, unknown = 100 * max(known), len(bends) - len(known)
    if not unknown:
        return _(
            "The shares follow the weights. A bend of {points:.1f} points or more would have been "
            "seen in 95 of 100 cases.",
            points=points,
        )
    return ngettext(
        "The shares follow the weights. A bend of {points:.1f} points or more would have been "
        "seen in 95 of 100 cases, but too few draws tell of one operator.",
        "The shares follow the weights. A bend of {points:.1f} points or more would have been "
        "seen in 95 of 100 cases, but too few draws tell of {n} operators.",
        unknown,
        points=points,
    )

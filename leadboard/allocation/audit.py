"""Checking a database: does every rule hold, and does every recorded draw replay?"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from peewee import fn

from leadboard.allocation.backlog import flowing
from leadboard.allocation.handouts import hand_out_batch, record_parts, record_shared
from leadboard.allocation.journal import REPAIR, Journal, from_json, subject_of
from leadboard.allocation.locks import take_turn
from leadboard.allocation.lottery import Candidates, pick
from leadboard.allocation.names import LookAlikes, Named
from leadboard.allocation.rosters import digest_of
from leadboard.common.text import clean
from leadboard.database.connection import engine, rows
from leadboard.database.transactions import at_one_moment, plainly, transact
from models import Appeal, Event, EventChange, Lead, Operator, Roster, Source, is_waiting

BUCKETS = 20
CRITICAL = 60.0
"""Chi-square at 19 degrees of freedom; fair draws pass it about 4 times in a million runs."""
FEWEST = 200
"""The fewest draws by which evenness is judged."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; `is_mendable` tells whether repair can put it right."""

    sentence: str
    is_mendable: bool = False


def check() -> list[Finding]:
    """Return everything that is wrong with the open database; raises Trouble if unreadable."""
    return at_one_moment(lambda: _damage() or list(_findings()))


def _findings() -> Iterator[Finding]:
    for look in (_wrong_loads, _stuck_appeals, _odd_rosters, _look_alikes):
        yield from look()


def repair(actor: str) -> list[Finding]:
    """Repair what can be repaired, as recorded acts, and return what is still wrong."""
    with plainly():
        if damage := _damage():
            return damage

    event_id, has_more = transact(lambda: _mend(actor))
    # Each batch in a transaction of its own, so that others get their turn.
    while has_more:
        has_more = transact(lambda: _hand_out_for(actor, event_id))
    return check()


def _mend(actor: str) -> tuple[int | None, bool]:
    """Recount the loads and hand out a first batch; return the event, and whether more is left."""
    take_turn()
    journal = Journal()
    # Before anything is handed out, which goes by the loads.
    for operator_id, _, load, count in _load_mismatches():
        Operator.update(load=count).where(Operator.id == operator_id).execute()
        journal.note(subject_of("load", operator_id), {"load": load}, {"load": count})
    batch = hand_out_batch()
    journal.add_all(batch.rest)
    event_id = None
    if any(journal):
        event_id = journal.write(actor, REPAIR, "Loads recounted, waiting appeals handed out")
    record_parts(batch.parts)
    return event_id, batch.has_more


def _hand_out_for(actor: str, event_id: int | None) -> bool:
    """Hand out another batch for a repair; return whether more is left."""
    take_turn()
    batch = hand_out_batch()
    record_shared(batch.parts, batch.rest, actor, part_of=event_id)
    return batch.has_more


def _damage() -> list[Finding]:
    return [Finding(clean(sentence)) for sentence in engine().integrity_errors()]


def _load_mismatches() -> list[tuple[int, str, int, int]]:
    """Return (operator id, name, load, count of open appeals) where the last two differ."""
    counted = Appeal.select(fn.COUNT(Appeal.id)).where(
        Appeal.operator == Operator.id, Appeal.closed_at.is_null(), Appeal.operator.is_null(False)
    )
    found = rows(Operator.select(Operator.id, Operator.name, Operator.load, counted))
    return [(key, name, load, count) for key, name, load, count in found if load != count]


def _wrong_loads() -> Iterator[Finding]:
    for _, name, load, count in _load_mismatches():
        sentence = f"{clean(name)} has load {load}, but {count} open appeals."
        yield Finding(sentence, is_mendable=True)


def _stuck_appeals() -> Iterator[Finding]:
    for source_id in flowing():
        waiting = Appeal.select().where(Appeal.source == source_id, is_waiting()).count()
        name = Source.select(Source.name).where(Source.id == source_id).scalar()
        yield Finding(
            f"{waiting} appeals of {clean(str(name))} wait, though somebody could take them.",
            is_mendable=True,
        )


def _odd_rosters() -> Iterator[Finding]:
    for roster_id, digest, content in rows(Roster.select(Roster.id, Roster.digest, Roster.content)):
        if digest_of(content) != bytes(digest):
            yield Finding(f"Roster #{roster_id} was altered: its content and digest differ.")


_KINDS: tuple[tuple[Named, str, str], ...] = (
    (Operator, "Operators", ": rename one"),
    (Source, "Sources", ": rename one"),
    (Lead, "Leads", ""),
)


def _look_alikes() -> Iterator[Finding]:
    """Yield names that nobody can tell apart, stored before names were made plain."""
    for table, kind, advice in _KINDS:
        total, first = LookAlikes(table).found()
        for each in first:
            ids = [f"#{row_id}" for row_id in each.ids]
            if each.count > len(ids):
                ids.append(f"{each.count - len(ids):,} more")
            told = f"{kind} {', '.join(ids[:-1])} and {ids[-1]} look the same"
            yield Finding(f"{told}, as {clean(each.name) or 'nothing at all'}{advice}.")
        if total > len(first):
            yield Finding(f"{kind}: {total - len(first):,} more names have look-alikes.")


@dataclass(slots=True)
class Verification:
    """The result of replaying the draws: how many, what contradicts, and how evenly they fell."""

    draws: int = 0
    findings: list[Finding] = field(default_factory=list)
    chi_square: float = 0.0

    @property
    def is_even(self) -> bool:
        """Tell whether the draws look uniform; too few always do."""
        return self.draws < FEWEST or self.chi_square < CRITICAL


def verify() -> Verification:
    """Replay every recorded draw against its roster, and test the draws for uniformity."""
    return at_one_moment(_verify)


def _verify() -> Verification:
    outcome, rosters, spread = Verification(), {}, _Spread()
    query = Appeal.select(Appeal.id, Appeal.operator, Appeal.roster, Appeal.draw)
    recorded = query.where(Appeal.draw.is_null(False)).order_by(Appeal.id).tuples()
    # Peewee would keep all rows in memory without `iterator`.
    for appeal_id, operator_id, roster_id, draw in recorded.iterator():
        if roster_id not in rosters:
            content = Roster.select(Roster.content).where(Roster.id == roster_id).scalar()
            rosters[roster_id] = Candidates.parse(str(content))
        outcome.draws += 1
        total = rosters[roster_id].total
        spread.add(draw, total)
        if (
            sentence := _contradiction(appeal_id, operator_id, rosters[roster_id], draw)
        ) is not None:
            outcome.findings.append(Finding(sentence))
    outcome.chi_square = spread.chi_square()
    return outcome


def _contradiction(
    appeal_id: int, operator_id: int | None, candidates: Candidates, draw: int
) -> str | None:
    if draw >= candidates.total:
        return f"Appeal #{appeal_id}: its draw {draw} is beyond the roster's {candidates.total}."
    drawn = pick(candidates, draw)
    if drawn == operator_id or _was_moved_to(appeal_id, operator_id):
        return None
    return f"Appeal #{appeal_id}: the draw gave operator #{drawn}, but #{operator_id} has it."


def _was_moved_to(appeal_id: int, operator_id: int | None) -> bool:
    """Tell whether the last recorded move of the appeal, other than a draw, explains its holder.

    An undo puts back an operator together with a draw that a dispatcher had overruled earlier.
    """
    changes = (
        EventChange.select(EventChange.before, EventChange.after, Event.target)
        .join(Event)
        .where(EventChange.subject == subject_of("appeal", appeal_id))
        .order_by(EventChange.event.desc())
    )
    for was, became, target in rows(changes):
        before, after = from_json(was, "appeal") or {}, from_json(became, "appeal") or {}
        if before.get("operator_id") != after.get("operator_id"):
            is_draw = after.get("draw") is not None and target is None
            return not is_draw and after["operator_id"] == operator_id
    return False


class _Spread:
    """Counts draws in equal parts of [0, 1), with what a uniform draw would put in each."""

    def __init__(self) -> None:
        self._seen = [0.0] * BUCKETS
        self._expected = [0.0] * BUCKETS
        self._draws_by_total: dict[int, int] = {}

    def add(self, draw: int, total: int) -> None:
        """Count one draw of [0, total)."""
        if 0 <= draw < total:
            self._seen[draw * BUCKETS // total] += 1
            self._draws_by_total[total] = self._draws_by_total.get(total, 0) + 1

    def chi_square(self) -> float:
        """Return the sum of (seen - expected)² / expected (Pearson, 1900)."""
        for total, draws in self._draws_by_total.items():
            for part in range(BUCKETS):
                self._expected[part] += draws * _share_of(part, total)
        return sum(
            (seen - expected) ** 2 / expected
            for seen, expected in zip(self._seen, self._expected, strict=True)
            # A total below BUCKETS leaves parts into which no draw can fall.
            if expected
        )


def _share_of(part: int, total: int) -> float:
    """Return the exact share of [0, total) that falls into a part: it counts whole numbers."""
    # Rounded up, as the draws of a part begin with the first whole number in it.
    first = -(-part * total // BUCKETS)
    last = -(-(part + 1) * total // BUCKETS)
    return (last - first) / total

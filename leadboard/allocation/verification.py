"""Verifying the ledger: does every draw replay, is nothing missing, are the shares as due?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from peewee import fn

from leadboard.allocation.audit import Finding
from leadboard.allocation.chain_check import ChainCheck
from leadboard.allocation.decisions import RecordedDecision, decisions, seals
from leadboard.allocation.evidence import Evidence
from leadboard.allocation.fairness import DrawCounts, Evenness
from leadboard.allocation.ledger import CLOSED, IMPORTED, RECEIVED, WITHDRAWN, bounds
from leadboard.allocation.ledger_reading import Difference, differences
from leadboard.allocation.lottery import BY_LOTTERY, Candidates, pick
from leadboard.allocation.rosters import KnownRosters
from leadboard.allocation.sealing import NO_HEAD
from leadboard.common.language import _, ngettext
from leadboard.common.text import clean
from leadboard.database.compiled_queries import Compiled, Param
from leadboard.database.connection import rows
from leadboard.database.transactions import at_one_moment
from models import Appeal, AppealStep, Change, Source

PAGE = 10_000
"""Appeals whose lines are read at a time."""


class Replayed(NamedTuple):
    """What verifying looks at in a row of the ledger."""

    appeal_id: int
    place: int
    kind: str
    operator_id: int | None
    was_operator_id: int | None
    roster_id: int | None
    draw: int | None
    drawn: bool
    event_id: int | None


@dataclass(slots=True)
class Verification:
    """What was looked at, what contradicts, and how well the shares follow the weights.

    `draws` are all that were replayed; `evenness` and `evidence` leave out those that an upgrade
    rebuilt or a pruning kept, which are not all that were ever made. `unrecorded` lines are those
    of which an upgrade knew only what became of it. `pruned` is the place up to which lines may be
    gone. `chains` are those of the sources, followed to their ends.
    """

    lines: int = 0
    appeals: int = 0
    draws: int = 0
    rebuilt: int = 0
    unrecorded: int = 0
    pruned: int = 0
    chains: list[ChainCheck] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    evenness: Evenness = field(default_factory=lambda: no_draws().evenness())
    evidence: Evidence = field(default_factory=lambda: no_draws().evidence())


def no_draws() -> DrawCounts:
    """Return the counts of no draws at all."""
    return DrawCounts(KnownRosters().__getitem__)


def verify() -> Verification:
    """Replay the whole ledger, and test the shares of its draws; raises Trouble if unreadable."""
    return at_one_moment(lambda: _Replay().outcome())


class _Replay:
    """One pass through the ledger, appeal by appeal."""

    def __init__(self) -> None:
        self._bounds = bounds()
        self._rosters = KnownRosters()
        self._tally = DrawCounts(self._rosters.__getitem__)
        self._whole: set[int] = set()
        """The sources whose chains are past what was pruned."""
        self._done = Verification(pruned=self._bounds.pruned)

    def outcome(self) -> Verification:
        """Go through all and return what was found."""
        done = self._done
        self._tell(_gaps(done.pruned))
        newest = Appeal.select(fn.MAX(Appeal.id)).scalar() or 0
        for after in range(0, newest, PAGE):
            lines = (Replayed(*row) for row in _LINES.rows(after=after, up_to=after + PAGE))
            for _unused, of_one in groupby(lines, key=lambda line: line.appeal_id):
                self._tell(self._replay(list(of_one)))
            self._tell(map(_told, differences(after, after + PAGE)))
        self._follow_chains()
        done.evenness, done.evidence = self._tally.evenness(), self._tally.evidence()
        return done

    def _follow_chains(self) -> None:
        """Go through all decisions once more, in the order of their chains."""
        sealed_by, chains = seals(), dict[int, ChainCheck]()
        sources = rows(Source.select(Source.id, Source.name, Source.number, Source.head))
        for source_id, name, *_unused in sources:
            chain = chains[source_id] = ChainCheck(
                clean(name),
                sealed_by.get(source_id, ()),
                self._rosters.__getitem__,
                self._bounds.pruned,
            )
            self._tell(chain.seeds())
        for decision in decisions():
            if decision.source_id in chains:
                self._tell(chains[decision.source_id].follow(decision))
            self._count_lost(decision)
        for source_id, _unused, number, head in sources:
            self._tell(chains[source_id].end(number, NO_HEAD if head is None else bytes(head)))
        self._done.chains = list(chains.values())

    def _count_lost(self, decision: RecordedDecision) -> None:
        """Count a lost draw of a lottery; of a pruned ledger only those among what is whole."""
        if decision.place is not None:
            if decision.place > self._bounds.pruned:
                self._whole.add(decision.source_id)
        elif self._rosters[decision.roster_id].strategy == BY_LOTTERY and (
            not self._bounds.pruned
            or (decision.number is not None and decision.source_id in self._whole)
        ):
            self._tally.add(decision.roster_id, decision.operator_id)

    def _tell(self, sentences: Iterable[str]) -> None:
        self._done.findings += map(Finding, sentences)

    def _replay(self, lines: Sequence[Replayed]) -> Iterator[str]:
        """Yield what contradicts in the lines of one appeal."""
        self._done.appeals += 1
        self._done.lines += len(lines)
        if lines[0].kind not in (RECEIVED, IMPORTED) and not self._bounds.pruned:
            yield _(
                "Appeal #{appeal_id}: the beginning of its record is missing.",
                appeal_id=lines[0].appeal_id,
            )
        for before, line in zip((None, *lines), lines, strict=False):
            if before is not None and before.operator_id != line.was_operator_id:
                yield _broken(line, before.operator_id)
            if line.drawn:
                yield from self._draw(line)
        self._done.unrecorded += sum(self._is_unrecorded(lines[0], each) for each in lines[1:])

    def _is_unrecorded(self, first: Replayed, line: Replayed) -> bool:
        """Tell whether an upgrade added a line that neither an act nor a file tells of."""
        is_from_file = first.kind == IMPORTED and line.kind in (CLOSED, WITHDRAWN)
        return line.event_id is None and line.place <= self._bounds.rebuilt and not is_from_file

    def _draw(self, line: Replayed) -> Iterator[str]:
        """Count a draw; yield what contradicts in it."""
        self._done.draws += 1
        candidates = self._rosters[line.roster_id or 0]
        if (sentence := _contradiction(line, candidates)) is not None:
            yield sentence
        elif line.place <= self._bounds.rebuilt:
            self._done.rebuilt += 1
        # Which old lines a pruning kept depends on who has had the appeal for how long.
        elif candidates.strategy == BY_LOTTERY and line.place > self._bounds.pruned:
            self._tally.add(line.roster_id or 0, line.operator_id or 0)


_LINES = Compiled(
    lambda: (
        AppealStep.select(
            *(AppealStep.appeal, AppealStep.place, AppealStep.kind, AppealStep.operator_id),
            *(AppealStep.was_operator_id, AppealStep.roster, AppealStep.draw, AppealStep.drawn),
            AppealStep.event,
        )
        .where(
            AppealStep.appeal > Param(Appeal.id, "after"),
            AppealStep.appeal <= Param(Appeal.id, "up_to"),
        )
        .order_by(AppealStep.appeal, AppealStep.place)
    )
)


def _gaps(pruned: int) -> Iterator[str]:
    """Yield a sentence when lines are gone that no pruning took."""
    kept = Change.select(fn.COUNT(Change.seq), fn.MAX(Change.seq)).where(Change.seq > pruned)
    ((count, last),) = rows(kept)
    if last is not None and (missing := last - pruned - count):
        yield ngettext(
            "{n} lines of the ledger are missing.", "{n} lines of the ledger are missing.", missing
        )


def _contradiction(line: Replayed, candidates: Candidates) -> str | None:
    draw = -1 if line.draw is None else line.draw
    if not 0 <= draw < candidates.total:
        return _(
            "Appeal #{appeal_id}: its draw {draw} is beyond the roster's {total}.",
            appeal_id=line.appeal_id,
            draw=draw,
            total=candidates.total,
        )
    drawn = pick(candidates, draw)
    if drawn == line.operator_id:
        return None
    number, holder = line.appeal_id, _who(line.operator_id)
    return _(
        "Appeal #{number}: the draw gave operator #{drawn}, but {holder} has it.",
        number=number,
        drawn=drawn,
        holder=holder,
    )


def _broken(line: Replayed, operator_id: int | None) -> str:
    return _(
        "Appeal #{appeal_id}: it was with {holder}, but its next line says {said}.",
        appeal_id=line.appeal_id,
        holder=_who(operator_id),
        said=_who(line.was_operator_id),
    )


def _who(operator_id: object) -> str:
    return "nobody" if operator_id is None else f"#{operator_id}"


def _drawn(draw: object) -> str:
    return "none" if draw is None else f"{draw}"


def _told(difference: Difference) -> str:
    """Return how the row of an appeal differs from what the ledger says."""
    number, told, actual = difference.appeal_id, difference.told, difference.actual
    if told is None:
        return _("Appeal #{number} is not in the ledger.", number=number)
    if told["operator_id"] != actual["operator_id"]:
        had, has = (_who(each["operator_id"]) for each in (told, actual))
        return _(
            "Appeal #{number}: the ledger says {had} has it, but {has} has it.",
            number=number,
            had=had,
            has=has,
        )
    if told["draw"] != actual["draw"]:
        had, has = (_drawn(each["draw"]) for each in (told, actual))
        return _(
            "Appeal #{number}: its draw is {has}, but the ledger has {had}.",
            number=number,
            has=has,
            had=had,
        )
    return _("Appeal #{number}: its row is not as the ledger says.", number=number)

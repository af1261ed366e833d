"""The decisions of the ledger as lines of JSON, with which anybody can check the chains.

A line with `commit` alone says to which seed the decisions from `n` on are committed; one with
`reveal` as well is that seed, once the last of them, `n`, is made. All others are decisions:
`appeal` is null for a draw that was lost to others, `n` and `head` for one that is not sealed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from leadboard.allocation.decisions import RecordedDecision, RecordedSeal, decisions, seals
from leadboard.allocation.rosters import KnownRosters

Line = dict[str, Any]


def decision_lines() -> Iterator[Line]:
    """Yield all lines in the current transaction, those of each chain in their order."""
    rosters = KnownRosters()
    marks = {source_id: _Marks(found) for source_id, found in seals().items()}
    for decision in decisions():
        if decision.number is not None and decision.source_id in marks:
            yield from marks[decision.source_id].ahead_of(decision.number)
        yield _line(decision, rosters[decision.roster_id].between)
    for left in marks.values():
        yield from left.rest()


def _line(decision: RecordedDecision, between: str) -> Line:
    return {
        "chain": decision.source_id,
        "n": decision.number,
        "between": between,
        "outside": decision.outside,
        "draw": decision.draw,
        "operator": decision.operator_id,
        "head": None if decision.head is None else decision.head.hex(),
        "appeal": decision.appeal_id,
    }


@dataclass(slots=True)
class _Marks:
    """The commitments and seeds of one chain that are not written yet."""

    seals: Sequence[RecordedSeal]
    _left: list[tuple[float, Line]] = field(init=False)

    def __post_init__(self) -> None:
        self._left = [mark for seal in self.seals for mark in _marks(seal)]

    def ahead_of(self, number: int) -> Iterator[Line]:
        """Yield what comes ahead of a decision."""
        while self._left and self._left[0][0] < number:
            yield self._left.pop(0)[1]

    def rest(self) -> Iterator[Line]:
        """Yield what comes after the last decision."""
        yield from (line for _, line in self._left)


def _marks(seal: RecordedSeal) -> Iterator[tuple[float, Line]]:
    """Yield the marks of a seal with their places between the numbers of decisions."""
    if seal.first is None:
        return
    committed: Line = {"chain": seal.source_id, "n": seal.first, "commit": seal.commitment}
    yield seal.first - 0.5, committed
    # A seed is a secret until the last draw from it is made.
    if seal.last is not None:
        yield seal.last + 0.5, {**committed, "n": seal.last, "reveal": seal.seed.hex()}

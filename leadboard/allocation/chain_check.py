"""Checking the chains: is every decision there, as its seal gives it, and as its strategy wants?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from leadboard.allocation.decisions import RecordedDecision, RecordedSeal
from leadboard.allocation.lottery import BY_LOTTERY, Candidates
from leadboard.allocation.sealing import (
    NO_HEAD,
    answer,
    commitment_of,
    committed,
    decided,
    question,
)
from leadboard.allocation.strategies.registry import narrowed_again, strategy_of
from leadboard.common.language import _


@dataclass(slots=True)
class ChainCheck:
    """Follows the chain of one source, decision by decision.

    Lines up to `pruned` may be gone: what is missing there is not told. After a contradiction it
    goes on from what is on record, so that each is told once.
    """

    name: str
    seals: Sequence[RecordedSeal]
    roster: Callable[[int], Candidates]
    pruned: int
    number: int = 0
    head: bytes = NO_HEAD
    sealed: int = 0
    unsealed: int = 0
    lost: int = 0
    is_whole: bool = field(init=False)
    """Whether it has come to where nothing was pruned."""
    credits: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.is_whole = not self.pruned

    def seeds(self) -> Iterator[str]:
        """Yield the seals whose seeds are not those that were committed to."""
        for seal in self.seals:
            if commitment_of(seal.seed) != seal.commitment:
                yield (
                    _(
                        "{name}: the seed of seal {seal} is not the one that it was committed to.",
                        name=self.name,
                        seal=seal.id,
                    )
                )

    def follow(self, decision: RecordedDecision) -> Iterator[str]:
        """Yield what contradicts in the next decision."""
        self.lost += decision.is_lost
        if decision.number is None:
            self.unsealed += 1
            yield from self._unsealed(decision)
        else:
            self.sealed += 1
            yield from self._sealed(decision, decision.number)
        yield from self._strategy(decision)
        self.is_whole = self.is_whole or (decision.place or 0) > self.pruned

    def _unsealed(self, decision: RecordedDecision) -> Iterator[str]:
        seal = self._seal(self.number)
        if seal is not None and (seal.last is None or self.number < seal.last):
            yield _(
                "{called}: it is not sealed, though a seal was in force.",
                called=self._called(decision),
            )

    def _sealed(self, decision: RecordedDecision, number: int) -> Iterator[str]:
        yield from self._gap(decision, number)
        seal = self._seal(number)
        if seal is None:
            yield _("{called}: there is no seal for it.", called=self._called(decision))
        else:
            yield from self._drawn(decision, number, seal)
        self.number, self.head = number, decision.head or NO_HEAD

    def _gap(self, decision: RecordedDecision, number: int) -> Iterator[str]:
        if number == self.number + 1 or not self.is_whole:
            return
        if number <= self.number:
            yield _(
                "{called}: it comes after decision {number}.",
                called=self._called(decision),
                number=self.number,
            )
        else:
            missing = f"{self.number + 1}"
            if number - 1 > self.number + 1:
                missing = _("{first} to {last}", first=missing, last=number - 1)
            yield _("{name}: decision {missing} is missing.", name=self.name, missing=missing)

    def _drawn(self, decision: RecordedDecision, number: int, seal: RecordedSeal) -> Iterator[str]:
        candidates = self.roster(decision.roster_id)
        asked = question(decision.source_id, number, candidates.between, decision.outside)
        given = answer(seal.seed, asked, candidates.total) if candidates.total else -1
        if given != decision.draw:
            yield (
                _(
                    "{called}: its draw is {draw}, but its seal gives {given}.",
                    called=self._called(decision),
                    draw=decision.draw,
                    given=given,
                )
            )
            return
        head = decided(self._committed(number), asked, decision.draw, decision.operator_id)
        if number == self.number + 1 and head != decision.head:
            yield _(
                "{called}: the head of the chain does not fit it.", called=self._called(decision)
            )

    def _committed(self, number: int) -> bytes:
        """Return the head with the commitments to what is in force from a number on."""
        head = self.head
        for seal in self.seals:
            if seal.first == number:
                head = committed(head, seal.source_id, number, seal.commitment)
        return head

    def _seal(self, number: int) -> RecordedSeal | None:
        """Return the seal under which a decision was drawn."""
        for seal in reversed(self.seals):
            if seal.first is not None and seal.first <= number:
                return seal if seal.last is None or number <= seal.last else None
        return None

    def _strategy(self, decision: RecordedDecision) -> Iterator[str]:
        """Yield whether others were drawn between than the strategy lets."""
        candidates = self.roster(decision.roster_id)
        if candidates.strategy == BY_LOTTERY:
            return
        strategy = strategy_of(candidates.strategy)
        if strategy is None:
            yield _(
                "{called}: nobody knows the strategy {strategy}.",
                called=self._called(decision),
                strategy=candidates.strategy,
            )
            return
        if narrowed_again(candidates, strategy) != candidates:
            yield _("{called}: the strategy leaves others out.", called=self._called(decision))
        elif changed := strategy.credits(candidates, decision.operator_id):
            yield from self._owed(decision, candidates)
            self.credits |= {} if decision.is_lost else changed

    def _owed(self, decision: RecordedDecision, candidates: Candidates) -> Iterator[str]:
        """Yield whether its roster says otherwise what was owed than the draws before it."""
        told = {each.operator_id: each.standing[0] for each in candidates.entries}
        if not self.pruned and told != {key: self.credits.get(key, 0) for key in told}:
            yield _(
                "{called}: its roster says otherwise what was owed.", called=self._called(decision)
            )
        self.credits |= told

    def end(self, number: int, head: bytes) -> Iterator[str]:
        """Yield whether the chain ends otherwise than the source says."""
        if number != self.number:
            yield _(
                "{name}: its chain ends with decision {last}, and not {wanted}.",
                name=self.name,
                last=self.number,
                wanted=number,
            )
        elif self.number and head != self._committed(number + 1):
            yield _(
                "{name}: its chain ends with another head than the source says.", name=self.name
            )

    def _called(self, decision: RecordedDecision) -> str:
        numbered = _("decision {number}", number=decision.number)
        draw = _("a draw") if decision.number is None else numbered
        which = _("lost") if decision.is_lost else _("appeal #{id}", id=decision.appeal_id)
        return f"{self.name}: {draw} ({which})"

"""Draws inside a transaction: who is chosen, one by one or many at once."""

import random
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from leadboard.allocation.chains import Chain, Turned, chain_of
from leadboard.allocation.limits import claim, claim_many
from leadboard.allocation.lottery import BY_LOTTERY, Candidates, Wheel, left_out
from leadboard.allocation.rosters import (
    STANDING,
    Entries,
    digest_of,
    roster_of,
    standing_candidates,
    stored_roster,
)
from leadboard.allocation.sealing import Link, Words, outside_of
from leadboard.common.errors import TooBusy
from leadboard.common.language import _
from leadboard.database.compiled_queries import Compiled
from leadboard.database.fields import now
from leadboard.database.proof_tables import LostDraw
from models import Operator

LOST_CLAIMS = Counter[int]()
"""Claims of this process that came too late, by operator id."""


class Decision(NamedTuple):
    """What was decided: the roster, and the operator and draw if anybody was chosen."""

    candidates: Candidates
    operator_id: int | None = None
    draw: int | None = None
    link: Link | None = None
    """The place of a sealed draw in its chain."""
    operator: str | None = None
    """The operator's name, for a single draw."""
    digest: bytes = b""
    """The digest of the roster, for one of many draws."""
    is_lost: bool = False
    """Whether the operator drawn had no place left, which is on record: draw again."""

    @property
    def is_left(self) -> bool:
        """Tell whether nobody was chosen."""
        return self.operator_id is None

    def columns(self, roster_id: int) -> dict[str, int | None]:
        """Return the decision as columns of `appeal`, with the id of its stored roster."""
        return {"operator_id": self.operator_id, "roster_id": roster_id, "draw": self.draw}


def decide(
    source_id: int, candidates: Candidates, words: Words, rng: random.Random | None
) -> Decision:
    """Draw for one appeal, and claim a place; `candidates` is the roster of the lottery.

    If the place is gone in the meantime, the decision is lost. The caller stores the transaction,
    so that the lost draw is on record, and draws again in another: a claim that came too late still
    locks the row, and rows locked out of order end in deadlocks.
    """
    if not candidates.total:
        return Decision(candidates)
    chain = chain_of(source_id)
    if chain.strategy_name != BY_LOTTERY:
        candidates = standing_candidates(source_id, chain, {})
    turned = chain.turn(candidates.wheel, words, rng)
    if turned is None:
        return Decision(candidates)
    name = claim(turned.operator_id)
    if name is None:
        _lose(source_id, candidates, words, turned)
    else:
        chain.give(candidates.wheel, turned.operator_id)
    chain.save()
    return Decision(candidates, *turned, operator=name, is_lost=name is None)


def _lose(source_id: int, candidates: Candidates, words: Words, turned: Turned) -> None:
    """Record a draw whose claim came too late."""
    LOST_CLAIMS[turned.operator_id] += 1
    content = candidates.content()
    number, head = turned.link or (None, None)
    LostDraw.insert(
        at=now(),
        source_id=source_id,
        number=number,
        roster_id=stored_roster(content, digest_of(content)),
        draw=turned.draw,
        operator_id=turned.operator_id,
        outside=bytes.fromhex(outside_of(words)),
        head=head,
    ).execute()


class _Ready(NamedTuple):
    """A roster prepared for many draws, with its content and digest as they are stored."""

    wheel: Wheel
    content: str
    digest: bytes

    @classmethod
    def of(cls, candidates: Candidates) -> "_Ready":
        """Return a roster prepared."""
        content = candidates.content()
        return cls(candidates.wheel, content, digest_of(content))


@lru_cache(128)
def _ready(entries: Entries) -> _Ready:
    """Return the roster of a lottery; cached, since batch after batch finds the same ones."""
    return _Ready.of(roster_of(entries))


_PLACES = Compiled(lambda: Operator.select(Operator.id, Operator.max_load - Operator.load))


@dataclass(slots=True)
class Wheels:
    """Many draws in one transaction: places are counted here and claimed together at the end.

    On a server the caller has locked the operators who serve the sources, so that no place goes to
    somebody else meanwhile. A wheel is used until somebody on it is full, so that a draw costs no
    query. `settle` must be called before the transaction ends, and `store_rosters` before what was
    drawn is stored.
    """

    rng: random.Random | None
    _turning: dict[int, _Ready] = field(default_factory=dict)
    _chains: dict[int, Chain] = field(default_factory=dict)
    _contents: dict[bytes, str] = field(default_factory=dict)
    _free: dict[int, int] = field(default_factory=dict)
    _taken: Counter[int] = field(default_factory=Counter)
    _follows_loads: bool = False
    """Whether a source goes by more than who is full, so that each draw changes its roster."""

    def decide(self, source_id: int, words: Words) -> Decision:
        """Draw for one appeal of a source."""
        turning = self._of(source_id)
        chain = self._chains[source_id]
        turned = chain.turn(turning.wheel, words, self.rng)
        if turned is None:
            return Decision(turning.wheel.candidates, digest=turning.digest)
        chain.give(turning.wheel, turned[0])
        self._take(turned[0])
        return Decision(turning.wheel.candidates, *turned, digest=turning.digest)

    def look(self, source_id: int) -> Decision:
        """Return a decision without a draw, for an appeal behind older ones."""
        turning = self._of(source_id)
        return Decision(turning.wheel.candidates, digest=turning.digest)

    def _of(self, source_id: int) -> _Ready:
        turning = self._turning.get(source_id)
        if turning is None:
            turning = self._turning[source_id] = self._read(source_id)
            self._contents[turning.digest] = turning.content
        return turning

    def _read(self, source_id: int) -> _Ready:
        chain = self._chains.get(source_id)
        if chain is None:
            chain = self._chains[source_id] = chain_of(source_id)
        # What was drawn is not in the table before `settle`, so it is added to the loads.
        taken = self._taken
        if chain.strategy_name != BY_LOTTERY:
            self._follows_loads = True
            return _Ready.of(standing_candidates(source_id, chain, taken))
        return _ready(
            tuple(
                (key, weight, left_out(is_active, load + taken[key], most, weight))
                for key, weight, is_active, load, most in STANDING.rows(source_id=source_id)
            )
        )

    def _take(self, operator_id: int) -> None:
        if operator_id not in self._free:
            self._free = dict(_PLACES.rows())
            self._free.update({key: self._free[key] - count for key, count in self._taken.items()})
        self._taken[operator_id] += 1
        self._free[operator_id] -= 1
        is_full = self._free[operator_id] <= 0
        if is_full or self._follows_loads:
            # The wheels of other sources are still true, and go on without a query.
            self._turning = {
                source_id: turning
                for source_id, turning in self._turning.items()
                if turning.wheel.candidates.strategy == BY_LOTTERY
                and not (is_full and operator_id in turning.wheel.ids)
            }

    def settle(self) -> None:
        """Claim what was drawn, and store how far the chains have come.

        Raises TooBusy, so that the transaction is run again, if a place is gone all the same.
        """
        # Sorted, so that two batches never wait for each other's operators.
        for operator_id, count in sorted(self._taken.items()):
            if not claim_many(operator_id, count):
                LOST_CLAIMS[operator_id] += 1
                raise TooBusy(_("The places were taken by somebody else: try again."))
        self._taken.clear()
        for chain in self._chains.values():
            chain.save()

    def store_rosters(self) -> dict[bytes, int]:
        """Return the ids of the rosters of all draws by their digests, storing the new ones."""
        # Sorted, so that two batches never wait for each other's rosters.
        return {
            digest: stored_roster(content, digest)
            for digest, content in sorted(self._contents.items())
        }

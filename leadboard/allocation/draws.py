"""Draws inside a transaction: who is chosen, one by one or many at once."""

import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from leadboard.allocation.appeals import oldest_waiting
from leadboard.allocation.limits import claim, claim_many
from leadboard.allocation.locks import hold_all
from leadboard.allocation.lottery import Candidates, Wheel, choose, left_out
from leadboard.allocation.rosters import (
    STANDING,
    Entries,
    candidates_of,
    digest_of,
    roster_of,
    stored_roster,
)
from leadboard.common.errors import TooBusy
from leadboard.database.compiled_queries import Compiled
from leadboard.database.connection import engine
from models import Operator

LOST_CLAIMS = Counter[int]()
"""Claims of this process that came too late, by operator id."""


class Decision(NamedTuple):
    """What the lottery decided: the roster, and the operator and draw if anybody was chosen."""

    candidates: Candidates
    operator_id: int | None = None
    draw: int | None = None
    operator: str | None = None
    """The operator's name, for a single draw."""
    digest: bytes = b""
    """The digest of the roster, for one of many draws."""

    @property
    def is_left(self) -> bool:
        """Tell whether nobody was chosen."""
        return self.operator_id is None

    def columns(self, roster_id: int) -> dict[str, int | None]:
        """Return the decision as columns of `appeal`, with the id of its stored roster."""
        return {"operator_id": self.operator_id, "roster_id": roster_id, "draw": self.draw}


def decide(candidates: Candidates, rng: random.Random) -> Decision:
    """Draw and claim; if the place is gone in the meantime, draw again among the rest.

    On a server raises TooBusy instead, so that the transaction is run again: a claim that came too
    late still locks the row, and rows locked out of order end in deadlocks.
    """
    while chosen := choose(candidates, rng):
        operator_id, draw = chosen
        if name := claim(operator_id):
            return Decision(candidates, operator_id, draw, name)
        LOST_CLAIMS[operator_id] += 1
        if engine().is_server:
            raise TooBusy("The place went to somebody else: try again.")
        candidates = candidates.without(operator_id)
    return Decision(candidates)


class _Ready(NamedTuple):
    """A roster prepared for many draws, with its content and digest as they are stored."""

    wheel: Wheel
    content: str
    digest: bytes


@lru_cache(128)
def _ready(entries: Entries) -> _Ready:
    """Return the wheel of a roster; cached, since batch after batch finds the same ones."""
    candidates = roster_of(entries)
    content = candidates.content()
    return _Ready(candidates.wheel, content, digest_of(content))


_PLACES = Compiled(lambda: Operator.select(Operator.id, Operator.max_load - Operator.load))


@dataclass(slots=True)
class Wheels:
    """Many draws in one transaction: places are counted here and claimed together at the end.

    A wheel is used until somebody on it is full, so that a draw costs no query. `settle` must be
    called before the transaction ends, and `store_rosters` before what was drawn is stored.
    """

    rng: random.Random
    _turning: dict[int, _Ready] = field(default_factory=dict)
    _contents: dict[bytes, str] = field(default_factory=dict)
    _free: dict[int, int] = field(default_factory=dict)
    _taken: Counter[int] = field(default_factory=Counter)

    def decide(self, source_id: int) -> Decision:
        """Draw for one appeal of a source."""
        turning = self._of(source_id)
        turned = turning.wheel.turn(self.rng)
        if turned is None:
            return Decision(turning.wheel.candidates, digest=turning.digest)
        self._take(turned[0])
        return Decision(turning.wheel.candidates, *turned, digest=turning.digest)

    def look(self, source_id: int) -> Decision:
        """Return a decision without a draw, for an appeal behind older ones."""
        turning = self._of(source_id)
        return Decision(turning.wheel.candidates, digest=turning.digest)

    def _of(self, source_id: int) -> _Ready:
        turning = self._turning.get(source_id)
        if turning is None:
            # What was drawn is not in the table before `settle`, so it is added to the loads.
            taken = self._taken
            turning = _ready(
                tuple(
                    (key, weight, left_out(is_active, load + taken[key], most, weight))
                    for key, weight, is_active, load, most in STANDING.rows(source_id=source_id)
                )
            )
            self._turning[source_id] = turning
            self._contents[turning.digest] = turning.content
        return turning

    def _take(self, operator_id: int) -> None:
        if operator_id not in self._free:
            self._free = dict(_PLACES.rows())
            self._free.update({key: self._free[key] - count for key, count in self._taken.items()})
        self._taken[operator_id] += 1
        self._free[operator_id] -= 1
        if self._free[operator_id] <= 0:
            # The wheels of other sources are still true, and go on without a query.
            self._turning = {
                source_id: turning
                for source_id, turning in self._turning.items()
                if operator_id not in turning.wheel.ids
            }

    def settle(self, left: Collection[int] = ()) -> None:
        """Claim what was drawn; `left` are the sources whose new appeals will have to wait.

        Raises TooBusy, so that the transaction is run again, if a place is gone, or if one became
        free for an appeal that would wait.
        """
        # Before the claims, which lock rows too: all rows must be locked in one order.
        held = bool(left) and hold_all(self._taken, left)
        # Sorted, so that two batches never wait for each other's operators.
        for operator_id, count in sorted(self._taken.items()):
            if not claim_many(operator_id, count):
                LOST_CLAIMS[operator_id] += 1
                raise TooBusy("The places were taken by somebody else: try again.")
        self._taken.clear()
        if held and any(map(_is_free, left)):
            raise TooBusy("A place became free: try again.")

    def store_rosters(self) -> dict[bytes, int]:
        """Return the ids of the rosters of all draws by their digests, storing the new ones."""
        # Sorted, so that two batches never wait for each other's rosters.
        return {
            digest: stored_roster(content, digest)
            for digest, content in sorted(self._contents.items())
        }


def _is_free(source_id: int) -> bool:
    """Tell whether somebody could serve a source that has no older appeals waiting."""
    return bool(candidates_of(source_id).total) and not oldest_waiting(source_id)

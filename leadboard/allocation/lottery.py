"""The lottery itself: integers in, integers out, no database and no float."""

import json
import random
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

INACTIVE, FULL, ZERO_WEIGHT = "inactive", "full", "zero weight"

LOTTERY = random.SystemRandom()
"""The random source of every real draw."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One operator of a source as the lottery saw them; `reason` says why they were left out."""

    operator_id: int
    weight: int
    reason: str | None = None


# Without slots, which would leave `cached_property` nowhere to keep its values.
@dataclass(frozen=True)
class Candidates:
    """The roster of one draw: every operator of the source, in order of operator id."""

    entries: tuple[Candidate, ...]

    @cached_property
    def total(self) -> int:
        """Return the sum of the eligible weights."""
        return sum(each.weight for each in self.entries if each.reason is None)

    @cached_property
    def wheel(self) -> "Wheel":
        """Return the roster prepared for many draws."""
        return Wheel.of(self)

    def without(self, operator_id: int) -> "Candidates":
        """Return the roster after this operator's last place went to somebody else."""
        return Candidates(
            tuple(
                replace(each, reason=FULL) if each.operator_id == operator_id else each
                for each in self.entries
            )
        )

    def content(self) -> str:
        """Return canonical JSON: `[id, weight]`, and the reason third for those left out."""
        return self._content

    @cached_property
    def _content(self) -> str:
        return json.dumps(
            [
                [each.operator_id, each.weight, *([each.reason] if each.reason else [])]
                for each in self.entries
            ],
            separators=(",", ":"),
        )

    @classmethod
    def parse(cls, content: str) -> "Candidates":
        """Return the roster that `content` wrote."""
        return cls(tuple(Candidate(*entry) for entry in json.loads(content)))


def left_out(is_active: bool, load: int, max_load: int, weight: int) -> str | None:
    """Return why an operator cannot take an appeal now, or None if they are eligible."""
    if not is_active:
        return INACTIVE
    if load >= max_load:
        return FULL
    return None if weight > 0 else ZERO_WEIGHT


def pick(candidates: Candidates, draw: int) -> int:
    """Return the operator whose stretch of [0, total) holds `draw`; stretches go by operator id."""
    for each in candidates.entries:
        if each.reason is None:
            if draw < each.weight:
                return each.operator_id
            draw -= each.weight
    raise ValueError("the draw lies beyond the sum of the eligible weights")


def choose(candidates: Candidates, rng: random.Random) -> tuple[int, int] | None:
    """Draw an operator with P = weight / total; return id and draw, None if nobody is eligible."""
    return candidates.wheel.turn(rng)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A roster prepared for many draws: `edges` are the running sums of the eligible weights."""

    candidates: Candidates
    edges: tuple[int, ...]
    ids: tuple[int, ...]

    @classmethod
    def of(cls, candidates: Candidates) -> "Wheel":
        """Return the wheel of a roster."""
        eligible = [each for each in candidates.entries if each.reason is None]
        return cls(
            candidates,
            tuple(accumulate(each.weight for each in eligible)),
            tuple(each.operator_id for each in eligible),
        )

    def turn(self, rng: random.Random) -> tuple[int, int] | None:
        """Draw an operator, the one that `pick` finds; None if nobody is eligible."""
        if not self.edges:
            return None
        draw = rng.randrange(self.edges[-1])
        # Right, because a draw equal to an edge is the first of the next stretch.
        return self.ids[bisect_right(self.edges, draw)], draw


def why_nobody(candidates: Candidates) -> str:
    """Return in a few words why an appeal with this roster waits."""
    if not candidates.entries:
        return "nobody serves this source"
    if candidates.total:
        return "older appeals go first"
    counts = Counter(each.reason for each in candidates.entries)
    return ", ".join(f"{number} {reason}" for reason, number in counts.items())

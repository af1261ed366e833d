"""The lottery itself: integers in, integers out, no database and no float."""

import json
import random
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

INACTIVE, FULL, ZERO_WEIGHT = "inactive", "full", "zero weight"

BY_LOTTERY = "lottery"
"""The name of the strategy that leaves nobody out who is eligible."""

LOTTERY = random.SystemRandom()
"""The random source of every draw that is not sealed."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One operator of a source as the lottery saw them; `reason` says why they were left out.

    `standing` are the numbers by which a strategy chose between whom to draw.
    """

    operator_id: int
    weight: int
    reason: str | None = None
    standing: tuple[int, ...] = ()


def _candidate(
    operator_id: int, weight: int, reason: str | None = None, *standing: int
) -> Candidate:
    return Candidate(operator_id, weight, reason, standing)


def json_of(text: str) -> object:
    """Return what a text says in JSON, None for one that another program has made unreadable."""
    try:
        return json.loads(text)
    # A RecursionError for endless nesting; a number of thousands of digits is a ValueError.
    except (ValueError, RecursionError):
        return None


def _is_entry(entry: object) -> bool:
    """Tell whether an entry is as `content` writes it, which another program may have altered."""
    if not isinstance(entry, list) or len(entry) < 2:
        return False
    operator_id, weight, *left = entry
    numbers = (operator_id, weight, *left[1:])
    is_reasoned = not left or left[0] is None or isinstance(left[0], str)
    return is_reasoned and all(type(each) is int for each in numbers) and weight >= 0


# Without slots, which would leave `cached_property` nowhere to keep its values.
@dataclass(frozen=True)
class Candidates:
    """The roster of one draw: every operator of the source, in order of operator id.

    `strategy` is the rule by which some of the eligible may have been left out.
    """

    entries: tuple[Candidate, ...]
    strategy: str = BY_LOTTERY

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
            ),
            self.strategy,
        )

    @cached_property
    def between(self) -> str:
        """Return in canonical text between whom is drawn: `1:70,2:50`."""
        return ",".join(
            f"{each.operator_id}:{each.weight}" for each in self.entries if each.reason is None
        )

    def content(self) -> str:
        """Return canonical JSON: `[id, weight]`, and the reason third for those left out.

        With another strategy than the lottery its name comes first, and each entry has a reason or
        null, and then its standing.
        """
        return self._content

    @cached_property
    def _content(self) -> str:
        is_plain = self.strategy == BY_LOTTERY
        listed: list[object] = [] if is_plain else [self.strategy]
        for each in self.entries:
            reason = [each.reason] if each.reason or not is_plain else []
            listed.append([each.operator_id, each.weight, *reason, *each.standing])
        return json.dumps(listed, separators=(",", ":"))

    @classmethod
    def parse(cls, content: str) -> "Candidates":
        """Return the roster that `content` wrote; one without anybody for what none wrote."""
        listed = json_of(content)
        if not isinstance(listed, list):
            return cls(())
        strategy = listed.pop(0) if listed and isinstance(listed[0], str) else BY_LOTTERY
        if not all(map(_is_entry, listed)):
            return cls(())
        return cls(tuple(_candidate(*entry) for entry in listed), strategy)


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
        return self.at(draw), draw

    def at(self, draw: int) -> int:
        """Return the operator whose stretch holds a draw."""
        # Right, because a draw equal to an edge is the first of the next stretch.
        return self.ids[bisect_right(self.edges, draw)]

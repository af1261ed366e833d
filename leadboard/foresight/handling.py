"""Handling times: from the moment an appeal had an operator to its closing."""

import random
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence

from leadboard.foresight.history import CLOSED, RETURNED, SENT_HOME, WITHDRAWN, PastLine, PastSpan

LETTING_GO = frozenset({CLOSED, RETURNED, SENT_HOME, WITHDRAWN})


class Handling:
    """The handling time of each appeal of a history, the last where there are several.

    Open appeals have none yet: `of` draws one of those of their source that are longer.
    """

    def __init__(self, history: PastSpan) -> None:
        self._known, ages = _measured(history)
        self._ages = ages
        by_source: dict[int, list[float]] = defaultdict(list)
        for source, seconds in self._known.values():
            by_source[source].append(seconds)
        self._by_source: Mapping[int, Sequence[float]] = {
            source: sorted(each) for source, each in by_source.items()
        }
        self._all = sorted(seconds for _, seconds in self._known.values())

    def of(self, appeal: int, source: int, rng: random.Random) -> float | None:
        """Return how many seconds an appeal takes, None if longer than any that was closed."""
        if (known := self._known.get(appeal)) is not None:
            return known[1]
        return self._longer(source, self._ages.get(appeal, 0.0), rng)

    def _longer(self, source: int, age: float, rng: random.Random) -> float | None:
        found = self._by_source.get(source) or self._all
        first = bisect_right(found, age)
        if first == len(found):
            return None
        return found[first + int(rng.random() * (len(found) - first))]


def _measured(
    history: PastSpan,
) -> tuple[dict[int, tuple[int, float]], dict[int, float]]:
    """Return the handling times by appeal with their sources, and the ages of those still held."""
    since: dict[int, float] = {}
    known: dict[int, tuple[int, float]] = {}
    for step in history.steps:
        if not isinstance(step, PastLine):
            continue
        if step.kind in LETTING_GO:
            begun = since.pop(step.appeal, None)
            if begun is not None and step.kind == CLOSED:
                known[step.appeal] = (step.source, step.at - begun)
        elif step.operator is not None and step.is_open:
            since.setdefault(step.appeal, step.at)
    return known, {appeal: history.ended - begun for appeal, begun in since.items()}

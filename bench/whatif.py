"""Replays of 100 000 appeals under a draft, beside a bare simulation of as many."""

import heapq
import random
import statistics
import time
from collections.abc import Callable
from typing import TypeVar

from bench.plan import BenchPlan
from bench.result import Result
from leadboard.allocation.lottery import FULL, Candidate, Candidates
from leadboard.foresight.draft import TeamDraft
from leadboard.foresight.history import ARRIVED, CLOSED, HANDED_OUT, Hand, PastLine, PastSpan
from leadboard.foresight.replay import Replay
from leadboard.foresight.replay_state import Ground

T = TypeVar("T")

APPEALS = 100_000
SIZES = (6, 40)
"""Operators of the floors."""
LIMIT, BUSY = 5, 0.8
"""Places of each operator, and how much of all places arrivals keep taken."""
LIMIT_OF_NOTHING = 2.0
"""The most seconds for the draft that changes nothing."""
TARGET = 6.0
"""The most that a replay may cost, as a multiple of the simulation that knows no history."""
LAPS = 3
SOURCE = 1


def measure(plan: BenchPlan) -> list[Result]:
    """Replay a floor of 6 and one of 40 operators, with nothing changed and under a draft."""
    return [result for operators in SIZES for result in _of(operators)]


def _of(operators: int) -> list[Result]:
    history = Floor(operators).run(APPEALS)
    bare, _ = timed(lambda: bare_floor(operators, APPEALS))
    ground = Ground.of(history)
    change = TeamDraft().with_weight((1, SOURCE), 1, 3 * operators)
    name = f"replay of {APPEALS:,} appeals, {operators} operators"
    nothing, outcome = timed(lambda: Replay(ground, TeamDraft()).finish())
    assert outcome.elsewhere == 0, "nothing changed must be what happened"
    drafted, _ = timed(lambda: Replay(ground, change).finish())
    return [
        Result(f"{name}, nothing changed", nothing, bare, "s", TARGET, LIMIT_OF_NOTHING),
        Result(f"{name}, one weight", drafted, bare, "s", TARGET),
    ]


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return the median seconds of some runs, and the result of the last."""
    seconds = []
    for _ in range(LAPS):
        begun = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds), result


class Floor:
    """A floor with one source, which writes down its ledger."""

    def __init__(self, operators: int) -> None:
        self._rng = random.Random(operators)
        self._weights = {
            each: self._rng.randint(1, 2 * operators) for each in range(1, operators + 1)
        }
        self._loads = dict.fromkeys(self._weights, 0)
        self._holders: dict[int, int] = {}
        self._waiting: list[int] = []
        self._closings: list[tuple[float, int]] = []
        self._rosters: dict[frozenset[int], int] = {}
        self._contents: dict[int, Candidates] = {}
        self.lines: list[PastLine] = []

    def run(self, appeals: int) -> PastSpan:
        """Let appeals arrive, one a second on average; return what happened."""
        handling = BUSY * LIMIT * len(self._weights)
        at = 0.0
        for appeal in range(1, appeals + 1):
            at += self._rng.expovariate(1)
            while self._closings and self._closings[0][0] <= at:
                self._close(*heapq.heappop(self._closings), handling)
            self._arrive(appeal, at, handling)
        hands = {each: Hand(LIMIT, True, 0) for each in self._weights}
        weights = {SOURCE: self._weights}
        return PastSpan(0.0, at, hands, weights, self.lines, self._contents, arrived=appeals)

    def _arrive(self, appeal: int, at: float, handling: float) -> None:
        roster, draw, operator = self._drawn()
        self.lines.append(PastLine(ARRIVED, at, 0, appeal, SOURCE, operator, None, roster, draw))
        if operator is None:
            self._waiting.append(appeal)
        else:
            self._take(appeal, operator, at, handling)

    def _take(self, appeal: int, operator: int, at: float, handling: float) -> None:
        self._loads[operator] += 1
        self._holders[appeal] = operator
        heapq.heappush(self._closings, (at + self._rng.expovariate(1 / handling), appeal))

    def _close(self, at: float, appeal: int, handling: float) -> None:
        operator = self._holders.pop(appeal)
        self._loads[operator] -= 1
        self.lines.append(
            PastLine(CLOSED, at, appeal, appeal, SOURCE, operator, operator, is_open=False)
        )
        if self._waiting:
            oldest = self._waiting.pop(0)
            roster, draw, got = self._drawn()
            assert got is not None, "a place is free"
            self.lines.append(
                PastLine(HANDED_OUT, at, appeal, oldest, SOURCE, got, None, roster, draw)
            )
            self._take(oldest, got, at, handling)

    def _drawn(self) -> tuple[int, int | None, int | None]:
        full = frozenset(each for each, load in self._loads.items() if load >= LIMIT)
        if full not in self._rosters:
            self._rosters[full] = len(self._rosters) + 1
            entries = (
                Candidate(k, w, FULL if k in full else None) for k, w in self._weights.items()
            )
            self._contents[self._rosters[full]] = Candidates(tuple(entries))
        roster = self._rosters[full]
        turned = self._contents[roster].wheel.turn(self._rng)
        return (roster, None, None) if turned is None else (roster, turned[1], turned[0])


def bare_floor(operators: int, appeals: int) -> int:
    """Simulate as many appeals with nothing but a heap and a wheel; return how many waited."""
    rng = random.Random(operators)
    weights = [rng.randint(1, 2 * operators) for _ in range(operators)]
    loads, closings = [0] * operators, list[tuple[float, int]]()
    waited, at, handling = 0, 0.0, BUSY * LIMIT * operators
    for _ in range(appeals):
        at += rng.expovariate(1)
        while closings and closings[0][0] <= at:
            loads[heapq.heappop(closings)[1]] -= 1
        free = [weight * (load < LIMIT) for weight, load in zip(weights, loads, strict=True)]
        if not any(free):
            waited += 1
            continue
        (chosen,) = rng.choices(range(operators), free)
        loads[chosen] += 1
        heapq.heappush(closings, (at + rng.expovariate(1 / handling), chosen))
    return waited

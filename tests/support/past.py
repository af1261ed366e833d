"""A past of the desk: everything that bots and dispatchers do, at random but repeatably."""

import random
from collections.abc import Callable
from contextlib import suppress

import allocator
from leadboard import desk
from leadboard.common.errors import Refused
from tests.support import ACTOR, rows

Step = tuple[str, int]
"""What happens, and the seed for all that is left open about it."""


class Past:
    """Four operators of two sources, and what happens to them."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self.people = [
            desk.add_operator(f"op {at}", rng.randint(1, 6), actor=ACTOR).result for at in range(4)
        ]
        self.sources = [desk.add_source(f"source {at}", actor=ACTOR).result for at in range(2)]
        for each in self.people:
            for source in self.sources:
                if rng.random() < 0.8:
                    desk.set_weight(each, source, rng.choice([0, 1, 5, 50]), actor=ACTOR)

    def do(self, step: Step) -> None:
        """Let one thing happen, unless it is refused."""
        name, seed = step
        with suppress(Refused):
            ACTS[name](self, random.Random(seed))

    def arrive(self, rng: random.Random) -> None:
        """Hand an appeal in, as a bot does."""
        allocator.submit(f"lead {rng.random()}", rng.choice(self.sources), "hi", rng=rng)

    def some(self, rng: random.Random) -> list[int]:
        """Return one appeal, or a few."""
        last = rows("SELECT coalesce(max(id), 0) FROM appeal")[0][0]
        assert isinstance(last, int)
        return rng.sample(range(1, last + 1), min(last, rng.choice([1, 1, 1, 3])))

    def anybody(self, rng: random.Random) -> int:
        """Return an operator."""
        return rng.choice(self.people)

    def pair(self, rng: random.Random) -> tuple[int, int]:
        """Return an operator and a source."""
        return rng.choice(self.people), rng.choice(self.sources)


def _enter(past: Past, rng: random.Random, *, is_given: bool) -> None:
    operator_id, source_id = past.pair(rng)
    if is_given:
        desk.submit_to(f"call {rng.random()}", source_id, "x", None, operator_id, actor=ACTOR)
    else:
        desk.submit(f"call {rng.random()}", source_id, "x", actor=ACTOR)


ACTS: dict[str, Callable[[Past, random.Random], object]] = {
    "arrive": Past.arrive,
    "close": lambda past, rng: desk.close(past.some(rng), actor=ACTOR),
    "assign": lambda past, rng: desk.assign(
        past.some(rng), past.anybody(rng), force=rng.random() < 0.5, actor=ACTOR
    ),
    "give back": lambda past, rng: desk.give_back(past.some(rng), actor=ACTOR),
    "reopen": lambda past, rng: desk.reopen(past.some(rng), actor=ACTOR),
    "send home": lambda past, rng: desk.send_home([past.anybody(rng)], actor=ACTOR),
    "switch": lambda past, rng: desk.toggle_active([past.anybody(rng)], actor=ACTOR),
    "limit": lambda past, rng: desk.change_operator(
        past.anybody(rng), max_load=rng.randint(0, 8), actor=ACTOR
    ),
    "weigh": lambda past, rng: desk.set_weight(
        *past.pair(rng), rng.choice([0, 1, 20]), actor=ACTOR
    ),
    "unlink": lambda past, rng: desk.unlink(*past.pair(rng), actor=ACTOR),
    "strategy": lambda past, rng: desk.change_source(
        rng.choice(past.sources),
        strategy=rng.choice(["lottery", "quota", "headroom"]),
        actor=ACTOR,
    ),
    "enter": lambda past, rng: _enter(past, rng, is_given=False),
    "give": lambda past, rng: _enter(past, rng, is_given=True),
    "undo": lambda past, rng: desk.undo(actor=ACTOR),
    "redo": lambda past, rng: desk.redo(actor=ACTOR),
}
"""All that may happen, by name."""

USUAL = [*["arrive"] * 9, *["close"] * 5, *ACTS]
"""Names, each as often as it happens among others."""


def steps_of(seed: int, number: int) -> list[Step]:
    """Return so many steps as they usually happen."""
    rng = random.Random(seed)
    return [(rng.choice(USUAL), rng.randrange(10**6)) for _ in range(number)]

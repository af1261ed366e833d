"""Bots, dispatchers and followers killed at random: the ledger, replayed, is the table."""

import random
from pathlib import Path

import pytest

from leadboard.allocation import audit
from leadboard.allocation.verification import verify
from tests.support import add_team, assert_loads_equal_counts, opened, rows
from tests.support.floor import (
    BOT,
    DISPATCHER,
    Follower,
    Start,
    calling,
    feeding,
    free_port,
    kill_at_random,
    replayed,
    screen,
    script,
    seed_of_run,
    serving,
    write_lines,
)
from tests.support.processes import IS_SOAK

pytestmark = [pytest.mark.every_engine, *([pytest.mark.race] if IS_SOAK else [])]

KILLS = 300 if IS_SOAK else 8
LINES = 10_000 if IS_SOAK else 2_000


def floor(target: str, folder: Path, rng: random.Random) -> list[Start]:
    """Return the programs at work: a feed, a bot, dispatchers, and in a soak all that there are."""
    bots = [feeding(target, write_lines(folder / "lines", LINES)), script(BOT, target, 1)]
    dispatchers = [script(DISPATCHER, target, 2), script(DISPATCHER, target, 3)]
    if not IS_SOAK:
        return [*bots, *dispatchers]
    port = free_port()
    return [*bots, *dispatchers, serving(target, port), calling(port), screen(target, rng)]


def test_whoever_is_killed_the_ledger_is_the_table_and_followers_miss_nothing(
    target: str, tmp_path: Path
) -> None:
    seed = seed_of_run()
    print(f"seed {seed}")  # noqa: T201 - pytest shows it with a failure, to replay it
    rng = random.Random(seed)
    with opened(target):
        add_team(
            {"Anna": 300, "Boris": 200, "Vera": 100},
            {"tg": {"Anna": 50, "Boris": 30}, "vk": {"Boris": 10, "Vera": 10}},
        )
    followers = [Follower(target, tmp_path) for _ in range(2)]
    starts = [*floor(target, tmp_path, rng), *(follower.start for follower in followers)]
    kill_at_random(target, starts, KILLS, rng)
    with opened(target):
        audit.repair("afterwards")  # what a killed act let through may still wait
        assert audit.check() == []
        assert verify().findings == []
        assert_loads_equal_counts()
    for follower in followers:
        follower.finish()
        seqs = [line["seq"] for line in follower.lines]
        assert seqs == list(range(1, len(seqs) + 1))
        assert replayed(follower.lines) == as_stored(target)


def as_stored(target: str) -> dict[int, tuple[int | None, str]]:
    """Return the operator and the status of each appeal as the table has them."""
    with opened(target):
        return {
            int(str(key)): (
                None if operator is None else int(str(operator)),
                status(operator, closed, withdrawn),
            )
            for key, operator, closed, withdrawn in rows(
                "SELECT id, operator_id, closed_at, withdrawn FROM appeal"
            )
        }


def status(operator: object, closed: object, withdrawn: object) -> str:
    if closed is not None:
        return "withdrawn" if withdrawn else "closed"
    return "waiting" if operator is None else "open"

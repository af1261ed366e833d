"""What tests of the acts start from: an open book, and a small team or a crowd that waits."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from leadboard import desk
from tests.support import add_operator, add_source, arrive, opened


@pytest.fixture(autouse=True)
def book(target: str) -> Iterator[str]:
    with opened(target) as path:
        yield path


@dataclass(frozen=True, slots=True)
class Team:
    """Vera has three open appeals of four; Boris is off; Gleb is new and serves nothing."""

    vera: int
    boris: int
    gleb: int
    bot: int
    site: int
    held: list[int]
    closed: int


@pytest.fixture
def team() -> Team:
    vera, boris, gleb = add_operator("Vera", 4), add_operator("Boris", 3), add_operator("Gleb", 2)
    bot, site = add_source("bot", (vera, 50), (boris, 0)), add_source("site")
    desk.change_operator(boris, is_active=False, actor="setup")
    *held, closed = arrive(bot, 4)
    desk.close([closed], actor="setup")
    return Team(vera, boris, gleb, bot, site, held, closed)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Vera holds one of one; Boris is off; six appeals wait at two sources, one served by none."""

    vera: int
    boris: int
    gleb: int
    bot: int
    held: int
    waiting: list[int]


@pytest.fixture
def crowd() -> Crowd:
    vera, boris, gleb = add_operator("Vera", 1), add_operator("Boris", 1), add_operator("Gleb", 1)
    bot = add_source("bot", (vera, 10), (boris, 0))
    lonely = add_source("lonely")
    desk.change_operator(gleb, is_active=False, actor="setup")
    desk.set_weight(gleb, bot, 10, actor="setup")
    (held,) = arrive(bot)
    waiting = []
    for _ in range(3):
        arrive(lonely)
        waiting += arrive(bot)
    return Crowd(vera, boris, gleb, bot, held, waiting)


OTHER = "boris"
VERA, BORIS, GLEB, BOT, SITE = 1, 2, 3, 1, 2
HELD, CLOSED, WAITING = [1, 2, 3], 4, [5, 6, 7]
"""What `queued` sets up, by name."""


@pytest.fixture
def queued(book: str) -> None:
    """Vera holds three of three, Boris is off, Gleb is new; three appeals wait."""
    add_operator("Vera", 4), add_operator("Boris", 2), add_operator("Gleb", 2)
    add_source("bot", (VERA, 1_000_000), (BORIS, 20)), add_source("site", (BORIS, 11))
    desk.change_operator(BORIS, is_active=False, actor="setup")
    arrive(BOT, 4)
    desk.close([CLOSED], actor="setup")
    desk.change_operator(VERA, max_load=3, actor="setup")
    arrive(BOT, 3)

"""The client of the door that the bots share: it waits, goes on, and loses no event."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

# It comes with aiogram, which takes seconds to load.
pytest.importorskip("magic_filter", reason="needs aiogram: pip install '.[dev]'")

from aiohttp import web

import models
from leadboard import desk
from leadboard.allocation import pruning
from leadboard.database.fields import now
from leadboard_client import Leadboard, Place, Refused
from tests.support import ACTOR, add_team, arrive, number
from tests.support.door import running

PATIENCE = 30.0
"""Seconds in which an event comes, or never."""


@asynccontextmanager
async def answering(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    """Answer every request on loopback as a test wants it; yield the address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_busy_door_is_asked_again_when_it_says_so() -> None:
    came: list[float] = []

    async def answer(_: web.Request) -> web.Response:
        came.append(time.monotonic())
        if len(came) == 1:
            return web.Response(status=429, headers={"Retry-After": "2"})
        return web.json_response({}, status=503 if len(came) == 2 else 201)

    async with answering(answer) as url:
        await Leadboard(url).submit("tg_1", 1, None, "a")
    assert len(came) == 3
    assert came[1] - came[0] >= 2


async def test_what_is_refused_is_not_repeated() -> None:
    came = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal came
        came += 1
        return web.json_response({"detail": "No."}, status=422)

    async with answering(answer) as url:
        with pytest.raises(Refused, match="/appeals/: 422"):
            await Leadboard(url).submit("tg_1", 1, None, "a")
        with pytest.raises(Refused, match="/events: 422"):
            await anext(Leadboard(url).follow(Place(Path("none"))))
    assert came == 2


@pytest.fixture
def target(tmp_path: Path) -> Path:
    models.open_database(tmp_path / "t.db")
    add_team({"Anna": 100}, {"tg": {"Anna": 1}})
    return tmp_path / "t.db"


async def test_an_event_is_kept_when_it_was_dealt_with_and_not_before(target: Path) -> None:
    path = target.parent / "place"
    with running(str(target)) as door:
        begun = Place(path)
        await Leadboard(door.url).begin(begun)
        arrive(1, 3)
        seen = []
        for _ in range(2):
            place = Place(path)
            async with asyncio.timeout(PATIENCE):
                async for event in Leadboard(door.url).follow(place):
                    seen.append(event["seq"])
                    if len(seen) in (2, 4):
                        break
        # The second was under way when the first loop ended.
        assert seen == [1, 2, 2, 3]
        assert Place(path).seq == 2


async def test_following_goes_on_past_a_door_that_was_killed(target: Path) -> None:
    place = Place(target.parent / "place")
    place.keep(0)
    seen: list[int] = []

    async def follow(url: str) -> None:
        async for event in Leadboard(url).follow(place):
            seen.append(event["seq"])

    with running(str(target)) as door:
        port = door.url.rstrip("/").rpartition(":")[2]
        task = asyncio.create_task(follow(door.url))
        arrive(1, 2)
        await until(lambda: len(seen) == 2)
        door.process.kill()
        door.process.wait()
    arrive(1, 2)
    with running(str(target), "--port", port):
        await until(lambda: len(seen) == 4)
        arrive(1, 1)
        await until(lambda: len(seen) == 5)
        task.cancel()
    assert seen == [1, 2, 3, 4, 5]


async def test_a_place_that_is_gone_is_left_for_the_oldest_or_the_newest(target: Path) -> None:
    desk.close(arrive(1, 3), actor=ACTOR)
    pruning.prune(pruning.edge_of(now()), now(), ACTOR, lambda *_: None)
    [oldest, newest] = [
        number("SELECT pruned FROM ledger_bounds"),
        number("SELECT max(seq) FROM change"),
    ]
    with running(str(target)) as door:
        for kept, first in ((1, oldest + 1), (10**9, newest + 1)):
            place = Place(target.parent / "place")
            place.keep(kept)
            following = Leadboard(door.url).follow(place)
            waiting = asyncio.ensure_future(anext(following))
            await until(partial(is_left, place, kept))
            if first > newest:
                arrive(1)
            assert (await asyncio.wait_for(waiting, PATIENCE))["seq"] == first


def is_left(place: Place, seq: int) -> bool:
    return place.seq != seq


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError

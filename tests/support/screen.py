"""Helpers for tests of the screen: start the desk on a file, press keys, read what it shows."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual import _wait
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.events import Key
from textual.pilot import Pilot

import models
from leadboard.common import settings
from leadboard.database.connection import database, engine
from tui.app import LeadboardApp

# The pilot sleeps three times as long after each key; whatever takes longer, `settle` waits for.
_wait.SLEEP_GRANULARITY, _wait.SLEEP_IDLE = 1 / 200, 1 / 2000

_paint = Compositor.render_update


def _paint_on_demand(
    compositor: Compositor, full: bool = False, screen_stack: Any = None, simplify: bool = False
) -> Any:
    """Paint only a whole screen, for a picture: otherwise there is no terminal to paint on.

    Tests read what the screen shows from its widgets. Painting takes as long as everything else.
    """
    if full:
        return _paint(compositor, full, screen_stack, simplify)
    visible_screen_stack.set(screen_stack or [])
    compositor._dirty_regions.clear()
    return None


Compositor.render_update = _paint_on_demand  # type: ignore[assignment]

LARGE, USUAL, SMALL = (120, 40), (80, 24), (40, 10)


SIDE = re.compile("[│┃]")
"""The side of a frame, which is heavy where the focus is."""

LIGHT = str.maketrans("┃┏┓┗┛", "│╭╮╰╯")
"""From the corners and sides of a heavy frame to those of a light one."""


class Desk:
    """The running desk as a dispatcher sees and uses it."""

    def __init__(self, app: LeadboardApp, pilot: "Pilot[None]") -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys, then wait until every act they asked for is stored and shown."""
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        """Type a text, key by key."""
        await self.pilot.press(*text)
        await self.settle()

    def burst(self, *keys: str) -> None:
        """Hand keys over as one write on a terminal does: all at once."""
        for key in keys:
            self.app.post_message(Key(key, key if len(key) == 1 else None))

    async def settle(self) -> None:
        """Wait until keys, the writer and the screen have nothing left to do."""
        await self._keys_through()
        while not self.app.writer.wait_until_idle(0):
            await asyncio.sleep(0.005)
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()

    async def _keys_through(self) -> None:
        """Wait until no key is held back: on a busy machine one may still wait for its turn."""
        give_up = time.monotonic() + 2
        while self.app.takes_keys and (self.app._key_under_way or self.app._held_keys):
            if time.monotonic() > give_up:
                return
            await asyncio.sleep(0.002)

    async def elsewhere(self, act: Callable[..., object], *arguments: Any, **options: Any) -> None:
        """Do something on a connection of its own, as a bot or another dispatcher would."""

        def run() -> None:
            with database.connection_context():
                act(*arguments, **options)

        await asyncio.to_thread(run)

    async def told(self, act: Callable[..., object], *arguments: Any, **options: Any) -> None:
        """Do something elsewhere, and wait until the screen has read of it."""
        version = self.app.desk_screen.version
        await self.elsewhere(act, *arguments, **options)
        await self.until(lambda: self.app.desk_screen.version > version)
        await self.settle()

    def lines(self) -> list[str]:
        """Return the screen's lines as plain text."""
        # A dialog shows the desk behind it only if it is told so.
        visible_screen_stack.set(self.app._background_screens)
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    def frames(self) -> list[str]:
        """Return the lines with the heavy frame of the focus drawn as all others are."""
        return [line.translate(LIGHT) for line in self.lines()]

    @property
    def text(self) -> str:
        """Return the whole screen as plain text."""
        return "\n".join(self.lines())

    def line_with(self, part: str) -> str:
        """Return the first line that holds `part`."""
        return next(line for line in self.lines() if part in line)

    async def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait for a condition; fail with the screen's text when it never holds."""
        for _ in range(int(seconds / 0.02)):
            if condition():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(self.text)


@asynccontextmanager
async def open_desk(
    target: str | Path, size: tuple[int, int] = LARGE, *, is_demo: bool = False
) -> AsyncIterator[Desk]:
    """Run the desk with the test's settings on a database, whose tables are made if need be."""
    opened = models.open_database(target)
    app = LeadboardApp(
        actor="tester", title=engine().title, settings=settings.read(), is_demo=is_demo
    )
    try:
        async with app.run_test(size=size) as pilot:
            desk = Desk(app, pilot)
            await desk.settle()
            yield desk
            desk.lines()  # whatever is on the screen last can be painted
    finally:
        opened.close()

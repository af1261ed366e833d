"""How a list reads: one reading at a time, and one wish that waits for its end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual.timer import Timer

from leadboard.common.errors import Refused, Trouble
from leadboard.database.connection import engine
from tui.base import app_of
from tui.widgets.paging import PagedView
from tui.worker import Lane

AGAIN = 1.0
"""Seconds until the next try after a reading that failed."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to read, perhaps on another thread, and what to do with it on the screen's own."""

    read: Callable[[], Any]
    then: Callable[[Any], None]


Wish = Callable[[], Job]
"""Says what to read, once its turn has come."""


class Reader:
    """Reads for one list: at once, or beside the screen's thread what may take its time.

    Whoever asks while it reads lets it end, and then the latest wish is read. So a reading that is
    longer than the time between two wishes ends all the same, and none pile up behind it.
    """

    def __init__(self, window: PagedView[Any]) -> None:
        self._window = window
        self._under_way: asyncio.Future[Any] | None = None
        self._wish: Wish | None = None
        self._again: Wish | None = None
        self._generation = self._wanted = 0
        """What is wanted now, and what is being read."""
        self._has_failed = False
        self._retry: Timer | None = None

    @property
    def is_looking(self) -> bool:
        """Tell whether what is on show is not yet what was asked for."""
        return self._under_way is not None or self._has_failed

    def ask(self, wish: Wish, *, is_again: bool = False) -> None:
        """Read, or remember the wish until the reading under way has ended.

        One to read the same again, `is_again`, waits behind any other and displaces none.
        """
        if self._under_way is None:
            self._start(wish)
        elif is_again:
            self._again = wish
        else:
            self._wish = wish

    def begin(self, wish: Wish) -> None:
        """Read what the list shows from now on; what was asked for before is not wanted."""
        self.stop()
        self.ask(wish)

    def stop(self) -> None:
        """Forget what was asked for, and break off the reading under way, once."""
        if self._under_way is not None and self._wanted == self._generation:
            self._searcher.break_off(self._under_way)
        self._generation += 1
        self._wish = self._again = None

    @property
    def _searcher(self) -> Lane:
        return app_of(self._window).searcher

    def _start(self, wish: Wish) -> None:
        if not self._window.is_on_show:
            return
        job = wish()
        if self._window.is_slow or engine().is_server:
            self._wanted = self._generation
            self._under_way = self._searcher.do(job.read)
            work = self._finish(self._under_way, job, self._wanted)
            self._window.run_worker(work, group="read", exit_on_error=False)
            return
        try:
            found = job.read()
        except (Refused, Trouble):
            self._fail()
        else:
            self._has_failed = False
            job.then(found)

    async def _finish(self, reading: "asyncio.Future[Any]", job: Job, generation: int) -> None:
        try:
            found = await reading
        except (Refused, Trouble):
            if generation == self._generation:
                self._fail()
        else:
            self._has_failed = False
            if generation == self._generation:
                job.then(found)
        finally:
            self._under_way = None
        self._go_on()
        self._window.refresh_empty()

    def _fail(self) -> None:
        """Try again in a while; the header tells of a database that cannot be read."""
        self._has_failed = True
        if self._retry is None:
            self._retry = self._window.set_timer(AGAIN, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        self._window.read_again()

    def _go_on(self) -> None:
        if (wish := self._wish) is not None:
            self._wish = None
        else:
            wish, self._again = self._again, None
        if wish is not None:
            self._start(wish)

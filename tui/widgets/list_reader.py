"""How a list reads: one reading at a time, and one wish queued behind it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual.timer import Timer

from tui.base import app_of
from tui.reader import Reader
from tui.widgets.paging import PagedView

AGAIN = 1.0
"""Seconds until the next try after a failed reading."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to read, perhaps on another thread, and what to do with it on the screen's own."""

    read: Callable[[], Any]
    then: Callable[[Any], None]


Wish = Callable[[], Job]
"""Returns what to read, called only when its turn comes."""


class ListReader:
    """Reads for one list: at once, or on another thread if that may be slow.

    A wish that arrives during a reading lets it finish; then the latest wish is read. So a reading
    that takes longer than the time between two wishes still ends, and none pile up behind it.
    """

    def __init__(self, window: PagedView[Any]) -> None:
        self._window = window
        self._under_way: asyncio.Future[Any] | None = None
        self._wish: Wish | None = None
        self._again: Wish | None = None
        self._generation = self._wanted = 0
        """The number of what is wanted now, and of what is being read."""
        self._has_failed = False
        self._retry: Timer | None = None

    @property
    def is_looking(self) -> bool:
        """Tell whether the rows shown are not yet those asked for."""
        return self._under_way is not None or self._has_failed

    def ask(self, wish: Wish, *, is_again: bool = False) -> None:
        """Read, or keep the wish until the current reading has ended.

        A wish to read the same again, `is_again`, waits behind any other and replaces none.
        """
        if self._under_way is None:
            self._start(wish)
        elif is_again:
            self._again = wish
        else:
            self._wish = wish

    def begin(self, wish: Wish) -> None:
        """Read what the list shows from now on, and drop all earlier wishes."""
        self.stop()
        self.ask(wish)

    def stop(self) -> None:
        """Drop all wishes, and interrupt the current reading, once."""
        if self._under_way is not None and self._wanted == self._generation:
            self._searcher.break_off(self._under_way)
        self._generation += 1
        self._wish = self._again = None

    def _start(self, wish: Wish) -> None:
        if not self._window.is_on_show:
            return
        # Asked only now: which rows to read depends on those the list holds by this time.
        job = wish()
        generation = self._wanted = self._generation
        self._under_way = self._searcher.run(
            self._window,
            job.read,
            lambda found: self._found(job, found, generation),
            lambda _error: self._failed(generation),
            is_slow=self._window.is_slow,
        )

    @property
    def _searcher(self) -> Reader:
        return app_of(self._window).searcher

    def _found(self, job: Job, found: Any, generation: int) -> None:
        self._has_failed = False
        if generation == self._generation:
            job.then(found)
        self._ended()

    def _failed(self, generation: int) -> None:
        if generation == self._generation:
            self._try_later()
        self._ended()

    def _ended(self) -> None:
        """Go on with the wishes that have come in, if the reading ran on another thread."""
        if self._under_way is not None:
            self._under_way = None
            self._go_on()
            self._window.refresh_empty()

    def _try_later(self) -> None:
        """Try again later; the header already says that the database cannot be read."""
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

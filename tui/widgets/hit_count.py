"""How much a filter finds, counted beside the screen's own thread."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from leadboard.common.errors import Trouble
from tui.base import app_of
from tui.widgets.filter import number_found
from tui.widgets.paged_view import Window

MOST_COUNTED = 1_000
REST = 5
"""How many times as long as a count took to wait before the next one."""


class Hits:
    """The number of rows that the filter of a list finds; only one count runs at a time."""

    def __init__(self, then: Callable[[], None]) -> None:
        self.text = ""
        self._then = then
        self._list: Window[Any] | None = None
        self._counting: asyncio.Task[None] | None = None
        self._has_to_look_again = False

    def forget(self) -> None:
        """Show no number until one is known: the filter or the list has changed."""
        self._tell("")

    def look(self, shown: Window[Any]) -> None:
        """Count what the filter of a list finds, or take the rows if all of them are there."""
        self._list = shown
        if not shown.is_narrowed:
            self.forget()
        elif shown.holds_all:
            self._tell(number_found(len(shown.rows)))
        elif self._counting is None:
            self._counting = asyncio.create_task(self._count())
        else:
            self._has_to_look_again = True

    def _tell(self, text: str) -> None:
        if text != self.text:
            self.text = text
            self._then()

    async def _count(self) -> None:
        try:
            while shown := self._list:
                self._has_to_look_again = False
                begun = time.monotonic()
                await self._count_once(shown)
                if not self._has_to_look_again:
                    return
                await asyncio.sleep(REST * (time.monotonic() - begun))
        finally:
            self._counting = None

    async def _count_once(self, shown: Window[Any]) -> None:
        counter = app_of(shown).counter
        wanted = shown.wanted
        try:
            number, is_all = await counter.read_beside(lambda: shown.count(MOST_COUNTED))
        except Trouble:
            return  # the header already says that the database cannot be read
        # The list, its filter or its rows may have changed during the count.
        if shown is self._list and wanted == shown.wanted and not shown.holds_all:
            least = number if is_all else max(number, len(shown.rows))
            self._tell(number_found(least, is_all=is_all))

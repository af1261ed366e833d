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
"""Times as long as a count took that nothing is counted after it."""


class Hits:
    """The number of rows that the filter of a list finds; one count at a time is under way."""

    def __init__(self, then: Callable[[], None]) -> None:
        self.text = ""
        self._then = then
        self._list: Window[Any] | None = None
        self._counting: asyncio.Task[None] | None = None
        self._has_to_look_again = False

    def forget(self) -> None:
        """Say nothing until something is found: another filter or another list is on show."""
        self._tell("")

    def look(self, shown: Window[Any]) -> None:
        """Count again what the filter of a list finds, or read it off where all of it is shown."""
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
            return  # the header tells of a database that cannot be read
        if shown is self._list and wanted == shown.wanted and not shown.holds_all:
            least = number if is_all else max(number, len(shown.rows))
            self._tell(number_found(least, is_all=is_all))

"""The end of the ledger, read once for all clients that follow it, and what each is sent."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from fastapi.sse import format_sse_event

from leadboard.common.console import say
from leadboard.common.crashlog import surprise_once
from leadboard.common.errors import TooBusy, Trouble
from leadboard.common.json_lines import json_line
from leadboard.common.language import _
from leadboard.queries.chosen_lines import ChosenLines
from leadboard.queries.ledger_lines import (
    PAGE,
    LedgerLine,
    Pruned,
    fields_of,
    lines_after,
    present,
)

PAUSE, RETRY = 0.2, 1.0
"""Seconds between two looks for new lines, and between two tries to reach the database."""
HEARTBEAT = 15.0
"""Seconds of silence after which a client is sent a comment, so that no proxy gives it up."""
KEPT = 2 * PAGE
"""The newest lines that are kept; who is further behind reads the database."""
PIECE = 200
"""Lines that are sent in one piece, which is in memory until its client has read it."""
MOST_PIECES = 16
"""Pieces that are kept for others who want the same."""
GLANCE = 1.0
"""Seconds after which a silent stream looks whether its client is still welcome."""
MOST_CLIENTS = 1_000
"""Clients that may follow at once."""

Read = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs a reading on a thread that reads."""


class Wanted(NamedTuple):
    """What a client is sent: which lines, with or without messages, and as which operator.

    An operator, `seen_by`, is shown no contacts but their own; None is shown all.
    """

    lines: ChosenLines
    messages: bool
    seen_by: int | None = None


class Tail:
    """The newest lines, which one task reads for as long as anybody follows."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._lines: deque[LedgerLine] = deque(maxlen=KEPT)
        self._seq: int | None = None
        """The newest place that is known; None while it is not."""
        self._news = asyncio.Event()
        self._clients = 0
        self._reading: asyncio.Task[None] | None = None
        self._pieces: dict[tuple[int, int, Wanted], bytes] = {}
        self._is_closed = False

    def close(self) -> None:
        """End every stream, so that the door can close."""
        self._is_closed = True
        self._wake()

    def refuse_crowd(self) -> None:
        """Raise TooBusy when as many follow as there may be."""
        if self._clients >= MOST_CLIENTS:
            raise TooBusy(_("Too many follow already: try again later."))

    async def stream(
        self, seq: int, wanted: Wanted, is_welcome: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        """Yield what follows a place as Server-Sent Events, many in one piece, until it is closed.

        It ends sooner when the client is no longer welcome, the database is out of reach, or what
        follows was pruned: the client comes back with the last id, and is answered then.
        """
        loop, sent_at = asyncio.get_running_loop(), -HEARTBEAT
        with self._followed():
            while not self._is_closed and is_welcome():
                # Taken before the lines: what comes in between must not be waited for.
                news = self._news
                try:
                    lines = await self._after(seq)
                except (Trouble, Pruned):
                    return
                piece = self._piece(lines, wanted)
                seq = lines[-1].seq if lines else seq
                if not piece and loop.time() - sent_at >= HEARTBEAT:
                    # With the id, since all lines so far may have been none of those chosen.
                    piece = format_sse_event(id=str(seq), comment="")
                if piece:
                    sent_at = loop.time()
                    yield piece
                if not lines:
                    await _wait(news, min(GLANCE, sent_at + HEARTBEAT - loop.time()))

    @contextmanager
    def _followed(self) -> Iterator[None]:
        """Count a client; the first starts the reading, the last ends it."""
        self._clients += 1
        if self._reading is None:
            self._reading = asyncio.create_task(self._keep_reading())
        try:
            yield
        finally:
            self._clients -= 1
            if not self._clients:
                self._reading.cancel()
                self._reading = None

    async def _after(self, seq: int) -> Sequence[LedgerLine]:
        """Return lines after a place: from those that are kept, else from the database."""
        # Who is ahead of the end that is known waits for it, and does not read by themselves: all
        # who do would be ahead again, and keep the one reading for all of them waiting.
        if self._seq is None or seq >= self._seq:
            return ()
        if self._lines and self._lines[0].seq <= seq + 1:
            # Places have no gaps.
            first = seq + 1 - self._lines[0].seq
            return list(islice(self._lines, first, first + PIECE))
        reading = partial(lines_after, seq, messages=True, limit=PIECE)
        found: list[LedgerLine] = await self._read(reading)
        return found

    def _piece(self, lines: Sequence[LedgerLine], wanted: Wanted) -> bytes:
        """Return lines as they are sent; for all who want the same it is made once."""
        if not lines:
            return b""
        key = (lines[0].seq, lines[-1].seq, wanted)
        if key not in self._pieces:
            if len(self._pieces) >= MOST_PIECES:
                self._pieces.clear()
            chosen = (line for line in lines if line in wanted.lines)
            self._pieces[key] = b"".join(_event(line, wanted) for line in chosen)
        return self._pieces[key]

    async def _keep_reading(self) -> None:
        self._forget()
        while True:
            try:
                is_full = await self._read_on()
            # Any error: if this task ended, its clients would be silent for ever.
            except Exception as error:
                if not isinstance(error, (Trouble, Pruned)):
                    say(surprise_once(error))
                # They are sent comments meanwhile; the place is asked for again.
                self._forget()
                is_full = await asyncio.sleep(RETRY, False)
            if not is_full:
                await asyncio.sleep(PAUSE)

    def _forget(self) -> None:
        self._seq = None
        self._lines.clear()

    async def _read_on(self) -> bool:
        """Keep what is new, and tell whether there may be more of it."""
        if self._seq is None:
            self._seq = await self._read(present)
            # Who follows from before this end is behind it.
            self._wake()
        found: list[LedgerLine] = await self._read(partial(_settled_after, self._seq))
        if found:
            self._lines.extend(found)
            self._seq = found[-1].seq
            self._pieces.clear()
            self._wake()
        return len(found) == PAGE

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def _settled_after(seq: int) -> list[LedgerLine]:
    present()
    return lines_after(seq, messages=True)


def _event(line: LedgerLine, wanted: Wanted) -> bytes:
    fields = fields_of(line, messages=wanted.messages, seen_by=wanted.seen_by)
    data = json_line(fields).decode().rstrip("\n")
    return format_sse_event(id=str(line.seq), event=f"appeal.{line.kind}", data_str=data)


async def _wait(news: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(news.wait(), max(0.0, seconds))

"""The log of requests: a line for each, written aside so that no request waits for the disk."""

import asyncio
import queue
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from logging import LogRecord, makeLogRecord
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from leadboard.common.console import say
from leadboard.common.language import _
from leadboard.common.log_files import PrivateLog
from leadboard.common.os_reasons import reason_of

MOST, KEPT = 10 * 1024 * 1024, 5
"""Bytes of a log file, and how many older ones are kept."""
LONGEST = 200
"""Characters of a path or a name in the log."""
TOGETHER = 0.2
"""Seconds of lines that are written at once."""
LONGEST_QUEUE = 100
"""Such writes that may wait for a slow disk; further lines are left out."""
QUIET = 60.0
"""Seconds between two messages about a log that cannot be written."""


class Request(NamedTuple):
    """A request that has been answered, without anything of what it said."""

    client: str
    caller: str | None
    """The name under which the caller is known, None for nobody in particular."""
    method: str
    path: str
    status: int | None
    """None if there was no answer."""
    seconds: float
    size: int
    """Bytes of the answer's body."""


def line(request: Request, at: datetime) -> str:
    """Return a request as a line: fields separated by spaces, `-` for one that is not known."""
    fields = (
        at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        request.client or "-",
        _plain(request.caller),
        _plain(request.method),
        _plain(request.path),
        request.status or "-",
        f"{request.seconds * 1000:.1f}",
        request.size,
    )
    return " ".join(map(str, fields))


def _plain(text: str | None) -> str:
    """Return a stranger's text in printable ASCII without spaces, as in an address, cut short."""
    if not text:
        return "-"
    quoted = quote(text[:LONGEST], safe="/:@!$&'()*+,;=~", errors="backslashreplace")
    return quoted if max(len(quoted), len(text)) <= LONGEST else quoted[:LONGEST] + "..."


class RequestLog:
    """A log of requests in a file; all methods belong to the thread of the event loop."""

    def __init__(self, path: Path) -> None:
        self._lines: list[str] = []
        waiting: queue.Queue[LogRecord] = queue.Queue(LONGEST_QUEUE)
        self._file = _DoorLog(path)
        self._file.open()
        self._aside = _Aside(waiting)
        self._listener = QueueListener(waiting, self._file)
        self._listener.start()

    def write(self, request: Request) -> None:
        """Write a line about a request, in a moment."""
        if not self._lines:
            asyncio.get_running_loop().call_later(TOGETHER, self._hand_over)
        self._lines.append(line(request, datetime.now(UTC)))

    def _hand_over(self) -> None:
        if self._lines:
            self._aside.handle(makeLogRecord({"msg": "\n".join(self._lines)}))
            self._lines.clear()

    def close(self) -> None:
        """Write what is left."""
        self._hand_over()
        # A disk that takes nothing must not keep the door open.
        with suppress(queue.Full):
            self._listener.stop()
            self._file.close()


class _Aside(QueueHandler):
    """Hands lines to the thread that writes, and leaves out what it cannot take."""

    def handleError(self, record: LogRecord) -> None:  # noqa: N802
        """Leave lines out: the thread itself says why the file cannot be written."""


class _DoorLog(PrivateLog):
    """The file; one that cannot be written is told once, and tried again with the next lines."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, MOST, KEPT)
        self._is_failing = False
        # The clock may have started at 0 a moment ago, and the first message is due all the same.
        self._said = -QUIET

    def open(self) -> None:
        """Create the file, so that one that cannot be written is told at once."""
        try:
            self.stream = self._open()
        except OSError:
            self._fail()

    def emit(self, record: LogRecord) -> None:
        """Write lines, or say why they could not be written."""
        try:
            super().emit(record)
            self._is_failing = False
        except (OSError, ValueError):
            self._fail()

    def _fail(self) -> None:
        error = sys.exc_info()[1]
        if not self._is_failing and time.monotonic() - self._said > QUIET:
            self._said = time.monotonic()
            why = reason_of(error) if isinstance(error, OSError) else str(error)
            say(
                _(
                    "The log {file} cannot be written: {why}. The door goes on.",
                    file=self.baseFilename,
                    why=why,
                )
            )
        self._is_failing = True
        # Opened anew with the next lines: the file or the disk may be another one by then.
        stream, self.stream = self.stream, None
        with suppress(OSError, ValueError):
            if stream is not None:
                stream.close()

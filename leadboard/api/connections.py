"""The door's connections: how slow each may be, and which is closed when there are too many."""

import errno
import os
import resource
import socket
import time
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from typing import Any, NamedTuple

from leadboard.common.console import say
from leadboard.common.errors import Trouble

HEAD, BODY, SENDING = 10.0, 30.0, 30.0
"""Seconds that a client has for the head of a request, its body, and each STEP that it reads."""
STEP = 65_536
"""Bytes of an answer."""
BACKLOG = 2048
"""Connections that may wait to be accepted."""
AT_ONCE = 16
"""Connections accepted before those that made way for them are gone."""
RESERVED = 80
"""Open files kept for the database, for logs, and for connections just accepted."""
FEWEST = 64
"""The fewest open files with which the door can work."""
QUIET = 60.0
"""Seconds between two messages about connections that are turned away."""

_FIRST = {"head": 0, "sending": 1, "body": 2}
"""The order in which connections make way; one that waits for the door itself does not."""

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class _Seen(NamedTuple):
    """What a connection was found doing, and since when."""

    doing: str
    detail: object
    since: float


class Connections:
    """All open connections, as the server knows them."""

    def __init__(self, opened: Collection[Any], most: int) -> None:
        self._opened = opened
        self._most = most
        self._seen: dict[Any, _Seen] = {}

    def sweep(self) -> None:
        """Abort every connection whose time is up."""
        limits = {"head": HEAD, "body": BODY, "sending": SENDING}
        now = time.monotonic()
        for each in self._looked_at(now):
            seen = self._seen[each]
            # A connection that is being worked on has no limit: none is longer than `now`.
            if now - seen.since > limits.get(seen.doing, now):
                # `close` would wait until the client has read what is buffered.
                each.transport.abort()

    def make_way(self) -> None:
        """Abort a slow connection when there are too many: the oldest of the client with most."""
        if len(self._opened) < self._most:
            return
        found = self._looked_at(time.monotonic())
        of_client = Counter(_client(each) for each in found)

        def rank(connection: Any) -> tuple[int, int, float]:
            seen = self._seen[connection]
            # By client first, so that one with many connections cannot push out the others.
            return -of_client[_client(connection)], _FIRST[seen.doing], seen.since

        dawdling = [
            each
            for each in found
            # Those aborted just now still count as open; aborting one again frees nothing.
            if self._seen[each].doing in _FIRST and not each.transport.is_closing()
        ]
        if dawdling:
            min(dawdling, key=rank).transport.abort()

    def _looked_at(self, now: float) -> list[Any]:
        """Note what each connection is doing; return all of them."""
        found = list(self._opened)
        seen = {}
        for each in found:
            doing = _doing(each)
            known = self._seen.get(each)
            seen[each] = known if known and known[:2] == doing else _Seen(*doing, now)
        self._seen = seen
        return found


def _client(connection: Any) -> str:
    return connection.client[0] if connection.client else ""


def _doing(connection: Any) -> tuple[str, object]:
    """Return what a connection waits for, and a value that changes when it makes progress."""
    cycle, unsent = connection.cycle, connection.transport.get_write_buffer_size()
    is_answered = cycle is None or cycle.response_complete
    if unsent and (is_answered or connection.flow.write_paused):
        # In steps: a client that reads a byte now and then must not count as making progress.
        return "sending", (cycle, unsent // STEP)
    if is_answered:
        return "head", cycle
    return ("body" if cycle.more_body else "working"), cycle


def most_connections() -> int:
    """Return how many connections the limit on open files allows; raises Trouble for none."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return 65_536
    if limit < FEWEST:
        raise Trouble(f"Only {limit} files may be open: allow at least {FEWEST} (ulimit -n).")
    return max(AT_ONCE, limit - RESERVED)


class Listener(socket.socket):
    """A listening socket that survives running out of files, and reports it now and then."""

    connections: Connections | None = None

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._spare = open(os.devnull, "rb")  # noqa: SIM115 - held for as long as the socket
        # The clock may have started at 0 a moment ago, and the first message is due all the same.
        self._said = -QUIET

    def listen(self, backlog: int = BACKLOG) -> None:
        """Listen with BACKLOG; asyncio passes the number that it accepts at once."""
        super().listen(BACKLOG)

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection, for which another may have to make way."""
        try:
            taken = super().accept()
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            self._turn_away(error)
            # asyncio takes this for an empty queue; the error itself would make it pause for 1 s.
            raise BlockingIOError from error
        if self.connections is not None:
            self.connections.make_way()
        return taken

    def _turn_away(self, error: OSError) -> None:
        """Accept one with the spare file and close it, else it is reported over and over."""
        self._spare.close()
        with suppress(OSError):
            super().accept()[0].close()
        # If the file is taken meanwhile, the next connection tries again.
        with suppress(OSError):
            self._spare = open(os.devnull, "rb")  # noqa: SIM115
        if time.monotonic() - self._said > QUIET:
            self._said = time.monotonic()
            say(f"Connections are turned away: {error.strerror}.")

    def close(self) -> None:
        """Close it with its spare file."""
        self._spare.close()
        super().close()

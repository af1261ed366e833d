"""The connections of the door: how long each may dawdle, and who makes way when there are many."""

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
"""Seconds that a client has for the head of a request, for its body, and for each STEP it reads."""
STEP = 65_536
"""Bytes of an answer."""
BACKLOG = 2048
"""Connections that may wait to be taken."""
AT_ONCE = 16
"""Connections taken before those that made way for them are gone."""
RESERVED = 80
"""Files that are kept for the database, for logs, and for connections just taken."""
FEWEST = 64
"""Open files with which the door can do its work at all."""
QUIET = 60.0
"""Seconds between two lines about connections that cannot be taken."""

_FIRST = {"head": 0, "sending": 1, "body": 2}
"""Who makes way first; whoever waits for the door itself does not."""

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class _Seen(NamedTuple):
    """What a connection was found doing, and since when."""

    doing: str
    detail: object
    since: float


class Connections:
    """All that are open, as the server knows them."""

    def __init__(self, opened: Collection[Any], most: int) -> None:
        self._opened = opened
        self._most = most
        self._seen: dict[Any, _Seen] = {}

    def sweep(self) -> None:
        """Break off whoever has had their time."""
        limits = {"head": HEAD, "body": BODY, "sending": SENDING}
        now = time.monotonic()
        for each in self._looked_at(now):
            seen = self._seen[each]
            if now - seen.since > limits.get(seen.doing, now):
                each.transport.abort()

    def make_way(self) -> None:
        """Break off one that dawdles where there are too many: the oldest of who has most."""
        if len(self._opened) < self._most:
            return
        found = self._looked_at(time.monotonic())
        of_client = Counter(_client(each) for each in found)

        def rank(connection: Any) -> tuple[int, int, float]:
            seen = self._seen[connection]
            return -of_client[_client(connection)], _FIRST[seen.doing], seen.since

        dawdling = [
            each
            for each in found
            if self._seen[each].doing in _FIRST and not each.transport.is_closing()
        ]
        if dawdling:
            min(dawdling, key=rank).transport.abort()

    def _looked_at(self, now: float) -> list[Any]:
        """Note what each connection does; return all of them."""
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
    """Return what a connection waits for, and what differs once it has gone on."""
    cycle, unsent = connection.cycle, connection.transport.get_write_buffer_size()
    is_answered = cycle is None or cycle.response_complete
    if unsent and (is_answered or connection.flow.write_paused):
        return "sending", (cycle, unsent // STEP)
    if is_answered:
        return "head", cycle
    return ("body" if cycle.more_body else "working"), cycle


def most_connections() -> int:
    """Return how many connections the limit of open files allows for; raises Trouble for none."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return 65_536
    if limit < FEWEST:
        raise Trouble(f"Only {limit} files may be open: allow at least {FEWEST} (ulimit -n).")
    return max(AT_ONCE, limit - RESERVED)


class Listener(socket.socket):
    """A listening socket that never runs out of files for long, and says so now and then."""

    connections: Connections | None = None

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._spare = open(os.devnull, "rb")  # noqa: SIM115 - held for as long as the socket
        self._said = -QUIET

    def listen(self, backlog: int = BACKLOG) -> None:
        """Listen; whoever serves it may take fewer at once than may wait."""
        super().listen(BACKLOG)

    def accept(self) -> tuple[socket.socket, Any]:
        """Take a connection, for which another may have to make way."""
        try:
            taken = super().accept()
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            self._turn_away(error)
            raise BlockingIOError from error
        if self.connections is not None:
            self.connections.make_way()
        return taken

    def _turn_away(self, error: OSError) -> None:
        """Take one by means of the spare file and close it: else it is offered for ever."""
        self._spare.close()
        with suppress(OSError):
            super().accept()[0].close()
        with suppress(OSError):
            self._spare = open(os.devnull, "rb")  # noqa: SIM115
        if time.monotonic() - self._said > QUIET:
            self._said = time.monotonic()
            say(f"Connections are turned away: {error.strerror}.")

    def close(self) -> None:
        """Close it with its spare file."""
        self._spare.close()
        super().close()

"""The door's connections: how slow each may be, and which is closed when there are too many."""

import resource
import time
from collections import Counter
from collections.abc import Collection
from typing import Any, NamedTuple

from leadboard.common.errors import Trouble
from leadboard.common.language import _

HEAD, BODY, SENDING = 10.0, 30.0, 30.0
"""Seconds that a client has for the head of a request, its body, and each STEP that it reads."""
STEP = 65_536
"""Bytes of an answer."""
RESERVED = 80
"""Open files kept for the database, for logs, and for connections just accepted."""
FEWEST = 64
"""The fewest open files with which the door can work."""
FEWEST_OPEN = 16
"""Connections that may be open however few the files are."""

_FIRST = {"head": 0, "sending": 1, "body": 2}
"""The order in which connections make way; one that waits for the door itself does not."""


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
    transport, cycle = connection.transport, connection.cycle
    # Also while an answer goes on: a stream may last for hours, but somebody must read it.
    if transport.unsent:
        # In steps: a client that reads a byte now and then must not count as making progress.
        return "sending", transport.sent // STEP
    if cycle is None or cycle.response_complete:
        return "head", cycle
    # httptools reads ahead: the last cycle may be behind others, which the door works on.
    is_next = not getattr(connection, "pipeline", ())
    return ("body" if cycle.more_body and is_next else "working"), cycle


def most_connections() -> int:
    """Return how many connections the limit on open files allows; raises Trouble for none."""
    limit, _most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return 65_536
    if limit < FEWEST:
        sentence = _(
            "Only {limit} files may be open: allow at least {fewest} (ulimit -n).",
            limit=limit,
            fewest=FEWEST,
        )
        raise Trouble(sentence)
    return max(FEWEST_OPEN, limit - RESERVED)

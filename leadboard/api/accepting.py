"""Accepting connections, on any event loop."""

import asyncio
import errno
import os
import socket
import time
from asyncio import Protocol
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from leadboard.api.connections import SENDING, Connections
from leadboard.common.console import say
from leadboard.common.language import _
from leadboard.common.os_reasons import reason_of

BACKLOG = 2048
"""Connections that may wait to be accepted."""
AT_ONCE = 16
"""Connections accepted before those that made way for them are gone."""
QUIET = 60.0
"""Seconds between two messages about connections that are turned away."""

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Listener(socket.socket):
    """A listening socket that survives running out of files, and reports it now and then."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._spare = open(os.devnull, "rb")  # noqa: SIM115 - held for as long as the socket
        # The clock may have started at 0 a moment ago, and the first message is due all the same.
        self._said = -QUIET

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection; raises BlockingIOError where none waits, or one is turned away."""
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            self._turn_away(error)
            raise BlockingIOError from error

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
            say(_("Connections are turned away: {why}.", why=reason_of(error)))

    def close(self) -> None:
        """Close it with its spare file."""
        self._spare.close()
        super().close()


class Acceptor:
    """Accepts for the running loop: the server of uvloop would do so where nobody can make way."""

    def __init__(
        self, listener: Listener, connections: Connections, protocol: Callable[[], Protocol]
    ) -> None:
        self._listener = listener
        self._connections = connections
        self._protocol = protocol
        self._opening: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        listener.setblocking(False)
        self._loop.add_reader(listener.fileno(), self._accept)

    def close(self) -> None:
        """Accept no more."""
        self._loop.remove_reader(self._listener.fileno())

    def _accept(self) -> None:
        for _try in range(AT_ONCE):
            try:
                taken, _address = self._listener.accept()
            # None waits; any other error is that of the one connection, which is gone by now.
            except OSError:
                return
            self._connections.make_way()
            task = self._loop.create_task(self._open(taken))
            # The loop itself would let go of a task that nobody holds.
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, taken: socket.socket) -> None:
        try:
            taken.setblocking(False)
            _drop_when_stuck(taken)
            await self._loop.connect_accepted_socket(self._protocol, taken)
        # The client has gone again.
        except OSError:
            taken.close()


def _drop_when_stuck(connected: socket.socket) -> None:
    """Let the system end a connection whose client takes nothing of what is on its way to them."""
    # What the system holds for a client is in no buffer of ours, so that a sweep sees none of it.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        milliseconds = int(SENDING * 1000)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

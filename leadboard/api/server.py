"""The door's server: on which address it listens, and how it ends."""

import gc
import ipaddress
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import click
import uvicorn

from leadboard.api.access import Rules
from leadboard.api.app import application
from leadboard.api.connections import AT_ONCE, Connections, Listener, most_connections
from leadboard.common.errors import Refused, Trouble
from leadboard.common.validation import checked_name

PATIENCE = 10
"""Seconds that those under way have to end once the door closes."""


def run(host: str, port: int, actor: str, token: str | None, rate: float) -> int:
    """Serve the open database until a signal ends it; return the exit code.

    Raises Refused for an address that others can reach without a token, and Trouble for one that
    cannot be listened on and where too few files may be open.
    """
    if token is None and not _is_loopback(host):
        raise Refused("Others can reach that address: set LEADBOARD_TOKEN, or use --token-file.")
    app = application(checked_name(actor, "actor"), Rules(token, rate))
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
        backlog=AT_ONCE,
        # What `connections` looks at, also where quicker ones are installed.
        http="h11",
        loop="asyncio",
        ws="none",
    )
    server = _Server(config)
    with _listening(host, port) as listener:
        name, number = listener.getsockname()[:2]
        shown = f"[{name}]" if ":" in name else name
        click.echo(f"Serving on http://{shown}:{number}/ - see /docs; Ctrl-C ends.", err=True)
        gc.freeze()  # what is loaded by now stays; only what a request makes need be looked through
        listener.connections = server.connections
        server.run([listener])
    return 0


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _listening(host: str, port: int) -> Iterator[Listener]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = Listener(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()  # from now on whoever knocks is heard, a little later at first
    except OSError as error:
        raise Trouble(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error
    with listener:
        yield listener


class _Server(uvicorn.Server):
    """A server that lets nobody dawdle, and ends on a signal as asked instead of dying of it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.connections = Connections(self.server_state.connections, most_connections())

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections twice a second."""
        if counter % 5 == 0:
            self.connections.sweep()
        over: bool = await super().on_tick(counter)
        return over

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Close the door on a signal."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

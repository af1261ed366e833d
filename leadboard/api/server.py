"""The door's server: where it listens and how it ends."""

import gc
import ipaddress
import signal
import socket
from asyncio import Protocol
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import uvicorn

from leadboard.api.accepting import BACKLOG, Acceptor, Listener
from leadboard.api.access import App
from leadboard.api.app import application
from leadboard.api.callers import Callers
from leadboard.api.connections import Connections, most_connections
from leadboard.api.door import Door
from leadboard.api.metrics import Metrics
from leadboard.api.observing import Observed
from leadboard.api.protocols import LONGEST_HEAD, fastest
from leadboard.api.request_log import RequestLog
from leadboard.common.errors import Refused, Trouble
from leadboard.common.language import _
from leadboard.common.os_reasons import reason_of
from leadboard.common.validation import checked_name

PATIENCE = 10
"""Seconds that requests in progress have to end once the door closes."""


def run(
    host: str, port: int, actor: str, token: str | None, rate: float, log: Path | None = None
) -> int:
    """Serve the open database until a signal ends it; return the exit code.

    Raises Refused for an address that others can reach when there is no token, and Trouble when
    the address cannot be listened on or too few files may be open.
    """
    callers = Callers(checked_name(actor, "actor"), token)
    callers.refresh()
    if not callers.need_tokens and not _is_loopback(host):
        raise Refused(
            _(
                "Others can reach that address: set LEADBOARD_TOKEN, use --token-file, or add a "
                "token with leadboard token add."
            )
        )
    door = Door(callers, Metrics())
    app = application(door, rate)
    with _listening(host, port) as listener, _logging(log) as requests:
        server = _Server(_config(Observed(app, door.metrics, requests)), door.end_streams)
        name, number = listener.getsockname()[:2]
        address = f"http://[{name}]:{number}/" if ":" in name else f"http://{name}:{number}/"
        click.echo(_("Serving on {address} - see /docs; Ctrl-C ends.", address=address), err=True)
        # What is loaded by now stays: the collector need only go through what requests make.
        gc.freeze()
        server.run([listener])
    return 0


def _config(app: App) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
        http=fastest(),
        h11_max_incomplete_event_size=LONGEST_HEAD,
        # uvloop where it is installed.
        loop="auto",
        ws="none",
    )


@contextmanager
def _logging(path: Path | None) -> Iterator[RequestLog | None]:
    log = None if path is None else RequestLog(path)
    try:
        yield log
    finally:
        if log is not None:
            log.close()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _listening(host: str, port: int) -> Iterator[Listener]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _name, address = found[0]
        listener = Listener(family, kind, protocol)
        # Without it a restart fails while connections of the last run are in TIME_WAIT.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # From here on connections queue; the loop accepts them once it runs.
        listener.listen(BACKLOG)
    except OSError as error:
        sentence = _(
            "Cannot listen on {host}, port {port}: {why}.",
            host=host,
            port=port,
            why=reason_of(error),
        )
        raise Trouble(sentence) from error
    with listener:
        yield listener


class _Server(uvicorn.Server):
    """A server that drops slow clients, and returns after a signal instead of dying of it."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams
        self.connections = Connections(self.server_state.connections, most_connections())
        self._acceptors: list[Acceptor] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the application, and then the door."""
        # None for uvicorn to accept from.
        await super().startup(sockets=[])
        self._acceptors = [
            Acceptor(each, self.connections, self._protocol)
            for each in sockets or ()
            if isinstance(each, Listener)
        ]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the door, and then the application."""
        for each in self._acceptors:
            each.close()
        # They would keep the door open for as long as it waits for anybody.
        self._end_streams()
        await super().shutdown(sockets)

    def _protocol(self) -> Protocol:
        made: Callable[..., Protocol] = self.config.http_protocol_class
        return made(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def on_tick(self, counter: int) -> bool:
        """Sweep the connections twice a second; a tick is a tenth."""
        if counter % 5 == 0:
            self.connections.sweep()
        over: bool = await super().on_tick(counter)
        return over

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Close the door on a signal."""
        # uvicorn's own raises the signal once more at the end, and the exit code would be lost.
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

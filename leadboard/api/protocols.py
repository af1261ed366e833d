"""HTTP over one connection: uvicorn's protocols, with what the door has to know of them."""

from asyncio import Protocol, Transport
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

LONGEST_HEAD = 16 * 1024
"""Bytes of the head of a request that came in pieces."""


def fastest() -> type[Protocol]:
    """Return the protocol on httptools where that is installed, else the one on h11."""
    try:
        from leadboard.api.httptools_protocol import OnHttpTools
    except ModuleNotFoundError as error:
        if error.name != "httptools":
            raise
        return OnH11
    return OnHttpTools


class CountedTransport:
    """A transport that knows how much of what it was given has been sent."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._written = 0

    def write(self, data: bytes) -> None:
        """Send bytes, or keep them until the client reads."""
        self._written += len(data)
        self._transport.write(data)

    @property
    def unsent(self) -> int:
        """Return how many bytes wait for the client to read."""
        return self._transport.get_write_buffer_size()

    @property
    def sent(self) -> int:
        """Return how many bytes have been sent since the connection was made."""
        return self._written - self.unsent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class OnH11(H11Protocol):
    """A connection that is parsed by h11, in Python; it bounds the head of a request itself."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin, on a transport that counts."""
        super().connection_made(CountedTransport(transport))  # type: ignore[arg-type]

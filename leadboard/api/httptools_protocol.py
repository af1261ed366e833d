"""HTTP over one connection, parsed in C; a module of its own, as httptools may be missing."""

from asyncio import Transport
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from leadboard.api.access import LARGEST_BODY
from leadboard.api.protocols import LONGEST_HEAD, CountedTransport

LONGEST_MESSAGE = LONGEST_HEAD + 8 * LARGEST_BODY
"""Bytes of a request as it is sent: in chunks of one byte each, six times as long as its body."""


class OnHttpTools(HttpToolsProtocol):
    """A connection that takes what the one on h11 takes, and no more."""

    _is_in_head = True
    _is_declined = False
    _received = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin, on a transport that counts."""
        super().connection_made(CountedTransport(transport))  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        """Parse what came; httptools itself would keep a head or a trailer without end."""
        self._unset_keepalive_if_required()
        self._received += len(data)
        while data and not self.transport.is_closing():
            data = self._parsed(data)
        most = LONGEST_HEAD if self._is_in_head else LONGEST_MESSAGE
        if self._received > most and not self.transport.is_closing():
            # English in every language: uvicorn can send ASCII alone.
            self.send_400_response("The request is too long.")

    def _parsed(self, data: bytes) -> bytes:
        """Parse bytes; return those that are to be parsed again."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offered:
            return self._without_upgrade() + data[offered.args[0] :] if self._is_declined else b""
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
        return b""

    def _without_upgrade(self) -> bytes:
        """Return the head of a request that offers another protocol, without the offer."""
        # Java's client offers HTTP/2 with its first request, and httptools would lose the body.
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % each for each in self.headers if each[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        # As uvicorn does, so that a request is answered whatever comes behind the last one.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._is_declined = False
        return b"\r\n".join([*lines, b"", b""])

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what follows a body is not read by anybody."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin a request."""
        self._is_declined = any(name == b"upgrade" for name, _ in self.headers) and (
            self.parser.should_upgrade()
        )
        if self._is_declined:
            return
        self._is_in_head = False
        target = self.url
        if target.startswith(b"/"):
            super().on_headers_complete()
            return
        address, mark, query = target.partition(b"?")
        # uvicorn would take the path alone; `access` has to see the host, too.
        self.url = b"/" + mark + query
        super().on_headers_complete()
        self.scope["path"] = unquote(address.decode("latin-1"))

    def on_message_complete(self) -> None:
        """End a request."""
        if self._is_declined:
            return
        self._is_in_head, self._received = True, 0
        super().on_message_complete()

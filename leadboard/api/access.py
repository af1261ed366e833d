"""Who comes in: the token, the host that is asked for, the size of a body, and how often."""

import hmac
import json
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException

from leadboard.common.text import clean

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LARGEST_BODY = 256 * 1024
"""Bytes; a message of the greatest length fits, however it is escaped."""
TOO_LARGE = f"The body is longer than {LARGEST_BODY:,} bytes."
MOST_CLIENTS = 10_000
"""Clients whose rate is remembered."""
OPEN = ("/healthz", "/docs", "/openapi.json", "/docs/oauth2-redirect")
"""What tells nothing of the data and needs no token."""
LISTS = ("/operators", "/sources", "/operator-sources", "/appeals", "/leads")
"""Addresses that end in a slash."""
_CHARSET = re.compile(rb";\s*charset\s*=\s*\"?([^\";\s]+)", re.IGNORECASE)
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Rules:
    """What the gate asks for: a token or None, and requests a second of one client, 0 for any."""

    token: str | None = None
    rate: float = 0.0


class AccessMiddleware:
    """Lets requests through to the application behind it, or answers them itself."""

    def __init__(self, app: App, rules: Rules) -> None:
        self._app = app
        self._token = None if rules.token is None else rules.token.encode()
        self._rates = Rates(rules.rate)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _plainly(scope)
        headers = dict(scope["headers"])
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        await self._app(scope, _limited(receive), send)

    def _refusal(
        self, scope: Message, headers: dict[bytes, bytes]
    ) -> tuple[int, str, dict[str, str]] | None:
        client = scope["client"][0] if scope.get("client") else ""
        if wait := self._rates.wait(client):
            told = {"Retry-After": str(max(1, round(wait)))}
            return 429, "Too many requests: slow down.", told
        if self._token is None and not _is_asked_as_loopback(headers.get(b"host", b"")):
            # A page in somebody's browser may be led here under a name of its own.
            return 403, "Without a token only localhost may be asked for.", {}
        if self._token is None and scope["path"] not in OPEN and _is_of_another_page(headers):
            return 403, "Without a token no web page but the door's own may ask.", {}
        if scope["path"] not in OPEN and not self._is_known(headers.get(b"authorization", b"")):
            return 401, "The token is missing or wrong.", {"WWW-Authenticate": "Bearer"}
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > LARGEST_BODY:
            return 413, TOO_LARGE, {}
        return _unread(headers)

    def _is_known(self, authorization: bytes) -> bool:
        if self._token is None:
            return True
        scheme, _, given = authorization.partition(b" ")
        return hmac.compare_digest(given.strip(), self._token) and scheme.lower() == b"bearer"


def _plainly(scope: Message) -> Message:
    """Return a request in the words of the application.

    HEAD is GET whose body the server leaves out; an address may be absolute, and end in a slash
    or not.
    """
    path, headers = scope["path"], scope["headers"]
    if path[:7].lower() == "http://" or path[:8].lower() == "https://":
        host, slash, path = path.partition("://")[2].partition("/")
        path = slash + path or "/"
        # It counts in place of the header: RFC 9112, 3.2.2.
        others = [each for each in headers if each[0] != b"host"]
        headers = [*others, (b"host", host.encode("latin-1", "replace"))]
    bare = path.rstrip("/")
    path = f"{bare}/" if bare in LISTS else bare or "/"
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    return {**scope, "path": path, "headers": headers, "method": method}


def _is_of_another_page(headers: dict[bytes, bytes]) -> bool:
    """Tell whether a browser says that the request comes from a page of somebody else."""
    origin, host = headers.get(b"origin"), headers.get(b"host", b"")
    if origin is not None and origin.lower() != b"http://" + host.lower():
        return True
    return headers.get(b"sec-fetch-site", b"none").lower() not in {b"none", b"same-origin"}


def _unread(headers: dict[bytes, bytes]) -> tuple[int, str, dict[str, str]] | None:
    """Return why a body cannot be read: it is packed, or not UTF-8."""
    coding = headers.get(b"content-encoding", b"").strip().lower()
    if coding not in {b"", b"identity"}:
        told = f"The body is packed ({_shown(coding)}): send it as it is."
        return 415, told, {"Accept-Encoding": "identity"}
    found = _CHARSET.search(headers.get(b"content-type", b""))
    if found and found[1].lower() not in {b"utf-8", b"utf8", b"us-ascii", b"ascii"}:
        return 415, f"The body is in {_shown(found[1])}: send it in UTF-8.", {}
    return None


def _shown(name: bytes) -> str:
    return clean(name[:40].decode("latin-1"))


def _is_asked_as_loopback(host: bytes) -> bool:
    name = host.decode("latin-1").lower()
    without_port = name if name.endswith("]") else name.rpartition(":")[0] or name
    return without_port in LOOPBACK


def _limited(receive: Receive) -> Receive:
    """Return a way to receive that ends in an error beyond the limit, also without a length."""
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > LARGEST_BODY:
            raise HTTPException(413, TOO_LARGE, {"Connection": "close"})
        return message

    return limited


async def _refuse(
    send: Send, status: int, sentence: str, more: dict[str, str] | None = None
) -> None:
    body = json.dumps({"detail": sentence, "field": None}).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(more or {})}
    # The rest of a body that nobody reads would be taken for the next request.
    headers |= {"Connection": "close"} if status in {413, 415} else {}
    coded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": coded})
    await send({"type": "http.response.body", "body": body})


class Rates:
    """How often each client came: a bucket that holds one second's requests and fills steadily."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> float:
        """Count one request; return the seconds until the next is welcome, 0 where this one is."""
        if not self._rate:
            return 0.0
        moment, most = self._clock(), max(1.0, self._rate)
        left, seen = self._buckets.pop(client, (most, moment))
        left = min(most, left + (moment - seen) * self._rate)
        is_welcome = left >= 1
        self._buckets[client] = (left - is_welcome, moment)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return 0.0 if is_welcome else (1 - left) / self._rate

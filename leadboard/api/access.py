"""Access to the door: the token, the host, the size of a body and the rate of requests."""

import json
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from leadboard.api.callers import Callers, refusal_of
from leadboard.common.language import _
from leadboard.common.text import clean
from leadboard.queries.tokens import Caller

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

LARGEST_BODY = 256 * 1024
"""Bytes; the longest message fits, however it is escaped."""
TOO_LARGE = _("The body is longer than {most:,} bytes.", most=LARGEST_BODY)
MOST_CLIENTS = 10_000
"""Clients whose rates are remembered."""
OPEN = ("/healthz", "/docs", "/openapi.json", "/docs/oauth2-redirect")
"""Paths that show no data and need no token."""
LISTS = ("/operators", "/sources", "/operator-sources", "/appeals", "/leads")
"""Paths that end in a slash."""
_CHARSET = re.compile(rb";\s*charset\s*=\s*\"?([^\";\s]+)", re.IGNORECASE)
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class AccessMiddleware:
    """Passes requests on to the application, or answers them itself."""

    def __init__(self, app: App, callers: Callers, rate: float) -> None:
        self._app = app
        self._callers = callers
        self._rates = Rates(rate)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        # Start-up and shutdown come this way, too, and have no headers.
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _plainly(scope)
        headers = dict(scope["headers"])
        caller = self._callers.holder_of(headers.get(b"authorization", b""))
        refusal = self._refusal(scope, headers, caller)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    def _refusal(
        self, scope: Message, headers: dict[bytes, bytes], caller: Caller | None
    ) -> tuple[int, str, dict[str, str]] | None:
        client = scope["client"][0] if scope.get("client") else ""
        # Before the token is looked at, so that guessing it is slowed down as well.
        if wait := self._rates.wait(client):
            told = {"Retry-After": str(max(1, round(wait)))}
            return 429, _("Too many requests: slow down."), told
        is_open = scope["path"] in OPEN
        needs_token = self._callers.need_tokens
        if not needs_token and not _is_asked_as_loopback(headers.get(b"host", b"")):
            # DNS rebinding: a web page can make a host name of its own lead to this machine.
            return 403, _("Without a token only localhost may be asked for."), {}
        if not needs_token and not is_open and _is_of_another_page(headers):
            return 403, _("Without a token only the door's own pages may send requests."), {}
        if not is_open and caller is None:
            return 401, _("The token is missing or wrong."), {"WWW-Authenticate": "Bearer"}
        if not is_open and caller and (why := refusal_of(caller, scope["method"], scope["path"])):
            return 403, why, {}
        length = headers.get(b"content-length", b"0")
        # Cut short: Python raises ValueError for a number of more than 4,300 digits.
        if length.isdigit() and int(length[:20]) > LARGEST_BODY:
            return 413, TOO_LARGE, {}
        return _unread(headers)


def _plainly(scope: Message) -> Message:
    """Return a request in the one form that the application knows.

    HEAD becomes GET, whose body the server leaves out. The address may be absolute, with or
    without a slash at the end.
    """
    path, headers = scope["path"], scope["headers"]
    if path[:7].lower() == "http://" or path[:8].lower() == "https://":
        host, slash, path = path.partition("://")[2].partition("/")
        path = slash + path or "/"
        # The host of an absolute address replaces the header: RFC 9112, 3.2.2.
        others = [each for each in headers if each[0] != b"host"]
        headers = [*others, (b"host", host.encode("latin-1", "replace"))]
    bare = path.rstrip("/")
    path = f"{bare}/" if bare in LISTS else bare or "/"
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    return {**scope, "path": path, "headers": headers, "method": method}


def _is_of_another_page(headers: dict[bytes, bytes]) -> bool:
    """Tell whether a browser reports that the request comes from another site's page."""
    origin, host = headers.get(b"origin"), headers.get(b"host", b"")
    if origin is not None and origin.lower() != b"http://" + host.lower():
        return True
    # Browsers send `none` for an address that was typed; other programs send no such header.
    return headers.get(b"sec-fetch-site", b"none").lower() not in {b"none", b"same-origin"}


def _unread(headers: dict[bytes, bytes]) -> tuple[int, str, dict[str, str]] | None:
    """Return why a body cannot be read: it is compressed, or not UTF-8."""
    coding = headers.get(b"content-encoding", b"").strip().lower()
    if coding not in {b"", b"identity"}:
        told = _("The body is compressed ({coding}): send it as it is.", coding=_shown(coding))
        return 415, told, {"Accept-Encoding": "identity"}
    found = _CHARSET.search(headers.get(b"content-type", b""))
    if found and found[1].lower() not in {b"utf-8", b"utf8", b"us-ascii", b"ascii"}:
        told = _("The body is in {charset}: send it in UTF-8.", charset=_shown(found[1]))
        return 415, told, {}
    return None


def _shown(name: bytes) -> str:
    return clean(name[:40].decode("latin-1"))


def _is_asked_as_loopback(host: bytes) -> bool:
    name = host.decode("latin-1").lower()
    without_port = name if name.endswith("]") else name.rpartition(":")[0] or name
    return without_port in LOOPBACK


async def _refuse(
    send: Send, status: int, sentence: str, more: dict[str, str] | None = None
) -> None:
    body = json.dumps({"detail": sentence, "field": None}).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(more or {})}
    # The unread rest of the body would be taken for the next request.
    headers |= {"Connection": "close"} if status in {413, 415} else {}
    coded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": coded})
    await send({"type": "http.response.body", "body": body})


class Rates:
    """The rate of each client: a bucket that holds one second's requests and refills steadily."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str) -> float:
        """Count a request; return 0 if it is allowed, else the seconds until one is."""
        if not self._rate:
            return 0.0
        # At least 1: a bucket smaller than one request would never let anyone in.
        moment, most = self._clock(), max(1.0, self._rate)
        left, seen = self._buckets.pop(client, (most, moment))
        left = min(most, left + (moment - seen) * self._rate)
        is_welcome = left >= 1
        self._buckets[client] = (left - is_welcome, moment)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        return 0.0 if is_welcome else (1 - left) / self._rate

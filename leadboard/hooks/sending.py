"""Sending one event: signed, to an address that was checked, with an answer in bounded time."""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

import httpx
from standardwebhooks import Webhook

from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.common.text import clean
from leadboard.hooks import schedule
from leadboard.hooks.addresses import Place, Resolve, Unresolved, allowed, place_of, resolved
from leadboard.hooks.schedule import rest_of

CONNECTING = 5.0
"""Seconds for a connection to one of the addresses that a name stands for."""
LINGERING = 1.0
"""Seconds for the rest of an answer that says that the event has arrived."""
MOST_READ = 4_096
"""Bytes of an answer that are read; a receiver need not say more."""
MOST_SHOWN = 200
"""Characters of an answer that a failure quotes."""


class Verdict(Enum):
    """What came of a try."""

    DELIVERED = auto()
    FAILED = auto()
    UNREACHABLE = auto()
    """Nobody answered, or one who cannot work now: more likely the receiver's fault than ours."""
    GONE = auto()
    """The receiver wants nothing more, ever."""


class Outcome(NamedTuple):
    """What came of a try, a sentence about it, and how long to leave the receiver alone.

    `words` have no full stop, and are safe for a terminal.
    """

    verdict: Verdict
    words: str
    rest: timedelta | None = None


class Letter(NamedTuple):
    """What is sent, and to whom: the secrets are those to sign with, the newest first."""

    address: str
    may_be_private: bool
    secrets: Sequence[str]
    id: str
    body: str


class Poster:
    """Sends letters, over connections that are kept open; it belongs to one event loop."""

    def __init__(
        self, resolve: Resolve = resolved, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._resolve = resolve
        # Without the environment: a proxy there would connect to whatever it likes.
        self._client = httpx.AsyncClient(
            trust_env=False,
            verify=_trusted(),
            transport=transport,
            timeout=httpx.Timeout(schedule.TIMEOUT, connect=CONNECTING),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, letter: Letter, now: datetime) -> Outcome:
        """Return what came of sending a letter; it raises nothing for a receiver's faults."""
        try:
            async with asyncio.timeout(schedule.TIMEOUT):
                return await self._send(letter, now)
        except (TimeoutError, httpx.TimeoutException):
            words = _("no answer within {seconds:.0f} s", seconds=schedule.TIMEOUT)
            return Outcome(Verdict.UNREACHABLE, words)
        except Refused as refusal:
            return Outcome(Verdict.FAILED, clean(str(refusal)).rstrip("."))
        except Unresolved as error:
            return Outcome(Verdict.UNREACHABLE, clean(str(error)))
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            what = clean(str(error))[:MOST_SHOWN] or type(error).__name__
            return Outcome(Verdict.UNREACHABLE, _("not reached: {what}", what=what))

    async def _send(self, letter: Letter, now: datetime) -> Outcome:
        place = place_of(letter.address)
        # On another thread: there is no telling how long a name takes.
        found = await asyncio.to_thread(self._resolve, place.host, place.port)
        addresses = allowed(found, may_be_private=letter.may_be_private)
        headers, content = signed(letter, now), letter.body.encode()
        for ip in addresses[:-1]:
            try:
                return await self._post(place, ip, headers, content, now)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                pass  # nothing was sent; the next of them may be listening
        return await self._post(place, addresses[-1], headers, content, now)

    async def _post(
        self, place: Place, ip: str, headers: dict[str, str], content: bytes, now: datetime
    ) -> Outcome:
        """Post to the very address that was checked, under the name that was asked for."""
        url = httpx.URL(
            scheme=place.scheme, host=ip, port=place.port, raw_path=place.target.encode()
        )
        request = self._client.build_request(
            "POST",
            url,
            headers={"host": place.authority, **headers},
            content=content,
            extensions={"sni_hostname": place.host},
        )
        answer = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            if answer.is_success:
                # It has arrived, whatever follows; what is read whole keeps the connection open.
                with suppress(httpx.HTTPError, TimeoutError):
                    async with asyncio.timeout(LINGERING):
                        await _beginning(answer)
                return Outcome(Verdict.DELIVERED, _answered(answer.status_code))
            return outcome_of(answer, await _beginning(answer), now)
        finally:
            await answer.aclose()


def signed(letter: Letter, now: datetime) -> dict[str, str]:
    """Return the headers of Standard Webhooks, with a signature for each secret."""
    signatures = (Webhook(each).sign(letter.id, now, letter.body) for each in letter.secrets)
    return {
        "content-type": "application/json",
        "user-agent": "Leadboard",
        "accept-encoding": "identity",
        "webhook-id": letter.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


async def _beginning(answer: httpx.Response) -> bytes:
    """Return the first bytes of an answer, as they come: unpacking could make gigabytes of them."""
    read = b""
    async for part in answer.aiter_raw():
        read += part[: MOST_READ - len(read)]
        if len(read) == MOST_READ:
            break
    return read


def outcome_of(answer: httpx.Response, content: bytes, now: datetime) -> Outcome:
    """Return what an answer means that is no success."""
    code = answer.status_code
    said = clean(content.decode("utf-8", "replace")[:MOST_SHOWN]).strip()
    words = _answered(code, said)
    if code == httpx.codes.GONE:
        return Outcome(Verdict.GONE, words)
    if code in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
        rest = rest_of(answer.headers.get("retry-after"), now)
        return Outcome(Verdict.UNREACHABLE, words, rest)
    return Outcome(Verdict.UNREACHABLE if answer.is_server_error else Verdict.FAILED, words)


def _answered(code: int, said: str = "") -> str:
    if said:
        return _("answered {code}: {said}", code=code, said=said)
    return _("answered {code}", code=code)


def _trusted() -> ssl.SSLContext:
    """Return who may vouch for a receiver: those whom the system trusts, and the usual ones."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context

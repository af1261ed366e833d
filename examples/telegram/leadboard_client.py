"""A small client of Leadboard's HTTP door: appeals in, acts, and all that happens to appeals."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx

Event = dict[str, Any]
"""What happened to an appeal, as docs/ledger.md shows it."""

TIMEOUT, SILENCE = 10.0, 45.0
"""Seconds after which a request has failed, and a stream that brings not even a heartbeat."""
SHORTEST, LONGEST = 0.5, 8.0
"""Seconds between two tries: twice as many each time."""

log = logging.getLogger(__name__)


class Refused(Exception):
    """The door will not accept this, however often it is asked."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"{answer.request.url.path}: {answer.status_code} {answer.text[:200]}")
        self.status = answer.status_code


class Place:
    """The seq of the last event that was dealt with, in a file that outlives the program."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.seq = int(path.read_text()) if path.exists() else None

    def keep(self, seq: int) -> None:
        """Write the place down; a program that is killed here leaves the old one."""
        draft = self._path.with_name(f"{self._path.name}.new")
        draft.write_text(str(seq))
        draft.replace(self._path)
        self.seq = seq


class Leadboard:
    """The door at an address; every request is repeated until it is answered."""

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT)

    async def submit(self, external_id: str, source_id: int, message: str | None, key: str) -> None:
        """Hand in an appeal; the same key again changes nothing. Raises Refused."""
        body = {"external_id": external_id, "source_id": source_id, "message": message, "key": key}
        await self._ask("POST", "/appeals/", body)

    async def act(self, appeal_id: int, word: str, body: dict[str, int] | None = None) -> None:
        """Close, return, assign or reopen an appeal; may be repeated. Raises Refused."""
        await self._ask("POST", f"/appeals/{appeal_id}/{word}", body)

    async def get(self, path: str) -> Any:
        """Return what is at a path such as `/appeals/12`; raises Refused."""
        return await self._ask("GET", path)

    async def source_id(self, named: str) -> int:
        """Return the id of a source from its name or its id; raises Refused, and LookupError."""
        sources = await self.get("/sources/?limit=1000")
        for each in sources:
            if named in (each["name"], str(each["id"])):
                return int(each["id"])
        raise LookupError(f"There is no source {named}.")

    async def begin(self, place: Place) -> None:
        """Start a place that was never kept at the present; raises Refused."""
        if place.seq is None:
            place.keep((await self.get("/events"))["next"])

    async def follow(self, place: Place, **chosen: Any) -> AsyncIterator[Event]:
        """Yield what happens after a place, for ever, each event at least once, in order.

        The place is kept when the loop's body is done with an event. Raises Refused.
        """
        await self.begin(place)
        waits = _waits()
        while True:
            try:
                async for seq, event in self._stream(place, chosen):
                    if event is not None:
                        yield event
                    place.keep(seq)
                    waits = _waits()
            except httpx.TransportError as error:
                log.warning("The door is out of reach, trying again: %r", error)
            await asyncio.sleep(next(waits))

    async def _stream(
        self, place: Place, chosen: dict[str, Any]
    ) -> AsyncIterator[tuple[int, Event | None]]:
        """Yield each place with its event, or with none, until the stream ends."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(place.seq)}
        timeout = httpx.Timeout(TIMEOUT, read=SILENCE)
        request = self._http.stream(
            "GET", "/events", params=chosen, headers=headers, timeout=timeout
        )
        async with request as answer:
            if not answer.is_success:
                await answer.aread()
                await self._put_right(place, answer)
                return
            rest = b""
            async for piece in answer.aiter_bytes():
                *blocks, rest = (rest + piece).split(b"\n\n")
                for block in blocks:
                    fields = dict(line.partition(b":")[::2] for line in block.split(b"\n"))
                    data = fields.get(b"data")
                    yield int(fields[b"id"]), json.loads(data) if data else None

    async def _put_right(self, place: Place, answer: httpx.Response) -> None:
        """Go on from where one can after a refused place; raises Refused for anything else."""
        if answer.status_code == 410:
            log.error("Events after %s were pruned, and are missed.", place.seq)
            place.keep(answer.json()["oldest"])
        elif answer.status_code == 404:
            log.error("The ledger ends before %s: an older copy was put back.", place.seq)
            place.keep((await self.get("/events"))["next"])
        elif not _may_pass(answer):
            raise Refused(answer)

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        waits = _waits()
        while True:
            wait = next(waits)
            try:
                answer = await self._http.request(method, path, json=body)
            except httpx.TransportError as error:
                log.warning("The door is out of reach, trying again: %r", error)
            else:
                if answer.is_success:
                    return answer.json()
                if not _may_pass(answer):
                    raise Refused(answer)
                after = answer.headers.get("Retry-After", "")
                wait = max(wait, float(after)) if after.isdecimal() else wait
            await asyncio.sleep(wait)


def _may_pass(answer: httpx.Response) -> bool:
    return answer.status_code in (408, 429) or answer.status_code >= 500


def _waits() -> Iterator[float]:
    """Yield the seconds before each next try."""
    wait = SHORTEST
    while True:
        yield wait
        wait = min(2 * wait, LONGEST)

"""Hooks on a clock that the test turns, and a receiver that answers as it is told."""

import json
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple

import httpx

from leadboard.database import fields
from leadboard.hooks import registry
from leadboard.hooks.complaints import Complaints
from leadboard.hooks.sender import HookSender, Surroundings
from leadboard.hooks.sending import Poster
from leadboard.queries.chosen_lines import ChosenLines
from tests.support import ACTOR, rows

ADDRESS = "https://crm.example/in"
PUBLIC = "93.184.216.34"
DOWN, HANGS, BUSY, LATER = 0, -1, -2, -3
"""What a receiver does instead of answering with a status: refuses, hangs, or asks for a rest."""

Answers = Callable[[int, int], int]
"""Returns the status for the appeal and the seq of an event."""


class Clock:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.moment = fields.now()

    def now(self) -> datetime:
        return self.moment

    def turn(self, **lengths: float) -> None:
        self.moment += timedelta(**lengths)


class Request(NamedTuple):
    """A request that a receiver has seen, and how it answered."""

    at: datetime
    appeal_id: int
    seq: int
    status: int


class Receiver:
    """Answers as `answers` says, and keeps what it was asked."""

    def __init__(self, clock: Clock, answers: Answers = lambda _appeal, _seq: 204) -> None:
        self.clock = clock
        self.answers = answers
        self.requests: list[Request] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        event = json.loads(request.content)
        appeal_id, seq = event["data"]["appeal"]["id"], event["seq"]
        assert request.headers["webhook-id"] == f"evt_{seq}"
        status = self.answers(appeal_id, seq)
        self.requests.append(Request(self.clock.now(), appeal_id, seq, status))
        return self._answer(request, status)

    def _answer(self, request: httpx.Request, status: int) -> httpx.Response:
        if status == DOWN:
            raise httpx.ConnectError("refused", request=request)
        if status == HANGS:
            self.clock.turn(seconds=15)
            raise httpx.ReadTimeout("", request=request)
        if status == BUSY:
            return _response(429, **{"retry-after": "20"})
        if status == LATER:
            moment = format_datetime(self.clock.now() + timedelta(minutes=3), usegmt=True)
            return _response(503, **{"retry-after": moment})
        return _response(status, location="http://127.0.0.1/")

    @property
    def accepted(self) -> list[int]:
        """Return the seqs that arrived, with repeats, in the order in which they came."""
        return [each.seq for each in self.requests if each.status // 100 == 2]

    def first_arrivals(self) -> dict[int, list[int]]:
        """Return the seqs that arrived by appeal, without repeats, in the order of first times."""
        found: dict[int, list[int]] = {}
        for each in self.requests:
            if each.status // 100 == 2 and each.seq not in found.setdefault(each.appeal_id, []):
                found[each.appeal_id].append(each.seq)
        return found


def _response(status: int, **headers: str) -> httpx.Response:
    # As a stream: a body that is given would count as read already.
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(b""))


def add_hook(address: str = ADDRESS, *, since: int | None = None, kinds: Sequence[str] = ()) -> int:
    """Add a hook and return its id."""
    return _add(address, since, kinds).id


def add_secret_hook(address: str) -> str:
    """Add a hook that is told of everything and return its secret."""
    return _add(address, None, ()).secret


def _add(address: str, since: int | None, kinds: Sequence[str]) -> registry.NewHook:
    return registry.add(
        address,
        ChosenLines(kinds=frozenset(kinds)),
        has_messages=False,
        may_be_private=True,
        since=since,
        actor=ACTOR,
    )


def sender_of(
    hook_id: int, receiver: Receiver, name: str = "test", said: list[str] | None = None
) -> HookSender:
    """Return a sender on the receiver's clock."""
    around = Surroundings(
        f"{name} {random.random()}",
        lambda: False,
        lambda seconds: receiver.clock.turn(seconds=seconds),
        Complaints((said if said is not None else []).append),
        receiver.clock.now,
    )
    transport = httpx.MockTransport(receiver.handle)
    return HookSender(hook_id, around, Poster(lambda _host, _port: [PUBLIC], transport))


def run_for(sender: HookSender, clock: Clock, pause: float = 1.0, **lengths: float) -> None:
    """Let a sender take its turns for a while, one every `pause` seconds."""
    end = clock.now() + timedelta(**lengths)
    while clock.now() < end:
        sender.turn()
        clock.turn(seconds=pause)


def held() -> list[int]:
    """Return the seqs that are held and not given up."""
    return [
        int(str(s))
        for (s,) in rows("SELECT seq FROM held_event WHERE dead_at IS NULL ORDER BY seq")
    ]


def dead() -> list[int]:
    """Return the seqs that were given up."""
    return [
        int(str(s))
        for (s,) in rows("SELECT seq FROM held_event WHERE dead_at IS NOT NULL ORDER BY seq")
    ]


def ledger() -> list[tuple[int, int]]:
    """Return the seq and the appeal of every line."""
    found = rows("SELECT seq, appeal_id FROM change ORDER BY seq")
    return [(int(str(seq)), int(str(appeal))) for seq, appeal in found]

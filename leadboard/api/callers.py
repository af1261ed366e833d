"""Who sends a request: found by the token that it carries, and what that lets them do."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Annotated

from fastapi import Depends, Request

from leadboard.common.errors import Trouble
from leadboard.common.language import _
from leadboard.queries.tokens import Caller, Scope, callers, digest_of

Read = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs a reading on a thread that reads."""

REFRESH = 1.0
"""Seconds after which a token that was added or withdrawn is known to be."""

_ALLOWED = {
    Scope.INTAKE: re.compile(r"POST /appeals/"),
    Scope.OPERATOR: re.compile(
        r"GET /appeals/(\d+)?|POST /appeals/(\d+|by-key)/(close|return|reopen)"
        r"|GET /operators/\d+|GET /events"
    ),
    Scope.DESK: re.compile(".*", re.DOTALL),
}
"""The requests that a token of each scope may make, as method and path."""

_REFUSALS = {
    Scope.INTAKE: _("This token only lets you send appeals."),
    Scope.OPERATOR: _("This token is only for the appeals of one operator."),
}


class Callers:
    """Who may call: whoever has the door's own token, or one of those in the database.

    Without any of them everybody is the door's own actor.
    """

    def __init__(self, actor: str, token: str | None = None) -> None:
        self._own = Caller(actor, Scope.DESK)
        self._own_digest = None if token is None else digest_of(token)
        self._stored: Mapping[bytes, Caller | None] = {}

    def refresh(self) -> None:
        """Read the tokens of the database; raises Trouble."""
        self._stored = callers()

    async def keep_fresh(self, read: Read) -> None:
        """Read the tokens again and again, until cancelled."""
        while True:
            await asyncio.sleep(REFRESH)
            # Those known so far go on while the database is out of reach.
            with suppress(Trouble):
                await read(self.refresh)

    @property
    def need_tokens(self) -> bool:
        """Tell whether a request needs a token: once there was one, always."""
        return self._own_digest is not None or bool(self._stored)

    def holder_of(self, authorization: bytes) -> Caller | None:
        """Return who sends a header, None for nobody who is known."""
        if not self.need_tokens:
            return self._own
        scheme, _space, given = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        # Digests are compared, so the time of an answer tells nothing about a token.
        digest = digest_of(given.strip().decode("latin-1"))
        return self._own if digest == self._own_digest else self._stored.get(digest)

    def are_known(self, caller: Caller) -> bool:
        """Tell whether somebody who was let in would still be."""
        if caller is self._own:
            return self._own_digest is not None or not self._stored
        return caller in self._stored.values()


def refusal_of(caller: Caller, method: str, path: str) -> str | None:
    """Return why a caller may not make a request, None if they may."""
    if _ALLOWED[caller.scope].fullmatch(f"{method} {path}"):
        return None
    return _REFUSALS[caller.scope]


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


By = Annotated[Caller, Depends(_caller)]
"""Who sends the request."""

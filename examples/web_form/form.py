"""A web form whose messages become appeals; the token stays here, and no browser sees it.

uvicorn --app-dir examples/web_form form:app --proxy-headers
"""

import html
import logging
import os
import re
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from string import Template
from urllib.parse import parse_qsl

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

PAGE = Template((Path(__file__).parent / "form.html").read_text(encoding="utf-8"))
THANKS = '<!doctype html><meta charset="utf-8"><title>Спасибо</title><h1>Спасибо! Мы ответим вам.'
EMPTY = "Напишите, как с вами связаться, и само сообщение."
TOO_OFTEN = "Слишком много сообщений. Подождите минуту и отправьте ещё раз."
NOT_TAKEN = "Не получилось отправить. Ваш текст остался здесь: попробуйте ещё раз."

MOST, SECONDS = 5, 60
"""Messages of one address in a time."""
LARGEST_BODY = 128 * 1024
SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
KEY = re.compile(r"[\w-]{20,60}", re.ASCII)

log = logging.getLogger("form")


class Rate:
    """How many messages came from each address; counted from nothing again after a while."""

    def __init__(self) -> None:
        self._span = 0.0
        self._counts: Counter[str] = Counter()

    def is_beyond(self, address: str) -> bool:
        """Count a message, and tell whether it is one too many."""
        span = time.monotonic() // SECONDS
        if span != self._span:
            self._span, self._counts = span, Counter()
        self._counts[address] += 1
        return self._counts[address] > MOST


def page(fields: Mapping[str, str], alert: str = "", status: int = 200) -> Response:
    """Return the form with what was typed; its key stays the same until the message is taken."""
    key = fields.get("key", "")
    shown = {
        "key": key if KEY.fullmatch(key) else secrets.token_urlsafe(18),
        "contact": fields.get("contact", ""),
        "message": fields.get("message", ""),
        "alert": alert,
    }
    escaped = {name: html.escape(value) for name, value in shown.items()}
    return HTMLResponse(PAGE.substitute(escaped), status, headers=SAFE)


async def show(_: Request) -> Response:
    """Show an empty form."""
    return page({})


async def thanks(_: Request) -> Response:
    """Say that the message was taken."""
    return HTMLResponse(THANKS, headers=SAFE)


async def take(request: Request) -> Response:
    """Hand a message to Leadboard; what cannot be taken stays in the form."""
    fields = dict(parse_qsl((await request.body()).decode(errors="replace")))
    address = request.client.host if request.client else ""
    if request.app.state.rate.is_beyond(address):
        return page(fields, TOO_OFTEN, 429)
    if not (fields.get("contact", "").strip() and fields.get("message", "").strip()):
        return page(fields, EMPTY, 422)
    # People cannot see this field: a program filled it in, and is left in its belief.
    if not fields.get("website") and not await is_taken(request.app.state.door, fields):
        return page(fields, NOT_TAKEN, 503)
    return RedirectResponse("thanks", 303)


async def is_taken(door: httpx.AsyncClient, fields: Mapping[str, str]) -> bool:
    """Tell whether Leadboard has the message; sent twice with the same key it is stored once."""
    key = fields.get("key", "")
    appeal = {
        "external_id": " ".join(fields["contact"].split()),
        "source_id": int(os.environ["LEADBOARD_SOURCE_ID"]),
        "message": fields["message"],
        "key": f"form:{key}" if KEY.fullmatch(key) else None,
    }
    try:
        answer = await door.post("/appeals/", json=appeal)
    except httpx.HTTPError as error:
        log.error("The door is out of reach: %r", error)
        return False
    if not answer.is_success:
        log.error("Not taken: %s %s", answer.status_code, answer.text)
    return answer.is_success


@asynccontextmanager
async def connected(app: Starlette) -> AsyncIterator[None]:
    """Keep a connection to the door for as long as the form is served."""
    headers = {"Authorization": f"Bearer {os.environ['LEADBOARD_TOKEN']}"}
    async with httpx.AsyncClient(base_url=os.environ["LEADBOARD_URL"], headers=headers) as door:
        app.state.door, app.state.rate = door, Rate()
        yield


app = Starlette(
    routes=[
        Route("/", show),
        Route("/", take, methods=["POST"]),
        Route("/thanks", thanks),
    ],
    lifespan=connected,
    max_body_size=LARGEST_BODY,
)

"""The endpoint of the ledger: a page of its lines, or all that follow as Server-Sent Events."""

from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Any

from fastapi import FastAPI, Header, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import AfterValidator

from leadboard.api import schemas as shapes
from leadboard.api.callers import By
from leadboard.api.door import Door
from leadboard.api.errors import told
from leadboard.api.parameters import ChosenId, Limit, known
from leadboard.queries.chosen_lines import ChosenLines, chosen_kinds
from leadboard.queries.ledger_lines import LedgerLine, fields_of, lines_after, present

MOST_PAGES = 10
"""Pages that are looked through for one answer, so that a rare kind keeps nobody waiting."""

STREAM = "text/event-stream"
NO_PROXY_KEEPS_IT = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

Since = Annotated[
    int,
    Query(ge=0, description="The `seq` of the last event that you have; without it, from now."),
    AfterValidator(known),
]
Kinds = Annotated[
    list[shapes.EventKind], Query(max_length=20, description="Only such events; repeatable.")
]
LastId = Annotated[
    str, Header(pattern=r"^[0-9]{0,18}$", description="Goes before `since`, for a stream.")
]

ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "model": shapes.EventPage,
        "description": "A page; or, to `Accept: text/event-stream`, a stream without an end.",
        "content": {STREAM: {"schema": {"type": "string"}}},
    },
    404: {"model": shapes.GonePlace, "description": "The place is ahead of this ledger."},
    410: {"model": shapes.GonePlace, "description": "What followed this place was pruned."},
}


def install_events(app: FastAPI, door: Door) -> None:
    """Add the endpoint of the ledger."""

    @app.get("/events", response_model=shapes.EventPage, responses={**told(422), **ANSWERS})
    async def events(
        by: By,
        since: Since | None = None,
        limit: Limit = 100,
        kind: Kinds = [],  # noqa: B006 - FastAPI copies it
        source_id: ChosenId | None = None,
        operator_id: ChosenId | None = None,
        messages: bool = False,
        accept: Annotated[str, Header(include_in_schema=False)] = "",
        last_event_id: LastId = "",
    ) -> Response:
        """Return what happened to appeals, in order: each event once, none ever left out.

        Keep `next` and ask again from there. A stream names each event's `seq` as its id.
        """
        chosen = ChosenLines(source_id, by.operator_id or operator_id, chosen_kinds(kind))
        if STREAM in accept:
            place = int(last_event_id) if last_event_id else since
            seq = await door.read(lambda: _checked(place))
            door.tail.refuse_crowd()
            stream = door.tail.stream(seq, chosen, messages=messages)
            return StreamingResponse(stream, media_type=STREAM, headers=NO_PROXY_KEEPS_IT)
        found, last = await door.read(lambda: _page(since, limit, chosen, messages=messages))
        return JSONResponse({"events": list(map(fields_of, found)), "next": last})


def _checked(since: int | None) -> int:
    """Return the place to follow from; raises Pruned when it is not in the ledger."""
    last = present()
    if since is not None:
        lines_after(since)
    return last if since is None else since


def _page(
    since: int | None, limit: int, chosen: ChosenLines, *, messages: bool
) -> tuple[Sequence[LedgerLine], int]:
    """Return the chosen lines after a place, and the place up to which was looked."""
    last = present()
    seq = last if since is None else since
    found: list[LedgerLine] = []
    for _ in range(MOST_PAGES):
        page = lines_after(seq, messages=messages)
        found += islice((line for line in page if line in chosen), limit - len(found))
        if len(found) == limit:
            return found, found[-1].seq
        if not page:
            break
        seq = page[-1].seq
    return found, seq

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
from leadboard.api.tail import Wanted
from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.queries.chosen_lines import ChosenLines, chosen_kinds
from leadboard.queries.ledger_lines import LedgerLine, fields_of, lines_after, present

LONGEST_ID = 18
"""Digits."""
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
    str, Header(description="The id of the last event: for a stream it goes before `since`.")
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
        chosen = ChosenLines(source_id, by.theirs(operator_id), chosen_kinds(kind))
        if _asks_for_stream(accept):
            place = _place_of(last_event_id, since)
            seq = await door.read(lambda: _checked(place))
            door.tail.refuse_crowd()
            wanted = Wanted(chosen, messages, by.operator_id)
            stream = door.tail.stream(seq, wanted, lambda: door.callers.are_known(by))
            return StreamingResponse(stream, media_type=STREAM, headers=NO_PROXY_KEEPS_IT)
        found, last = await door.read(lambda: _page(since, limit, chosen, messages=messages))
        shown = [fields_of(each, seen_by=by.operator_id) for each in found]
        return JSONResponse({"events": shown, "next": last})


def _asks_for_stream(accept: str) -> bool:
    """Tell whether a client names the type of a stream among those that it takes."""
    types = (each.partition(";")[0].strip().lower() for each in accept.split(","))
    return STREAM in types


def _place_of(last_id: str, since: int | None) -> int | None:
    """Return the place to follow from; raises Refused for an id that no event has."""
    if not last_id:
        return since
    if not (last_id.isascii() and last_id.isdigit() and len(last_id) <= LONGEST_ID):
        sentence = _("Last-Event-ID must be the id of an event.")
        raise Refused(sentence, "Last-Event-ID")
    return int(last_id)


def _checked(since: int | None) -> int:
    """Return the place to follow from; raises Pruned when it is not in the ledger."""
    last = present()
    if since is not None:
        lines_after(since, limit=1)
    return last if since is None else since


def _page(
    since: int | None, limit: int, chosen: ChosenLines, *, messages: bool
) -> tuple[Sequence[LedgerLine], int]:
    """Return the chosen lines after a place, and the place up to which was looked."""
    last = present()
    seq = last if since is None else since
    found: list[LedgerLine] = []
    for _round in range(MOST_PAGES):
        page = lines_after(seq, messages=messages)
        found += islice((line for line in page if line in chosen), limit - len(found))
        if len(found) == limit:
            return found, found[-1].seq
        if not page:
            break
        seq = page[-1].seq
    return found, seq

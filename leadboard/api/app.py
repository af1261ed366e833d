"""The door's application: endpoints of a few lines, each around one act or query."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import AfterValidator

from leadboard import desk
from leadboard.allocation.intake import Draft
from leadboard.api import errors as answers
from leadboard.api import schemas as shapes
from leadboard.api.access import LARGEST_BODY, AccessMiddleware, App, Rules
from leadboard.api.appeals import just_stored, written, written_lead
from leadboard.api.errors import told
from leadboard.api.metrics import Metrics
from leadboard.api.writer import Writer
from leadboard.common.errors import Missing, Refused, Trouble
from leadboard.common.validation import storable
from leadboard.database.connection import BEYOND
from leadboard.database.transactions import reading_in_place
from leadboard.entities import OperatorRow, SourceRow
from leadboard.queries import board, records

T = TypeVar("T")

READERS = 4
"""Threads that read, each with a connection of its own."""

OperatorId = Annotated[int, Path(ge=1, description="The id of the operator.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="The largest number of rows to return.")]


def _known(number: int) -> int:
    """Return an id that a database can hold; no row has a larger one."""
    return min(number, BEYOND)


After = Annotated[
    int, Query(ge=0, description="Return what comes after this id."), AfterValidator(_known)
]
ChosenId = Annotated[int, Query(ge=1), AfterValidator(_known)]

# 18 digits always fit the 64 bits of an id.
_PAIR = r"^[0-9]{1,18}:[0-9]{1,18}$"
Pair = Annotated[
    str,
    Query(pattern=_PAIR, description="Return what comes after this `operator_id:source_id`."),
]

ABOUT = (
    "Appeals come in here, and each goes to an operator by the same lottery as everywhere else. "
    "Lists are read in pages: `limit` rows `after` an id. An answer comes only after the change is "
    "durably stored. Send a `key` of your own with an appeal: after a 503, or when no answer came, "
    "the same key sent again returns the same appeal and never stores a second one. A key belongs "
    "to its source and lead."
)
DIFFERS = "Leadboard-Text-Differs"
KNOWN: dict[str, Any] = {
    "model": shapes.AppealOut,
    "description": "The key is known for this lead and source: its first appeal, nothing new.",
    "headers": {
        DIFFERS: {
            "description": "Present, as `true`, if the first appeal has a different text.",
            "schema": {"type": "string", "enum": ["true"]},
        }
    },
}


class Door:
    """What the endpoints share: the actor, the figures, the writing and the reading threads."""

    def __init__(self, actor: str, metrics: Metrics) -> None:
        self.actor = actor
        self.metrics = metrics
        self.writer: Writer
        self._readers = ThreadPoolExecutor(READERS, "reader")

    @asynccontextmanager
    async def open(self, _: FastAPI) -> AsyncIterator[None]:
        """Start the writer, and let it finish its jobs at the end."""
        # Not before: the writer answers on the loop, which runs only now.
        self.writer = Writer()
        self.metrics.queued = self.writer.queued
        try:
            yield
        finally:
            await self.writer.close()
            self._readers.shutdown()

    async def read(self, query: Callable[[], T]) -> T:
        """Return what a query finds."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, reading_in_place, query)


def application(actor: str, rules: Rules, metrics: Metrics) -> App:
    """Return the application on the open database, behind its gate."""
    door = Door(actor, metrics)
    app = FastAPI(
        title="Leadboard",
        description=ABOUT,
        lifespan=door.open,
        redoc_url=None,
        version="1",
        max_body_size=LARGEST_BODY,
    )
    answers.install(app)
    # The middleware has settled the slash already; a redirect would cost a client a request.
    app.router.redirect_slashes = False
    app.router.route_class = _Route
    for add in (_operators, _sources, _weights, _appeals, _leads, _health, _metrics):
        add(app, door)
    # Around it, not a part of it: the limit on bodies would answer for the gate in plain text.
    return AccessMiddleware(app, rules)


class _Body(Request):
    """A request with a JSON body, whose message may hold characters that no database stores."""

    async def json(self) -> Any:
        try:
            # Decoded here: from bytes `json` would also accept UTF-16 and lone surrogates.
            found = json.loads((await self.body()).decode("utf-8-sig"))
        # FastAPI answers this one itself. It must not fall through: it is a ValueError as well.
        except json.JSONDecodeError:
            raise
        except UnicodeDecodeError as error:
            raise HTTPException(400, "The body is not UTF-8: send JSON in UTF-8.") from error
        except (ValueError, RecursionError) as error:
            sentence = "The body holds a number too long, or is nested too deeply."
            raise HTTPException(400, sentence) from error
        # Before the model checks it: pydantic refuses a string with a lone surrogate.
        if isinstance(found, dict) and isinstance(found.get("message"), str):
            found["message"] = storable(found["message"])
        return found


class _Route(APIRoute):
    """A route that reads its body as `_Body`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await handle(_Body(request.scope, request.receive))

        return handler


def _operators(app: FastAPI, door: Door) -> None:
    @app.post("/operators/", status_code=201, responses=told(400, 409, 422))
    async def add_operator(new: shapes.OperatorIn) -> shapes.OperatorOut:
        """Add an operator."""

        def act() -> OperatorRow | None:
            done = desk.add_operator(**new.model_dump(), actor=door.actor)
            return records.operator(done.result)

        return shapes.OperatorOut(**asdict(_there(await door.writer.do(act))))

    @app.get("/operators/", responses=told(422))
    async def operators(limit: Limit = 100, after: After = 0) -> list[shapes.OperatorOut]:
        """Return operators with their loads."""
        found = await door.read(lambda: records.operators(limit, after))
        return [shapes.OperatorOut(**asdict(each)) for each in found]

    @app.patch("/operators/{operator_id}", responses=told(400, 404, 409, 422))
    async def change_operator(
        operator_id: OperatorId, change: shapes.OperatorPatch
    ) -> shapes.OperatorOut:
        """Change the given columns only. Places that become free go to waiting appeals."""
        columns = change.model_dump(exclude_unset=True)

        def act() -> OperatorRow | None:
            if columns:
                desk.change_operator(operator_id, **columns, actor=door.actor)
            return records.operator(operator_id)

        found = await door.writer.do(act)
        if found is None:
            raise Missing(f"There is no operator #{operator_id}.", "operator_id")
        return shapes.OperatorOut(**asdict(found))


def _sources(app: FastAPI, door: Door) -> None:
    @app.post("/sources/", status_code=201, responses=told(400, 409, 422))
    async def add_source(new: shapes.SourceIn) -> shapes.SourceOut:
        """Add a source of appeals."""

        def act() -> SourceRow | None:
            done = desk.add_source(**new.model_dump(), actor=door.actor)
            return records.source(done.result)

        return shapes.SourceOut(**asdict(_there(await door.writer.do(act))))

    @app.get("/sources/", responses=told(422))
    async def sources(limit: Limit = 100, after: After = 0) -> list[shapes.SourceOut]:
        """Return the sources."""
        found = await door.read(lambda: records.sources(limit, after))
        return [shapes.SourceOut(**asdict(each)) for each in found]


def _weights(app: FastAPI, door: Door) -> None:
    @app.post(
        "/operator-sources/",
        status_code=201,
        responses={**told(400, 404, 422), 200: {"model": shapes.WeightOut, "description": "Set"}},
    )
    async def link(new: shapes.LinkIn, response: Response) -> shapes.WeightOut:
        """Set the weight of an operator for a source, linking the two if they are not."""

        def act() -> bool:
            done = desk.set_weight(new.operator_id, new.source_id, new.weight, actor=door.actor)
            return done.result is None

        response.status_code = 201 if await door.writer.do(act) else 200
        return shapes.WeightOut(**new.model_dump())

    @app.get("/operator-sources/", responses=told(422))
    async def links(
        source_id: ChosenId | None = None, limit: Limit = 1000, after: Pair = "0:0"
    ) -> list[shapes.WeightOut]:
        """Return the weights, all or those of a source."""
        operator_id, last = map(int, re.split(":", after))
        found = await door.read(lambda: records.weights(limit, (operator_id, last), source_id))
        return [shapes.WeightOut(**asdict(each)) for each in found]


def _appeals(app: FastAPI, door: Door) -> None:
    @app.post(
        "/appeals/",
        status_code=201,
        response_model=shapes.AppealOut,
        responses={
            **told(400, 404, 422),
            200: KNOWN,
        },
    )
    async def submit(new: shapes.AppealIn) -> Response:
        """Store an appeal and give it to an operator by lottery; with nobody eligible it waits."""
        draft = Draft.checked(new.external_id, new.source_id, new.message, new.key)
        placed = await door.writer.store(draft)
        door.metrics.stored[placed.source_id] += not placed.is_repeat
        if placed.is_repeat:
            known = _there(await door.read(lambda: records.appeal(placed.id)))
            headers = {DIFFERS: "true"} if placed.differs else None
            return JSONResponse(written(known), 200, headers=headers)
        return JSONResponse(just_stored(draft, placed), 201)

    @app.get("/appeals/", response_model=list[shapes.AppealOut], responses=told(422))
    async def appeals(
        limit: Limit = 100,
        after: After = 0,
        source_id: ChosenId | None = None,
        operator_id: ChosenId | None = None,
        waiting: bool = False,
    ) -> Response:
        """Return appeals, oldest first: all, or those of a source or operator, or those waiting."""
        found = await door.read(
            lambda: records.appeals(
                limit, after, source_id=source_id, operator_id=operator_id, waiting_only=waiting
            )
        )
        return JSONResponse([written(each) for each in found])


def _leads(app: FastAPI, door: Door) -> None:
    @app.get("/leads/", response_model=list[shapes.LeadOut], responses=told(422))
    async def leads(
        limit: Annotated[
            int, Query(ge=1, le=100, description="The largest number of leads to return.")
        ] = 50,
        after: After = 0,
    ) -> Response:
        """Return leads, each with their newest hundred appeals, oldest first."""
        found = await door.read(lambda: records.leads(limit, after))
        return JSONResponse([written_lead(each) for each in found])


def _health(app: FastAPI, door: Door) -> None:
    @app.get("/healthz", responses=told())
    async def health() -> shapes.Health:
        """Report that the database answers."""
        await door.read(lambda: records.sources(1))
        return shapes.Health()


METRICS: dict[str, Any] = {
    "description": "The figures in Prometheus' text format; counters begin with the process.",
    "content": {"text/plain": {"schema": {"type": "string"}}},
}


def _metrics(app: FastAPI, door: Door) -> None:
    @app.get("/metrics", response_class=PlainTextResponse, responses={**told(), 200: METRICS})
    async def metrics() -> Response:
        """Return what waits, the operators' loads, and what the door has done, for Prometheus."""
        try:
            text = await door.read(lambda: door.metrics.text(board.figures()))
        except Trouble:
            text = door.metrics.text(None)
        return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _there(entry: T | None) -> T:
    """Return a row that existed a moment ago; raises Refused if somebody has deleted it since."""
    if entry is None:
        raise Refused("Somebody has deleted it meanwhile.")
    return entry

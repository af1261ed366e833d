"""The endpoints of the team: operators, sources, and the weights between them."""

import re
from dataclasses import asdict

from fastapi import FastAPI, Response

from leadboard import desk
from leadboard.api import schemas as shapes
from leadboard.api.callers import By
from leadboard.api.door import Door, still_there
from leadboard.api.errors import told
from leadboard.api.parameters import After, ChosenId, Limit, OperatorId, Pair
from leadboard.common.errors import Missing
from leadboard.common.language import _
from leadboard.entities import OperatorRow, SourceRow
from leadboard.queries import records


def install_operators(app: FastAPI, door: Door) -> None:
    """Add the endpoints of operators."""

    @app.post("/operators/", status_code=201, responses=told(400, 409, 422))
    async def add_operator(new: shapes.OperatorIn, by: By) -> shapes.OperatorOut:
        """Add an operator."""

        def act() -> OperatorRow | None:
            done = desk.add_operator(**new.model_dump(), actor=by.name)
            return records.operator(done.result)

        return shapes.OperatorOut(**asdict(still_there(await door.writer.do(act))))

    @app.get("/operators/", responses=told(422))
    async def operators(limit: Limit = 100, after: After = 0) -> list[shapes.OperatorOut]:
        """Return operators with their loads."""
        found = await door.read(lambda: records.operators(limit, after))
        return [shapes.OperatorOut(**asdict(each)) for each in found]

    @app.get("/operators/{operator_id}", responses=told(404, 422))
    async def operator(operator_id: OperatorId, by: By) -> shapes.OperatorOut:
        """Return one operator with their load."""
        is_theirs = by.operator_id in (None, operator_id)
        found = await door.read(lambda: records.operator(operator_id)) if is_theirs else None
        if found is None:
            raise Missing(_("There is no operator #{id}.", id=operator_id), "operator_id")
        return shapes.OperatorOut(**asdict(found))

    @app.patch("/operators/{operator_id}", responses=told(400, 404, 409, 422))
    async def change_operator(
        operator_id: OperatorId, change: shapes.OperatorPatch, by: By
    ) -> shapes.OperatorOut:
        """Change the given columns only. Places that become free go to waiting appeals."""
        columns = change.model_dump(exclude_unset=True)

        def act() -> OperatorRow | None:
            if columns:
                desk.change_operator(operator_id, **columns, actor=by.name)
            return records.operator(operator_id)

        found = await door.writer.do(act)
        if found is None:
            raise Missing(_("There is no operator #{id}.", id=operator_id), "operator_id")
        return shapes.OperatorOut(**asdict(found))


def install_sources(app: FastAPI, door: Door) -> None:
    """Add the endpoints of sources."""

    @app.post("/sources/", status_code=201, responses=told(400, 409, 422))
    async def add_source(new: shapes.SourceIn, by: By) -> shapes.SourceOut:
        """Add a source of appeals."""

        def act() -> SourceRow | None:
            done = desk.add_source(**new.model_dump(), actor=by.name)
            return records.source(done.result)

        return shapes.SourceOut(**asdict(still_there(await door.writer.do(act))))

    @app.get("/sources/", responses=told(422))
    async def sources(limit: Limit = 100, after: After = 0) -> list[shapes.SourceOut]:
        """Return the sources."""
        found = await door.read(lambda: records.sources(limit, after))
        return [shapes.SourceOut(**asdict(each)) for each in found]


def install_weights(app: FastAPI, door: Door) -> None:
    """Add the endpoints of weights."""

    @app.post(
        "/operator-sources/",
        status_code=201,
        responses={**told(400, 404, 422), 200: {"model": shapes.WeightOut, "description": "Set"}},
    )
    async def link(new: shapes.LinkIn, response: Response, by: By) -> shapes.WeightOut:
        """Set the weight of an operator for a source, linking the two if they are not."""

        def act() -> bool:
            done = desk.set_weight(new.operator_id, new.source_id, new.weight, actor=by.name)
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

"""The endpoints of appeals and leads; answers go without the validation that others go through."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import FastAPI, Query, Response
from fastapi.responses import JSONResponse

from leadboard.allocation.intake import Draft, Placed
from leadboard.api import schemas as shapes
from leadboard.api.door import Door, still_there
from leadboard.api.errors import told
from leadboard.api.parameters import After, ChosenId, Limit
from leadboard.api.schemas import AppealOut
from leadboard.database.fields import now, stamp
from leadboard.queries import records
from leadboard.queries.appeals import AppealRow
from leadboard.queries.records import LeadWithAppeals
from leadboard.queries.times import whole_seconds

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


def install_appeals(app: FastAPI, door: Door) -> None:
    """Add the endpoints of appeals."""

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
        if placed.is_repeat:
            known = still_there(await door.read(lambda: records.appeal(placed.id)))
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


def install_leads(app: FastAPI, door: Door) -> None:
    """Add the endpoint of leads."""

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


_OF_THE_ROW = tuple(name for name in AppealOut.model_fields if hasattr(AppealRow, name))
"""The fields of an answer that are those of the row."""


def written(appeal: AppealRow) -> dict[str, Any]:
    """Return an appeal as `AppealOut` describes it."""
    times = appeal.times
    return {
        **{name: getattr(appeal, name) for name in _OF_THE_ROW},
        "timestamp": stamp(appeal.timestamp),
        "closed_at": _stamped(appeal.closed_at),
        "first_assigned_at": _stamped(times.first_assigned_at),
        "assigned_at": _stamped(times.assigned_at),
        "waited": whole_seconds(times.waited),
        "held": whole_seconds(times.held(now())),
    }


def _stamped(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def written_lead(lead: LeadWithAppeals) -> dict[str, Any]:
    """Return a lead as `LeadOut` describes it."""
    appeals = [written(each) for each in lead.appeals]
    return {"id": lead.id, "external_id": lead.external_id, "appeals": appeals}


def just_stored(draft: Draft, placed: Placed) -> dict[str, Any]:
    """Return a new appeal as `written` would, without reading it again."""
    assigned_at = None if placed.operator_id is None else stamp(placed.timestamp)
    return {
        "id": placed.id,
        "lead_id": placed.lead_id,
        "external_id": draft.external_id,
        "source_id": placed.source_id,
        "operator_id": placed.operator_id,
        "timestamp": stamp(placed.timestamp),
        "message": draft.message,
        "key": draft.key,
        "closed_at": None,
        "first_assigned_at": assigned_at,
        "assigned_at": assigned_at,
        "waited": None if assigned_at is None else 0,
        "held": None if assigned_at is None else 0,
    }

"""The endpoints of appeals and leads; answers go without the validation that others go through."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import FastAPI, Query, Response
from fastapi.responses import JSONResponse

from leadboard.allocation.intake import Draft, Placed
from leadboard.api import schemas as shapes
from leadboard.api.callers import By
from leadboard.api.door import Door, still_there
from leadboard.api.errors import told
from leadboard.api.parameters import After, AppealId, ChosenId, KeyText, LeadText, Limit
from leadboard.common.errors import Missing
from leadboard.common.language import _
from leadboard.database.fields import stamp
from leadboard.queries import appeal_records, records
from leadboard.queries.appeal_records import fields_of, named_by, open_appeals
from leadboard.queries.records import LeadWithAppeals

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


SEQ = "Leadboard-Seq"
SEQ_HEADER = {
    SEQ: {
        "description": "With `open` or `waiting`: follow the events from this place on.",
        "schema": {"type": "integer"},
    }
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
        door.metrics.stored[placed.source_id] += not placed.is_repeat
        if placed.is_repeat:
            known = still_there(await door.read(lambda: appeal_records.appeal(placed.id)))
            headers = {DIFFERS: "true"} if placed.differs else None
            return JSONResponse(fields_of(known), 200, headers=headers)
        return JSONResponse(just_stored(draft, placed), 201)

    @app.get(
        "/appeals/",
        response_model=list[shapes.AppealOut],
        responses={200: {"headers": SEQ_HEADER}, **told(422)},
    )
    async def appeals(
        by: By,
        limit: Limit = 100,
        after: After = 0,
        source_id: ChosenId | None = None,
        operator_id: ChosenId | None = None,
        key: KeyText | None = None,
        external_id: LeadText | None = None,
        open: bool = False,
        waiting: bool = False,
    ) -> Response:
        """Return appeals, oldest first; every parameter leaves some out.

        A page of what is open or waiting comes with the place in the ledger from which to follow
        what happens to them.
        """
        chosen = replace(
            named_by(source_id, key, external_id),
            operator_id=by.theirs(operator_id),
            is_waiting=waiting,
            is_open=open,
        )
        if not (open or waiting):
            found = await door.read(lambda: appeal_records.appeals(limit, after, chosen))
            return JSONResponse(list(map(fields_of, found)))
        seq, found = await door.read(lambda: open_appeals(limit, after, chosen))
        return JSONResponse(list(map(fields_of, found)), headers={SEQ: str(seq)})

    @app.get("/appeals/{appeal_id}", response_model=shapes.AppealOut, responses=told(404, 422))
    async def appeal(appeal_id: AppealId, by: By) -> Response:
        """Return one appeal as it is now."""
        found = await door.read(lambda: appeal_records.appeal(appeal_id))
        if found is None or by.operator_id not in (None, found.operator_id):
            raise Missing(_("There is no appeal #{id}.", id=appeal_id), "appeal_id")
        return JSONResponse(fields_of(found))


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


def written_lead(lead: LeadWithAppeals) -> dict[str, Any]:
    """Return a lead as `LeadOut` describes it."""
    appeals = [fields_of(each) for each in lead.appeals]
    return {"id": lead.id, "external_id": lead.external_id, "appeals": appeals}


def just_stored(draft: Draft, placed: Placed) -> dict[str, Any]:
    """Return a new appeal as `fields_of` would, without reading it again."""
    assigned_at = None if placed.operator_id is None else stamp(placed.timestamp)
    return {
        "id": placed.id,
        "lead_id": placed.lead_id,
        "external_id": draft.external_id,
        "source_id": placed.source_id,
        "operator_id": placed.operator_id,
        "operator": placed.operator,
        "status": "waiting" if placed.operator_id is None else "open",
        "timestamp": stamp(placed.timestamp),
        "message": draft.message,
        "key": draft.key,
        "closed_at": None,
        "first_assigned_at": assigned_at,
        "assigned_at": assigned_at,
        "waited": None if assigned_at is None else 0,
        "held": None if assigned_at is None else 0,
    }

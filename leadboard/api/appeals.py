"""Appeals as the door answers with them, without the validation that other answers go through."""

from datetime import datetime
from typing import Any

from leadboard.allocation.intake import Draft, Placed
from leadboard.api.schemas import AppealOut
from leadboard.database.fields import now, stamp
from leadboard.queries.appeals import AppealRow
from leadboard.queries.records import LeadWithAppeals
from leadboard.queries.times import whole_seconds

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

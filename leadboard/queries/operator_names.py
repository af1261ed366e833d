"""Names of operators by their ids, also of those who were deleted since."""

from collections.abc import Sequence

from leadboard.allocation.journal import from_json, subject_of
from leadboard.common.text import clean
from leadboard.database.connection import rows
from models import EventChange, Operator


def names_of(operator_ids: Sequence[int]) -> dict[int, str]:
    """Return names by id; for operators deleted since, the last one in the record."""
    names: dict[int, str] = {}
    for start in range(0, len(operator_ids), 500):
        part = list(operator_ids[start : start + 500])
        found = Operator.select(Operator.id, Operator.name).where(Operator.id.in_(part))
        names |= {operator_id: clean(name) for operator_id, name in rows(found)}
    gone = [operator_id for operator_id in operator_ids if operator_id not in names]
    return names | {operator_id: f"{_last_name(operator_id)} (deleted)" for operator_id in gone}


def _last_name(operator_id: int) -> str:
    """Return the name that the act of deleting recorded."""
    deleted = (
        EventChange.select(EventChange.before)
        .where(
            EventChange.subject == subject_of("operator", operator_id), EventChange.after.is_null()
        )
        .order_by(EventChange.event.desc())
        .limit(1)
    )
    for (before,) in rows(deleted):
        return clean(str((from_json(before) or {}).get("name", "")))
    return f"#{operator_id}"

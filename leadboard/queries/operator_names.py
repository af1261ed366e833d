"""Names of operators and sources by their ids, also of those who were deleted since."""

from collections.abc import Sequence

from leadboard.allocation.journal import from_json, subject_of
from leadboard.common.language import _
from leadboard.common.text import clean
from leadboard.database.connection import rows
from leadboard.entities import OPERATOR, SOURCE, Entity
from models import EventChange


def names_of(operator_ids: Sequence[int]) -> dict[int, str]:
    """Return names of operators by id; for those deleted since, the last one in the record."""
    return _names(OPERATOR, operator_ids)


def source_names_of(source_ids: Sequence[int]) -> dict[int, str]:
    """Return names of sources by id; for those deleted since, the last one in the record."""
    return _names(SOURCE, source_ids)


def _names(entity: Entity, ids: Sequence[int]) -> dict[int, str]:
    table, names = entity.table, dict[int, str]()
    for start in range(0, len(ids), 500):
        part = list(ids[start : start + 500])
        found = table.select(table.id, table.name).where(table.id.in_(part))
        names |= {key: clean(name) for key, name in rows(found)}
    gone = [key for key in ids if key not in names]
    return names | {key: _("{name} (deleted)", name=_last_name(entity, key)) for key in gone}


def _last_name(entity: Entity, key: int) -> str:
    """Return the name that the act of deleting recorded."""
    deleted = (
        EventChange.select(EventChange.before)
        .where(EventChange.subject == subject_of(entity.word, key), EventChange.after.is_null())
        .order_by(EventChange.event.desc())
        .limit(1)
    )
    for (before,) in rows(deleted):
        return clean(str((from_json(before) or {}).get("name", "")))
    return f"#{key}"

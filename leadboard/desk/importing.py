"""Acts that take over a whole table: operators or sources added and changed in one act."""

from collections.abc import Callable, Mapping

from leadboard.allocation.journal import Journal
from leadboard.common.errors import Refused
from leadboard.common.validation import checked_limit, checked_name
from leadboard.desk.recording import Done, Wanted, _told, record
from leadboard.desk.rows import (
    insert_operator,
    operator_row,
    rewrite_operator,
)


def import_operators(wanted: Wanted, *, actor: str) -> Done:
    """Add and change operators in one act; a new one has every column; all of them or none."""
    checked = [(each, _operator(each, columns)) for each, columns in wanted]

    def work(journal: Journal) -> str:
        for operator_id, columns in checked:
            if operator_id is None:
                insert_operator(journal, **columns)
            else:
                rewrite_operator(operator_row(operator_id), journal, **columns)
        return _told("Operators", wanted)

    return record(actor, "import operators", work)


def change_operator(operator_id: int, columns: Mapping[str, object], *, actor: str) -> Done:
    """Change any of an operator's name, limit, and whether he is on, in one act."""
    checked = _operator(operator_id, columns)

    def work(journal: Journal) -> str:
        row = operator_row(operator_id)
        rewrite_operator(row, journal, **checked)
        words = [
            f"{_WORDS[name]} {getattr(row, name)} → {value}" for name, value in checked.items()
        ]
        return f"{row.name}: {', '.join(words)}"

    return record(actor, "change operator", work)


_WORDS = {"name": "name", "max_load": "limit", "is_active": "active"}


def _operator(operator_id: int | None, columns: Mapping[str, object]) -> dict[str, object]:
    if not columns or (operator_id is None and len(columns) < len(_CHECKS)):
        raise Refused("There must be something to change, and all of it for a new operator.")
    return {name: _CHECKS[name](value) for name, value in columns.items()}


def _checked_flag(is_active: object) -> bool:
    if not isinstance(is_active, bool):
        raise Refused("An operator is either on or off.", "is_active")
    return is_active


_CHECKS: dict[str, Callable[[object], object]] = {
    "name": checked_name,
    "max_load": checked_limit,
    "is_active": _checked_flag,
}

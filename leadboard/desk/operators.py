"""Acts on the team: operators added, renamed, limited, switched on and off, deleted."""

from collections.abc import Callable

from leadboard.allocation import lifecycle
from leadboard.allocation.appeals import open_appeals_of
from leadboard.allocation.journal import Journal
from leadboard.common.errors import Refused
from leadboard.common.validation import checked_limit, checked_name
from leadboard.desk.recording import Done, record
from leadboard.desk.rows import delete_operator_row, insert_operator, operator_row, rewrite_operator


def add_operator(name: object, max_load: object, *, is_active: bool = True, actor: str) -> Done:
    """Add an operator with a limit of open appeals."""
    fresh, limit = checked_name(name), checked_limit(max_load)

    def work(journal: Journal) -> str:
        insert_operator(journal, name=fresh, max_load=limit, is_active=is_active)
        return f"{fresh} added, limit {limit}"

    return record(actor, "add operator", work)


def edit_operator(operator_id: int, name: object, max_load: object, *, actor: str) -> Done:
    """Set an operator's name and limit in one act."""
    fresh, limit = checked_name(name), checked_limit(max_load)

    def work(journal: Journal) -> str:
        row = operator_row(operator_id)
        rewrite_operator(row, journal, name=fresh, max_load=limit)
        renamed = f"{row.name} is now {fresh}" if row.name != fresh else fresh
        return f"{renamed}: limit {row.max_load} → {limit}"

    return record(actor, "edit operator", work)


def rename_operator(operator_id: int, name: object, *, actor: str) -> Done:
    """Give an operator another name."""
    fresh = checked_name(name)

    def work(journal: Journal) -> str:
        row = operator_row(operator_id)
        rewrite_operator(row, journal, name=fresh)
        return f"{row.name} is now {fresh}"

    return record(actor, "rename operator", work)


def set_limit(operator_id: int, max_load: object, *, actor: str) -> Done:
    """Set the most open appeals an operator may have; a limit below his load sheds nobody."""
    limit = checked_limit(max_load)
    return _limit(operator_id, lambda _: limit, actor)


def step_limit(operator_id: int, step: int, *, actor: str) -> Done:
    """Move an operator's limit up or down by `step`, from what it is when the act runs."""
    return _limit(operator_id, lambda limit: checked_limit(max(0, limit + step)), actor)


def _limit(operator_id: int, change: Callable[[int], int], actor: str) -> Done:
    def work(journal: Journal) -> str:
        row = operator_row(operator_id)
        limit = change(row.max_load)
        rewrite_operator(row, journal, max_load=limit)
        return f"{row.name}: limit {row.max_load} → {limit}"

    return record(actor, "limit", work)


def set_active(operator_id: int, is_active: bool, *, actor: str) -> Done:
    """Switch an operator on or off; his appeals stay with him."""
    if not isinstance(is_active, bool):
        raise Refused("An operator is either on or off.", "is_active")
    return _switch(operator_id, lambda _: is_active, actor)


def send_home(operator_id: int, *, actor: str) -> Done:
    """Switch an operator off and return all his open appeals; others get them by lottery."""

    def work(journal: Journal) -> str:
        row = operator_row(operator_id)
        rewrite_operator(row, journal, is_active=False)
        held = open_appeals_of(operator_id)
        for appeal_id in held:
            lifecycle.give_back(appeal_id, journal)
        return f"{row.name} is off, {len(held)} appeals returned"

    return record(actor, "send home", work)


def toggle_active(operator_id: int, *, actor: str) -> Done:
    """Switch an operator to the other state than the one he is in when the act runs."""
    return _switch(operator_id, lambda was_active: not was_active, actor)


def _switch(operator_id: int, change: Callable[[bool], bool], actor: str) -> Done:
    def work(journal: Journal) -> str:
        row = operator_row(operator_id)
        is_active = change(row.is_active)
        rewrite_operator(row, journal, is_active=is_active)
        if is_active or not row.load:
            return f"{row.name} is {'on' if is_active else 'off'}"
        return f"{row.name} is off and keeps {row.load} appeals"

    return record(actor, "on or off", work)


def delete_operator(operator_id: int, *, actor: str) -> Done:
    """Delete an operator who never had an appeal, with his weights; others can be switched off."""

    def work(journal: Journal) -> str:
        row = operator_row(operator_id)
        delete_operator_row(row, journal)
        return f"{row.name} deleted"

    return record(actor, "delete operator", work)

"""Acts on the team: operators added, changed, switched on and off, sent home, deleted."""

from collections.abc import Callable, Sequence

from leadboard.allocation import lifecycle
from leadboard.allocation.appeals import open_appeals_of
from leadboard.allocation.journal import Journal
from leadboard.allocation.ledger import Columns
from leadboard.allocation.limits import load_of
from leadboard.common.errors import Refused
from leadboard.common.language import _, ngettext
from leadboard.common.validation import checked_limit
from leadboard.desk.recording import Done, Note, record
from leadboard.desk.rows import delete, insert, rewrite, row_of_id
from leadboard.entities import OPERATOR

ColumnChange = Callable[[Columns], Columns]
"""Given the columns as they are when the act runs, return those to change."""


def add_operator(name: object, max_load: object, *, actor: str, **columns: object) -> Done[int]:
    """Add an operator with a limit of open appeals; the result is the id.

    `columns` are those that have a default.
    """
    wanted = OPERATOR.completed(OPERATOR.checked({"name": name, "max_load": max_load, **columns}))

    def work(journal: Journal) -> tuple[str, int]:
        operator_id = insert(OPERATOR, journal, wanted)
        words = OPERATOR.of_new(wanted)
        return _("{name} added{words}", name=wanted["name"], words=words), operator_id

    return record(actor, "add operator", work)


def change_operator(operator_id: int, *, actor: str, **columns: object) -> Done[int]:
    """Change any columns of an operator in one act; the result is the id.

    A limit below the load takes no appeal away, and an operator switched off keeps theirs.
    """
    wanted = OPERATOR.checked(columns)
    if not wanted:
        raise Refused(_("There is nothing to change."))
    return _change(operator_id, lambda _unused: wanted, actor)


def step_limit(operator_id: int, step: int, *, actor: str) -> Done[int]:
    """Move an operator's limit up or down by `step`, from what it is when the act runs."""

    def stepped(now: Columns) -> Columns:
        return {"max_load": checked_limit(max(0, int(str(now["max_load"])) + step))}

    return _change(operator_id, stepped, actor)


def toggle_active(operator_ids: Sequence[int], *, actor: str) -> Done[Sequence[int]]:
    """Switch operators off if all of them are on when the act runs, else all of them on.

    The result is the ids of those that changed.
    """
    ids = _some(operator_ids)

    def work(journal: Journal) -> tuple[Note, Sequence[int]]:
        were_on = [bool(row_of_id(OPERATOR, each)["is_active"]) for each in ids]
        is_on = not all(were_on)
        turned = [each for each, was_on in zip(ids, were_on, strict=True) if was_on != is_on]
        before = [rewrite(OPERATOR, each, journal, {"is_active": is_on}) for each in turned]
        if len(turned) == 1:
            return _told(turned[0], before[0], {"is_active": is_on}), turned
        people = _people(before)
        note = (
            _("{people} are on", people=people) if is_on else _("{people} are off", people=people)
        )
        return note, turned

    return record(actor, "change operator", work)


def _change(operator_id: int, change: ColumnChange, actor: str) -> Done[int]:
    def work(journal: Journal) -> tuple[str, int]:
        # Read inside the transaction: two quick steps, or those of two dispatchers, must add up.
        after = change(row_of_id(OPERATOR, operator_id))
        before = rewrite(OPERATOR, operator_id, journal, after)
        return _told(operator_id, before, after), operator_id

    return record(actor, "change operator", work)


def _told(operator_id: int, before: Columns, after: Columns) -> str:
    if after.keys() != {"is_active"}:
        return OPERATOR.change(before, after)
    if after["is_active"]:
        return _("{name} is on", name=before["name"])
    if load := load_of(operator_id):
        return ngettext(
            "{name} is off and keeps {n} appeals",
            "{name} is off and keeps {n} appeals",
            load,
            name=before["name"],
        )
    return _("{name} is off", name=before["name"])


def send_home(operator_ids: Sequence[int], *, actor: str) -> Done[Sequence[int]]:
    """Switch operators off and return all their open appeals; others get them by lottery."""
    ids = _some(operator_ids)

    def work(journal: Journal) -> tuple[Note, Sequence[int]]:
        before = [rewrite(OPERATOR, each, journal, {"is_active": False}) for each in ids]
        # Read once all of them are off, so that none of them gets what another gives back.
        returned = sorted(appeal_id for each in ids for appeal_id in open_appeals_of(each))
        for appeal_id in returned:
            lifecycle.give_back(appeal_id, journal)
        off = ngettext("{people} is off", "{people} are off", len(ids), people=_people(before))
        given = ngettext("{n} appeals returned", "{n} appeals returned", len(returned))
        return f"{off}, {given}", ids

    return record(actor, "send home", work)


def _some(operator_ids: Sequence[int]) -> Sequence[int]:
    """Return the ids, each once and in order; raises Refused when there are none."""
    if not operator_ids:
        raise Refused(_("No operators chosen."))
    return sorted(set(operator_ids))


MOST_NAMED = 3
"""Operators that a sentence names; more are counted."""


def _people(before: Sequence[Columns]) -> str:
    names = [str(each["name"]) for each in before]
    if len(names) > MOST_NAMED:
        return ngettext("{n} operators", "{n} operators", len(names))
    few = ", ".join(names[:-1])
    return _("{few} and {last}", few=few, last=names[-1]) if few else names[-1]


def delete_operator(operator_id: int, *, actor: str) -> Done[int]:
    """Delete an operator who never had an appeal, with their weights; others can only be off."""

    def work(journal: Journal) -> tuple[str, int]:
        before = delete(OPERATOR, operator_id, journal)
        return _("{name} deleted", name=before["name"]), operator_id

    return record(actor, "delete operator", work)

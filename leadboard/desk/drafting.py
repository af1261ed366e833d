"""A draft applied: weights, limits, activity and new operators, in one act."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from leadboard.allocation.journal import Journal
from leadboard.common.errors import Refused
from leadboard.common.language import _, ngettext
from leadboard.common.validation import checked_weight
from leadboard.desk.recording import Done, record
from leadboard.desk.rows import (
    insert,
    operator_name,
    rewrite,
    row_of_id,
    source_name,
    weight_of,
    write_weights,
)
from leadboard.desk.weights import become
from leadboard.entities import OPERATOR
from leadboard.foresight.draft import Newcomer, TeamDraft

APPLY_DRAFT = "apply draft"
MOST_NAMED = 3
"""Changes by others that a sentence names; more are counted."""


def apply_draft(draft: TeamDraft, *, force: bool = False, actor: str) -> Done[Mapping[int, int]]:
    """Do all that a draft changes, or nothing; the result is the ids that its newcomers got.

    Raises Refused, with the field `force`, when somebody else has changed since what it changes;
    with `force` it is changed all the same. Undoing it takes all of it back; a newcomer who has had
    appeals meanwhile stays, without weights and off.
    """
    people = [OPERATOR.completed(OPERATOR.checked(_columns(each))) for each in draft.newcomers]
    columns = _rewritten(draft)
    weights = {
        pair: None if change.wanted is None else checked_weight(change.wanted)
        for pair, change in draft.weights.items()
    }
    if not draft.size:
        raise Refused(_("The draft changes nothing."))

    def work(journal: Journal) -> tuple[str, Mapping[int, int]]:
        moved = list(_moved(draft))
        if moved and not force:
            raise Refused(_moved_words(moved), "force")
        ids = {
            newcomer.id: insert(OPERATOR, journal, values)
            for newcomer, values in zip(draft.newcomers, people, strict=True)
        }
        for operator_id, values in columns.items():
            rewrite(OPERATOR, operator_id, journal, values)
        wanted = {
            (ids.get(each, each), source): weight for (each, source), weight in weights.items()
        }
        write_weights(wanted, journal)
        return _("Draft applied: {words}", words=draft_words(draft)), ids

    return record(actor, APPLY_DRAFT, work)


def _columns(newcomer: Newcomer) -> dict[str, Any]:
    return {name: value for name, value in asdict(newcomer).items() if name != "id"}


def _rewritten(draft: TeamDraft) -> dict[int, dict[str, Any]]:
    """Return the columns of operators that the draft changes, checked."""
    columns: dict[int, dict[str, Any]] = {}
    for operator_id, limit in draft.limits.items():
        columns[operator_id] = OPERATOR.checked({"max_load": limit.wanted})
    for operator_id, switch in draft.switches.items():
        wanted = OPERATOR.checked({"is_active": switch.wanted})
        columns[operator_id] = columns.get(operator_id, {}) | wanted
    return columns


def _moved(draft: TeamDraft) -> Iterator[str]:
    """Yield in words what others have changed since it was drafted; raises Missing."""
    new = {each.id for each in draft.newcomers}
    for (operator_id, source_id), weight in draft.weights.items():
        source = source_name(source_id)
        if operator_id in new:
            continue
        name, is_now = operator_name(operator_id), weight_of(operator_id, source_id)
        # The same by somebody else is no conflict.
        if is_now not in (weight.was, weight.wanted):
            yield f"{name} · {source} {become(is_now)}"
    for operator_id, limit in draft.limits.items():
        row = row_of_id(OPERATOR, operator_id)
        if row["max_load"] not in (limit.was, limit.wanted):
            yield _("{name}'s limit set to {limit}", name=row["name"], limit=row["max_load"])
    for operator_id in draft.switches:
        # On or off is one of the two that the draft knows: only whether they are there matters.
        row_of_id(OPERATOR, operator_id)


def _moved_words(moved: Sequence[str]) -> str:
    named = ", ".join(moved[:MOST_NAMED])
    if len(moved) > MOST_NAMED:
        named = _("{few} and {n} more", few=named, n=len(moved) - MOST_NAMED)
    return _("Somebody else changed this meanwhile: {named}.", named=named)


def draft_words(draft: TeamDraft) -> str:
    """Return in a few words how much a draft changes: `3 weights, 1 limit, 2 added`."""
    switches = [each.wanted for each in draft.switches.values()]
    on, new = sum(switches), len(draft.newcomers)
    off = len(switches) - on
    parts = (
        (len(draft.weights), ngettext("{n} weight", "{n} weights", len(draft.weights))),
        (len(draft.limits), ngettext("{n} limit", "{n} limits", len(draft.limits))),
        (on, ngettext("{n} switched on", "{n} switched on", on)),
        (off, ngettext("{n} switched off", "{n} switched off", off)),
        (new, ngettext("{n} new operator", "{n} new operators", new)),
    )
    return ", ".join(words for count, words in parts if count)

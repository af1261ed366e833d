"""Acts on appeals: entered by hand, assigned, returned, closed and reopened; one or many."""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from allocator import place
from leadboard.allocation import lifecycle
from leadboard.allocation.appeal_state import Seen
from leadboard.allocation.appeals import numbered, state_of
from leadboard.allocation.intake import Draft, Placed, known_by_key
from leadboard.allocation.journal import Journal
from leadboard.allocation.limits import name_of
from leadboard.common.language import _
from leadboard.desk.batch import AppealBatch
from leadboard.desk.recording import Done, record

MovedIds = Sequence[int]
"""The appeals that an act changed, without those that it skipped."""


def submit(
    external_id: object,
    source_id: int,
    message: object,
    key: object = None,
    *,
    actor: str,
    rng: Random | None = None,
) -> Done[Placed]:
    """Enter an appeal by hand: as `allocator.submit`, and recorded so that it can be withdrawn.

    The result says which appeal it is and who got it.
    """
    draft = Draft.checked(external_id, source_id, message, key)

    def work(journal: Journal) -> tuple[str, Placed]:
        placed = place(draft, journal, rng)
        return _entered(placed, placed.operator or _("waiting")), placed

    return record(actor, "submit", work)


def submit_to(
    external_id: object,
    source_id: int,
    message: object,
    key: object,
    operator_id: int,
    *,
    actor: str,
) -> Done[Placed]:
    """Enter an appeal by hand and give it to an operator, whom no draw has chosen.

    As with `submit`, a `key` already known returns the first appeal with it, whoever has that.
    Raises NoRoom, and then nothing is stored, while they are off or at their limit.
    """
    draft = Draft.checked(external_id, source_id, message, key)

    def work(journal: Journal) -> tuple[str, Placed]:
        known = None if draft.key is None else known_by_key(draft)
        placed = known or lifecycle.enter(draft, operator_id, journal)
        return _entered(placed, _("given to {operator}", operator=placed.operator)), placed

    return record(actor, "submit", work)


def _entered(placed: Placed, outcome: str) -> str:
    appeal = numbered(placed.id)
    if placed.is_repeat:
        holder = placed.operator or _("waiting")
        known = _("Appeal {appeal} is known by its key, {holder}", appeal=appeal, holder=holder)
        return _("{known}; its text differs", known=known) if placed.differs else known
    return _("Appeal {appeal} entered, {outcome}", appeal=appeal, outcome=outcome)


def assign(
    appeal_ids: Sequence[int],
    operator_id: int,
    *,
    force: bool = False,
    fitting: bool = False,
    seen: Mapping[int, Seen] | None = None,
    actor: str,
) -> Done[MovedIds]:
    """Give open appeals to an operator, no matter who had them.

    Beyond the operator's limit, or while they are off, only with `force`, which is recorded and
    counted. Raises NoRoom where not all find a place, unless `fitting` allows a part of them. Of
    several, those that the operator has already, that are closed, or that changed since they were
    `seen` are skipped.
    """
    batch = AppealBatch(appeal_ids, seen)

    def work(journal: Journal) -> tuple[str, MovedIds]:
        batch.each(
            lambda each: lifecycle.assign(each, operator_id, journal, force=force), fitting=fitting
        )
        forced = _(" by force") if force else ""
        return f"{batch.words} → {name_of(operator_id)}{forced}{batch.rest}", batch.moved

    return record(actor, "assign", work, forced=force)


def give_back(
    appeal_ids: Sequence[int], *, seen: Mapping[int, Seen] | None = None, actor: str
) -> Done[MovedIds]:
    """Return open appeals to waiting; anybody eligible may get them at once, by lottery."""
    batch = AppealBatch(appeal_ids, seen)

    def work(journal: Journal) -> tuple[Callable[[], str], MovedIds]:
        batch.each(lambda each: lifecycle.give_back(each, journal))
        # Worded after the drain, which may have given them to somebody already.
        return (
            lambda: _(
                "{words} returned{whereabouts}{rest}",
                words=batch.words,
                whereabouts=_whereabouts(batch.moved),
                rest=batch.rest,
            )
        ), batch.moved

    return record(actor, "return", work)


def close(
    appeal_ids: Sequence[int], *, seen: Mapping[int, Seen] | None = None, actor: str
) -> Done[MovedIds]:
    """Close open appeals; their places are free again."""
    batch = AppealBatch(appeal_ids, seen)

    def work(journal: Journal) -> tuple[str, MovedIds]:
        batch.each(lambda each: lifecycle.close(each, journal))
        return _("{words} closed{rest}", words=batch.words, rest=batch.rest), batch.moved

    return record(actor, "close", work)


def reopen(
    appeal_ids: Sequence[int], *, seen: Mapping[int, Seen] | None = None, actor: str
) -> Done[MovedIds]:
    """Open closed appeals again: back to their operators where there is room, else they wait."""
    batch = AppealBatch(appeal_ids, seen)

    def work(journal: Journal) -> tuple[Callable[[], str], MovedIds]:
        reasons = batch.each(lambda each: lifecycle.reopen(each, journal))
        why = f": {reasons[0]}" if len(reasons) == 1 and reasons[0] else ""
        return (
            lambda: _(
                "{words} reopened{why}{whereabouts}{rest}",
                words=batch.words,
                why=why,
                whereabouts=_whereabouts(batch.moved),
                rest=batch.rest,
            )
        ), batch.moved

    return record(actor, "reopen", work)


def _whereabouts(appeal_ids: Sequence[int]) -> str:
    """Return who has the one appeal now, or how many of several wait."""
    holders = [state_of(appeal_id).operator_id for appeal_id in appeal_ids]
    if len(holders) == 1:
        return _(", now with {name}", name=name_of(holders[0])) if holders[0] else _(", waiting")
    return _(", {count} waiting", count=holders.count(None))

"""Acts on appeals: entered by hand, assigned, returned, closed and reopened; one or many."""

from collections.abc import Callable, Sequence
from random import Random

import moves
from allocator import LOTTERY, Draft, Placed, place
from desk.recording import Done, record
from journal import Journal
from places import name_of, state_of
from store import Refused


def submit(
    external_id: object,
    source_id: int,
    message: object,
    key: object = None,
    *,
    actor: str,
    rng: Random = LOTTERY,
) -> Placed:
    """Enter an appeal by hand: as `allocator.submit`, and recorded so that it can be withdrawn."""
    draft = Draft.checked(external_id, source_id, message, key)
    placed: list[Placed] = []

    def work(journal: Journal) -> str:
        placed.append(place(draft, rng, journal))
        return _entered(placed[-1])

    record(actor, "submit", work)
    return placed[-1]


def _entered(placed: Placed) -> str:
    holder = placed.operator or "waiting"
    if placed.is_repeat:
        return f"Appeal #{placed.id} is known by its key, {holder}{_DIFFERS * placed.differs}"
    return f"Appeal #{placed.id} entered, {holder}"


_DIFFERS = "; its text differs"


def assign(appeal_ids: Sequence[int], operator_id: int, *, force: bool = False, actor: str) -> Done:
    """Give open appeals to an operator, whoever had them; all of them or none.

    Over his limit, or while he is off, only with `force`, which is recorded and counted.
    """

    def work(journal: Journal) -> str:
        moved = _each(
            appeal_ids, lambda each: moves.assign(each, operator_id, journal, force=force)
        )
        return f"{_appeals(moved)} → {name_of(operator_id)}{' by force' if force else ''}"

    return record(actor, "assign", work, forced=force)


def give_back(appeal_ids: Sequence[int], *, actor: str) -> Done:
    """Return open appeals to waiting; who is eligible may get them at once, by lottery."""

    def work(journal: Journal) -> Callable[[], str]:
        returned = _each(appeal_ids, lambda each: moves.give_back(each, journal))
        return lambda: f"{_appeals(returned)} returned{_whereabouts(returned)}"

    return record(actor, "return", work)


def close(appeal_ids: Sequence[int], *, actor: str) -> Done:
    """Close open appeals; their places are free again."""

    def work(journal: Journal) -> str:
        closed = _each(appeal_ids, lambda each: moves.close(each, journal))
        return f"{_appeals(closed)} closed"

    return record(actor, "close", work)


def reopen(appeal_ids: Sequence[int], *, actor: str) -> Done:
    """Open closed appeals again: back to their operators where there is room, else they wait."""

    def work(journal: Journal) -> Callable[[], str]:
        reasons: list[str | None] = []
        opened = _each(appeal_ids, lambda each: reasons.append(moves.reopen(each, journal)))
        why = f": {reasons[0]}" if len(reasons) == 1 and reasons[0] else ""
        return lambda: f"{_appeals(opened)} reopened{why}{_whereabouts(opened)}"

    return record(actor, "reopen", work)


def _each(appeal_ids: Sequence[int], move: Callable[[int], None]) -> list[int]:
    """Move each appeal and return those moved; among several, others are passed over."""
    moved, refusals = [], []
    for appeal_id in _distinct(appeal_ids):
        try:
            move(appeal_id)
        except moves.NothingToDo as refusal:
            refusals.append(refusal)
        else:
            moved.append(appeal_id)
    if not moved:
        raise refusals[0]
    return moved


def _distinct(appeal_ids: Sequence[int]) -> list[int]:
    if not appeal_ids:
        raise Refused("No appeal is chosen.", "appeal")
    return list(dict.fromkeys(appeal_ids))


def _whereabouts(appeal_ids: Sequence[int]) -> str:
    """Return who has the one appeal now, or how many of several wait."""
    holders = [state_of(appeal_id).operator_id for appeal_id in appeal_ids]
    if len(holders) == 1:
        return f", now with {name_of(holders[0])}" if holders[0] else ", waiting"
    return f", {holders.count(None)} waiting"


def _appeals(appeal_ids: Sequence[int]) -> str:
    return f"Appeal #{appeal_ids[0]}" if len(appeal_ids) == 1 else f"{len(appeal_ids)} appeals"

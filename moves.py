"""Moves by hand: assign, return, close and reopen one appeal, in the transaction under way."""

from journal import Journal
from models import Operator
from places import AppealState, claim, claim_over, name_of, release, rewrite, state_of
from store import Missing, Refused, now, rows, stamp


class NothingToDo(Refused):
    """The appeal is where it was to go already."""


def assign(appeal_id: int, operator_id: int, journal: Journal, *, force: bool = False) -> None:
    """Give an open appeal to an operator; over his limit, or to an inactive one, only by force."""
    state = _open(appeal_id)
    name = name_of(operator_id)
    if name is None:
        raise Missing(f"There is no operator #{operator_id}.", "operator")
    if state.operator_id == operator_id:
        raise NothingToDo(f"{name} has appeal #{appeal_id} already.", "operator")
    if not (claim_over if force else claim)(operator_id):
        raise Refused(_no_room(operator_id, name), "force")
    if state.operator_id is not None:
        release(state.operator_id)
    rewrite(state, journal, operator_id=operator_id)


def give_back(appeal_id: int, journal: Journal) -> None:
    """Take an open appeal from its operator; it waits, and its old draw no longer counts."""
    state = _open(appeal_id)
    if state.operator_id is None:
        raise NothingToDo(f"Appeal #{appeal_id} is waiting already.", "appeal")
    release(state.operator_id)
    rewrite(state, journal, operator_id=None, roster_id=None, draw=None)


def close(appeal_id: int, journal: Journal) -> None:
    """Close an open appeal; the place of its operator is free again."""
    state = state_of(appeal_id)
    if state.closed_at is not None:
        raise NothingToDo(f"Appeal #{appeal_id} is closed already.", "appeal")
    if state.operator_id is not None:
        release(state.operator_id)
    rewrite(state, journal, closed_at=stamp(now()))


def reopen(appeal_id: int, journal: Journal) -> str | None:
    """Open a closed appeal: back to its operator if he is active and has room, else it waits.

    Returns None when it went back, or why it waits.
    """
    state = state_of(appeal_id)
    if state.closed_at is None:
        raise NothingToDo(f"Appeal #{appeal_id} is open already.", "appeal")
    if state.withdrawn:
        raise Refused(f"Appeal #{appeal_id} was withdrawn: undo brings it back.", "appeal")
    if state.operator_id is None:
        rewrite(state, journal, closed_at=None)
        return "nobody had it"
    if claim(state.operator_id):
        rewrite(state, journal, closed_at=None)
        return None
    rewrite(state, journal, closed_at=None, operator_id=None, roster_id=None, draw=None)
    return _no_room(state.operator_id, name_of(state.operator_id) or "").rstrip(".")


def _open(appeal_id: int) -> AppealState:
    state = state_of(appeal_id)
    if state.closed_at is not None:
        raise Refused(f"Appeal #{appeal_id} is closed.", "appeal")
    return state


def _no_room(operator_id: int, name: str) -> str:
    row = Operator.select(Operator.is_active, Operator.load, Operator.max_load).where(
        Operator.id == operator_id
    )
    is_active, load, max_load = rows(row)[0]
    return f"{name} is full ({load}/{max_load})." if is_active else f"{name} is off."

"""The limit of open appeals, guarded by the load counter: places claimed and released."""

from peewee import Case

from leadboard.database.compiled_queries import Compiled, Param
from models import Operator

_OPERATOR = Param(Operator.id, "operator_id")
_COUNT = Param(Operator.load, "count")
_TAKE = Operator.update(load=Operator.load + _COUNT).where(Operator.id == _OPERATOR)
_ROOM = Operator.load + _COUNT <= Operator.max_load
# The conditions are in the UPDATE itself, because a second writer sees the row only then as the
# first one left it.
_CLAIM = Compiled(
    lambda: (
        Operator.update(load=Operator.load + 1)
        .where(Operator.id == _OPERATOR, Operator.is_active, Operator.load < Operator.max_load)
        .returning(Operator.name)
    )
)
_CLAIM_MANY = Compiled(lambda: _TAKE.where(Operator.is_active, _ROOM))
_CLAIM_ROOM = Compiled(lambda: _TAKE.where(_ROOM))
_CLAIM_OVER = Compiled(lambda: _TAKE)
_RELEASE = Compiled(
    lambda: Operator.update(
        # Not below 0, which a check forbids: a stale act releases before `rewrite` sends it back.
        load=Case(None, [(Operator.load > _COUNT, Operator.load - _COUNT)], 0)
    ).where(Operator.id == _OPERATOR)
)
_ROOM_LEFT = Compiled(
    lambda: Operator.select(Operator.max_load - Operator.load).where(Operator.id == _OPERATOR)
)
_NAME = Compiled(lambda: Operator.select(Operator.name).where(Operator.id == _OPERATOR))


def claim(operator_id: int) -> str | None:
    """Take a place of an active operator below the limit; return their name, None without one."""
    name: str | None = _CLAIM.scalar(operator_id=operator_id)
    return name


def claim_many(operator_id: int, count: int) -> bool:
    """Take several places of an active operator, all of them below the limit, or none."""
    return bool(_CLAIM_MANY.changes(operator_id=operator_id, count=count))


def claim_room(operator_id: int, count: int = 1) -> bool:
    """Take places below the limit, active or not: for appeals that come back to their operator."""
    return bool(_CLAIM_ROOM.changes(operator_id=operator_id, count=count))


def claim_over(operator_id: int, count: int = 1) -> bool:
    """Take places regardless of the limit: only if a dispatcher has confirmed it."""
    return bool(_CLAIM_OVER.changes(operator_id=operator_id, count=count))


def release(operator_id: int, count: int = 1) -> None:
    """Release places."""
    _RELEASE.changes(operator_id=operator_id, count=count)


def room_of(operator_id: int) -> int:
    """Return how many places an operator has left, below 0 above the limit; 0 for an unknown id."""
    room: int | None = _ROOM_LEFT.scalar(operator_id=operator_id)
    return room or 0


def load_of(operator_id: int) -> int:
    """Return how many open appeals an operator has; 0 for an unknown id."""
    load: int | None = Operator.select(Operator.load).where(Operator.id == operator_id).scalar()
    return load or 0


def name_of(operator_id: int | None) -> str | None:
    """Return an operator's name, None for nobody."""
    if operator_id is None:
        return None
    name: str | None = _NAME.scalar(operator_id=operator_id)
    return name

"""Places and who holds them: the guarded load counter, and the state of one appeal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from peewee import Expression, fn

from journal import Journal, subject_of
from models import Appeal, Operator
from store import Refused, TooBusy, rows


def claim(operator_id: int) -> bool:
    """Take one place of an active operator below his limit; False when it went meanwhile."""
    return _take(
        (Operator.id == operator_id) & Operator.is_active & (Operator.load < Operator.max_load)
    )


def claim_room(operator_id: int) -> bool:
    """Take one place below the limit, active or not: for an appeal that comes back to him."""
    return _take((Operator.id == operator_id) & (Operator.load < Operator.max_load))


def claim_over(operator_id: int) -> bool:
    """Take one place whatever the limit says: only for an explicit yes."""
    return _take(Operator.id == operator_id)


def _take(place: Expression) -> bool:
    return bool(Operator.update(load=Operator.load + 1).where(place).execute())


def release(operator_id: int) -> None:
    """Give one place back."""
    Operator.update(load=Operator.load - 1).where(
        Operator.id == operator_id, Operator.load > 0
    ).execute()


@dataclass(frozen=True, slots=True)
class AppealState:
    """What decides whether an appeal takes a place: its operator, and whether it is open."""

    id: int
    source_id: int
    operator_id: int | None
    closed_at: datetime | None
    roster_id: int | None
    draw: int | None
    withdrawn: bool

    @property
    def holder(self) -> int | None:
        """Return the operator whose place it takes; None when closed or waiting."""
        return None if self.closed_at else self.operator_id

    def columns(self) -> dict[str, object]:
        """Return the columns that acts change, as the journal keeps them."""
        return {
            "operator_id": self.operator_id,
            "closed_at": _as_text(self.closed_at),
            "roster_id": self.roster_id,
            "draw": self.draw,
            "withdrawn": self.withdrawn,
        }


def state_of(appeal_id: int) -> AppealState:
    """Return the state of an appeal; raises Refused when there is none with this id."""
    row = (
        Appeal.select(
            Appeal.id,
            Appeal.source,
            Appeal.operator,
            Appeal.closed_at,
            Appeal.roster,
            Appeal.draw,
            Appeal.withdrawn,
        )
        .where(Appeal.id == appeal_id)
        .tuples()
        .first()
    )
    if row is None:
        raise Refused(f"There is no appeal #{appeal_id}.", "appeal")
    return AppealState(*row)


def rewrite(state: AppealState, journal: Journal, **columns: object) -> None:
    """Change columns of an appeal and note it; the places are the caller's to move.

    Raises TooBusy, so that the transaction is tried again, when another writer changed it first.
    """
    same_holder = (
        Appeal.operator.is_null()
        if state.operator_id is None
        else Appeal.operator == state.operator_id
    )
    changed = (
        Appeal.update(columns)
        .where(Appeal.id == state.id, same_holder, Appeal.closed_at.is_null(not state.closed_at))
        .execute()
    )
    if not changed:
        raise TooBusy(f"Appeal #{state.id} was changed by somebody else: try again.")
    before = state.columns()
    after = {name: _as_text(value) for name, value in columns.items()}
    journal.note(subject_of("appeal", state.id), {name: before[name] for name in after}, after)


def is_waiting() -> Expression:
    """Return the condition that an appeal waits: open, and nobody has it."""
    return Appeal.closed_at.is_null() & Appeal.operator.is_null()


def oldest_waiting(source_id: int) -> int | None:
    """Return the id of the appeal that has waited longest for this source."""
    oldest = Appeal.select(fn.MIN(Appeal.id)).where(Appeal.source == source_id, is_waiting())
    appeal_id: int | None = oldest.scalar()
    return appeal_id


def open_appeals_of(operator_id: int) -> list[int]:
    """Return the open appeals of an operator, oldest first."""
    held = Appeal.select(Appeal.id).where(
        Appeal.operator == operator_id, Appeal.closed_at.is_null(), Appeal.operator.is_null(False)
    )
    return [appeal_id for (appeal_id,) in rows(held.order_by(Appeal.id))]


def name_of(operator_id: int | None) -> str | None:
    """Return an operator's name, None for nobody."""
    if operator_id is None:
        return None
    name: str | None = Operator.select(Operator.name).where(Operator.id == operator_id).scalar()
    return name


def _as_text(value: object) -> object:
    return Appeal.closed_at.db_value(value) if isinstance(value, datetime) else value


def as_columns(columns: Mapping[str, object]) -> dict[str, object]:
    """Return journal columns as values to write: the moment of closing as a moment again."""
    closed_at = columns.get("closed_at")
    if not isinstance(closed_at, str):
        return dict(columns)
    return {**columns, "closed_at": datetime.fromisoformat(closed_at)}

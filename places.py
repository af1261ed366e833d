"""Places and who holds them: the guarded load counter, and the state of one appeal."""

from dataclasses import dataclass

from peewee import Expression, fn

from journal import Journal, subject_of
from models import Appeal, Lead, Operator, Source
from prepared import Prepared, slot
from store import Missing, TooBusy

_TAKE = Operator.update(load=Operator.load + 1).where(Operator.id == slot("operator_id"))
_ROOM = Operator.load < Operator.max_load
_CLAIM = Prepared(lambda: _TAKE.where(Operator.is_active, _ROOM))
_CLAIM_ROOM = Prepared(lambda: _TAKE.where(_ROOM))
_CLAIM_OVER = Prepared(lambda: _TAKE)
_CLAIM_MANY = Prepared(
    lambda: Operator.update(load=Operator.load + slot("count")).where(
        Operator.id == slot("operator_id"),
        Operator.is_active,
        Operator.load + slot("count") <= Operator.max_load,
    )
)
_RELEASE = Prepared(
    lambda: Operator.update(load=Operator.load - 1).where(
        Operator.id == slot("operator_id"), Operator.load > 0
    )
)
_NAME = Prepared(lambda: Operator.select(Operator.name).where(Operator.id == slot("operator_id")))


def claim(operator_id: int) -> bool:
    """Take one place of an active operator below his limit; False when it went meanwhile."""
    return bool(_CLAIM.changes(operator_id=operator_id))


def claim_many(operator_id: int, count: int) -> bool:
    """Take several places of an active operator, all of them below his limit, or none."""
    return bool(_CLAIM_MANY.changes(operator_id=operator_id, count=count))


def claim_room(operator_id: int) -> bool:
    """Take one place below the limit, active or not: for an appeal that comes back to him."""
    return bool(_CLAIM_ROOM.changes(operator_id=operator_id))


def claim_over(operator_id: int) -> bool:
    """Take one place whatever the limit says: only for an explicit yes."""
    return bool(_CLAIM_OVER.changes(operator_id=operator_id))


def release(operator_id: int) -> None:
    """Give one place back."""
    _RELEASE.changes(operator_id=operator_id)


def name_of(operator_id: int | None) -> str | None:
    """Return an operator's name, None for nobody."""
    if operator_id is None:
        return None
    name: str | None = _NAME.scalar(operator_id=operator_id)
    return name


@dataclass(frozen=True, slots=True)
class AppealState:
    """What decides whether an appeal takes a place: its operator, and whether it is open."""

    id: int
    source_id: int
    operator_id: int | None
    closed_at: str | None
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
            "closed_at": self.closed_at,
            "roster_id": self.roster_id,
            "draw": self.draw,
            "withdrawn": self.withdrawn,
        }


_STATE = Prepared(
    lambda: Appeal.select(
        Appeal.id,
        Appeal.source,
        Appeal.operator,
        Appeal.closed_at,
        Appeal.roster,
        Appeal.draw,
        Appeal.withdrawn,
    ).where(Appeal.id == slot("appeal_id"))
)
_REWRITE = Prepared(
    lambda: Appeal.update(
        operator_id=slot("operator_id"),
        closed_at=slot("closed_at"),
        roster_id=slot("roster_id"),
        draw=slot("draw"),
        withdrawn=slot("withdrawn"),
    ).where(
        Appeal.id == slot("appeal_id"),
        fn.COALESCE(Appeal.operator, 0) == slot("was_with"),
        fn.COALESCE(Appeal.closed_at, "") == slot("was_closed"),
    )
)


def state_of(appeal_id: int) -> AppealState:
    """Return the state of an appeal; raises Refused when there is none with this id."""
    row = _STATE.first(appeal_id=appeal_id)
    if row is None:
        raise Missing(f"There is no appeal #{appeal_id}.", "appeal")
    key, source_id, operator_id, closed_at, roster_id, draw, withdrawn = row
    return AppealState(key, source_id, operator_id, closed_at, roster_id, draw, bool(withdrawn))


_CALLED = Prepared(
    lambda: (
        Appeal.select(Lead.external_id, Source.name)
        .join(Lead)
        .switch(Appeal)
        .join(Source)
        .where(Appeal.id == slot("appeal_id"))
    )
)
LONGEST = 40
"""Characters of a lead's id or a source's name that a sentence quotes."""


def called(appeal_id: int) -> str:
    """Return what people know an appeal by: `tg_5 (vk)`; raises Refused when there is none."""
    row = _CALLED.first(appeal_id=appeal_id)
    if row is None:
        raise Missing(f"There is no appeal #{appeal_id}.", "appeal")
    return worded(*row)


def worded(lead: str, source: str) -> str:
    """Return a lead and a source as sentences name an appeal of theirs: `tg_5 (vk)`."""
    lead, source = (
        name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in (lead, source)
    )
    return f"{lead} ({source})"


def numbered(appeal_id: int) -> str:
    """Return an appeal's number with what people know it by: `#7 of tg_5 (vk)`."""
    return f"#{appeal_id} of {called(appeal_id)}"


def rewrite(state: AppealState, journal: Journal, **columns: object) -> None:
    """Change columns of an appeal and note it; the places are the caller's to move.

    Raises TooBusy, so that the transaction is tried again, when another writer changed it first.
    """
    before = state.columns()
    after = {**before, **columns}
    changed = _REWRITE.changes(
        **after,
        appeal_id=state.id,
        was_with=state.operator_id or 0,
        was_closed=state.closed_at or "",
    )
    if not changed:
        raise TooBusy(f"Appeal {numbered(state.id)} was changed by somebody else: try again.")
    # Always with who has it and whether it is open: an undo must see that either changed since.
    noted = dict.fromkeys(("operator_id", "closed_at", *columns))
    journal.note(
        subject_of("appeal", state.id),
        {name: before[name] for name in noted},
        {name: after[name] for name in noted},
    )


def is_waiting() -> Expression:
    """Return the condition that an appeal waits: open, and nobody has it."""
    return Appeal.closed_at.is_null() & Appeal.operator.is_null()


_OLDEST = Prepared(
    lambda: (
        Appeal.select(Appeal.id)
        .where(Appeal.source == slot("source_id"), is_waiting())
        .order_by(Appeal.id)
        .limit(1)
    )
)
_HELD = Prepared(
    lambda: (
        Appeal.select(Appeal.id)
        .where(
            Appeal.operator == slot("operator_id"),
            Appeal.closed_at.is_null(),
            Appeal.operator.is_null(False),
        )
        .order_by(Appeal.id)
    )
)


def oldest_waiting(source_id: int) -> int | None:
    """Return the id of the appeal that has waited longest for this source."""
    appeal_id: int | None = _OLDEST.scalar(source_id=source_id)
    return appeal_id


def open_appeals_of(operator_id: int) -> list[int]:
    """Return the open appeals of an operator, oldest first."""
    return [appeal_id for (appeal_id,) in _HELD.rows(operator_id=operator_id)]

"""What became of one appeal: each line that the ledger has of it, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, fn

from leadboard.allocation.handouts import BY_ITSELF
from leadboard.allocation.ledger import ASSIGNED, IMPORTED, MOVED, RECEIVED, REOPENED, RETURNED
from leadboard.common.language import _
from leadboard.common.text import clean
from leadboard.database.connection import rows
from leadboard.queries.code_words import act_words, kind_words
from leadboard.queries.operator_names import names_of
from models import AppealStep, Event


@dataclass(frozen=True, slots=True)
class Moment:
    """One change of an appeal: its kind, who has the appeal after it, and who had it before.

    `act` is what did it, by `actor`, with its sentence as `note`: the whole act where a part of it
    handed the appeal out; all three are None for an arrival.
    """

    at: datetime
    kind: str
    operator: str | None
    was_operator: str | None
    is_drawn: bool
    is_forced: bool
    actor: str | None
    act: str | None
    note: str | None

    @property
    def words(self) -> str:
        """Return the change as a line says it: `returned from Anna by boris (return)`."""
        return self._with_outcome(self._with_cause(self._what))

    @property
    def _what(self) -> str:
        if self.kind == ASSIGNED:
            return _("assigned to {operator}", operator=self.operator)
        if self.kind == RETURNED:
            return _("returned from {operator}", operator=self.was_operator)
        if self.kind != MOVED:
            return kind_words(self.kind)
        if self.operator == self.was_operator:
            return _("kept by {operator}", operator=self.operator)
        return _("moved from {was} to {operator}", was=self.was_operator, operator=self.operator)

    def _with_cause(self, change: str) -> str:
        """Return a change with what did it: somebody's act, the lottery, or both."""
        named = act_words(self.act or "")
        act, actor = _("{act}, by force", act=named) if self.is_forced else named, self.actor
        # An arrival says further on for whom it was drawn.
        if not self.is_drawn or self.kind == RECEIVED:
            if self.act is None:
                return change
            return _("{change} by {actor} ({act})", change=change, actor=actor, act=act)
        # What the lottery did by itself was no act of anybody.
        if self.act is None or actor == BY_ITSELF:
            return _("{change} by lottery", change=change)
        return _("{change} by lottery ({act} by {actor})", change=change, act=act, actor=actor)

    def _with_outcome(self, change: str) -> str:
        """Return a change with who has the appeal then, where it does not say that itself."""
        if self.kind not in (RECEIVED, IMPORTED, REOPENED):
            return change
        if self.operator is None:
            return _("{change}, waiting", change=change)
        if self.is_drawn:
            return _("{change}, drawn for {operator}", change=change, operator=self.operator)
        return _("{change}, with {operator}", change=change, operator=self.operator)


_WHOLE = Event.alias()
"""The act that a part belongs to."""


def was_with(appeal_id: int, operator_id: int) -> bool:
    """Tell whether an operator has an appeal, or had it at any time that the ledger knows of."""
    line = AppealStep
    return line.select().where(line.appeal == appeal_id, line.operator_id == operator_id).exists()


def history_of(appeal_id: int) -> tuple[Moment, ...]:
    """Return every line of an appeal in order, the arrival first."""
    line = AppealStep
    found = rows(
        line.select(
            *(line.at, line.kind, line.operator_id, line.was_operator_id, line.drawn),
            *(Event.forced, Event.actor, fn.COALESCE(_WHOLE.act, Event.act), Event.note),
        )
        .join(Event, JOIN.LEFT_OUTER)
        .join(_WHOLE, JOIN.LEFT_OUTER, on=(_WHOLE.id == Event.part_of))
        .where(line.appeal == appeal_id)
        .order_by(line.place)
    )
    names = names_of(_operators_in(found))
    return tuple(_moment(row, names) for row in found)


def _operators_in(found: Iterable[tuple[Any, ...]]) -> list[int]:
    ids = {key for row in found for key in row[2:4] if key is not None}
    return sorted(ids)


def _moment(row: tuple[Any, ...], names: Mapping[int, str]) -> Moment:
    at, kind, operator_id, was_operator_id, is_drawn, is_forced, *act = row
    actor, name, note = (None if text is None else clean(text) for text in act)
    return Moment(
        at,
        clean(kind),
        None if operator_id is None else names[operator_id],
        None if was_operator_id is None else names[was_operator_id],
        is_drawn,
        bool(is_forced),
        actor,
        name,
        note,
    )

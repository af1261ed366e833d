"""The state of one appeal: who has it, whether it is open, and how that changes."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, repeat
from typing import Any

from peewee import Cast, Field, IntegerField, ModelSelect, ValuesList, fn

from leadboard.allocation.appeal_state import AppealState
from leadboard.allocation.journal import Journal
from leadboard.allocation.ledger import AppealChange, Columns
from leadboard.allocation.sealing import Link, Words
from leadboard.common.errors import Missing, TooBusy
from leadboard.common.language import _
from leadboard.database.compiled_queries import Compiled, Param, chunks
from models import Appeal, Lead, Source, is_waiting

LONGEST = 40
"""Characters of a lead's id or a source's name that a sentence quotes."""


Rewriting = tuple[AppealState, Columns]
"""An appeal as it is, and the columns of it that change."""


def _states() -> "ModelSelect[Appeal]":
    return Appeal.select(
        Appeal.id,
        Appeal.source,
        Appeal.operator,
        Appeal.closed_at,
        Appeal.roster,
        Appeal.draw,
        Appeal.withdrawn,
    )


def _state(row: Sequence[Any]) -> AppealState:
    return AppealState(*row)


_STATE = Compiled(lambda: _states().where(Appeal.id == Param(Appeal.id, "appeal_id")))


def state_of(appeal_id: int) -> AppealState:
    """Return the state of an appeal; raises Refused when there is none with this id."""
    row = _STATE.first(appeal_id=appeal_id)
    if row is None:
        raise Missing(_("There is no appeal #{appeal_id}.", appeal_id=appeal_id), "appeal")
    return _state(row)


@cache
def _states_of(count: int) -> Compiled:
    return Compiled(lambda: _states().where(Appeal.id.in_([Param(Appeal.id)] * count)))


def states_of(appeal_ids: Sequence[int]) -> dict[int, AppealState]:
    """Return the states of appeals by their ids; raises Refused when one does not exist."""
    states = {
        row[0]: _state(row)
        for chunk in chunks(appeal_ids)
        for row in _states_of(len(chunk)).rows_in_turn(chunk)
    }
    for appeal_id in appeal_ids:
        if appeal_id not in states:
            raise Missing(_("There is no appeal #{appeal_id}.", appeal_id=appeal_id), "appeal")
    return states


_COLUMNS = (Appeal.operator, Appeal.closed_at, Appeal.roster, Appeal.draw, Appeal.withdrawn)
"""The columns that acts change, in the order of `AppealState.columns`."""

_WRITTEN = (Appeal.id, Appeal.operator, Appeal.closed_at, *_COLUMNS)
"""The values of each row of a rewriting: its appeal, the state before, and the new columns."""


@cache
def _rewriting(count: int) -> Compiled:
    def build() -> Any:
        each = tuple(Cast(Param(field), _type_of(field)) for field in _WRITTEN)
        new = ValuesList([each] * count, alias="rewritten")
        # SQLite and PostgreSQL both name the columns of such a list like this.
        appeal_id, operator_id, closed_at, *columns = (
            getattr(new.c, f"column{at}") for at in range(1, len(_WRITTEN) + 1)
        )
        return (
            Appeal.update(dict(zip(_COLUMNS, columns, strict=True)))
            .from_(new)
            .where(
                Appeal.id == appeal_id,
                # Inside functions, so that the row is found by its id and not by an index of what
                # waits; and a comparison with NULL would not hold.
                fn.COALESCE(Appeal.operator, 0) == fn.COALESCE(operator_id, 0),
                fn.COALESCE(Appeal.closed_at, "") == fn.COALESCE(closed_at, ""),
            )
        )

    return Compiled(build)


def _type_of(field: "Field[Any]") -> str:
    """Return the type of a parameter, which a server cannot guess."""
    kind: str = getattr(field, "rel_field", field).field_type
    return {"BIGAUTO": "BIGINT", "BOOL": "BOOLEAN"}.get(kind, kind)


_CALLED = Compiled(
    lambda: (
        Appeal.select(Lead.external_id, Source.name)
        .join(Lead)
        .switch(Appeal)
        .join(Source)
        .where(Appeal.id == Param(Appeal.id, "appeal_id"))
    )
)


def called(appeal_id: int) -> str:
    """Return what people call an appeal, as in `tg_5 (vk)`; raises Refused if it does not exist."""
    row = _CALLED.first(appeal_id=appeal_id)
    if row is None:
        raise Missing(_("There is no appeal #{appeal_id}.", appeal_id=appeal_id), "appeal")
    return worded(*row)


def worded(lead: str, source: str) -> str:
    """Return the lead and the source of an appeal as sentences name it: `tg_5 (vk)`."""
    lead, source = (
        name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in (lead, source)
    )
    return f"{lead} ({source})"


def numbered(appeal_id: int) -> str:
    """Return the number of an appeal with its name: `#7 of tg_5 (vk)`."""
    return _("#{appeal_id} of {called}", appeal_id=appeal_id, called=called(appeal_id))


def rewrite(state: AppealState, journal: Journal, **columns: object) -> None:
    """Change columns of an appeal and record it; the caller claims and releases places.

    Raises TooBusy, so that the transaction is tried again, when another writer changed it first.
    """
    rewrite_all([(state, columns)], journal)


def rewrite_all(
    rewritings: Sequence[Rewriting],
    journal: Journal,
    *,
    drawn: bool = False,
    links: Sequence[Link | None] = (),
) -> None:
    """Do for many different appeals what `rewrite` does for one; `drawn` by the lottery.

    `links` are the places of sealed draws, one for each or none at all.
    """
    changed = [(state, state.changed(columns)) for state, columns in rewritings]
    for chunk in chunks(changed):
        values = chain.from_iterable(_written(*each) for each in chunk)
        if _rewriting(len(chunk)).changes_in_turn(values) != len(chunk):
            raise TooBusy(_overtaken([before.id for before, _after in chunk]))
    for (before, after), link in zip(changed, links or repeat(None), strict=False):
        journal.note_appeal(AppealChange.between(before, after, drawn=drawn, link=link))


def _written(before: AppealState, after: AppealState) -> tuple[object, ...]:
    return (before.id, before.operator_id, before.closed_at, *after.columns().values())


def _overtaken(ids: Sequence[int]) -> str:
    if len(ids) == 1:
        return _("Appeal #{id} was changed by somebody else: try again.", id=ids[0])
    return _("Appeals were changed by somebody else: try again.")


_OLDEST = Compiled(
    lambda: (
        Appeal.select(Appeal.id)
        .where(Appeal.source == Param(Appeal.source), is_waiting())
        .order_by(Appeal.id)
        .limit(1)
    )
)

_HELD = Compiled(
    lambda: (
        Appeal.select(Appeal.id)
        .where(
            Appeal.operator == Param(Appeal.operator),
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


_WAITING = Compiled(
    lambda: (
        _states()
        .select_extend(Lead.external_id, Appeal.key, Appeal.message)
        .join(Lead)
        .where(
            Appeal.source == Param(Appeal.source),
            is_waiting(),
            Appeal.id > Param(Appeal.id, "after"),
        )
        .order_by(Appeal.id)
        .limit(Param(IntegerField(), "count"))
    )
)


def waiting_of(source_id: int, page: int) -> Iterator[tuple[AppealState, Words]]:
    """Yield the appeals that wait for a source with what was written, oldest first.

    They are read `page` at a time.
    """
    after = 0
    while found := _WAITING.rows(source_id=source_id, after=after, count=page):
        for *state, external_id, key, message in found:
            yield _state(state), (external_id, key, message)
        after = found[-1][0]


def open_appeals_of(operator_id: int) -> list[int]:
    """Return the open appeals of an operator, oldest first."""
    return [appeal_id for (appeal_id,) in _HELD.rows(operator_id=operator_id)]

"""Moves by hand: enter, assign, return, close and reopen one appeal, in the current transaction."""

from leadboard.allocation.appeal_state import AppealState, Seen
from leadboard.allocation.appeals import numbered, rewrite, state_of
from leadboard.allocation.intake import Draft, Placed, has_source, lead_id_of, store_appeal
from leadboard.allocation.journal import Journal
from leadboard.allocation.ledger import received
from leadboard.allocation.limits import claim, claim_over, name_of, release
from leadboard.common.errors import Missing, Refused
from leadboard.common.language import _
from leadboard.database.connection import rows
from leadboard.database.fields import now
from models import Operator


class NothingToDo(Refused):
    """The move does not apply to this appeal, or no longer does; among several it is skipped.

    `why` is the reason in a few words that follow the appeal's name in a list.
    """

    def __init__(self, sentence: str, why: str, field: str = "appeal") -> None:
        super().__init__(sentence, field)
        self.why = why


class NoRoom(Refused):
    """An operator is off or has too few places: `fit` of `count` appeals have one."""

    def __init__(self, sentence: str, fit: int = 0, count: int = 1) -> None:
        super().__init__(sentence, "force")
        self.fit = fit
        self.count = count


def enter(draft: Draft, operator_id: int, journal: Journal) -> Placed:
    """Store a new appeal with an operator who is active and has room, without a draw."""
    if not has_source(draft.source_id):
        raise Missing(_("There is no source #{source_id}.", source_id=draft.source_id), "source")
    name = _name_of(operator_id)
    # Before the lead, as everywhere: all take their locks in one order.
    if not claim(operator_id):
        raise NoRoom(_no_room(operator_id, name))
    lead_id = lead_id_of(draft.external_id)
    columns = {"operator_id": operator_id, "roster_id": None, "draw": None}
    # Only now, because it may have waited: appeals go by id and by time alike.
    journal.at = now()
    appeal_id = store_appeal(draft, lead_id, columns, journal.at)
    journal.note_appeal(received(appeal_id, columns))
    return Placed(appeal_id, lead_id, draft.source_id, operator_id, name, journal.at)


def assign(appeal_id: int, operator_id: int, journal: Journal, *, force: bool = False) -> None:
    """Give an open appeal to an operator; over the limit, or to an inactive one, only by force."""
    state = _open(appeal_id)
    name = _name_of(operator_id)
    if state.operator_id == operator_id:
        sentence = _(
            "{name} has appeal {numbered} already.", name=name, numbered=numbered(appeal_id)
        )
        raise NothingToDo(sentence, _("is with {name} already", name=name), "operator")
    # Before the old place is released: among several appeals NoRoom is caught and the rest goes on.
    if not (claim_over if force else claim)(operator_id):
        raise NoRoom(_no_room(operator_id, name))
    if state.operator_id is not None:
        release(state.operator_id)
    rewrite(state, journal, operator_id=operator_id)


def give_back(appeal_id: int, journal: Journal) -> None:
    """Take an open appeal from its operator; it waits, and its old draw no longer counts."""
    state = _open(appeal_id)
    if state.operator_id is None:
        raise _left_as_it_is(appeal_id, _("waiting already"))
    release(state.operator_id)
    rewrite(state, journal, operator_id=None, roster_id=None, draw=None)


def close(appeal_id: int, journal: Journal) -> None:
    """Close an open appeal; the place of its operator is free again."""
    state = state_of(appeal_id)
    if state.closed_at is not None:
        raise _left_as_it_is(appeal_id, _("closed already"))
    if state.operator_id is not None:
        release(state.operator_id)
    rewrite(state, journal, closed_at=journal.at)


def reopen(appeal_id: int, journal: Journal) -> str | None:
    """Reopen a closed appeal: its operator gets it back if active and with room, else it waits.

    Return None if the operator got it back, else why it waits.
    """
    state = state_of(appeal_id)
    if state.closed_at is None:
        raise _left_as_it_is(appeal_id, _("open already"))
    if state.withdrawn:
        sentence = _(
            "Appeal {numbered} was withdrawn: undo brings it back.", numbered=numbered(appeal_id)
        )
        raise NothingToDo(sentence, _("withdrawn"))
    if state.operator_id is None:
        rewrite(state, journal, closed_at=None)
        return _("nobody had it")
    if claim(state.operator_id):
        rewrite(state, journal, closed_at=None)
        return None
    rewrite(state, journal, closed_at=None, operator_id=None, roster_id=None, draw=None)
    return _no_room(state.operator_id, name_of(state.operator_id) or "").rstrip(".")


def refuse_if_moved(appeal_id: int, seen: Seen) -> None:
    """Raise NothingToDo if an appeal has another operator since, or was closed or reopened."""
    state = state_of(appeal_id)
    if (state.operator_id, state.closed_at is not None) == seen:
        return
    if state.closed_at is not None:
        why = _("closed") if not seen[1] else _("changed hands")
    elif seen[1]:
        why = _("open again")
    else:
        name = name_of(state.operator_id)
        why = _("went to {name}", name=name) if name else _("is waiting now")
    raise NothingToDo(
        _("Appeal {numbered} {why} meanwhile.", numbered=numbered(appeal_id), why=why), why
    )


def _name_of(operator_id: int) -> str:
    name = name_of(operator_id)
    if name is None:
        raise Missing(
            _("There is no operator #{operator_id}.", operator_id=operator_id), "operator"
        )
    return name


def _open(appeal_id: int) -> AppealState:
    state = state_of(appeal_id)
    if state.closed_at is not None:
        raise _left_as_it_is(appeal_id, _("closed"))
    return state


def _left_as_it_is(appeal_id: int, why: str) -> NothingToDo:
    return NothingToDo(_("Appeal {numbered} is {why}.", numbered=numbered(appeal_id), why=why), why)


def _no_room(operator_id: int, name: str) -> str:
    row = Operator.select(Operator.is_active, Operator.load, Operator.max_load).where(
        Operator.id == operator_id
    )
    is_active, load, max_load = rows(row)[0]
    return (
        _("{name} is full ({load}/{max_load}).", name=name, load=load, max_load=max_load)
        if is_active
        else _("{name} is off.", name=name)
    )

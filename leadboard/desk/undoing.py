"""Undo and redo: an act is taken back, or done again, by a new recorded act."""

from collections.abc import Sequence
from dataclasses import dataclass

from peewee import ModelSelect, fn

from leadboard.allocation.handouts import HAND_OUT, close_act
from leadboard.allocation.journal import FOR_GOOD, REDO, UNDO, Journal, last_words
from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.database.connection import rows
from leadboard.database.transactions import reading
from leadboard.desk.drafting import APPLY_DRAFT
from leadboard.desk.recording import Done, record
from leadboard.desk.undo_changes import reverse
from models import Event

_VERBS = {UNDO: _("Undone"), REDO: _("Redone")}


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """A recorded act, and the event that decides its state: itself, its undo or its redo."""

    id: int
    act: str
    note: str
    forced: bool
    standing_id: int
    is_undone: bool


def undo(event_id: int | None = None, *, actor: str) -> Done[int]:
    """Take an act back: the one named, else the latest of `actor` that is not undone.

    The result is the id of the act's event. Raises Refused, and changes nothing, when there is
    none, its rows have changed since, or a place is taken.
    """
    act = reading(lambda: last_done(actor) if event_id is None else act_of(event_id))
    if act is None:
        raise Refused(_("There is nothing of yours to undo."))
    if act.is_undone:
        raise Refused(_("Already undone: {note}.", note=act.note))
    return _reverse(act, UNDO, actor)


def redo(event_id: int | None = None, *, actor: str) -> Done[int]:
    """Do an undone act again: the one named, else the one that `actor` undid last.

    Raises Refused, and changes nothing, when there is none, its rows have changed since, or a
    place is taken.
    """
    act = reading(lambda: last_undone(actor) if event_id is None else act_of(event_id))
    if act is None:
        raise Refused(_("There is nothing of yours to redo."))
    if not act.is_undone:
        raise Refused(_("Nothing to redo, this is not undone: {note}.", note=act.note))
    return _reverse(act, REDO, actor)


def _reverse(act: RecordedAct, verb: str, actor: str) -> Done[int]:
    if act.act in FOR_GOOD:
        raise Refused(_("{what} cannot be undone.", what=FOR_GOOD[act.act]))
    if act.act == HAND_OUT:
        raise Refused(_("Automatic hand-outs cannot be undone: move or return the appeals."))

    def work(journal: Journal) -> tuple[str, int]:
        # Again, inside the transaction: somebody may have undone or redone it meanwhile.
        now_standing = act_of(act.id)
        if now_standing is None or now_standing.standing_id != act.standing_id:
            raise Refused(_("Somebody was quicker: {note}.", note=act.note))
        # First, so that nothing handed out from now on counts as part of the act taken back.
        close_act(act.standing_id)
        force, keeps_served = act.forced and verb == REDO, act.act == APPLY_DRAFT
        reverse(act.standing_id, journal, force=force, keeps_served=keeps_served)
        return f"{_VERBS[verb]}: {now_standing.note}", act.id

    return record(actor, verb, work, forced=act.forced and verb == REDO, target=act.id)


def act_of(event_id: int) -> RecordedAct | None:
    """Return an act with its state; for an undo, a redo or a part, the act that it is about."""
    found = rows(Event.select(Event.target, Event.part_of).where(Event.id == event_id))
    if not found:
        return None
    target, part_of = found[0]
    return _act(target or event_id) if part_of is None else act_of(part_of)


def last_done(actor: str) -> RecordedAct | None:
    """Return the latest act of `actor` that is not undone."""
    latest = _LATER.select(_LATER.act).where(_LATER.target == Event.id)
    latest = latest.order_by(_LATER.id.desc()).limit(1)
    standing = (
        Event.select(Event.id)
        .where(
            Event.actor == actor,
            *_IS_ACT,
            Event.act.not_in(list(FOR_GOOD)),
            # Never undone is the same as redone last.
            fn.COALESCE(latest, REDO) == REDO,
        )
        .order_by(Event.id.desc())
        .limit(1)
    )
    return _first(rows(standing))


def last_undone(actor: str) -> RecordedAct | None:
    """Return the act that `actor` undid last, unless they have done something else since."""
    newest_act = _scalar(Event.select(fn.MAX(Event.id)).where(Event.actor == actor, *_IS_ACT))
    later = _LATER.select(_LATER.id).where(_LATER.target == Event.target, _LATER.id > Event.id)
    undone = (
        Event.select(Event.target)
        .where(
            Event.actor == actor,
            Event.act == UNDO,
            Event.id > (newest_act or 0),
            ~fn.EXISTS(later),
        )
        .order_by(Event.id.desc())
        .limit(1)
    )
    return _first(rows(undone))


_LATER = Event.alias()
_IS_ACT = (Event.target.is_null(), Event.part_of.is_null(), Event.act != HAND_OUT)


def _first(found: Sequence[tuple[int, ...]]) -> RecordedAct | None:
    return _act(found[0][0]) if found else None


def _act(event_id: int) -> RecordedAct:
    columns = Event.select(Event.act, last_words(), Event.forced).where(Event.id == event_id)
    act, note, forced = rows(columns)[0]
    chain = (
        Event.select(Event.id, Event.act)
        .where(Event.target == event_id)
        .order_by(Event.id.desc())
        .limit(1)
    )
    last = rows(chain)
    standing_id, verb = last[0] if last else (event_id, REDO)
    return RecordedAct(event_id, act, note, forced, standing_id, verb == UNDO)


def _scalar(query: "ModelSelect[Event]") -> int | None:
    number: int | None = query.scalar()
    return number

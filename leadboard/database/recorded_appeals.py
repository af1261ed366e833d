"""What acts recorded of an appeal before there was a ledger, told as lines of the ledger.

Until version 3 an act recorded how an appeal was before and after all that the act did to it, and
only the columns that changed. Arrivals, and what other programs did, left no record.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Columns = Mapping[str, Any]
"""Names and values of some columns of an appeal."""


class OldState(NamedTuple):
    """The columns of an appeal that change, as the tables hold them."""

    operator_id: int | None = None
    closed_at: str | None = None
    roster_id: int | None = None
    draw: int | None = None
    withdrawn: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether the appeal is not closed."""
        return self.closed_at is None

    def over(self, columns: Columns) -> "OldState":
        """Return the state with other values in some columns."""
        # Not `_replace`, which takes three times as long.
        get = columns.get
        closed_at = get("closed_at", self.closed_at)
        return OldState(
            get("operator_id", self.operator_id),
            closed_at,
            get("roster_id", self.roster_id),
            get("draw", self.draw),
            # Nothing that is open is withdrawn, though acts that open it need not say so.
            closed_at is not None and get("withdrawn", self.withdrawn),
        )


class Recorded(NamedTuple):
    """What one event did to an appeal: some columns before, None if it entered it, and after.

    `part_of` is the act whose drain the event went on with, `reverses` the event that it took back.
    """

    event_id: int
    at: str
    part_of: int | None
    reverses: int | None
    before: Columns | None
    after: Columns


class ToldLine(NamedTuple):
    """One line: what happened, and the state that it led to.

    All lines are sorted by moment and turn, and in neither do those of one appeal ever go back.
    """

    at: str
    turn: int
    kind: str
    was_operator_id: int | None
    state: OldState
    drawn: bool
    event_id: int | None


Step = tuple[OldState, bool]
"""A state that an appeal came to, and whether by lottery."""


def lines_of(timestamp: str, now: OldState, recorded: Sequence[Recorded]) -> list[ToldLine]:
    """Return all lines of an appeal, the last of which says what it is now.

    What must have happened without a record has lines without an event, at the best known moment.
    """
    known = _known(now, recorded)
    is_entered = bool(recorded) and recorded[0].before is None
    telling = _Telling(timestamp, known[0], recorded[0] if is_entered else None)
    for place, each in enumerate(recorded):
        if each.before is None:
            continue
        if telling.state.over(each.before) != telling.state:
            telling.tell_unrecorded(known[place])
        telling.tell(each, _steps(telling.state, each, recorded[:place]))
    telling.tell_unrecorded(now)
    return telling.lines


def _known(now: OldState, recorded: Sequence[Recorded]) -> list[OldState]:
    """Return the state before each event, as far as it or a later one names it, and the last."""
    states = [now]
    for each in reversed(recorded):
        states.append(states[-1].over(each.after if each.before is None else each.before))
    return states[::-1]


# --- what an event did --------------------------------------------------------------------------


def _steps(state: OldState, each: Recorded, earlier: Sequence[Recorded]) -> Iterator[Step]:
    """Yield what happened in one event, which recorded only how that began and ended."""
    after = state.over(each.after)
    restored = _restored(state, each, earlier)
    # Only the lottery writes a draw into an appeal, and an undo that brings one back.
    if each.after.get("draw") is None or after == restored:
        yield after, False
        return
    waiting = _waiting(state) if restored is None else restored
    if waiting != state:
        yield waiting, False
    yield after, True


def _restored(state: OldState, each: Recorded, earlier: Sequence[Recorded]) -> OldState | None:
    """Return what an undo or a redo made of an appeal, before anything was handed out.

    None if the event is neither, or if what it took back had left the appeal alone.
    """
    if each.reverses is None:
        return None
    undone = [one for one in earlier if each.reverses in (one.event_id, one.part_of)]
    for one in reversed(undone):
        # What the act entered is withdrawn, and nothing is handed out of that.
        state = state.over(each.after if one.before is None else one.before)
    return state if undone else None


def _waiting(state: OldState) -> OldState:
    """Return an appeal as it waited before the lottery gave it to somebody."""
    return state._replace(closed_at=None) if state.operator_id is None else OldState()


# --- what no event recorded ---------------------------------------------------------------------


def _way(state: OldState, wanted: OldState) -> Iterator[Step]:
    """Yield the steps from one state to another: opened again, in other hands, closed."""
    if wanted.is_open and not state.is_open:
        state = state._replace(closed_at=None, withdrawn=False)
        if wanted.operator_id is None:
            state = wanted
        yield state, False
    held = wanted._replace(closed_at=state.closed_at, withdrawn=state.withdrawn)
    if held != state:
        is_new = (held.roster_id, held.draw) != (state.roster_id, state.draw)
        yield held, is_new and held.draw is not None and state.operator_id is None
    if held != wanted:
        yield wanted, False


# --- the lines ----------------------------------------------------------------------------------


class _Telling:
    """The lines of one appeal so far, and the state that they lead to."""

    def __init__(self, timestamp: str, first: OldState, entered: Recorded | None) -> None:
        self.state = OldState()
        self.lines: list[ToldLine] = []
        self._at, self._turn = timestamp, 0
        is_known = first.roster_id is not None or entered is not None
        opened = first._replace(closed_at=None, withdrawn=False)
        if is_known and first.draw is None:
            # The lottery had nobody for it, so whoever has it got it later.
            opened = opened._replace(operator_id=None)
        self._add(
            opened,
            timestamp,
            "received" if is_known else "imported",
            drawn=opened.draw is not None,
            event_id=None if entered is None else entered.event_id,
        )
        if first != opened:
            self.tell_unrecorded(first)

    def tell(self, each: Recorded, steps: Iterator[Step]) -> None:
        """Add what an event did."""
        for state, drawn in steps:
            kind = _kind(self.state, state)
            self._add(state, each.at, kind, drawn=drawn, event_id=each.event_id)

    def tell_unrecorded(self, wanted: OldState) -> None:
        """Add what must have happened for the appeal to be as it is wanted."""
        for state, drawn in () if wanted == self.state else _way(self.state, wanted):
            is_closing = self.state.is_open and not state.is_open
            at = state.closed_at if is_closing else None
            self._add(state, at or "", _kind(self.state, state), drawn=drawn)

    def _add(
        self, state: OldState, at: str, kind: str, *, drawn: bool, event_id: int | None = None
    ) -> None:
        # Clocks differ: an act on a server may have begun before the appeal came that it gave out.
        self._at = max(self._at, at)
        if event_id is not None:
            # What an act did itself comes before what it let through.
            self._turn = max(self._turn, 2 * event_id + (drawn and kind == "assigned"))
        was, self.state = self.state.operator_id, state
        self.lines.append(ToldLine(self._at, self._turn, kind, was, state, drawn, event_id))


def _kind(before: OldState, after: OldState) -> str:
    """Return what happened to an appeal, in one word."""
    if after.withdrawn:
        return "withdrawn"
    if before.is_open != after.is_open:
        return "reopened" if after.is_open else "closed"
    if after.operator_id is None:
        return "returned"
    return "assigned" if before.operator_id is None else "moved"

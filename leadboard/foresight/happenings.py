"""What each step of a history does in the two worlds of a replay.

Acts by hand happen in both as they did:

- a move goes to the same operator, whoever has the appeal; one of an appeal that waited happens
  only if it waits under the draft as well, or nobody would have thought of it;
- who was sent home gives back what they have in either world;
- a reopened appeal goes to the same operator if they have room, else it waits.
"""

from collections.abc import Callable, Sequence

from leadboard.foresight.history import (
    ACTIVE,
    ARRIVED,
    ASSIGNED,
    CLOSED,
    ENTERED,
    HANDED_OUT,
    LIMIT,
    LOAD,
    MENDED,
    MOVED,
    REOPENED,
    RETURNED,
    SENT_HOME,
    WEIGHT,
    WITHDRAWN,
    PastLine,
    TeamStep,
)
from leadboard.foresight.replay_state import ReplayState


class Happenings:
    """The steps of a history, each as it changes the state of a replay."""

    def __init__(self, state: ReplayState) -> None:
        self.state = state
        self._went_home: set[tuple[int, int]] = set()

    def handlers(self) -> Sequence[Callable[..., None]]:
        """Return what does each kind of step, in the order of the kinds."""
        named: dict[int, Callable[..., None]] = {
            ARRIVED: self._arrived,
            ENTERED: self._entered,
            HANDED_OUT: self._handed_out,
            ASSIGNED: self._assigned,
            MOVED: self._moved,
            RETURNED: self._returned,
            SENT_HOME: self._sent_home,
            CLOSED: self._closed,
            REOPENED: self._reopened,
            WITHDRAWN: self._withdrawn,
            MENDED: self._mended,
            LIMIT: self._limit,
            ACTIVE: self._active,
            WEIGHT: self._weight,
            LOAD: self._load,
        }
        return [named[kind] for kind in range(len(named))]

    # Arrivals.

    def _arrived(self, line: PastLine) -> None:
        state, at, appeal, source = self.state, line.at, line.appeal, line.source
        if line.operator is None and state.is_alike(source):
            state.was.wait(appeal, source, at)
            state.now.wait(appeal, source, at)
            return
        # Before either world moves: what has differed so far decides what the roster tells.
        is_queued = bool(state.now.waiting[source])
        place = None if is_queued else state.by_roster(line, state.drawn(line))
        if line.operator is None:
            state.was.wait(appeal, source, at)
        else:
            state.give_was(appeal, state.team.places[line.operator], at)
        if place is None:
            self._wait_instead(line)
        else:
            state.give_now(appeal, place, at)
            if line.operator is None:
                state.keep_pace(appeal, source, at)
        if place is None or line.operator is None:
            state.compare(appeal, source)

    def _wait_instead(self, line: PastLine) -> None:
        state = self.state
        if (drawn := state.drawn(line)) is not None:
            state.spare[line.appeal] = [drawn]
        state.now.wait(line.appeal, line.source, line.at)
        # Older ones go first, if there is room at all.
        state.has_room = True

    def _entered(self, line: PastLine) -> None:
        state = self.state
        if not line.is_open:
            return
        if line.operator is None:
            state.was.wait(line.appeal, line.source, line.at)
            state.now.wait(line.appeal, line.source, line.at)
            return
        place = state.team.places[line.operator]
        state.give_was(line.appeal, place, line.at)
        state.give_now(line.appeal, place, line.at)

    # What waited.

    def _handed_out(self, line: PastLine) -> None:
        state, at, appeal, source = self.state, line.at, line.appeal, line.source
        place = None
        if state.is_alike(source) and state.now.is_waiting(appeal, source):
            place = state.by_roster(line, state.next_drawn(appeal))
        self._get_was(line)
        if place is not None:
            state.now.stop_waiting(appeal, source, at)
            state.give_now(appeal, place, at)
        else:
            state.has_room = True  # it has its turn with all others
        state.compare(appeal, source)

    def _assigned(self, line: PastLine) -> None:
        state, at = self.state, line.at
        self._get_was(line)
        if state.now.stop_waiting(line.appeal, line.source, at):
            state.give_now(line.appeal, state.team.places[line.operator or 0], at)
        state.compare(line.appeal, line.source)

    def _get_was(self, line: PastLine) -> None:
        state = self.state
        state.was.stop_waiting(line.appeal, line.source, line.at)
        assert line.operator is not None, "what is handed out or assigned has an operator"
        state.give_was(line.appeal, state.team.places[line.operator], line.at)

    # What somebody had.

    def _moved(self, line: PastLine) -> None:
        state, at, appeal = self.state, line.at, line.appeal
        assert line.operator is not None, "a move has somebody to go to"
        place = state.team.places[line.operator]
        state.let_go_was(appeal, at)
        state.give_was(appeal, place, at)
        fate = state.own.get(appeal)
        if state.let_go_now(appeal, at):
            state.give_now(appeal, place, at)
            if fate is not None:
                state.own[appeal] = fate  # it is closed when it would have been
        elif state.now.stop_waiting(appeal, line.source, at):
            state.give_now(appeal, place, at)
        state.compare(appeal, line.source)

    def _returned(self, line: PastLine) -> None:
        self._return_was(line)
        self._return_now(line.appeal, line.source, line.at)

    def _return_was(self, line: PastLine) -> None:
        self.state.let_go_was(line.appeal, line.at)
        self.state.was.wait(line.appeal, line.source, line.at)
        self.state.compare(line.appeal, line.source)

    def _return_now(self, appeal: int, source: int, at: float) -> None:
        if self.state.let_go_now(appeal, at):
            self.state.now.wait(appeal, source, at)
        self.state.compare(appeal, source)

    def _sent_home(self, line: PastLine) -> None:
        """Return all that the operator has under the draft, with the first that they had."""
        self._return_was(line)
        key = (line.act, line.was or 0)
        if key in self._went_home:
            return
        self._went_home.add(key)
        state = self.state
        place = state.team.places.get(line.was or 0)
        for appeal in sorted(each for each, holder in state.now.held.items() if holder == place):
            self._return_now(appeal, state.ground.sources[appeal], line.at)

    def _closed(self, line: PastLine) -> None:
        state, at, appeal, source = self.state, line.at, line.appeal, line.source
        had_nobody = state.was.stop_waiting(appeal, source, at)
        state.let_go_was(appeal, at)
        if had_nobody:
            self._drop_now(appeal, source, at)
        elif appeal not in state.own:
            state.let_go_now(appeal, at)
        state.compare(appeal, source)

    def _withdrawn(self, line: PastLine) -> None:
        self.state.was.stop_waiting(line.appeal, line.source, line.at)
        self.state.let_go_was(line.appeal, line.at)
        self._drop_now(line.appeal, line.source, line.at)
        self.state.compare(line.appeal, line.source)

    def _drop_now(self, appeal: int, source: int, at: float) -> None:
        self.state.let_go_now(appeal, at)
        self.state.now.stop_waiting(appeal, source, at)

    def _reopened(self, line: PastLine) -> None:
        state, at, appeal, source = self.state, line.at, line.appeal, line.source
        place = None if line.operator is None else state.team.places[line.operator]
        is_gone = appeal not in state.now.held and not state.now.is_waiting(appeal, source)
        has_room = place is not None and self._may_take_back(place)
        if place is None:
            state.was.wait(appeal, source, at)
        else:
            state.give_was(appeal, place, at)
        if is_gone and has_room and place is not None:
            state.give_now(appeal, place, at)
        elif is_gone:
            state.now.wait(appeal, source, at)
            state.has_room = True
        state.compare(appeal, source)

    def _may_take_back(self, place: int) -> bool:
        state = self.state
        if not state.apart >> place & 1:
            return True
        off = state.rosters.switched(state.team.off)
        return not (state.now.full | off) >> place & 1

    def _mended(self, line: PastLine) -> None:
        """Hold an appeal as it was found; the load is mended by a step of its own."""
        for world in (self.state.was, self.state.now):
            world.stop_waiting(line.appeal, line.source, line.at)
            world.held.pop(line.appeal, None)
            if line.is_open and line.operator is not None:
                world.held[line.appeal] = self.state.team.places[line.operator]
            elif line.is_open:
                world.wait(line.appeal, line.source, line.at)

    # The team.

    def _limit(self, step: TeamStep) -> None:
        state = self.state
        place = state.team.places[step.operator]
        state.was.limit(place, step.value or 0, step.at)
        if not state.team.holds_limit(place):
            state.now.limit(place, step.value or 0, step.at)
        state.has_room = True

    def _active(self, step: TeamStep) -> None:
        self.state.team.switch(self.state.team.places[step.operator], bool(step.value))
        self.state.has_room = True

    def _weight(self, step: TeamStep) -> None:
        self.state.team.weigh(self.state.team.places[step.operator], step.source, step.value)
        self.state.has_room = True

    def _load(self, step: TeamStep) -> None:
        place = self.state.team.places[step.operator]
        self.state.was.take(place, step.value or 0, step.at)
        self.state.now.take(place, step.value or 0, step.at)

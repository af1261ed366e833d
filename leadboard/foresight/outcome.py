"""What came of a replay: both worlds beside each other, and how sure that is after repeats."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadboard.foresight.replay_state import ReplayState
from leadboard.foresight.worlds import Course, Waited


@dataclass(frozen=True, slots=True)
class ReplayOutcome:
    """What happened, and what would have: each as waits, and as a course of each operator by id."""

    begun: float
    ended: float
    arrived: int
    left_out: int
    elsewhere: int
    """Appeals that got another first operator, or one in only one of the worlds."""
    was: Waited
    now: Waited
    was_courses: Mapping[int, Course]
    now_courses: Mapping[int, Course]


def outcome_of(state: ReplayState) -> ReplayOutcome:
    """Return what came of a replay that is done."""
    history, was, now = state.history, state.was, state.now
    first = {appeal: was.first.get(appeal) for appeal in {*was.first, *now.first}}
    span = (history.begun, history.ended)
    return ReplayOutcome(
        *span,
        history.arrived,
        history.left_out,
        sum(now.first.get(appeal) != place for appeal, place in first.items()),
        was.waits(history.ended),
        now.waits(history.ended),
        {each: was.course(place, *span) for each, place in state.team.places.items()},
        {each: now.course(place, *span) for each, place in state.team.places.items()},
    )


@dataclass(frozen=True, slots=True)
class Deviations:
    """Standard deviations over repeats of a replay, of what differs from one to the next."""

    repeats: int
    waited: float
    median: float
    p90: float
    elsewhere: float
    got: Mapping[int, float]
    """Of the appeals that each operator got."""


def spread_of(outcomes: Sequence[ReplayOutcome]) -> Deviations | None:
    """Return how far repeats lie apart, None for fewer than two."""
    if len(outcomes) < 2:
        return None
    return Deviations(
        len(outcomes),
        statistics.stdev(each.now.count for each in outcomes),
        statistics.stdev(each.now.median for each in outcomes),
        statistics.stdev(each.now.p90 for each in outcomes),
        statistics.stdev(each.elsewhere for each in outcomes),
        {
            operator_id: statistics.stdev(each.now_courses[operator_id].got for each in outcomes)
            for operator_id in outcomes[0].now_courses
        },
    )

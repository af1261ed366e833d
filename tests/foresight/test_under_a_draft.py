"""Small pasts under a draft, whose outcome can be worked out by hand."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pytest

from leadboard.allocation.lottery import FULL, INACTIVE, Candidate, Candidates
from leadboard.foresight.couplings import COUPLINGS, Coupling, Drawn
from leadboard.foresight.draft import Newcomer, TeamDraft
from leadboard.foresight.handling import Handling
from leadboard.foresight.history import (
    ACTIVE,
    ARRIVED,
    ASSIGNED,
    CLOSED,
    HANDED_OUT,
    LIMIT,
    MOVED,
    REOPENED,
    RETURNED,
    SENT_HOME,
    WITHDRAWN,
    Hand,
    HistoryStep,
    PastLine,
    PastSpan,
    TeamStep,
)
from leadboard.foresight.outcome import ReplayOutcome, spread_of
from leadboard.foresight.replay import Replay, replayed
from leadboard.foresight.replay_state import Ground, ReplayState
from leadboard.foresight.rosters import Base
from leadboard.foresight.worlds import MARKS

ANNA, BORIS, VERA = 1, 2, 3
TG = 1
END = 100.0

BOTH, ANNA_FULL, BOTH_FULL, BORIS_OFF = 1, 2, 3, 4
ROSTERS = {
    BOTH: Candidates((Candidate(ANNA, 1), Candidate(BORIS, 1))),
    ANNA_FULL: Candidates((Candidate(ANNA, 1, FULL), Candidate(BORIS, 1))),
    BOTH_FULL: Candidates((Candidate(ANNA, 1, FULL), Candidate(BORIS, 1, FULL))),
    BORIS_OFF: Candidates((Candidate(ANNA, 1), Candidate(BORIS, 1, INACTIVE))),
}


def arrives(at: float, appeal: int, operator: int | None, roster: int = BOTH) -> PastLine:
    draw = None if operator is None else operator - 1 if roster == BOTH else 0
    return PastLine(ARRIVED, at, 0, appeal, TG, operator, None, roster, draw)


def closes(at: float, appeal: int, operator: int | None, act: int = 0) -> PastLine:
    return PastLine(CLOSED, at, act or appeal, appeal, TG, operator, operator, is_open=False)


def past(
    steps: Sequence[HistoryStep],
    hands: Mapping[int, Hand] | None = None,
    weights: Mapping[int, int] | None = None,
    waiting: Iterable[int] = (),
) -> PastSpan:
    team = hands or {ANNA: Hand(9, True, 0), BORIS: Hand(9, True, 0)}
    return PastSpan(
        0.0,
        END,
        team,
        {TG: weights or dict.fromkeys(team, 1)},
        steps,
        ROSTERS,
        {TG: list(waiting)},
        arrived=sum(step.kind == ARRIVED for step in steps),
    )


def outcome_of(history: PastSpan, draft: TeamDraft, coupling: Coupling = "keep") -> ReplayOutcome:
    return replayed(history, draft, coupling)


def state_of(history: PastSpan, draft: TeamDraft, coupling: Coupling = "keep") -> ReplayState:
    replay = Replay(Ground.of(history), draft, coupling)
    replay.finish()
    return replay.state


def holders(state: ReplayState) -> dict[int, int]:
    return {appeal: state.team.ids[place] for appeal, place in state.now.held.items()}


def got(outcome: ReplayOutcome) -> dict[int, int]:
    return {key: course.got for key, course in outcome.now_courses.items()}


OFF = TeamDraft().with_switch(ANNA, True, False)


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_who_is_off_in_the_draft_gets_nothing(coupling: Coupling) -> None:
    steps = [arrives(at, at, ANNA if at % 2 else BORIS) for at in range(1, 9)]
    outcome = outcome_of(past(steps), OFF, coupling)
    assert got(outcome) == {ANNA: 0, BORIS: 8}
    assert outcome.elsewhere == 4
    assert outcome.was_courses[ANNA].got == 4


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_who_is_on_in_the_draft_takes_part_though_they_were_off(coupling: Coupling) -> None:
    hands = {ANNA: Hand(9, True, 0), BORIS: Hand(9, False, 0)}
    steps = [arrives(at, at, ANNA, BORIS_OFF) for at in range(1, 9)]
    draft = TeamDraft().with_switch(BORIS, False, True).with_weight((ANNA, TG), 1, 0)
    assert got(outcome_of(past(steps, hands), draft, coupling)) == {ANNA: 0, BORIS: 8}


def test_a_lower_limit_makes_wait_what_comes_too_soon() -> None:
    hands = {ANNA: Hand(9, True, 0)}
    steps = [arrives(at, int(at) + 1, ANNA, BORIS_OFF) for at in (0.0, 1.0, 2.0)]
    steps += [closes(at + 10, int(at) + 1, ANNA) for at in (0.0, 1.0, 2.0)]
    outcome = outcome_of(past(steps, hands), TeamDraft().with_limit(ANNA, 9, 1))
    # The second waits from 1 to 10 and is closed at 20, the third waits from 2 to 20.
    assert (outcome.was.count, outcome.now.count, outcome.now.still) == (0, 2, 0)
    assert (outcome.now.median, outcome.now.p90) == (18.0, 18.0)
    assert outcome.now_courses[ANNA].first_full == 0.0
    assert outcome.now_courses[ANNA].full_share == pytest.approx(0.30)
    assert outcome.was_courses[ANNA].first_full is None


def test_a_higher_limit_takes_at_once_what_had_to_wait() -> None:
    hands = {ANNA: Hand(1, True, 0), BORIS: Hand(0, True, 0)}
    steps = [
        *(arrives(0, 1, ANNA), arrives(1, 2, None, BOTH_FULL), closes(20, 1, ANNA, 7)),
        PastLine(HANDED_OUT, 20, 7, 2, TG, ANNA, None, BORIS_OFF, 0),
        closes(50, 2, ANNA, 8),
    ]
    outcome = outcome_of(past(steps, hands), TeamDraft().with_limit(ANNA, 1, 2))
    assert (outcome.was.count, outcome.was.median) == (1, 19.0)
    assert outcome.now.count == 0
    # It took 30 seconds then, and so it does 19 seconds sooner.
    later = slice(round(MARKS * 0.32), round(MARKS * 0.48))
    assert set(outcome.now_courses[ANNA].loads[later]) == {0}
    assert set(outcome.was_courses[ANNA].loads[later]) == {1}


def test_a_newcomer_takes_what_waits_and_what_comes() -> None:
    hands = {ANNA: Hand(0, True, 0)}
    draft = TeamDraft(newcomers=[Newcomer(-1, "Vera", 2)]).with_weight((-1, TG), None, 5)
    steps = [arrives(at, at, None, BOTH_FULL) for at in (10, 11)]
    state = state_of(past(steps, hands, waiting=[3]), draft)
    assert holders(state) == {3: -1, 10: -1}
    assert state.now.waiting[TG] == {11}


def test_a_weight_of_none_takes_somebody_off_the_source() -> None:
    steps = [arrives(at, at, ANNA) for at in range(1, 5)]
    assert got(outcome_of(past(steps), TeamDraft().with_weight((ANNA, TG), 1, None)))[ANNA] == 0


def test_what_was_given_by_hand_stays_given_and_what_waited_no_longer_is_left_alone() -> None:
    hands = {ANNA: Hand(1, True, 0), BORIS: Hand(9, True, 0), VERA: Hand(9, True, 0)}
    weights = {ANNA: 1}
    steps = [
        *(arrives(0, 1, ANNA), arrives(1, 2, None, BOTH_FULL)),
        PastLine(ASSIGNED, 5, 1, 2, TG, BORIS),
        PastLine(MOVED, 6, 2, 1, TG, VERA, ANNA),
    ]
    assert holders(state_of(past(steps, hands, weights), TeamDraft())) == {1: VERA, 2: BORIS}
    # With two places Anna has it before anybody thinks of Boris; a move is made all the same.
    wide = TeamDraft().with_limit(ANNA, 1, 2)
    assert holders(state_of(past(steps, hands, weights), wide)) == {1: VERA, 2: ANNA}


def test_who_is_sent_home_gives_back_what_they_have_under_the_draft() -> None:
    steps: list[HistoryStep] = [
        *(arrives(0, 1, ANNA), arrives(1, 2, BORIS), arrives(2, 3, ANNA)),
        TeamStep(ACTIVE, 5, 9, ANNA, 0, 0),
        *(PastLine(SENT_HOME, 5, 9, each, TG, None, ANNA) for each in (1, 3)),
        *(PastLine(HANDED_OUT, 5, 9, each, TG, BORIS, None, ANNA_FULL, 0) for each in (1, 3)),
    ]
    draft = TeamDraft().with_weight((BORIS, TG), 1, 0)
    state = state_of(past(steps), draft)
    assert holders(state) == {}
    assert state.now.waiting[TG] == {1, 2, 3}
    assert holders(state_of(past(steps), TeamDraft())) == {1: BORIS, 2: BORIS, 3: BORIS}


def test_a_reopened_appeal_waits_where_the_draft_leaves_no_room() -> None:
    steps: list[HistoryStep] = [
        *(arrives(0, 1, ANNA), closes(5, 1, ANNA), arrives(6, 2, ANNA)),
        PastLine(REOPENED, 7, 3, 1, TG, ANNA, ANNA),
    ]
    tight = TeamDraft().with_limit(ANNA, 9, 1).with_weight((BORIS, TG), 1, None)
    state = state_of(past(steps), tight)
    assert holders(state) == {2: ANNA}
    assert state.now.waiting[TG] == {1}
    assert holders(state_of(past(steps), TeamDraft())) == {1: ANNA, 2: ANNA}


def test_what_was_withdrawn_or_closed_while_it_waited_is_gone_in_both() -> None:
    hands = {ANNA: Hand(0, True, 0)}
    steps = [
        *(arrives(at, at, None, BOTH_FULL) for at in (1, 2)),
        PastLine(WITHDRAWN, 5, 1, 1, TG, None, is_open=False),
        closes(6, 2, None),
    ]
    state = state_of(past(steps, hands), TeamDraft().with_limit(ANNA, 0, 5))
    assert holders(state) == {}
    assert state.now.loads == [0, 0]


def test_a_returned_appeal_waits_for_its_turn_again() -> None:
    hands = {ANNA: Hand(1, True, 0), BORIS: Hand(0, True, 0)}
    steps = [
        arrives(0, 1, ANNA),
        PastLine(RETURNED, 5, 1, 1, TG, None, ANNA),
        PastLine(HANDED_OUT, 5, 1, 1, TG, ANNA, None, BORIS_OFF, 0),
    ]
    state = state_of(past(steps, hands), TeamDraft().with_limit(BORIS, 0, 3), "wheel")
    assert sum(state.now.loads) == 1
    assert state.now.waits(END).count == 0


def test_limits_change_in_both_worlds_but_where_the_draft_holds_them_fast() -> None:
    steps: list[HistoryStep] = [TeamStep(LIMIT, 1, 1, each, 0, 3) for each in (ANNA, BORIS)]
    state = state_of(past(steps), TeamDraft().with_limit(ANNA, 9, 5))
    assert state.was.limits == [3, 3]
    assert state.now.limits == [5, 3]


# --- handling times and couplings ---------------------------------------------------------------


def test_an_open_appeal_takes_as_long_as_a_longer_one_of_its_source() -> None:
    steps: list[HistoryStep] = []
    for at in range(10):
        steps += [arrives(at, at + 1, ANNA), closes(at + 10 * at, at + 1, ANNA)]
    steps += [arrives(45.0, 50, ANNA)]
    handling = Handling(past(sorted(steps, key=lambda step: step[1])))
    rng = random.Random(1)
    drawn = {handling.of(50, TG, rng) for _ in range(200)}
    # It is 55 old: those of 60, 70, 80 and 90 seconds are longer.
    assert drawn == {60.0, 70.0, 80.0, 90.0}
    assert handling.of(4, TG, rng) == 30.0
    assert Handling(past([arrives(0, 1, ANNA)])).of(1, TG, rng) is None


def draws(
    coupling: Coupling, was: Mapping[int, int], now: Mapping[int, int]
) -> list[tuple[int, int]]:
    """Return who was drawn, and who would have been, for many draws."""
    rng = random.Random(5)
    base, drafted, found = Base(was), Base(now), []
    for _ in range(20_000):
        position = rng.randrange(base.total(0))
        operator = base.wheel(0).at(position)
        then = COUPLINGS[coupling](Drawn(base, 0, position, operator), drafted, 0, rng)
        assert then is not None
        found.append((operator, then))
    return found


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({0: 1, 1: 1}, {0: 1, 1: 1, 2: 1, 3: 1}),
        ({0: 50, 1: 30, 2: 20}, {0: 20, 1: 30, 2: 50}),
        ({0: 5, 1: 5}, {1: 3, 2: 9}),
    ],
)
def test_both_couplings_are_the_lottery_of_the_draft(
    coupling: Coupling, was: Mapping[int, int], now: Mapping[int, int]
) -> None:
    found = draws(coupling, was, now)
    counts = Counter(then for _, then in found)
    for operator, weight in now.items():
        due = len(found) * weight / sum(now.values())
        # Six standard deviations, with a seed that never changes.
        assert abs(counts[operator] - due) < 6 * due**0.5


def test_keeping_moves_as_few_as_any_coupling_can() -> None:
    was, now = {0: 50, 1: 30, 2: 20}, {0: 20, 1: 30, 2: 50}
    moved = {
        coupling: sum(before != then for before, then in draws(coupling, was, now)) / 20_000
        for coupling in COUPLINGS
    }
    assert moved["keep"] == pytest.approx(0.30, abs=0.02)
    assert moved["wheel"] > moved["keep"] + 0.1


def test_repeats_lie_apart_only_where_something_is_drawn_again() -> None:
    steps = [arrives(at, at, ANNA if at % 3 else BORIS) for at in range(1, 60)]
    hands = {ANNA: Hand(90, True, 0), BORIS: Hand(90, True, 0)}
    ground = Ground.of(past(steps, hands))

    def spread(draft: TeamDraft) -> float:
        outcomes = [Replay(ground, draft, seed=seed).finish() for seed in range(5)]
        found = spread_of(outcomes)
        assert found is not None
        assert found.repeats == 5
        return found.got[ANNA]

    assert spread(TeamDraft()) == 0
    assert spread(TeamDraft().with_weight((ANNA, TG), 1, 4)) > 0
    assert spread_of([]) is None


def test_a_replay_is_repeatable() -> None:
    steps = [arrives(at, at, ANNA if at % 3 else BORIS) for at in range(1, 60)]
    draft = TeamDraft().with_weight((BORIS, TG), 1, 3).with_limit(ANNA, 9, 3)
    assert outcome_of(past(steps), draft) == outcome_of(past(steps), draft)


# --- other strategies ---------------------------------------------------------------------------


def by(strategy: str, *entries: Candidate) -> PastSpan:
    """Return a past of six appeals, all of Anna, from a source with another strategy."""
    rosters = {BOTH: Candidates(entries, strategy)}
    steps = [PastLine(ARRIVED, at, 0, at, TG, ANNA, None, BOTH, 0) for at in range(1, 7)]
    return replace(past(steps), rosters=rosters, strategies={TG: strategy})


def test_headroom_goes_by_the_loads_and_limits_of_the_draft() -> None:
    history = by(
        "headroom", Candidate(ANNA, 1, None, (0, 90)), Candidate(BORIS, 1, "fuller", (0, 9))
    )
    assert got(outcome_of(history, TeamDraft())) == {ANNA: 6, BORIS: 0}
    # Twice as many places as Anna: two appeals for each of hers.
    assert got(outcome_of(history, TeamDraft().with_limit(BORIS, 9, 18))) == {ANNA: 2, BORIS: 4}


def test_quota_gives_by_the_weights_of_the_draft_to_the_appeal() -> None:
    history = by("quota", Candidate(ANNA, 1, None, (0,)), Candidate(BORIS, 1, "owed less", (0,)))
    assert got(outcome_of(history, TeamDraft())) == {ANNA: 6, BORIS: 0}
    assert got(outcome_of(history, TeamDraft().with_weight((BORIS, TG), 1, 2))) == {
        ANNA: 2,
        BORIS: 4,
    }


def test_an_unknown_strategy_is_followed_and_beyond_the_record_a_lottery() -> None:
    history = by("of another program", Candidate(ANNA, 1), Candidate(BORIS, 1, "unlucky"))
    assert got(outcome_of(history, TeamDraft())) == {ANNA: 6, BORIS: 0}
    assert sum(got(outcome_of(history, TeamDraft().with_weight((BORIS, TG), 1, 2))).values()) == 6

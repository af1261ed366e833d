"""What really happened, read back and replayed with nothing changed: all of it comes out again."""

import random
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadboard import desk
from leadboard.allocation import audit
from leadboard.allocation.pruning import prune
from leadboard.common.errors import Refused
from leadboard.database.fields import now
from leadboard.foresight.couplings import COUPLINGS, Coupling
from leadboard.foresight.draft import LimitChange, TeamDraft
from leadboard.foresight.history import PastSpan
from leadboard.foresight.replay import Replay
from leadboard.foresight.replay_state import Ground
from leadboard.queries.past import TimeWindow, last_appeals, past_of
from tests.support import ACTOR, elsewhere, opened, rows
from tests.support.past import ACTS, USUAL, Past, Step, steps_of

ALL = last_appeals(10_000)
WAITING = "closed_at IS NULL AND operator_id IS NULL"


def read(window: TimeWindow = ALL) -> PastSpan:
    return past_of(window, lambda done, total: None)


def replayed(history: PastSpan, coupling: Coupling, draft: TeamDraft = TeamDraft()) -> Replay:  # noqa: B008
    replay = Replay(Ground.of(history), draft, coupling)
    replay.finish()
    return replay


def assert_it_comes_out_again(window: TimeWindow) -> None:
    """Check both worlds of a replay with nothing changed against the tables."""
    history = read(window)
    for coupling in COUPLINGS:
        replay = replayed(history, coupling)
        outcome, state = replay.outcome(), replay.state
        assert outcome.elsewhere == 0
        assert outcome.was == outcome.now
        assert outcome.was_courses == outcome.now_courses
        assert state.was.held == state.now.held
        ids = state.team.ids
        loads = set(rows("SELECT id, load FROM operator"))
        for world in (state.was, state.now):
            assert {(ids[at], load) for at, load in enumerate(world.loads)} == loads
            waiting = {appeal for each in world.waiting.values() for appeal in each}
            assert waiting == {key for (key,) in rows(f"SELECT id FROM appeal WHERE {WAITING}")}
            held = {appeal: ids[place] for appeal, place in world.held.items()}
            held_now = rows("SELECT id, operator_id FROM appeal WHERE closed_at IS NULL")
            assert set(held.items()) <= set(held_now)


@settings(
    max_examples=40,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 1000),
    steps=st.lists(st.tuples(st.sampled_from(USUAL), st.integers(0, 10**6)), max_size=60),
    part=st.integers(1, 30),
)
def test_whatever_happened_comes_out_again(
    tmp_path_factory: pytest.TempPathFactory, seed: int, steps: Sequence[Step], part: int
) -> None:
    with opened(tmp_path_factory.mktemp("past") / "past.db"):
        past = Past(seed)
        for step in steps:
            past.do(step)
        assert_it_comes_out_again(ALL)
        assert_it_comes_out_again(last_appeals(part))


@pytest.mark.every_engine
@pytest.mark.parametrize("seed", range(4))
def test_a_long_past_comes_out_again(target: str, seed: int) -> None:
    with opened(target):
        past = Past(seed)
        for step in steps_of(seed, 250):
            past.do(step)
        assert {name for name, _ in steps_of(seed, 250)} == set(ACTS)
        assert_it_comes_out_again(ALL)
        for part in (1, 20, 60):
            assert_it_comes_out_again(last_appeals(part))


@pytest.mark.every_engine
def test_what_many_did_at_once_comes_out_again(target: str) -> None:
    """On a server a roster may be out of date when it is drawn from, and lines out of order."""
    with opened(target):
        past = Past(7)

        def work(seed: int) -> None:
            rng = random.Random(seed)
            for _ in range(40):
                name = rng.choice(["arrive", "arrive", "arrive", "close", "limit", "switch"])
                past.do((name, rng.randrange(10**6)))

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert_it_comes_out_again(ALL)
        assert_it_comes_out_again(last_appeals(30))


@pytest.mark.every_engine
@pytest.mark.parametrize("seed", range(3))
def test_the_rules_alone_lead_to_what_the_allocator_did(target: str, seed: int) -> None:
    """With every limit held fast the replay may take nothing over but draws and handling times."""
    with opened(target):
        past = Past(seed)
        for name, each in steps_of(seed, 300):
            if name in ("arrive", "close"):
                past.do((name, each))
        history = read()
        limits = {
            key: LimitChange(hand.max_load, hand.max_load) for key, hand in history.hands.items()
        }
        state = replayed(history, "wheel", TeamDraft(limits=limits)).state
        assert state.apart
        assert state.was.first == state.now.first
        assert state.was.held == state.now.held
        assert len(state.was.first) > 15


def test_a_repair_moves_loads_and_no_appeals(tmp_path: Path) -> None:
    path = str(tmp_path / "past.db")
    with opened(path):
        past = Past(1)
        for step in steps_of(1, 80):
            past.do(step)
        elsewhere(path, "UPDATE operator SET load = load + 1 WHERE id = 1")
        audit.repair(ACTOR)
        assert_it_comes_out_again(ALL)


def test_what_was_pruned_is_left_out(tmp_path: Path) -> None:
    with opened(tmp_path / "past.db"):
        past = Past(2)
        for step in steps_of(2, 60):
            past.do(step)
        (edge,) = rows("SELECT max(seq) FROM change")[0]
        assert isinstance(edge, int)
        prune(edge, now(), ACTOR, lambda done, total: None)
        for step in steps_of(3, 60):
            past.do(step)
        assert read().steps[0].at >= 0
        assert_it_comes_out_again(ALL)


def test_a_window_of_appeals_leaves_out_and_counts_what_is_more(tmp_path: Path) -> None:
    with opened(tmp_path / "past.db"):
        past = Past(4)
        for number in range(30):
            past.do(("arrive", number))
        day = TimeWindow("last day", timedelta(days=1))
        history = past_of(day, lambda done, total: None, most=10)
        assert (history.arrived, history.left_out) == (10, 20)
        assert read(last_appeals(12)).arrived == 12
        assert past_of(day, lambda done, total: None).arrived == 30
        assert past_of(TimeWindow("", timedelta(0)), lambda done, total: None).arrived == 0


def test_an_empty_desk_has_a_past_too(tmp_path: Path) -> None:
    with opened(tmp_path / "past.db"):
        history = read()
        assert (history.arrived, list(history.steps)) == (0, [])
        assert replayed(history, "keep").outcome().elsewhere == 0


def test_reading_is_stopped_between_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadboard.queries.past_lines.PAGE", 10)
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) == 2:
            raise Refused("Enough.")

    with opened(tmp_path / "past.db"):
        past = Past(4)
        for number in range(45):
            past.do(("arrive", number))
        with pytest.raises(Refused, match="Enough"):
            past_of(ALL, stop)
        (lines,) = rows("SELECT count(*) FROM change")[0]
        assert told == [(10, lines), (20, lines)]
        assert desk.undo(actor=ACTOR).event_id  # nothing is left open

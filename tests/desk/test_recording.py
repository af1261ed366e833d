"""How an act runs on: what frees a place hands out what waits, oldest first, batch by batch."""

from collections.abc import Callable

import pytest

from leadboard import desk
from leadboard.allocation.backlog import DRAIN_BATCH, Drained, drain
from leadboard.allocation.journal import Journal
from leadboard.common.errors import Trouble
from tests.desk.conftest import Crowd
from tests.support import (
    ACTOR,
    add_operator,
    add_source,
    arrive,
    assert_loads_equal_counts,
    holder_of,
    holders,
    load_of,
)
from tests.support.acts import (
    assert_clean,
    assert_record_replays,
    changes_of,
    last_event,
    newest_event_id,
    subjects,
)

pytestmark = pytest.mark.every_engine


FREEING: dict[str, tuple[Callable[[Crowd], object], int]] = {
    "raising a limit": (lambda c: desk.change_operator(c.vera, max_load=2, actor=ACTOR), 1),
    "stepping a limit up": (lambda c: desk.step_limit(c.vera, 1, actor=ACTOR), 1),
    "editing a limit up": (
        lambda c: desk.change_operator(c.vera, name="V", max_load=3, actor=ACTOR),
        2,
    ),
    "activating": (lambda c: desk.change_operator(c.gleb, is_active=True, actor=ACTOR), 1),
    "toggling on": (lambda c: desk.toggle_active([c.gleb], actor=ACTOR), 1),
    "raising a weight": (lambda c: desk.set_weight(c.boris, c.bot, 1, actor=ACTOR), 1),
    "stepping a weight up": (lambda c: desk.step_weight(c.boris, c.bot, 1, actor=ACTOR), 1),
    "spreading": (lambda c: desk.spread(c.bot, actor=ACTOR), 1),
    "closing": (lambda c: desk.close([c.held], actor=ACTOR), 1),
    "moving to another": (lambda c: desk.assign([c.held], c.boris, actor=ACTOR), 1),
}


@pytest.mark.parametrize("name", FREEING)
def test_what_frees_a_place_gives_it_to_who_waited_longest(crowd: Crowd, name: str) -> None:
    act, given = FREEING[name]
    before = subjects()
    act(crowd)
    taken = [holder is not None for holder in holders(crowd.waiting)]
    assert taken == [True] * given + [False] * (3 - given)
    assert_record_replays(newest_event_id(), before, subjects())
    assert {f"appeal:{each}" for each in crowd.waiting[:given]} <= set(
        changes_of(newest_event_id())
    )
    assert str(last_event()[2]).endswith(f"; {given} waiting handed out")
    assert_clean()


def test_adding_a_weight_gives_the_oldest_to_the_new_one(crowd: Crowd) -> None:
    dora = add_operator("Dora", 2)
    desk.set_weight(dora, crowd.bot, 5, actor=ACTOR)
    assert holders(crowd.waiting) == [dora, dora, None]


def test_a_returned_appeal_goes_before_the_younger_ones(crowd: Crowd) -> None:
    desk.give_back([crowd.held], actor=ACTOR)
    assert holder_of(crowd.held) == crowd.vera
    assert holders(crowd.waiting) == [None] * 3


def test_an_arrival_does_not_go_before_those_who_wait(crowd: Crowd) -> None:
    (late,) = arrive(crowd.bot)
    desk.change_operator(crowd.vera, max_load=3, actor=ACTOR)
    assert holders([*crowd.waiting, late]) == [crowd.vera, crowd.vera, None, None]


def test_a_drain_larger_than_a_batch_goes_on_in_further_transactions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = 2 * DRAIN_BATCH + 7
    vera = add_operator("Vera", 0)
    bot = add_source("bot", (vera, 1))
    waiting = arrive(bot, count)
    transactions = _count_drains(monkeypatch)
    done = desk.change_operator(vera, max_load=count, actor=ACTOR)
    assert set(holders(waiting)) == {vera}
    assert load_of(vera) == count
    assert done.note == f"Vera: limit 0 → {count}; {count} waiting handed out"
    assert transactions == [DRAIN_BATCH, DRAIN_BATCH, 7]
    assert_clean()


def _count_drains(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    given: list[int] = []
    real = drain

    def counted(*arguments: object, **options: object) -> Drained:
        drained = real(*arguments, **options)  # type: ignore[arg-type]
        given.append(drained.given)
        return drained

    monkeypatch.setattr("leadboard.allocation.handouts.drain", counted)
    return given


def test_an_act_is_answered_as_done_although_handing_out_the_rest_met_trouble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vera = add_operator("Vera", 0)
    bot = add_source("bot", (vera, 1))
    waiting = arrive(bot, DRAIN_BATCH + 1)
    real, calls = drain, 0

    def drain_once(journal: Journal, **options: int) -> Drained:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Trouble("The disk is full.")
        assert calls == 1
        return real(journal, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("leadboard.allocation.handouts.drain", drain_once)
    done = desk.change_operator(vera, max_load=1_000, actor=ACTOR)
    assert done.event_id == newest_event_id()
    assert holders(waiting)[-2:] == [vera, None]
    assert_loads_equal_counts()

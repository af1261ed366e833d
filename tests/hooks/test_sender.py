"""What a hook's sender does on a clock that the test turns: order, tries, outages, wishes."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from peewee import Database

import allocator
from leadboard import desk
from leadboard.hooks import outbox, registry, sender
from leadboard.hooks.hook_states import dead_events, hook_states
from leadboard.hooks.schedule import WAITS
from leadboard.hooks.sender import HookSender
from leadboard.queries.ledger_lines import lines_after, present
from tests.support import ACTOR, Team, add_team, arrive, number, rows
from tests.support.hooks import (
    BUSY,
    DOWN,
    HANGS,
    LATER,
    Answers,
    Clock,
    Receiver,
    add_hook,
    dead,
    held,
    ledger,
    run_for,
    sender_of,
)
from tests.support.processes import IS_SOAK

pytestmark = pytest.mark.every_engine

AT_LENGTH = pytest.mark.every_engine if IS_SOAK else pytest.mark.sqlite
"""For what takes thousands of turns: on a server as well, but not each time."""


@pytest.fixture
def team(db: Database) -> Team:
    return add_team({"Anna": 5_000}, {"tg": {"Anna": 1}})


@contextmanager
def sending(answers: Answers = lambda _appeal, _seq: 204) -> Iterator[tuple[HookSender, Receiver]]:
    """Yield a sender of the only hook, and its receiver."""
    receiver = Receiver(Clock(), answers)
    with closing(sender_of(number("SELECT min(id) FROM hook"), receiver)) as hook_sender:
        yield hook_sender, receiver


def test_a_hook_is_told_of_what_happens_from_then_on_in_order(team: Team) -> None:
    arrive(team.tg, 2)
    add_hook()
    arrive(team.tg, 2)
    desk.close([1, 3], actor=ACTOR)
    with sending() as (hook_sender, receiver):
        hook_sender.turn()
        assert sorted(receiver.accepted) == [3, 4, 5, 6]
        assert receiver.first_arrivals() == {3: [3, 6], 4: [4], 1: [5]}
        hook_sender.turn()
        assert len(receiver.requests) == 4
    assert (held(), hook_states()[0].behind) == ([], 0)


def test_a_hook_gets_the_kinds_and_the_source_that_it_asked_for(team: Team) -> None:
    add_hook(kinds=("closed", "reopened"))
    arrive(team.tg, 3)
    desk.close([2], actor=ACTOR)
    with sending() as (hook_sender, receiver):
        hook_sender.turn()
        assert receiver.accepted == [4]
    assert hook_states()[0].behind == 0


def test_an_event_is_tried_nine_times_at_the_times_that_are_promised(team: Team) -> None:
    add_hook()
    arrive(team.tg)
    desk.close([1], actor=ACTOR)
    with sending(lambda _appeal, seq: 400 if seq == 1 else 200) as (hook_sender, receiver):
        for wait in (timedelta(), *WAITS):
            receiver.clock.moment += wait * 0.99
            hook_sender.turn()
            receiver.clock.moment += wait * 0.12
            hook_sender.turn()
        tries = [each.at for each in receiver.requests if each.seq == 1]
        assert len(tries) == 9
        # Given up, so that what follows of the same appeal goes on.
        assert receiver.requests[-1][2:] == (2, 200)
        run_for(hook_sender, receiver.clock, pause=3_600, hours=30)
        assert len(receiver.requests) == 10
    [gone] = dead_events()
    assert (gone.seq, gone.appeal_id, gone.tries, gone.failure) == (1, 1, 9, "answered 400")
    assert held() == []


def test_others_go_on_while_one_appeal_is_stuck(team: Team) -> None:
    add_hook()
    arrive(team.tg, 3)
    with sending(lambda appeal, _: 500 if appeal == 2 else 200) as (hook_sender, receiver):
        for _ in range(10):
            desk.close([1, 2, 3], actor=ACTOR)
            desk.reopen([1, 2, 3], actor=ACTOR)
            hook_sender.turn()
        arrived = receiver.first_arrivals()
        assert (len(arrived[1]), len(arrived[3]), arrived.get(2)) == (21, 21, None)
        assert len(held()) == 21
        receiver.answers = lambda _appeal, _seq: 200
        run_for(hook_sender, receiver.clock, minutes=2)
        assert receiver.first_arrivals()[2] == [s for s, appeal in ledger() if appeal == 2]
    assert held() == []


@pytest.mark.parametrize("how", [DOWN, HANGS, 500, 502])
def test_a_receiver_that_was_down_for_an_hour_gets_all_soon_after(team: Team, how: int) -> None:
    """Also the first, which would be due in two hours only."""
    add_hook()
    arrive(team.tg, 3)
    with sending(lambda _appeal, _seq: how) as (hook_sender, receiver):
        run_for(hook_sender, receiver.clock, pause=20, hours=1)
        arrive(team.tg, 4)
        desk.close([1, 2], actor=ACTOR)
        run_for(hook_sender, receiver.clock, pause=20, minutes=5)
        receiver.answers = lambda _appeal, _seq: 200
        run_for(hook_sender, receiver.clock, minutes=6)
        arrived = receiver.first_arrivals()
    assert sorted(seq for seqs in arrived.values() for seq in seqs) == [s for s, _ in ledger()]
    assert all(seqs == sorted(seqs) for seqs in arrived.values())
    assert (held(), dead()) == ([], [])


@AT_LENGTH
def test_a_receiver_that_is_down_for_a_week_costs_little_and_loses_nothing(team: Team) -> None:
    add_hook()
    with sending(lambda _appeal, _seq: DOWN) as (hook_sender, receiver):
        for _ in range(7 * 8):
            arrive(team.tg, 15)
            run_for(hook_sender, receiver.clock, pause=1_800, hours=3)
        assert len(held()) < 1_100
        assert len(receiver.requests) < 10_000
        assert dead() == []
        receiver.answers = lambda _appeal, _seq: 200
        run_for(hook_sender, receiver.clock, pause=10, minutes=6)
        assert sorted(set(receiver.accepted)) == [seq for seq, _ in ledger()]
    assert held() == []


def test_what_is_held_never_outgrows_its_bound(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_APPEALS", 20)
    monkeypatch.setattr(sender, "LINES", 10)
    add_hook()
    arrive(team.tg, 100)
    with sending(lambda _appeal, _seq: 400) as (hook_sender, receiver):
        hook_sender.turn()
        assert (len(held()), hook_states()[0].seq) == (20, 20)
        receiver.answers = lambda _appeal, _seq: 200
        run_for(hook_sender, receiver.clock, seconds=10)
        assert sorted(receiver.accepted) == list(range(1, 101))


@AT_LENGTH
def test_events_that_nobody_could_take_do_not_keep_up_the_others(team: Team) -> None:
    """Five and more of them look like a receiver that is down, until a new line finds it there."""
    add_hook()
    arrive(team.tg, 8)
    with sending(lambda appeal, _: 500 if appeal <= 8 else 200) as (hook_sender, receiver):
        run_for(hook_sender, receiver.clock, seconds=20)
        for _ in range(30):
            arrive(team.tg)
            run_for(hook_sender, receiver.clock, minutes=1)
        assert sorted(receiver.accepted) == list(range(9, 39))
        tries = [each for each in receiver.requests if each.appeal_id == 1]
        assert len(tries) <= 7
        run_for(hook_sender, receiver.clock, pause=600, hours=50)
    assert (held(), dead()) == ([], list(range(1, 9)))


def test_410_switches_a_hook_off_and_on_goes_on_where_it_was(team: Team) -> None:
    hook_id = add_hook()
    arrive(team.tg, 30)
    with sending(lambda _appeal, seq: 410 if seq >= 20 else 200) as (hook_sender, receiver):
        hook_sender.turn()
        assert hook_sender.turn() is False
        assert hook_states()[0].off_because == "the receiver answered 410"
        receiver.answers = lambda _appeal, _seq: 200
        registry.switch_on(hook_id, actor=ACTOR)
        run_for(hook_sender, receiver.clock, seconds=3)
        assert sorted(set(receiver.accepted)) == list(range(1, 31))
    assert held() == []


@pytest.mark.parametrize(("how", "seconds"), [(BUSY, 20), (LATER, 180)])
def test_a_receiver_that_asks_for_it_is_left_alone(team: Team, how: int, seconds: int) -> None:
    add_hook()
    arrive(team.tg, 40)
    with sending(lambda _appeal, seq: how if seq == 1 else 200) as (hook_sender, receiver):
        hook_sender.turn()
        seen = len(receiver.requests)
        assert seen < 10
        receiver.answers = lambda _appeal, _seq: 200
        run_for(hook_sender, receiver.clock, seconds=seconds - 3)
        assert len(receiver.requests) == seen
        run_for(hook_sender, receiver.clock, seconds=5)
        assert sorted(receiver.accepted) == list(range(1, 41))
    assert held() == []


def test_wishes_to_be_left_alone_are_no_failures_of_an_event(team: Team) -> None:
    add_hook()
    arrive(team.tg)
    with sending(lambda _appeal, _seq: BUSY) as (hook_sender, receiver):
        run_for(hook_sender, receiver.clock, minutes=10)
        assert len(receiver.requests) > 20
    assert rows("SELECT attempts, dead_at FROM held_event") == [(0, None)]


def test_a_redirect_is_a_failure_and_is_not_followed(team: Team) -> None:
    add_hook()
    arrive(team.tg)
    with sending(lambda _appeal, _seq: 302) as (hook_sender, receiver):
        hook_sender.turn()
        assert len(receiver.requests) == 1
    assert rows("SELECT failure FROM held_event") == [("answered 302",)]


def test_lines_that_were_pruned_are_an_honest_failure(team: Team) -> None:
    hook_id = add_hook()
    arrive(team.tg, 6)
    present()
    rows("DELETE FROM change WHERE seq <= 4")
    rows("UPDATE ledger_bounds SET pruned = 4")
    with sending() as (hook_sender, receiver):
        hook_sender.turn()
        assert sorted(receiver.accepted) == [5, 6]
    [gap] = dead_events(hook_id)
    assert (gap.appeal_id, gap.tries) == (None, 0)
    assert gap.failure == "the ledger was pruned: the lines from 1 to 4 were not sent"
    assert registry.replay_failed(hook_id, (), actor=ACTOR) == 0
    assert dead_events() == []


def test_a_place_beyond_the_ledger_switches_a_hook_off(team: Team) -> None:
    add_hook()
    rows("UPDATE hook SET seq = 99")
    with sending() as (hook_sender, _):
        hook_sender.turn()
    assert "The ledger ends before 99" in str(hook_states()[0].off_because)


def test_too_many_events_given_up_switch_a_hook_off(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MOST_DEAD", 5)
    add_hook()
    arrive(team.tg, 5)
    with sending(lambda _appeal, _seq: 400) as (hook_sender, receiver):
        run_for(hook_sender, receiver.clock, pause=600, hours=50)
    assert hook_states()[0].off_because == "5 events could not be delivered"


def test_what_was_given_up_can_be_replayed_all_or_one(team: Team) -> None:
    hook_id = add_hook()
    arrive(team.tg, 3)
    with sending(lambda _appeal, _seq: 400) as (hook_sender, receiver):
        run_for(hook_sender, receiver.clock, pause=600, hours=50)
        assert dead() == [1, 2, 3]
        receiver.answers = lambda _appeal, _seq: 200
        assert registry.replay_failed(hook_id, (2,), actor=ACTOR) == 1
        run_for(hook_sender, receiver.clock, seconds=3)
        assert receiver.accepted == [2]
        assert registry.replay_failed(hook_id, (), actor=ACTOR) == 2
        run_for(hook_sender, receiver.clock, seconds=3)
        assert sorted(receiver.accepted) == [1, 2, 3]
    assert (held(), dead()) == ([], [])


def test_a_hook_that_is_set_back_sends_everything_again(team: Team) -> None:
    hook_id = add_hook()
    arrive(team.tg, 5)
    with sending(lambda _appeal, seq: 400 if seq == 4 else 200) as (hook_sender, receiver):
        hook_sender.turn()
        registry.replay_since(hook_id, 2, actor=ACTOR)
        assert held() == []
        receiver.answers = lambda _appeal, _seq: 200
        run_for(hook_sender, receiver.clock, seconds=3)
        assert sorted(receiver.accepted) == [1, 2, 3, 3, 4, 5, 5]


def test_a_round_whose_hook_was_set_back_meanwhile_is_not_stored(team: Team) -> None:
    hook_id = add_hook()
    arrive(team.tg, 3)

    def set_back(_appeal: int, seq: int) -> int:
        if len(receiver.requests) == 1:
            registry.replay_since(hook_id, 0, actor=ACTOR)
            rows("UPDATE hook SET seq = 1")
        return 200

    with sending(set_back) as (hook_sender, receiver):
        hook_sender.turn()
        assert rows("SELECT seq FROM hook") == [(1,)]
        hook_sender.turn()
        assert sorted(receiver.accepted) == [1, 2, 2, 3, 3]


def test_the_largest_event_is_below_20_kb(db: Database) -> None:
    """With texts as long as they may be, of letters that take the most bytes."""
    letter = "🚀"
    for name in ("a", "b"):
        desk.add_operator(
            letter * 79 + name, 1, contact=letter * 200, is_active=True, actor=letter * 80
        )
    desk.add_source(letter * 80, actor=letter * 80)
    desk.set_weight(1, 1, 1, actor=ACTOR)
    for key, message in (("1", letter * 10_000), ("2", "\x01" * 10_000)):
        allocator.submit(letter * 200, 1, message, letter * 199 + key)
    desk.assign([1, 2], 2, force=True, actor=letter * 80)
    present()
    bodies = [sender.body_of(line).encode() for line in lines_after(0, messages=True)]
    assert len(bodies) == 4
    assert 15_000 < max(map(len, bodies)) < 20_000

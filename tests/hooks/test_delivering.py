"""The deliverer as a part of another program: it starts, serves every hook, outlasts, and ends."""

import threading
import time

import pytest
from peewee import Database

from leadboard.common.errors import ServerLost
from leadboard.hooks import delivering, outbox
from leadboard.hooks.complaints import Complaints
from leadboard.hooks.delivering import Deliverer
from leadboard.hooks.hook_states import hook_states
from leadboard.hooks.sender import HookSender
from tests.hooks.test_sending import OK, answering, serving
from tests.support import add_team, arrive
from tests.support.hooks import add_hook
from tests.support.waiting import until

pytestmark = pytest.mark.every_engine


def test_it_serves_hooks_that_are_added_later_and_leaves_no_thread(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    before, said = threading.active_count(), list[str]()
    deliverer = Deliverer(said.append)
    deliverer.start()
    with serving(answering(OK)) as (port, requests):
        for name in ("one", "two"):
            add_hook(f"http://127.0.0.1:{port}/{name}")
        arrive(team.tg, 2)
        until(lambda: all(each.behind == 0 for each in hook_states()))
        assert sorted(each.split()[1] for each in requests) == [b"/one"] * 2 + [b"/two"] * 2
        deliverer.stop()
    # The server of the test has a thread of its own, which ends when it likes.
    until(lambda: threading.active_count() <= before)
    assert said == []


def test_a_fault_of_one_hook_is_told_and_does_not_end_the_others(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    said: list[str] = []
    turn = HookSender.turn

    def faulty(sender: HookSender) -> bool:
        if sender.hook_id == 1:
            raise ZeroDivisionError
        return turn(sender)

    monkeypatch.setattr(HookSender, "turn", faulty)
    deliverer = Deliverer(said.append)
    with serving(answering(OK)) as (port, requests):
        for name in ("one", "two"):
            add_hook(f"http://127.0.0.1:{port}/{name}")
        arrive(team.tg)
        deliverer.start()
        until(lambda: bool(requests) and bool(said))
        deliverer.stop()
    assert [each.split()[1] for each in requests] == [b"/two"]
    assert len(said) == 1
    assert said[0].startswith("Unexpected error (ZeroDivisionError); the details are in ")
    state = next(each for each in hook_states() if each.id == 1)
    assert (state.held, state.dead, state.behind, state.off_because) == (0, 0, 1, None)


def test_a_database_out_of_reach_is_outlasted_and_said_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    said: list[str] = []
    is_lost = threading.Event()
    turn, look = HookSender.turn, outbox.hooks_on

    def lost(sender: HookSender) -> bool:
        if is_lost.is_set():
            raise ServerLost("The database server was lost.")
        return turn(sender)

    def none_found() -> list[int]:
        if is_lost.is_set():
            raise ServerLost("The database server was lost.")
        return look()

    monkeypatch.setattr(HookSender, "turn", lost)
    monkeypatch.setattr(delivering, "hooks_on", none_found)
    deliverer = Deliverer(said.append)
    with serving(answering(OK)) as (port, requests):
        for name in ("one", "two", "three"):
            add_hook(f"http://127.0.0.1:{port}/{name}")
        deliverer.start()
        arrive(team.tg)
        until(lambda: len(requests) == 3)
        is_lost.set()
        until(lambda: bool(said))
        time.sleep(2.5)
        assert said == ["The database server was lost. Still trying."]
        is_lost.clear()
        arrive(team.tg)
        until(lambda: len(requests) == 6)
        deliverer.stop()
    assert len(said) == 1


def test_what_several_threads_find_is_said_once_until_all_are_back() -> None:
    said: list[str] = []
    complaints = Complaints(said.append)
    lost = ServerLost("Lost.")
    complaints.add(lost)
    other = threading.Thread(target=complaints.add, args=(lost,))
    other.start()
    other.join()
    complaints.add(lost)
    assert said == ["Lost. Still trying."]
    complaints.clear()
    complaints.add(lost)
    assert len(said) == 1

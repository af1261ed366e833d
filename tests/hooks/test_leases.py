"""Two senders never work on one hook at once, and one that is killed is followed by another."""

import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from peewee import Database

from leadboard.database.connection import database
from leadboard.database.fields import now
from leadboard.hooks.hook_states import hook_states
from leadboard.hooks.outbox import LEASE, Lease
from tests.hooks.test_kills import QUICK, kept_by, receiving, wait_until_delivered
from tests.support import add_team, arrive, number, opened, rows
from tests.support.floor import free_port
from tests.support.hooks import Clock, Receiver, add_hook, add_secret_hook, ledger, sender_of
from tests.support.processes import ROOT

pytestmark = pytest.mark.every_engine


def test_a_lease_is_for_one_until_it_ends_or_is_released(db: Database) -> None:
    hook_id, moment = add_hook(), now()
    first, second = Lease(hook_id, "first"), Lease(hook_id, "second")
    assert first.take(moment)
    assert not second.take(moment)
    assert first.take(moment + LEASE / 2)
    assert not second.take(moment + LEASE)
    assert second.take(moment + LEASE * 2)
    assert not first.take(moment + LEASE * 2)
    assert not first.keep(moment + LEASE * 2)
    first.release()
    assert rows("SELECT sender FROM hook") == [("second",)]
    second.release()
    assert first.take(moment)


def test_a_lease_is_kept_while_it_is_used_and_only_then(db: Database) -> None:
    lease, moment = Lease(add_hook(), "one"), now()
    lease.take(moment)
    for _ in range(10):
        moment += timedelta(seconds=9)
        assert lease.keep(moment)
    rows("UPDATE hook SET off_because = 'switched off'")
    assert lease.keep(moment)
    assert not lease.keep(moment + timedelta(seconds=11))


def test_a_sender_that_has_lost_its_lease_writes_nothing(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    add_hook()
    arrive(team.tg, 3)

    def steal(_appeal: int, _seq: int) -> int:
        rows("UPDATE hook SET sender = 'another'")
        return 400

    receiver = Receiver(Clock(), steal)
    with closing(sender_of(1, receiver)) as hook_sender:
        hook_sender.turn()
        assert len(receiver.requests) == 3
        assert rows("SELECT seq, sender FROM hook") == [(0, "another")]
        assert number("SELECT count(*) FROM held_event") == 0
        # Whoever took it over may have died: then everything is sent once more.
        receiver.answers = lambda _appeal, _seq: 200
        receiver.clock.turn(seconds=LEASE.total_seconds() + 1)
        hook_sender.turn()
    assert sorted(receiver.accepted) == [1, 2, 3]


def test_many_senders_at_once_send_each_event_once(db: Database) -> None:
    team = add_team({"Anna": 900}, {"tg": {"Anna": 1}})
    add_hook()
    receiver = Receiver(Clock())
    is_over = threading.Event()

    def serve() -> None:
        with closing(sender_of(1, receiver)) as hook_sender:
            while not is_over.is_set():
                hook_sender.turn()
        database.close()

    threads = [threading.Thread(target=serve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        arrive(team.tg, 10)
    give_up = time.monotonic() + 60
    while len(receiver.requests) < 200 and time.monotonic() < give_up:
        time.sleep(0.02)
    is_over.set()
    for thread in threads:
        thread.join()
    assert Counter(receiver.accepted) == dict.fromkeys(range(1, 201), 1)


def test_another_goes_on_after_a_sender_was_killed_in_the_middle(
    target: str, tmp_path: Path
) -> None:
    port, kept = free_port(), tmp_path / "kept.jsonl"
    with opened(target):
        team = add_team({"Anna": 900}, {"tg": {"Anna": 1}})
        secret = add_secret_hook(f"http://127.0.0.1:{port}/in")
        arrive(team.tg, 800)
    command = [sys.executable, "-c", QUICK, "--db", target, "deliver"]
    slow = receiving(port, secret, kept, 7, 0.01)()
    first = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        give_up = time.monotonic() + 60
        while not kept.exists() and time.monotonic() < give_up:
            time.sleep(0.01)
        first.kill()
        with opened(target):
            assert hook_states()[0].behind > 0
        second = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            wait_until_delivered(target)
        finally:
            second.kill()
            second.wait()
    finally:
        for process in (first, slow):
            process.kill()
            process.wait()
    with opened(target):
        seqs = {each["event"]["seq"] for each in kept_by(kept)}
        assert seqs == {seq for seq, _ in ledger()}
        [state] = hook_states()
        assert (state.held, state.dead, state.behind, state.off_because) == (0, 0, 0, None)

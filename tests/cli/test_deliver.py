"""Delivering from the command line: once, or until a signal comes."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from leadboard.database.fields import now, stamp
from leadboard.hooks import registry
from tests.hooks.test_kills import kept_by, receiving
from tests.hooks.test_sending import OK, answering, serving
from tests.support import ACTOR, add_team, arrive, opened, rows
from tests.support.floor import free_port
from tests.support.hooks import add_hook, add_secret_hook
from tests.support.processes import IS_SOAK, ROOT, leadboard

# What is below it is tried on every engine in tests/hooks.
pytestmark = [pytest.mark.every_engine] if IS_SOAK else []

DELIVER = [sys.executable, "-m", "leadboard.cli"]


@pytest.fixture
def floor(target: str) -> str:
    with opened(target):
        add_team({"Anna": 900}, {"tg": {"Anna": 1}})
    return target


def wait_for(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_once_sends_what_there_is_and_leaves(floor: str) -> None:
    with serving(answering(OK)) as (port, requests):
        with opened(floor):
            add_hook(f"http://127.0.0.1:{port}/one")
            add_hook(f"http://127.0.0.1:{port}/two", kinds=("closed",))
            arrive(1, 5)
        done = leadboard(floor, "deliver", "--once")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert len(requests) == 5
        assert all(each.startswith(b"POST /one ") for each in requests)
        assert leadboard(floor, "deliver", "--once").returncode == 0
        assert len(requests) == 5


def test_once_ends_with_1_if_something_could_not_be_delivered(floor: str) -> None:
    with serving(answering(b"HTTP/1.1 500 X\r\n\r\n")) as (port, requests):
        with opened(floor):
            add_hook(f"http://127.0.0.1:{port}/")
            arrive(1, 2)
        assert leadboard(floor, "deliver", "--once").returncode == 1
        # Nothing is due, but one of them finds out whether the receiver is back.
        assert leadboard(floor, "deliver", "--once").returncode == 1
        assert len(requests) == 3
    with opened(floor):
        assert rows("SELECT attempts FROM held_event") == [(1,), (1,)]
    with serving(answering(b"HTTP/1.1 400 X\r\n\r\n")) as (port, requests):
        with opened(floor):
            rows("UPDATE hook SET address = ?", f"http://127.0.0.1:{port}/")
            rows("UPDATE held_event SET due_at = ?", stamp(now()))
        assert leadboard(floor, "deliver", "--once").returncode == 1
        assert leadboard(floor, "deliver", "--once").returncode == 0
        assert len(requests) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_goes_on_until_a_signal_comes_and_notices_new_hooks(
    floor: str, number: int, tmp_path: Path
) -> None:
    port, kept = free_port(), tmp_path / "kept.jsonl"
    command = [*DELIVER, "--db", floor, "deliver"]
    deliverer = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert deliverer.stderr is not None
    assert deliverer.stderr.readline() == "Delivering to hooks; Ctrl-C ends.\n"
    with opened(floor):
        secret = add_secret_hook(f"http://127.0.0.1:{port}/")
        receiver = receiving(port, secret, kept, 1, 0.0)()
        try:
            arrive(1, 3)
            wait_for(lambda: kept.exists() and len(kept_by(kept)) == 3)
            # Switched off and on again it is taken up again, too.
            registry.switch_off(1, actor=ACTOR)
            arrive(1)
            time.sleep(2)
            assert len(kept_by(kept)) == 3
            registry.switch_on(1, actor=ACTOR)
            wait_for(lambda: len(kept_by(kept)) == 4)
            deliverer.send_signal(number)
            assert deliverer.wait(timeout=30) == 128 + number
            assert deliverer.stderr.read() == ""
            assert rows("SELECT sender FROM hook") == [(None,)]
        finally:
            for process in (deliverer, receiver):
                process.kill()
                process.wait()


def test_a_signal_does_not_wait_for_a_receiver_that_hangs(floor: str) -> None:
    """What is on its way has a few seconds; then it is kept, to be sent again."""
    with serving(lambda _: time.sleep(60)) as (port, requests):
        with opened(floor):
            add_hook(f"http://127.0.0.1:{port}/")
            arrive(1)
        command = [*DELIVER, "--db", floor, "deliver"]
        deliverer = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        wait_for(lambda: len(requests) == 1)
        deliverer.terminate()
        assert deliverer.wait(timeout=14) == 128 + signal.SIGTERM
    with opened(floor):
        assert rows("SELECT attempts, failure FROM held_event") == [(0, "")]
        assert rows("SELECT sender FROM hook") == [(None,)]


@pytest.mark.sqlite
def test_a_database_that_is_locked_is_said_once_and_outlasted(floor: str, tmp_path: Path) -> None:
    port, kept = free_port(), tmp_path / "kept.jsonl"
    with opened(floor):
        secret = add_secret_hook(f"http://127.0.0.1:{port}/")
    receiver = receiving(port, secret, kept, 1, 0.0)()
    impatient = (
        "from leadboard.database import transactions; transactions.PATIENCE = 0.2; "
        "from leadboard.cli.main import main; main()"
    )
    command = [sys.executable, "-c", impatient, "--db", floor, "deliver"]
    deliverer = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert deliverer.stderr is not None
    deliverer.stderr.readline()
    try:
        with opened(floor):
            arrive(1, 3)
            rows("BEGIN IMMEDIATE")
            time.sleep(4)
            assert not kept.exists()
            rows("COMMIT")
            wait_for(lambda: kept.exists() and len(kept_by(kept)) == 3)
        deliverer.terminate()
        said = deliverer.communicate(timeout=30)[1].splitlines()
        assert len(said) == 1
        assert said[0].endswith("Still trying.")
    finally:
        for process in (deliverer, receiver):
            process.kill()
            process.wait()


def test_the_message_comes_only_when_it_was_asked_for_and_is_cut(floor: str) -> None:
    with serving(answering(OK)) as (port, requests):
        address = f"http://127.0.0.1:{port}/"
        for options in ([], ["--messages"]):
            assert leadboard(floor, "hook", "add", address, "--private", *options).returncode == 0
        with opened(floor):
            arrive(1)
            rows("UPDATE appeal SET message = ?", "я" * 9_000)
        assert leadboard(floor, "deliver", "--once").returncode == 0
        bodies = [json.loads(each.partition(b"\r\n\r\n")[2]) for each in requests]
        appeals = [each["data"]["appeal"] for each in bodies]
        assert "message" not in appeals[0]
        assert appeals[1]["message"] == "я" * 2_000
        followed = leadboard(floor, "follow", "--once", "--since", "start").stdout
        assert bodies[0] == json.loads(followed)

"""Writers, a door, a deliverer and a receiver are killed: nothing is lost, order is kept."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from leadboard.hooks.hook_states import hook_states
from leadboard.queries.ledger_lines import present
from tests.support import add_team, opened, rows
from tests.support.floor import (
    DISPATCHER,
    Start,
    feeding,
    free_port,
    kill_at_random,
    replayed,
    script,
    seed_of_run,
    write_lines,
)
from tests.support.hooks import add_secret_hook, ledger
from tests.support.processes import IS_SOAK, ROOT

pytestmark = pytest.mark.every_engine

APPEALS, KILLS = (10_000, 150) if IS_SOAK else (500, 8)

QUICK = """
from datetime import timedelta
from leadboard.hooks import outbox, rounds, schedule, sender
outbox.LEASE, schedule.TIMEOUT, rounds.GRACE = timedelta(seconds=3), 1.0, 0.5
schedule.WAITS = (timedelta(seconds=0.3),) * 1_000
schedule.SHORTEST_PROBE = schedule.LONGEST_PROBE = timedelta(seconds=0.5)
sender.PAUSE, sender.LINES = 0.05, 50
from leadboard.cli.main import main
main()
"""
"""The program, but with a lease and waits of moments: a kill costs as long as they last."""


def sending(target: str, *command: str) -> Start:
    """Return how to start a program that sends to hooks: `deliver`, or a door."""
    words = [sys.executable, "-c", QUICK, "--db", target, *command]
    return lambda: subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL)


def receiving(port: int, secret: str, file: Path, seed: int, trouble: float) -> Start:
    command = [sys.executable, "-m", "tests.support.receiver", str(port), secret, str(file)]
    more = [str(seed), str(trouble)]
    return lambda: subprocess.Popen([*command, *more], cwd=ROOT, stdout=subprocess.DEVNULL)


def wait_until_delivered(target: str) -> None:
    give_up = time.monotonic() + (900 if IS_SOAK else 120)
    with opened(target):
        while True:
            [state] = hook_states()
            if (state.behind, state.held) == (0, 0):
                return
            assert time.monotonic() < give_up, state
            time.sleep(0.2)


def kept_by(file: Path) -> list[dict[str, Any]]:
    """Return what the receiver kept; a kill may have cut off nothing, since a line is one write."""
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def test_nothing_is_lost_and_order_is_kept_whoever_is_killed(target: str, tmp_path: Path) -> None:
    seed = seed_of_run()
    print(f"seed {seed}")  # noqa: T201 - pytest shows it with a failure, to replay it
    rng = random.Random(seed)
    port, kept = free_port(), tmp_path / "kept.jsonl"
    with opened(target):
        add_team({"Anna": 90, "Boris": 300}, {"tg": {"Anna": 1, "Boris": 1}, "vk": {"Boris": 1}})
        secret = add_secret_hook(f"http://127.0.0.1:{port}/in")
    lines = write_lines(tmp_path / "lines", APPEALS)
    starts = [
        feeding(target, lines),
        script(DISPATCHER, target, seed),
        receiving(port, secret, kept, seed, 0.05),
        sending(target, "deliver"),
        sending(target, "serve", "--port", "0"),
    ]
    kill_at_random(target, starts, KILLS, rng)
    finishing = [start() for start in (starts[0], starts[3], starts[4])]
    good = receiving(port, secret, kept, seed, 0.0)()
    try:
        assert finishing[0].wait(timeout=300) == 0
        wait_until_delivered(target)
    finally:
        for process in (*finishing, good):
            process.kill()
            process.wait()
    check(target, kept_by(kept))


def check(target: str, kept: list[dict[str, Any]]) -> None:
    assert not [each for each in kept if "forged" in each]
    first: dict[str, dict[str, Any]] = {}
    for each in kept:
        first.setdefault(each["id"], each["event"])
        assert first[each["id"]] == each["event"], "a repeat must be the same"
    arrived = list(first.values())
    with opened(target):
        present()
        assert sorted(event["seq"] for event in arrived) == [seq for seq, _ in ledger()]
        last: dict[int, int] = {}
        for event in arrived:
            appeal_id = event["data"]["appeal"]["id"]
            assert last.get(appeal_id, 0) < event["seq"]
            last[appeal_id] = event["seq"]
        stored = {
            key: (operator_id, _status(operator_id, closed_at, withdrawn))
            for key, operator_id, closed_at, withdrawn in rows(
                "SELECT id, operator_id, closed_at, withdrawn FROM appeal"
            )
        }
        assert replayed(arrived) == stored
        assert rows("SELECT count(*) FROM held_event") == [(0,)]


def _status(operator_id: object, closed_at: object, withdrawn: object) -> str:
    if closed_at is not None:
        return "withdrawn" if withdrawn else "closed"
    return "waiting" if operator_id is None else "open"

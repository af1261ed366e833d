"""The receiver that docs/hooks.md prints verifies, passes over repeats, and is not fooled."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from leadboard import desk
from leadboard.database.program_tables import Hook
from leadboard.hooks import registry
from leadboard.hooks.schedule import WAITS
from tests.support import ACTOR, add_team, arrive, opened
from tests.support.floor import free_port
from tests.support.hooks import add_secret_hook
from tests.support.processes import ROOT, leadboard

PAGE = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")


@pytest.fixture
def receiver() -> Iterator[tuple["subprocess.Popen[str]", int, str]]:
    """The printed program, its port, and the secret that it verifies with."""
    [program] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    port, secret = free_port(), registry.new_secret()
    env = os.environ | {"SECRET": secret, "PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        wait_for_port(port)
        yield process, port, secret
    finally:
        process.kill()
        process.wait()


def wait_for_port(port: int) -> None:
    give_up = time.monotonic() + 20
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/", trust_env=False)
        except httpx.TransportError:
            assert time.monotonic() < give_up
            time.sleep(0.05)
        else:
            return


def test_the_printed_receiver_takes_each_event_once(
    tmp_path: Path, receiver: tuple["subprocess.Popen[str]", int, str]
) -> None:
    process, port, secret = receiver
    target = str(tmp_path / "t.db")
    with opened(target):
        team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
        add_secret_hook(f"http://127.0.0.1:{port}/")
        Hook.update(secret=secret).execute()
        arrive(team.tg, 2)
        desk.close([1], actor=ACTOR)
    assert leadboard(target, "hook", "test", "1").returncode == 0
    assert leadboard(target, "deliver", "--once").returncode == 0
    assert leadboard(target, "hook", "replay", "1", "--since", "start").returncode == 0
    assert leadboard(target, "deliver", "--once").returncode == 0
    forged = httpx.post(
        f"http://127.0.0.1:{port}/",
        content=b'{"seq": 9, "type": "appeal.closed", "data": {"appeal": {"id": 7}}}',
        headers={"webhook-id": "evt_9", "webhook-timestamp": "1", "webhook-signature": "v1,x"},
        trust_env=False,
    )
    assert forged.status_code == 400
    process.kill()
    printed = process.communicate()[0].splitlines()
    assert sorted(printed) == ["1 appeal.received 1", "2 appeal.received 2", "3 appeal.closed 1"]


def test_the_printed_times_are_those_of_the_schedule() -> None:
    words = {1: "s", 60: "min", 3_600: "h"}
    printed = []
    for wait in WAITS:
        seconds = int(wait.total_seconds())
        unit = max(size for size in words if seconds >= size)
        printed.append(f"{seconds // unit} {words[unit]}")
    *first, last = printed
    assert f"{', '.join(first)} and {last} after" in PAGE.replace("\n", " ")

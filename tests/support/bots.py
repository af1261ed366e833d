"""Bots that never give up: each sends what it has until it is acknowledged, under the same keys."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.support import number, rows
from tests.support.door import RunningDoor
from tests.support.processes import ROOT

BATCH = 3
"""Appeals that a bot sends before it waits for their answers."""

PAUSE = 0.02
"""Seconds between two batches, so that a test needs no great disk."""

LIMIT = 60.0
"""Seconds after which a test gives up, for a busy machine; what it waits for takes a few."""

Conditions = Mapping[str, Callable[[], bool]]

PROGRAM = (sys.executable, "-m", "leadboard.cli")


class Bot(ABC):
    """Sends appeals of one lead by the source `tg`, in a thread of its own."""

    def __init__(self, name: str) -> None:
        self.acknowledged: list[tuple[str, int]] = []
        """The key and the id of each appeal that was answered, in the order of the answers."""
        self.sent: set[str] = set()
        self.refusals = 0
        """How often a batch was not acknowledged and had to be sent again."""
        self.name = name
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Bot":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._break_off()
        self._thread.join(60)

    def stop(self) -> None:
        """Finish the batch under way, or give it up if it is refused, and end."""
        self._is_over.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        for batch in count(1):
            keys = [f"{self.name}-{batch}-{each}" for each in range(BATCH)]
            while not self._is_over.is_set():
                self.sent.update(keys)
                ids = self._ids(keys)
                self.acknowledged += zip(keys, ids, strict=False)
                if len(ids) == len(keys):
                    break
                self.refusals += 1
                time.sleep(PAUSE)
            if self._is_over.wait(PAUSE):
                break
        self._close()

    def _appeal(self, key: str) -> dict[str, object]:
        return {"external_id": self.name, "message": f"text of {key}", "key": key}

    @abstractmethod
    def _ids(self, keys: Sequence[str]) -> list[int]:
        """Send appeals; return their ids, fewer if some were not acknowledged."""

    @abstractmethod
    def _break_off(self) -> None:
        """Let go of what the bot waits for."""

    @abstractmethod
    def _close(self) -> None:
        """Let go of what the bot has open."""


class DoorBot(Bot):
    """A bot that sends to the HTTP door."""

    def __init__(self, name: str, door: RunningDoor) -> None:
        super().__init__(name)
        self._client = door.client()

    def _ids(self, keys: Sequence[str]) -> list[int]:
        ids = []
        for key in keys:
            try:
                answer = self._client.post("/appeals/", json={**self._appeal(key), "source_id": 1})
            except httpx.TransportError:
                break
            if answer.status_code not in {200, 201}:
                assert answer.status_code == 503, answer.text
                break
            ids.append(int(answer.json()["id"]))
        return ids

    def _break_off(self) -> None:
        """Do nothing: its requests have a limit."""

    def _close(self) -> None:
        self._client.close()


class FeedBot(Bot):
    """A bot that writes into a `leadboard feed`, and starts another when that one ends."""

    def __init__(self, name: str, target: str, folder: Path) -> None:
        super().__init__(name)
        self._target = target
        self._log = folder / f"{name}.log"
        self._feed = self._started()

    @property
    def said(self) -> str:
        """Return what its feeds have said so far on standard error."""
        return self._log.read_text()

    def _started(self) -> "subprocess.Popen[str]":
        with self._log.open("a") as log:
            return subprocess.Popen(
                [*PROGRAM, "--db", self._target, "feed"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
            )

    def _ids(self, keys: Sequence[str]) -> list[int]:
        assert self._feed.stdin is not None
        assert self._feed.stdout is not None
        lines = [json.dumps({**self._appeal(key), "source": "tg"}) for key in keys]
        try:
            self._feed.stdin.write("\n".join([*lines, ""]))
            self._feed.stdin.flush()
            answers = [self._feed.stdout.readline() for _ in keys]
        except BrokenPipeError:
            answers = []
        ids = [int(json.loads(line)["id"]) for line in answers if line]
        if len(ids) < len(keys):
            self._feed.kill()
            self._close()
            self._feed = self._started()
        return ids

    def _break_off(self) -> None:
        self._feed.kill()

    def _close(self) -> None:
        self._feed.communicate(timeout=60)


class Follower:
    """A `leadboard follow` from the start, and the lines that it has written."""

    def __init__(self, target: str, folder: Path) -> None:
        self.lines: list[dict[str, Any]] = []
        self._log = folder / "follow.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [*PROGRAM, "--db", target, "follow", "--since", "start"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
            )
        self._thread = threading.Thread(target=self._read, daemon=True)

    @property
    def said(self) -> str:
        """Return what it has said so far on standard error."""
        return self._log.read_text()

    @property
    def has_all(self) -> bool:
        """Tell whether it has written every change that is stored in the open database."""
        return len(self.lines) == number("SELECT count(*) FROM appeal_step")

    def __enter__(self) -> "Follower":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._thread.join(60)
        assert not self._thread.is_alive()
        self._process.communicate()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(json.loads(line))


def further(bots: Sequence[Bot], follower: Follower) -> Conditions:
    """Return, for each of them, whether it has got further than it is now."""

    def is_beyond(grown: Sequence[object], known: int) -> Callable[[], bool]:
        return lambda: len(grown) > known

    lists = {bot.name: bot.acknowledged for bot in bots} | {"follower": follower.lines}
    return {name: is_beyond(grown, len(grown)) for name, grown in lists.items()}


async def when(conditions: Conditions) -> dict[str, float]:
    """Wait until each condition was true once; return after how many seconds each was."""
    begun, found = time.monotonic(), dict[str, float]()
    while len(found) < len(conditions):
        passed = time.monotonic() - begun
        found |= {
            name: round(passed, 2) for name in conditions.keys() - found if conditions[name]()
        }
        assert passed < LIMIT, conditions.keys() - found
        await asyncio.sleep(0.01)
    return found


def assert_stored_and_told(bots: Sequence[Bot], follower: Follower) -> None:
    """Fail unless what was acknowledged is stored once, and told in order by a whole ledger.

    To be asked of the open database when the bots have ended and the follower has written all.
    """
    stored = rows("SELECT key, id FROM appeal")
    keys = {key for key, _ in stored}
    assert len(keys) == len(stored)
    for bot in bots:
        # As pairs: a key that was sent again must have got the same id again.
        assert set(bot.acknowledged) <= set(stored)
        assert {key for key in keys if str(key).startswith(bot.name)} <= bot.sent
    lines = [(line["seq"], line["data"]["appeal"]["id"]) for line in follower.lines]
    assert lines == rows("SELECT seq, appeal_id FROM change ORDER BY seq")
    assert [seq for seq, _ in lines] == list(range(1, len(lines) + 1))

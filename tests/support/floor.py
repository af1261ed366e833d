"""A floor at work whose programs are killed at any moment: bots, dispatchers, followers."""

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from leadboard.database.transactions import patiently, reading
from tests.support import number, opened
from tests.support.processes import ROOT

Line = dict[str, Any]

PROGRAM = (sys.executable, "-m", "leadboard.cli")

DISPATCHER = """
import random, sys
import models
from leadboard import desk
from leadboard.common.errors import Refused, Trouble
from leadboard.database.connection import rows
from models import Appeal, Operator
rng = random.Random(int(sys.argv[2]))
actor = f"dispatcher {sys.argv[2]}"
models.open_database(sys.argv[1])

def some():
    newest = rows(Appeal.select(Appeal.id).order_by(Appeal.id.desc()).limit(1))
    last = newest[0][0] if newest else 1
    return rng.sample(range(1, last + 1), min(last, rng.choice((1, 1, 3, 40))))

def anybody():
    return rng.choice(rows(Operator.select(Operator.id)))[0]

ACTS = (
    lambda: desk.close(some(), actor=actor),
    lambda: desk.close(some(), actor=actor),
    lambda: desk.assign(some(), anybody(), force=rng.random() < 0.3, actor=actor),
    lambda: desk.give_back(some(), actor=actor),
    lambda: desk.reopen(some(), actor=actor),
    lambda: desk.send_home([anybody()], actor=actor),
    lambda: desk.toggle_active([anybody()], actor=actor),
    lambda: desk.change_operator(anybody(), max_load=rng.randrange(5, 400), actor=actor),
    lambda: desk.submit(f"call {rng.random()}", 1, "by phone", actor=actor),
    lambda: desk.undo(actor=actor),
    lambda: desk.redo(actor=actor),
)
while True:
    try:
        rng.choice(ACTS)()
    except (Refused, Trouble):
        pass
"""

BOT = """
import sys
import allocator, models
from leadboard.common.errors import Trouble
models.open_database(sys.argv[1])
number = 0
while True:
    try:
        allocator.submit(f"bot {number % 50}", 1 + number % 2, "hello", f"{sys.argv[2]} {number}")
    except Trouble:
        pass
    number += 1
"""


CALLER = """
import http.client, itertools, json, sys, time, urllib.error, urllib.request
for number in itertools.count():
    body = {"external_id": f"web {number}", "source_id": 2, "message": "hi", "key": str(number)}
    ask = urllib.request.Request(
        f"http://127.0.0.1:{sys.argv[2]}/appeals/", json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(ask, timeout=2).read()
    except (OSError, ValueError, http.client.HTTPException):
        time.sleep(0.05)
"""

KEYS = (
    "\x1bOS",
    "c",
    "c",
    "o",
    "r",
    "m",
    "\r",
    "y",
    "u",
    "U",
    "j",
    "j",
    "k",
    " ",
    "+",
    "]",
    "\x1bOQ",
)
"""What a dispatcher presses: to the appeals, close, reopen, return, move, undo, mark, up, down."""


class Follower:
    """Follows the ledger from where the one before it was killed, and keeps what it wrote whole."""

    def __init__(self, target: str, folder: Path) -> None:
        self.lines: list[Line] = []
        self._target = target
        self._file = folder / f"followed {id(self)}"

    def start(self) -> "subprocess.Popen[bytes]":
        """Take in what the last one wrote, and start another behind it."""
        self.take_in()
        with self._file.open("wb") as output:
            return subprocess.Popen(self._command(), stdout=output, cwd=ROOT)

    def _command(self, *more: str) -> Sequence[str]:
        since = str(self.lines[-1]["seq"]) if self.lines else "start"
        return (*PROGRAM, "--db", self._target, "follow", "--since", since, *more)

    def take_in(self) -> None:
        """Keep each line that was written whole."""
        if self._file.exists():
            written = self._file.read_bytes()
            whole = written[: written.rfind(b"\n") + 1]
            self.lines += map(json.loads, whole.splitlines())
            self._file.unlink()

    def finish(self) -> None:
        """Follow up to the present."""
        self.take_in()
        done = subprocess.run(self._command("--once"), cwd=ROOT, capture_output=True, check=True)
        self.lines += map(json.loads, done.stdout.splitlines())


Start = Callable[[], "subprocess.Popen[bytes]"]


def script(body: str, target: str, seed: int) -> Start:
    """Return how to start a program of a few lines on a database."""
    seeds = iter(range(seed * 1_000, seed * 1_000 + 999))
    return lambda: subprocess.Popen(
        [sys.executable, "-c", body, target, str(next(seeds))], cwd=ROOT
    )


def serving(target: str, port: int) -> Start:
    """Return how to start the HTTP door on a port."""
    command = (*PROGRAM, "--db", target, "serve", "--port", str(port))
    return lambda: subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)


def calling(port: int) -> Start:
    """Return how to start a program that hands appeals in at the door."""
    command = [sys.executable, "-c", CALLER, "", str(port)]
    return lambda: subprocess.Popen(command, cwd=ROOT)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def screen(target: str, rng: random.Random) -> Start:
    """Return how to open the desk on a terminal where keys are pressed at random."""
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}

    def start() -> "subprocess.Popen[bytes]":
        ours, theirs = os.openpty()
        command = (*PROGRAM, "--db", target, "--as", "screen")
        desk = subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        threading.Thread(target=_press, args=(ours, desk, rng), daemon=True).start()
        threading.Thread(target=_drain, args=(ours,), daemon=True).start()
        return desk

    return start


def _press(terminal: int, desk: "subprocess.Popen[bytes]", rng: random.Random) -> None:
    with suppress(OSError):
        while desk.poll() is None:
            time.sleep(0.02)
            os.write(terminal, rng.choice(KEYS).encode())


def _drain(terminal: int) -> None:
    with suppress(OSError):
        while os.read(terminal, 65_536):
            pass
    os.close(terminal)


def feeding(target: str, file: Path) -> Start:
    """Return how to start a feed of a file."""
    command = (*PROGRAM, "--db", target, "feed", str(file))
    return lambda: subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def write_lines(file: Path, count: int) -> Path:
    """Write a file for the feed, each line with a key of its own."""
    lines = (
        {"external_id": f"l{n % 700}", "source": 1 + n % 2, "message": "m", "key": f"k{n}"}
        for n in range(count)
    )
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def kill_at_random(target: str, starts: Sequence[Start], kills: int, rng: random.Random) -> None:
    """Run programs on a database, kill one after the other and start it again; then kill all.

    Each lives until all of them together have written some more lines of the ledger.
    """
    running = [start() for start in starts]
    try:
        for _ in range(kills):
            _wait_for_lines(target, rng.randrange(20, 400))
            which = rng.randrange(len(starts))
            _kill(running[which])
            running[which] = starts[which]()
        _wait_for_lines(target, 200)
    finally:
        for process in running:
            _kill(process)


def _wait_for_lines(target: str, more: int) -> None:
    """Wait until the ledger has grown, but not for ever: all may be done or locked out."""
    with opened(target):
        wanted, give_up = _lines() + more, time.monotonic() + 10
        while _lines() < wanted and time.monotonic() < give_up:
            time.sleep(0.02)


def _lines() -> int:
    # At the level SERIALIZABLE a reader may be asked to try again as well.
    return patiently(lambda: reading(lambda: number("SELECT count(*) FROM appeal_step")))


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait(timeout=30)


def replayed(lines: Sequence[Line]) -> dict[int, tuple[int | None, str]]:
    """Return the operator and the status of each appeal as a consumer of the lines knows them."""
    known: dict[int, tuple[int | None, str]] = {}
    for line in lines:
        appeal, was = line["data"]["appeal"], line["data"]["was"]
        if was is None:
            assert appeal["id"] not in known
        else:
            assert (_id(was["operator"]), was["status"]) == known[appeal["id"]]
        known[appeal["id"]] = (_id(appeal["operator"]), appeal["status"])
    return known


def _id(operator: dict[str, Any] | None) -> int | None:
    return None if operator is None else int(operator["id"])


def seed_of_run() -> int:
    """Return the seed that the environment gives, to run the same again, or the usual one."""
    return int(os.environ.get("LEADBOARD_SEED", "20261130"))

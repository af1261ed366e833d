"""The log of requests: its lines, what is never in it, its rotation, and a disk that is full."""

import asyncio
import fcntl
import json
import os
import re
import socket
import stat
import termios
import time
from array import array
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import httpx
import pytest

from leadboard.api import request_log
from leadboard.api.observing import _request
from leadboard.api.request_log import LONGEST, Request, RequestLog, line
from leadboard.queries.tokens import Caller, Scope
from tests.support.door import STACKS, RunningDoor, running
from tests.support.machine import NEEDS_FULL

RUN = "from leadboard.cli.main import main; main()"
AT = datetime(2026, 11, 25, 3, 41, 7, 120_000, UTC)
ASKED = Request("127.0.0.1", None, "POST", "/appeals/", 201, 0.00321, 280)
FIELD = re.compile(r"[!-~]+")


def lines_of(log: Path, count: int) -> list[list[str]]:
    """Return the fields of the first lines of a log, once there are so many."""
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        found = log.read_text().splitlines() if log.exists() else []
        if len(found) >= count:
            return [each.split(" ") for each in found]
        time.sleep(0.05)
    pytest.fail(f"there are only {len(found)} lines")


# --- lines -------------------------------------------------------------------------------------


def test_a_line_has_its_fields_in_their_order() -> None:
    expected = "2026-11-25T03:41:07.120Z 127.0.0.1 - POST /appeals/ 201 3.2 280"
    assert line(ASKED, AT) == expected
    named = ASKED._replace(caller="site bot", status=None)
    assert line(named, AT).split(" ")[2:6] == ["site%20bot", "POST", "/appeals/", "-"]


@pytest.mark.parametrize(
    "text",
    [
        "/a b",
        "/\x1b[2J\r\n2026-11-25T03:41:07.120Z 10.0.0.1 - GET /",
        "/%0a",
        "/привет\u202e\u2028",
        "/\ud800",
        "/" + "x" * 10_000,
        "/" + "я" * 10_000,
        '/"quoted"\\',
        "",
    ],
)
def test_the_text_of_a_stranger_is_one_field_and_short(text: str) -> None:
    for request in (ASKED._replace(path=text), ASKED._replace(caller=text, method=text)):
        fields = line(request, AT).split(" ")
        assert len(fields) == 8
        assert all(FIELD.fullmatch(each) and len(each) <= LONGEST + 3 for each in fields)


def test_the_caller_is_who_the_gate_let_in() -> None:
    scope = {
        "client": ("::1", 5),
        "method": "HEAD",
        "path": "/",
        "state": {"caller": Caller("site", Scope.INTAKE)},
    }
    told = _request(scope, 200, 0.5, 99)
    assert told == Request("::1", "site", "HEAD", "/", 200, 0.5, 0)
    assert _request({"method": "GET", "path": "/", "client": None}, 200, 0, 9).caller is None


# --- a door ------------------------------------------------------------------------------------


@pytest.mark.parametrize("stack", STACKS)
def test_each_request_has_a_line_and_none_tells_what_it_said(tmp_path: Path, stack: str) -> None:
    log = tmp_path / "serve.log"
    options = ("--log", str(log))
    with running(
        str(tmp_path / "t.db"),
        *options,
        env={"LEADBOARD_TOKEN": "sesame"},
        program=("-c", STACKS[stack] + RUN),
    ) as door:
        with door.client("sesame") as client:
            client.post("/sources/", json={"name": "tg"})
            sent = {"external_id": "tg_777", "source_id": 1, "message": "secret", "key": "k_1"}
            stored = client.post("/appeals/", json=sent)
            client.get("/appeals/", params={"limit": 1, "token": "sesame"})
            client.head("/sources/")
        httpx.get(door.url + "leads/")
        httpx.get(door.url + "a%20b%0Ac", headers={"Authorization": "Bearer sesame"})
        lines = lines_of(log, 6)
        assert door.stop() == (0, "")
    told = [fields[1:6] for fields in lines]
    assert told == [
        ["127.0.0.1", "bot", "POST", "/sources/", "201"],
        ["127.0.0.1", "bot", "POST", "/appeals/", "201"],
        ["127.0.0.1", "bot", "GET", "/appeals/", "200"],
        ["127.0.0.1", "bot", "HEAD", "/sources/", "200"],
        ["127.0.0.1", "-", "GET", "/leads/", "401"],
        ["127.0.0.1", "bot", "GET", "/a%20b%0Ac", "404"],
    ]
    assert int(lines[1][7]) == len(stored.content)
    assert [lines[3][7], all(float(each[6]) > 0 for each in lines)] == ["0", True]
    datetime.fromisoformat(lines[0][0])
    for secret in ("sesame", "tg_777", "secret", "k_1", "limit"):
        assert secret not in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_the_last_lines_are_written_at_the_end(tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    with running(str(tmp_path / "t.db"), "--log", str(log)) as door:
        httpx.get(door.url + "healthz")
        assert door.stop() == (0, "")
    assert log.read_text().count("/healthz 200") == 1


def test_without_the_option_nothing_is_written(tmp_path: Path) -> None:
    with running(str(tmp_path / "t.db")) as door:
        httpx.get(door.url + "healthz")
        assert door.stop() == (0, "")
    assert not list(tmp_path.rglob("*.log"))


SMALL = "from leadboard.api import request_log; request_log.MOST, request_log.KEPT = 2000, 2\n"


def test_a_log_is_rotated_by_its_size_and_loses_nothing_meanwhile(tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    arguments = ("--log", str(log), "--rate", "0")
    with running(str(tmp_path / "t.db"), *arguments, program=("-c", SMALL + RUN)) as door:
        with door.client() as client:
            for number in range(40):
                client.get(f"/n{number}")
                # A line each time, so that one file after another is full.
                lines = sum(each.read_text().count("\n") for each in tmp_path.glob("serve.log*"))
                while number < 20 and lines <= number:
                    time.sleep(0.02)
                    files = tmp_path.glob("serve.log*")
                    lines = sum(each.read_text().count("\n") for each in files)
        assert door.stop() == (0, "")
    found = sorted(each.name for each in tmp_path.glob("serve.log*"))
    assert found[:2] == ["serve.log", "serve.log.1"]
    assert set(found) <= {"serve.log", "serve.log.1", "serve.log.2"}
    assert all(each.stat().st_mode & 0o077 == 0 for each in tmp_path.glob("serve.log*"))
    assert "/n39 " in log.read_text() + (tmp_path / "serve.log.1").read_text()


def still_serves(door: RunningDoor) -> None:
    for _ in range(3):
        assert httpx.get(door.url + "healthz").status_code == 200
        time.sleep(0.3)


def test_a_log_that_cannot_be_opened_stops_nobody(tmp_path: Path) -> None:
    log = tmp_path / "missing" / "serve.log"
    with running(str(tmp_path / "t.db"), "--log", str(log)) as door:
        assert "serve.log cannot be written: No such file or directory." in door.said
        assert door.process.stderr is not None
        door.url = door.process.stderr.readline().split()[2]
        still_serves(door)
        log.parent.mkdir()
        httpx.get(door.url + "sources/")
        assert lines_of(log, 1)[0][3:6] == ["GET", "/sources/", "200"]
        assert door.stop() == (0, "")


@NEEDS_FULL
def test_a_full_disk_is_a_sentence_and_the_door_goes_on(tmp_path: Path) -> None:
    (tmp_path / "serve.log").symlink_to("/dev/full")
    with running(str(tmp_path / "t.db"), "--log", str(tmp_path / "serve.log")) as door:
        still_serves(door)
        code, said = door.stop()
    assert (code, said.count("\n")) == (0, 1)
    assert "No space left on device. The door goes on." in said


def test_a_disk_that_takes_nothing_keeps_no_request_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe that nobody reads: the thread waits, further lines are left out."""
    monkeypatch.setattr(request_log, "LONGEST_QUEUE", 2)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    def is_stuck(log: RequestLog) -> bool:
        held = array("i", [0])
        fcntl.ioctl(reader, termios.FIONREAD, held)
        return held[0] > 30_000 and log._aside.queue.full()  # type: ignore[attr-defined]

    async def fill() -> RequestLog:
        log, give_up = RequestLog(pipe), time.monotonic() + 20
        while not is_stuck(log):
            assert time.monotonic() < give_up
            log.write(ASKED._replace(client="1" * 2_000))
            log._hand_over()
            await asyncio.sleep(0.001)
        log.write(ASKED._replace(path="/left-out"))
        log._hand_over()
        return log

    log, held = asyncio.run(fill()), b""
    while not log._aside.queue.empty():  # type: ignore[attr-defined]
        with suppress(BlockingIOError):
            held += os.read(reader, 65_536)
    closing = Thread(target=log.close)
    closing.start()
    os.set_blocking(reader, True)
    with open(reader, "rb") as opened:
        held += opened.read()
    closing.join()
    assert held.count(b"/appeals/") > 10
    assert b"/left-out" not in held


def test_a_client_that_leaves_has_a_line_as_well(tmp_path: Path) -> None:
    log = tmp_path / "serve.log"
    with running(str(tmp_path / "t.db"), "--log", str(log)) as door:
        host, port = door.url.removeprefix("http://").rstrip("/").split(":")
        body = json.dumps({"name": "x" * 70})
        head = f"POST /sources/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body) + 9}\r\n"
        with socket.create_connection((host, int(port))) as connected:
            connected.sendall(f"{head}\r\n{body}".encode())
        assert lines_of(log, 1)[0][3:5] == ["POST", "/sources/"]

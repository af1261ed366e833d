"""The door and clients that are slow, many, odd, or led here by a web page."""

import json
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from tests.support.door import STACKS, RunningDoor, running
from tests.support.processes import ROOT

HASTY_READING = "from leadboard.api import accepting, connections; connections.SENDING = 1.0\n"
"""The program, but the sweep breaks off much sooner whoever does not read."""
HASTY = """
from leadboard.api import accepting, connections
connections.HEAD, connections.BODY, connections.SENDING = 0.5, 0.5, 1.0
accepting.SENDING = 1.0
"""
"""The same for whoever dawdles at all, and for the system."""
STREAM = """
import asyncio
from fastapi.responses import StreamingResponse
from leadboard.api import app
health = app.install_health
def with_stream(added, door):
    health(added, door)
    @added.get("/stream", include_in_schema=False)
    async def stream(size: int, pause: float, count: int = 1_000_000):
        async def parts():
            for _ in range(count):
                yield b"x" * size
                await asyncio.sleep(pause)
        return StreamingResponse(parts())
app.install_health = with_stream
"""
"""An answer that goes on for as long as the client likes."""
RUN = "from leadboard.cli.main import main; main()"
TABLE = Path("/proc/net/tcp")
"""The connections that the system knows."""
FEW = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))\n"
APPEAL = {"external_id": "tg_1", "source_id": 1, "message": "x"}


@pytest.fixture(scope="module", params=STACKS)
def door(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDoor]:
    """One door for all questions that leave nothing behind that others would mind."""
    target = str(tmp_path_factory.mktemp("door") / "shared.db")
    program = STACKS[request.param] + HASTY + STREAM + RUN
    with running(target, "--rate", "0", program=("-c", program)) as opened:
        with opened.client() as client:
            client.post("/operators/", json={"name": "Anna", "max_load": 1_000_000})
            client.post("/sources/", json={"name": "tg"})
            client.post("/operator-sources/", json={"operator_id": 1, "source_id": 1, "weight": 7})
            assert client.post("/appeals/", json=APPEAL).status_code == 201
        yield opened


@pytest.fixture(scope="module", params=STACKS)
def patient(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDoor]:
    """Return a door that gives a client its ordinary time, but for reading."""
    target = str(tmp_path_factory.mktemp("door") / "patient.db")
    program = STACKS[request.param] + HASTY_READING + STREAM + RUN
    with running(target, "--rate", "0", program=("-c", program)) as opened:
        yield opened


def knock(door: RunningDoor, sent: bytes = b"") -> socket.socket:
    """Connect and send something."""
    host, port = door.url.removeprefix("http://").rstrip("/").split(":")
    connected = socket.create_connection((host, int(port)), 5)
    connected.sendall(sent)
    return connected


def until_closed(connected: socket.socket, seconds: float = 5) -> bytes:
    """Return all that comes until the door closes the connection; fail when it does not."""
    connected.settimeout(seconds)
    answer = b""
    try:
        while more := connected.recv(65536):
            answer += more
    except ConnectionResetError:
        pass
    return answer


def raw(door: RunningDoor, request: str) -> bytes:
    with knock(door, request.encode()) as connected:
        return until_closed(connected)


# --- methods and addresses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/docs",
        "/openapi.json",
        "/operators/",
        "/sources",
        "/appeals/?limit=1",
        "/leads",
    ],
)
def test_head_is_get_without_its_body(door: RunningDoor, path: str) -> None:
    with door.client() as client:
        got, asked = client.get(path), client.head(path)
    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["Content-Length"] == str(len(got.content))
    assert asked.headers["Content-Type"] == got.headers["Content-Type"]


def test_head_of_what_has_no_get_is_told_so(door: RunningDoor) -> None:
    with door.client() as client:
        assert client.head("/nothing").status_code == 404
        assert client.head("/appeals/1/close").status_code == 405
        told = client.delete("/operators/")
    assert (told.status_code, told.headers["Allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("path", ["/appeals", "/appeals/", "/healthz/", "/operators/1/", "/docs/"])
def test_a_slash_at_the_end_makes_no_difference(door: RunningDoor, path: str) -> None:
    with door.client() as client:
        if "1" in path:
            assert client.patch(path, json={}).status_code == 200
        else:
            assert client.get(path).status_code == 200
        if "appeals" in path:
            assert client.post(path, json=APPEAL).status_code == 201


def test_an_absolute_address_is_taken_and_its_host_counts(door: RunningDoor) -> None:
    end = " HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n"
    ours = raw(door, "GET http://localhost/appeals/?limit=1" + end.format("x.example"))
    assert ours.startswith(b"HTTP/1.1 200")
    assert b'"external_id":"tg_1"' in ours
    bare = raw(door, "GET HTTP://127.0.0.1:1" + end.format("localhost"))
    assert bare.startswith(b"HTTP/1.1 404")
    led = raw(door, "GET http://evil.example/appeals/" + end.format("localhost"))
    assert led.startswith(b"HTTP/1.1 403")


# --- bodies ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status", "word"),
    [
        ({"Content-Encoding": "gzip"}, 415, "gzip"),
        ({"Content-Encoding": "br, gzip"}, 415, "compressed"),
        ({"Content-Type": "application/json; charset=windows-1251"}, 415, "windows-1251"),
        ({"Content-Type": 'application/json;charset="KOI8-R"'}, 415, "KOI8-R"),
        ({"Content-Encoding": "identity"}, 201, "external_id"),
        ({"Content-Type": "application/json; charset=UTF-8"}, 201, "external_id"),
        ({"Content-Type": 'application/json; charset="utf8"'}, 201, "external_id"),
    ],
)
def test_a_body_that_cannot_be_read_names_its_form(
    door: RunningDoor, headers: dict[str, str], status: int, word: str
) -> None:
    sent = {"Content-Type": "application/json", **headers}
    with door.client() as client:
        answer = client.post("/appeals/", content=json.dumps(APPEAL), headers=sent)
    assert (answer.status_code, word in answer.text) == (status, True), answer.text


def test_a_body_in_another_encoding_is_told_so(door: RunningDoor) -> None:
    body = json.dumps({**APPEAL, "message": "Привет"}, ensure_ascii=False).encode("cp1251")
    with door.client() as client:
        answer = client.post(
            "/appeals/", content=body, headers={"Content-Type": "application/json"}
        )
    assert (answer.status_code, "UTF-8" in answer.json()["detail"]) == (400, True)


# --- web pages ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({}, True),
        ({"Origin": "{ours}", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://localhost:3000"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
    ],
)
def test_no_web_page_of_others_asks_without_a_token(
    door: RunningDoor, headers: dict[str, str], is_let_in: bool
) -> None:
    given = {name: each.format(ours=door.url.rstrip("/")) for name, each in headers.items()}
    with door.client() as client:
        read = client.get("/appeals/", headers=given)
        written = client.post("/appeals/", json=APPEAL, headers=given)
        page = client.get("/docs", headers=given)
    assert (read.status_code, written.status_code) == ((200, 201) if is_let_in else (403, 403))
    assert page.status_code == 200


# --- tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbfsesame\r\n", b"\n sesame \n\n", b"sesame", b"sesame\r"]
)
def test_a_token_is_what_an_editor_shows_of_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    arguments = ("--token-file", str(tmp_path / "token"))
    with running(str(tmp_path / "t.db"), *arguments) as door, door.client("sesame") as client:
        assert client.get("/operators/").status_code == 200
        page = {"Origin": "https://site.example"}
        assert client.get("/operators/", headers=page).status_code == 200


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("sesame".encode("utf-16"), "UTF-8"),
        ("sesame".encode("utf-16-le"), "UTF-8"),
        ("пароль".encode("cp1251"), "UTF-8"),
        ("пароль".encode(), "ASCII"),
        (b"open sesame", "a space"),
        (b'"sesame"\n', "in quotes"),
        (b"'sesame'", "in quotes"),
        ("sesame\u200b".encode(), "ASCII"),
        (b"first\nsecond\n", "several lines"),
        (b"\xef\xbb\xbf\r\n", "empty"),
        (b"x" * 5000, "longer than"),
    ],
)
def test_a_token_that_no_request_could_bring_is_a_sentence(
    tmp_path: Path, content: bytes, word: str
) -> None:
    from click import UsageError

    from leadboard.cli.serve import _token

    (tmp_path / "token").write_bytes(content)
    with pytest.raises(UsageError, match=word) as refused:
        _token(tmp_path / "token")
    assert "sesame" not in str(refused.value)


# --- the slow and the many ---------------------------------------------------------------------

LENGTH = len(json.dumps(APPEAL))
ASKING = "POST /appeals/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
SLOW = {
    "says nothing": "",
    "half a head": "POST / HTTP/1.1\r\nHost: localhost\r\nX: ",
    "half a body": f"{ASKING}Content-Length: {LENGTH}\r\n\r\n{{",
    "a body that is refused": "POST /appeals/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{",
    "answered, then half a head": "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hea",
}


@pytest.mark.parametrize("what", SLOW)
def test_whoever_dawdles_is_broken_off(door: RunningDoor, what: str) -> None:
    begun = time.monotonic()
    with knock(door, SLOW[what].encode()) as connected:
        until_closed(connected)
    assert time.monotonic() - begun < 4


def test_a_byte_now_and_then_buys_no_time(door: RunningDoor) -> None:
    begun = time.monotonic()
    with knock(door, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n") as connected:
        with suppress(ConnectionError):
            while time.monotonic() - begun < 4:
                connected.sendall(b"X: y\r\n")
                time.sleep(0.1)
        assert time.monotonic() - begun < 4


def test_whoever_does_not_read_their_answers_is_broken_off(door: RunningDoor) -> None:
    with door.client() as client:
        for _ in range(60):
            client.post("/appeals/", json={**APPEAL, "message": "x" * 9_000})
    asking = b"GET /appeals/?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with knock(door, asking * 20) as connected:
        time.sleep(2)
        assert until_closed(connected).count(b"x" * 9_000) < 20 * 60


def test_an_honest_client_keeps_its_connection(door: RunningDoor) -> None:
    with door.client() as client:
        for _ in range(4):
            assert client.post("/appeals/", json=APPEAL).status_code == 201
            time.sleep(0.2)


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nHost: localhost\r\nX: "])
@pytest.mark.parametrize("stack", STACKS)
def test_more_connections_than_files_shut_nobody_out(
    tmp_path: Path, stack: str, sent: bytes
) -> None:
    program = STACKS[stack] + FEW + RUN
    with running(str(tmp_path / "t.db"), program=("-c", program)) as door, ExitStack() as open_ones:
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 200
        for _ in range(150):
            open_ones.enter_context(knock(door, sent))
        for _ in range(3):
            assert httpx.get(door.url + "sources/", timeout=5).status_code == 200
        code, said = door.stop()
    assert code == 0
    assert len(said) < 200, said


def test_with_too_few_files_the_door_says_so_and_does_not_open(tmp_path: Path) -> None:
    program = FEW.replace("100", "40") + RUN
    done = subprocess.run(
        [sys.executable, "-c", program, "--db", str(tmp_path / "t.db"), "serve", "--port", "0"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=30,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "ulimit" in done.stderr


TAKE_ALL = """
import os
from leadboard.api import accepting
accept = accepting.Listener.accept
taken = []
def without_files(self):
    try:
        while os.path.exists(os.environ["FULL"]):
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    try:
        return accept(self)
    finally:
        while taken:
            os.close(taken.pop())
accepting.Listener.accept = without_files
"""
"""Whenever somebody comes, all files are in use, once there is a file of the name in FULL."""


@pytest.mark.parametrize("stack", STACKS)
def test_running_out_of_files_is_survived_and_said_once(tmp_path: Path, stack: str) -> None:
    program, full = STACKS[stack] + FEW + TAKE_ALL + RUN, tmp_path / "full"
    env = {"FULL": str(full)}
    with running(str(tmp_path / "t.db"), program=("-c", program), env=env) as door:
        # All its threads have their files by then.
        assert httpx.post(door.url + "sources/", json={"name": "tg"}).status_code == 201
        full.touch()
        for _ in range(5):
            with knock(door, b"GET /healthz HTTP/1.1\r\n\r\n") as turned_away:
                assert until_closed(turned_away) == b""
        full.unlink()
        assert httpx.get(door.url + "sources/").status_code == 200
        code, said = door.stop()
    assert (code, said.count("\n"), "turned away" in said) == (0, 1, True), said


@pytest.mark.parametrize(("stack", "loaded"), [*zip(STACKS, (True, False), strict=True)])
def test_it_stands_on_what_is_installed(tmp_path: Path, stack: str, loaded: bool) -> None:
    telling = (
        "import sys, atexit, asyncio\n"
        "from leadboard.api import accepting\n"
        "made, loops = accepting.Acceptor.__init__, []\n"
        "def tell(self, *given):\n"
        "    loops.append(type(asyncio.get_running_loop()).__module__)\n"
        "    made(self, *given)\n"
        "accepting.Acceptor.__init__ = tell\n"
        "parser = lambda: bool(sys.modules.get('httptools'))\n"
        "atexit.register(lambda: print(loops[0], parser(), file=sys.stderr))\n"
    )
    with running(str(tmp_path / "t.db"), program=("-c", STACKS[stack] + telling + RUN)) as door:
        assert httpx.get(door.url + "healthz").status_code == 200
        loop, parser = door.stop()[1].split()
    assert (loop.startswith("uvloop"), parser) == (loaded, str(loaded))


# --- streams -----------------------------------------------------------------------------------


def until_gone(connected: socket.socket, seconds: float = 20) -> None:
    """Wait until the door has let go of a connection, as the system tells it."""
    if not TABLE.exists():
        pytest.skip("needs /proc of Linux")
    ours, theirs = (f":{connected.getsockname()[1]:04X}", f":{connected.getpeername()[1]:04X}")
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        lines = TABLE.read_text().splitlines()[1:]
        ends = [line.split()[1:4] for line in lines]
        if not any(a.endswith(theirs) and b.endswith(ours) and s == "01" for a, b, s in ends):
            return
        time.sleep(0.1)
    pytest.fail("the connection is still open")


def stream(door: RunningDoor, size: int, pause: float) -> socket.socket:
    path = f"/stream?size={size}&pause={pause}"
    return knock(door, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def test_a_quiet_stream_lives_while_its_client_reads(door: RunningDoor) -> None:
    begun = time.monotonic()
    with stream(door, 15, 0.7) as connected:
        while time.monotonic() - begun < 4:
            assert connected.recv(65536)


def test_a_stream_that_is_never_empty_lives_while_its_client_reads(door: RunningDoor) -> None:
    begun = time.monotonic()
    with stream(door, 30_000, 0) as connected:
        while time.monotonic() - begun < 4:
            wanted = 400_000
            while wanted > 0:
                received = len(connected.recv(wanted))
                assert received
                wanted -= received
            time.sleep(0.05)


def test_a_stream_that_nobody_reads_is_broken_off(patient: RunningDoor) -> None:
    with stream(patient, 30_000, 0) as connected:
        until_gone(connected)


def test_a_little_that_nobody_reads_is_broken_off(door: RunningDoor) -> None:
    """All of it has left the door, and waits in the system for a client with little room."""
    host, port = door.url.removeprefix("http://").rstrip("/").split(":")
    with socket.socket() as connected:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connected.connect((host, int(port)))
        path = "/stream?size=12000&pause=60"
        connected.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        until_gone(connected)


# --- long requests -----------------------------------------------------------------------------


def flooded(door: RunningDoor, start: bytes, piece: bytes, pieces: int = 3_000) -> bytes:
    """Send a request in many pieces; return what is answered when the door has had enough."""
    with knock(door, start) as connected:
        with suppress(ConnectionError):
            for _ in range(pieces):
                connected.sendall(piece)
        return until_closed(connected)


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n", b"X: " + b"y" * 2_000 + b"\r\n"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ", b"y" * 2_000),
        (b"GET /", b"y" * 2_000),
        (f"{ASKING}Transfer-Encoding: chunked\r\n\r\n0\r\nX: ".encode(), b"y" * 2_000),
    ],
)
def test_a_request_without_end_is_refused(patient: RunningDoor, start: bytes, piece: bytes) -> None:
    # Closed before its time is up; a client that goes on sending may miss the answer.
    assert flooded(patient, start, piece)[:12] in {b"HTTP/1.1 400", b""}


def test_a_body_in_the_smallest_chunks_comes_in(door: RunningDoor) -> None:
    body = json.dumps({**APPEAL, "message": "x" * 9_000}).encode()
    chunks = b"".join(b"1\r\n%c\r\n" % each for each in body) + b"0\r\nX: y\r\n\r\n"
    head = f"{ASKING}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n".encode()
    with knock(door, head + chunks) as connected:
        assert until_closed(connected).startswith(b"HTTP/1.1 201")


def test_requests_that_come_together_are_answered_in_their_order(door: RunningDoor) -> None:
    paths = ["/healthz", "/sources/", "/nothing", "/operators/"]
    asked = "".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" for path in paths)
    answers = raw(door, asked).split(b"HTTP/1.1 ")[1:]
    assert [each[:3] for each in answers] == [b"200", b"200", b"404", b"200"]
    assert b"Anna" in answers[3]


def test_an_upgrade_that_is_offered_does_not_lose_the_body(door: RunningDoor) -> None:
    offered = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AA"}
    with door.client() as client:
        for _ in range(2):
            assert client.post("/appeals/", json=APPEAL, headers=offered).status_code == 201
        assert client.get("/healthz", headers=offered).status_code == 200
    body = json.dumps(APPEAL)
    one = f"{ASKING}Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: {LENGTH}\r\n\r\n{body}"
    assert raw(door, one * 3).count(b"HTTP/1.1 201") == 3


def test_no_tunnel_is_opened(door: RunningDoor) -> None:
    connect = "CONNECT x.example:80 HTTP/1.1\r\nHost: x.example:80\r\n\r\n"
    assert raw(door, connect)[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 403", b"HTTP/1.1 404"}

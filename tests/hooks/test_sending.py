"""Sending over real sockets: signatures, slow and endless answers, redirects, names that change."""

import asyncio
import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from leadboard.database.fields import now
from leadboard.hooks import schedule
from leadboard.hooks.addresses import Resolve, Unresolved
from leadboard.hooks.registry import new_secret
from leadboard.hooks.sending import Letter, Outcome, Poster, Verdict

Talk = Callable[[socket.socket], None]
"""What a server does with a connection."""

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@contextmanager
def serving(talk: Talk, context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the port of a server, and the requests that it has read."""
    listener = socket.create_server(("127.0.0.1", 0))
    requests: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            wrapped = context.wrap_socket(connection, server_side=True) if context else connection
            with wrapped:
                requests.append(read_request(wrapped))
                talk(wrapped)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], requests
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def read_request(connection: socket.socket) -> bytes:
    request = b""
    while True:
        head, end, body = request.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ") for line in head.split(b"\r\n")[1:] if end)
        if end and len(body) >= int(fields.get(b"content-length", 0)):
            return request
        part = connection.recv(65_536)
        if not part:
            return request
        request += part


def answering(answer: bytes) -> Talk:
    return lambda connection: connection.sendall(answer)


def send(
    address: str,
    *,
    secrets: Sequence[str] = (),
    body: str = "{}",
    may_be_private: bool = True,
    resolve: Resolve | None = None,
    times: int = 1,
) -> Outcome:
    """Send an event and return what came of it, the last time."""
    letter = Letter(address, may_be_private, secrets or [new_secret()], "evt_7", body)

    async def sent() -> Outcome:
        poster = Poster() if resolve is None else Poster(resolve)
        try:
            outcomes = [await poster.send(letter, now()) for _ in range(times)]
            return outcomes[-1]
        finally:
            await poster.close()

    return asyncio.run(sent())


def test_a_request_is_signed_with_every_secret_and_any_of_them_verifies_it() -> None:
    old, new, other = new_secret(), new_secret(), new_secret()
    body = json.dumps({"message": "Хочу «купить» 🚀"}, ensure_ascii=False)
    with serving(answering(OK)) as (port, requests):
        outcome = send(f"http://127.0.0.1:{port}/in?a=b", secrets=[new, old], body=body)
    assert outcome.verdict is Verdict.DELIVERED
    head, _, content = requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first == "POST /in?a=b HTTP/1.1"
    headers = {name.lower(): value for name, value in (line.split(": ") for line in lines)}
    assert headers["host"] == f"127.0.0.1:{port}"
    assert (headers["webhook-id"], headers["content-type"]) == ("evt_7", "application/json")
    for secret in (old, new):
        assert Webhook(secret).verify(content, headers) == json.loads(body)
    for data, secret in ((content, other), (content + b" ", new)):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(data, headers)


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Verdict.DELIVERED, "answered 200"),
        (b"HTTP/1.1 404 Nope\r\nContent-Length: 2\r\n\r\nno", Verdict.FAILED, "answered 404: no"),
        (b"HTTP/1.1 410 Gone\r\n\r\n", Verdict.GONE, "answered 410"),
        (b"HTTP/1.1 500 Oops\r\n\r\n", Verdict.UNREACHABLE, "answered 500"),
        (b"HTTP/1.1 429 Wait\r\n\r\n", Verdict.UNREACHABLE, "answered 429"),
        (b"HTTP/1.1 101 Switch\r\n\r\n", Verdict.UNREACHABLE, "not reached: "),
        (b"", Verdict.UNREACHABLE, "not reached: Server disconnected"),
        (b"SSH-2.0-OpenSSH_9\r\n", Verdict.UNREACHABLE, "not reached: "),
        (
            b"HTTP/1.1 400 X\r\n\r\n\x1b[31m\x00red",
            Verdict.FAILED,
            "answered 400: \u241b[31m\u2400red",
        ),
    ],
)
def test_each_answer_has_its_meaning_and_none_reaches_a_terminal_raw(
    answer: bytes, verdict: Verdict, words: str
) -> None:
    with serving(answering(answer)) as (port, _):
        outcome = send(f"http://127.0.0.1:{port}/")
    assert outcome.verdict is verdict
    assert outcome.words.startswith(words)
    assert outcome.words.isprintable()


def test_an_endless_answer_is_read_no_further_than_its_beginning() -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 400 X\r\n\r\n")
        while True:
            sent += connection.send(b"x" * 65_536)

    with serving(flood) as (port, _):
        outcome = send(f"http://127.0.0.1:{port}/")
    assert outcome.words == "answered 400: " + "x" * 200
    assert sent < 50_000_000


@pytest.mark.parametrize(
    ("beginning", "verdict"),
    [
        (b"HTTP/1.1 200 OK\r\n", Verdict.UNREACHABLE),
        (b"HTTP/1.1 400 X\r\n\r\n", Verdict.UNREACHABLE),
        (b"HTTP/1.1 200 OK\r\n\r\n", Verdict.DELIVERED),
    ],
)
def test_an_answer_that_drips_in_ends_with_the_time_for_all_of_it(
    monkeypatch: pytest.MonkeyPatch, beginning: bytes, verdict: Verdict
) -> None:
    monkeypatch.setattr(schedule, "TIMEOUT", 2.0)

    def trickle(connection: socket.socket) -> None:
        connection.sendall(beginning)
        while True:
            connection.sendall(b"X-A: b\r\n")
            time.sleep(0.1)

    with serving(trickle) as (port, _):
        outcome = send(f"http://127.0.0.1:{port}/")
    said = "answered 200" if verdict is Verdict.DELIVERED else "no answer within 2 s"
    assert outcome == Outcome(verdict, said)


def test_a_redirect_is_not_followed() -> None:
    with serving(answering(OK)) as (inside, seen):
        location = f"Location: http://127.0.0.1:{inside}/\r\n".encode()
        redirect = b"HTTP/1.1 307 X\r\n" + location + b"Content-Length: 0\r\n\r\n"
        with serving(answering(redirect)) as (port, requests):
            outcome = send(f"http://127.0.0.1:{port}/")
            assert (outcome.verdict, outcome.words) == (Verdict.FAILED, "answered 307")
            assert (len(requests), seen) == (1, [])


def test_the_connection_goes_to_what_was_checked_under_the_name_that_was_asked_for() -> None:
    asked: list[str] = []

    def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with serving(answering(OK)) as (port, requests):
        # No resolver of the system knows this name.
        outcome = send(f"http://crm.invalid:{port}/", resolve=resolve, times=2)
    assert outcome.verdict is Verdict.DELIVERED
    assert asked == ["crm.invalid"] * 2
    assert f"Host: crm.invalid:{port}\r\n".lower().encode() in requests[0].lower()


def test_a_name_that_comes_to_mean_something_inside_is_refused_at_the_next_send() -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["93.184.216.34", "127.0.0.1"]])
    with serving(answering(OK)) as (port, requests):
        address = f"http://rebound.example:{port}/"
        next(answers)  # what it meant when the hook was added
        for _ in range(2):
            outcome = send(address, may_be_private=False, resolve=lambda *_: next(answers))
            assert outcome.verdict is Verdict.FAILED
            assert "127.0.0.1 is in no public network" in outcome.words
        assert requests == []


def test_a_name_of_nothing_and_a_port_of_nobody_are_not_reached() -> None:
    def nowhere(host: str, _port: int) -> Sequence[str]:
        raise Unresolved(f"{host} stands for no address")

    outcome = send("http://nowhere.example/", resolve=nowhere)
    assert outcome == Outcome(Verdict.UNREACHABLE, "nowhere.example stands for no address")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        outcome = send(f"http://127.0.0.1:{free.getsockname()[1]}/")
    assert outcome.verdict is Verdict.UNREACHABLE


def test_the_next_address_of_a_name_is_tried_when_one_does_not_listen() -> None:
    with serving(answering(OK)) as (port, _):
        outcome = send(f"http://crm.invalid:{port}/", resolve=lambda *_: ["127.0.0.9", "127.0.0.1"])
    assert outcome.verdict is Verdict.DELIVERED


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering(OK)) as (proxy, seen), serving(answering(OK)) as (port, requests):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        monkeypatch.setenv("no_proxy", "")
        send(f"http://127.0.0.1:{port}/")
        assert (len(requests), seen) == (1, [])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here")
def test_a_certificate_is_checked_against_the_name_and_not_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key,
         "-out", certificate, "-subj", "/CN=crm.invalid", "-addext",
         "subjectAltName=DNS:crm.invalid"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    def to(host: str, port: int) -> Outcome:
        return send(f"https://{host}:{port}/", resolve=lambda *_: ["127.0.0.1"])

    with serving(answering(OK), context) as (port, _):
        unknown = to("crm.invalid", port)
        assert (unknown.verdict, "CERTIFICATE_VERIFY_FAILED" in unknown.words) == (
            Verdict.UNREACHABLE,
            True,
        )
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert to("crm.invalid", port).verdict is Verdict.DELIVERED
        assert "other.invalid" in to("other.invalid", port).words

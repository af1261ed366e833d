"""Mail that becomes appeals, from a real IMAP server and through a real door."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

pytest.importorskip("imap_tools", reason="needs imap_tools: pip install '.[dev]'")
pytest.importorskip("pymap", reason="needs pymap: pip install '.[dev]'")

from imap_tools import AND, BaseMailBox, MailBoxUnencrypted

import models
from leadboard.desk.tokens import add_token
from leadboard.queries.tokens import Scope
from tests.support import ACTOR, add_team, number, rows
from tests.support.door import running
from tests.support.ports import free_port
from tests.support.processes import ROOT
from tests.support.waiting import until

USER, PASSWORD = "demouser", "demopass"
MAIL = b"From: Anna <%s>\r\nSubject: %s\r\n%s\r\n\r\n%s\r\n"
ID = b"Message-ID: <%s@example.org>\r\nContent-Type: text/plain; charset=utf-8"

HTML = "<style>p {}</style><p>Tom &amp; <b>Анна</b></p>".encode()
SERVER = (sys.executable, "-c", "import sys; from pymap.main import main; sys.exit(main())")


@contextmanager
def mailbox() -> Iterator[tuple[str, BaseMailBox]]:
    """Run an IMAP server with one empty mailbox; yield its address and the open box."""
    port = free_port()
    server = subprocess.Popen(
        [*SERVER, "--host", "127.0.0.1", "--port", str(port), "dict", "--demo-data"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    opened: list[BaseMailBox] = []

    def answers() -> bool:
        with suppress(OSError):
            opened.append(MailBoxUnencrypted("127.0.0.1", port).login(USER, PASSWORD))
        return bool(opened)

    try:
        until(answers)
        opened[0].delete(opened[0].uids())
        yield f"imap://{USER}:{PASSWORD}@127.0.0.1:{port}", opened[0]
    finally:
        server.kill()
        server.wait()


@contextmanager
def program(url: str, door: str, token: str, log: Path) -> Iterator[None]:
    """Run the example for as long as the block lasts; it writes to a log."""
    settings = {"MAILBOX": url, "LEADBOARD_URL": door, "LEADBOARD_TOKEN": token}
    path = ROOT / "examples/mail/mail.py"
    env = {**os.environ, **settings, "LEADBOARD_SOURCE_ID": "1"}
    with log.open("wb") as stderr:
        process = subprocess.Popen([sys.executable, str(path)], env=env, stderr=stderr)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def unseen(box: BaseMailBox) -> int:
    return len(box.uids(AND(seen=False)))


def test_each_mail_becomes_one_appeal_and_is_seen_when_it_is_stored(tmp_path: Path) -> None:
    models.open_database(tmp_path / "t.db")
    add_team({"Анна": 9}, {"mail": {"Анна": 1}})
    token, log = add_token("mail", Scope.INTAKE, actor=ACTOR), tmp_path / "log"
    with mailbox() as (url, box), running(str(tmp_path / "t.db")) as door:
        for mail in (
            MAIL % (b"a@example.org", b"=?utf-8?b?0J/RgNC40LLQtdGC?=", ID % b"1", b"[b]x[/b]"),
            MAIL % (b"b@example.org", b"Page", b"Content-Type: text/html", HTML),
            MAIL % (b"c@example.org", b"\xcf\xf0\xe8", ID % b"3", b"x" * 12_000),
        ):
            box.append(mail)
        with program(url, "http://127.0.0.1:9", token, log):
            until(lambda: "Trying again: ConnectError" in log.read_text())
        assert unseen(box) == 3
        with program(url, door.url, token, log):
            until(lambda: unseen(box) == 0)
            # While it waits for news.
            box.append(MAIL % (b"a@example.org", b"Again", ID % b"4", b"y"))
            until(lambda: number("SELECT count(*) FROM appeal") == 4 and unseen(box) == 0, 50)
        # As if it had been killed before it marked them.
        box.flag(box.uids(), "\\Seen", False)
        assert unseen(box) == 4
        with program(url, door.url, token, log):
            until(lambda: unseen(box) == 0)
    found = rows(
        "SELECT external_id, key, message FROM appeal JOIN lead ON lead.id = lead_id "
        "ORDER BY appeal.id"
    )
    assert found[0] == ("a@example.org", "<1@example.org>", "Привет\n\n[b]x[/b]")
    assert found[1][0::2] == ("b@example.org", "Page\n\nTom & Анна")
    assert len(str(found[1][1])) == 64
    assert len(str(found[2][2])) == 10_000
    assert found[3] == ("a@example.org", "<4@example.org>", "Again\n\ny")
    assert len(found) == 4

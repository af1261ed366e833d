"""The web form as a browser uses it, and as those do who mean harm."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from os import environ
from pathlib import Path

import httpx
import pytest

import models
from leadboard.desk.tokens import add_token
from leadboard.queries.tokens import Scope
from tests.support import ACTOR, add_team, rows
from tests.support.door import running
from tests.support.ports import free_port
from tests.support.processes import ROOT
from tests.support.waiting import until

HTML = '"><script>alert(1)</script>'


@contextmanager
def served(door: str, token: str) -> Iterator[httpx.Client]:
    """Serve the form on loopback; yield a browser that shows it."""
    port = free_port()
    settings = {"LEADBOARD_URL": door, "LEADBOARD_TOKEN": token, "LEADBOARD_SOURCE_ID": "1"}
    command = [sys.executable, "-m", "uvicorn", "--app-dir", "examples/web_form", "form:app"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--log-level", "warning", "--proxy-headers"],
        env={**environ, **settings},
        cwd=ROOT,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True) as browser:
            until(lambda: answers(browser))
            yield browser
    finally:
        process.kill()
        process.wait()


def answers(browser: httpx.Client) -> bool:
    try:
        return browser.get("/").is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def token(tmp_path: Path) -> str:
    models.open_database(tmp_path / "t.db")
    add_team({"Анна": 9}, {"site": {"Анна": 1}})
    return add_token("form", Scope.INTAKE, actor=ACTOR)


def key_of(page: httpx.Response) -> str:
    found = re.search(r'name="key" value="([\w-]{20,})"', page.text)
    assert found, page.text
    return found[1]


def stored() -> list[tuple[object, ...]]:
    return rows("SELECT external_id, message FROM appeal JOIN lead ON lead.id = lead_id")


def test_a_message_is_stored_once_and_nothing_of_it_is_markup(tmp_path: Path, token: str) -> None:
    with running(str(tmp_path / "t.db")) as door, served(door.url, token) as browser:
        form = browser.get("/")
        assert key_of(form) != key_of(browser.get("/"))
        assert token not in form.text
        assert "script" not in form.headers["Content-Security-Policy"]
        typed = {"key": key_of(form), "contact": HTML, "message": "  "}
        incomplete = browser.post("/", data=typed)
        assert (incomplete.status_code, key_of(incomplete)) == (422, typed["key"])
        assert "<script>" not in incomplete.text
        assert "&quot;&gt;&lt;script&gt;" in incomplete.text
        for _ in range(2):
            taken = browser.post("/", data={**typed, "message": HTML})
            assert (taken.status_code, taken.url.path) == (200, "/thanks")
            assert "Спасибо" in taken.text
        assert stored() == [(HTML, HTML)]


def test_programs_and_floods_store_nothing(tmp_path: Path, token: str) -> None:
    message = {"contact": "a@example.org", "message": "Привет"}
    with running(str(tmp_path / "t.db")) as door, served(door.url, token) as browser:
        fooled = browser.post("/", data={**message, "website": "https://spam"})
        assert fooled.url.path == "/thanks"
        assert stored() == []
        statuses = [browser.post("/", data=message).status_code for _ in range(12)]
        assert 429 in statuses
        assert statuses.count(200) == len(stored()) <= 10
        other = browser.post("/", data=message, headers={"X-Forwarded-For": "198.51.100.7"})
        assert other.status_code == 200
        large = browser.post("/", data={**message, "message": "x" * 200_000})
        assert large.status_code == 413


def test_what_cannot_be_taken_stays_in_the_form(tmp_path: Path, token: str) -> None:
    typed = {"contact": "a@example.org", "message": "Важно", "key": "k" * 24}
    with served("http://127.0.0.1:9", token) as browser:
        page = browser.post("/", data=typed)
    assert (page.status_code, key_of(page)) == (503, typed["key"])
    assert "Важно</textarea>" in page.text

"""What the terminal says to somebody who looks elsewhere: its title, and a bell."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import models
from allocator import submit
from tests.support import add_team
from tests.support.processes import ROOT
from tests.support.terminal import Terminal

TITLE = re.compile(rb"\x1b\]0;([^\x07]*)\x07")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """One operator with one place, and nothing waiting."""
    path = tmp_path / "calm.db"
    opened = models.open_database(path)
    add_team({"Anna": 1}, {"tg": {"Anna": 1}})
    opened.close()
    return path


@contextmanager
def terminal(path: Path) -> Iterator[Terminal]:
    command = [sys.executable, "-m", "leadboard.cli"]
    env = {"LEADBOARD_DB": str(path), "HOME": str(path.parent)}
    with Terminal(command, size=(120, 40), cwd=ROOT, env=env) as terminal:
        terminal.wait_for("Operators")
        yield terminal


def arrive(path: Path, count: int) -> None:
    opened = models.open_database(path)
    for number in range(count):
        submit(f"lead_{number}", 1, "hello")
    opened.close()


def rings(raw: bytes) -> int:
    """Return how often the bell rang: a bell also ends what sets a title or a pointer."""
    return re.sub(rb"\x1b\][^\x07]*\x07", b"", raw).count(b"\x07")


def test_the_title_counts_what_waits_and_the_bell_rings_once(file: Path) -> None:
    with terminal(file) as screen:
        assert TITLE.findall(screen.raw)[-1] == b"Leadboard"
        arrive(file, 3)
        screen.wait_until(lambda: TITLE.findall(screen.raw)[-1] == b"(2) Leadboard")
        arrive(file, 1)
        screen.wait_until(lambda: TITLE.findall(screen.raw)[-1] == b"(3) Leadboard")
        screen.wait_quiet(0.3)
        assert rings(screen.raw) == 1
        screen.press("q")
        assert screen.wait_exit() == 0
        assert screen.raw.rindex(b"\x1b[23;0t") > screen.raw.rindex(b"Leadboard\x07")


def test_what_waits_when_the_desk_opens_rings_no_bell(file: Path) -> None:
    arrive(file, 3)
    with terminal(file) as screen:
        screen.wait_until(lambda: TITLE.findall(screen.raw)[-1] == b"(2) Leadboard")
        screen.wait_quiet(0.3)
        assert rings(screen.raw) == 0


def test_the_bell_is_off_where_the_settings_say_so(file: Path) -> None:
    settings = file.parent / ".config" / "leadboard" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("bell = false\n", encoding="utf-8")
    with terminal(file) as screen:
        arrive(file, 2)
        screen.wait_until(lambda: TITLE.findall(screen.raw)[-1] == b"(1) Leadboard")
        screen.wait_quiet(0.3)
        assert rings(screen.raw) == 0

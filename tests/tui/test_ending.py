"""The end of the screen on a real terminal: signals, a terminal that goes, a stop, and any byte."""

import os
import signal
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

import models
from bench.pty_terminal import PtyTerminal
from tests.support.machine import NEEDS_PROC
from tests.support.processes import ROOT

COMMAND = [sys.executable, "-m", "leadboard.cli"]
PUT_BACK = (b"\x1b[?1049l", b"\x1b[?1000l", b"\x1b[?2004l", b"\x1b[?25h")
"""Main screen, no mouse, no bracketed paste, cursor."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[PtyTerminal]:
    """Return the open desk on a terminal of its own."""
    path = tmp_path / "t.db"
    models.open_database(path).close()
    folders = {f"XDG_{name}_HOME": str(tmp_path) for name in ("CONFIG", "STATE", "CACHE", "DATA")}
    env = {"LEADBOARD_DB": str(path), **folders}
    with PtyTerminal(COMMAND, size=(100, 30), env=env, cwd=ROOT) as terminal:
        terminal.wait_until(lambda: b"Operators" in terminal.raw)
        terminal.wait_quiet()
        yield terminal


def has_echo(terminal: PtyTerminal) -> bool:
    return bool(termios.tcgetattr(terminal._main)[3] & termios.ECHO)


def type_bytes(terminal: PtyTerminal, *chunks: bytes) -> None:
    for chunk in chunks:
        os.write(terminal._main, chunk)
        terminal.wait_quiet()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_desk_and_puts_the_terminal_back(
    desk: PtyTerminal, number: signal.Signals
) -> None:
    assert not has_echo(desk)
    desk.process.send_signal(number)
    assert desk.process.wait(3) == 128 + number
    desk.wait_quiet()
    assert [words for words in PUT_BACK if words not in desk.raw] == []
    assert has_echo(desk)


def test_a_terminal_that_goes_away_ends_the_desk(desk: PtyTerminal) -> None:
    desk.resize(90, 25)  # whoever reads the terminal holds it until something more is painted
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, desk._main)  # the last hold on the terminal
    os.close(nowhere)
    assert desk.process.wait(3) == 128 + signal.SIGHUP


def test_a_terminal_that_takes_nothing_any_more_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    models.open_database(path).close()
    program = (
        "import threading, time, sys, os, signal\n"
        "from tui.ending import Ending\n"
        "ending = Ending(None, lambda number: None)\n"
        "ending.listen(0)\n"
        "print('up', flush=True)\n"
        "threading.Event().wait()"
    )
    with PtyTerminal([sys.executable, "-c", program], cwd=ROOT) as terminal:
        terminal.wait_until(lambda: b"up" in terminal.raw)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(4) == 128 + signal.SIGTERM


@NEEDS_PROC
@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP])
def test_a_desk_that_was_stopped_comes_back_whole(
    desk: PtyTerminal, number: signal.Signals
) -> None:
    desk.process.send_signal(number)
    stopped = Path(f"/proc/{desk.process.pid}/stat")
    desk.wait_until(lambda: ") T " in stopped.read_text())
    seen = len(desk.raw)
    desk.process.send_signal(signal.SIGCONT)
    # What was painted before it stopped may still be on its way, so the second words count.
    desk.wait_until(lambda: b"Operators" in desk.raw[seen:].partition(b"\x1b[?1049h")[2])
    assert not has_echo(desk)
    type_bytes(desk, b"q")
    assert desk.process.wait(3) == 0
    assert has_echo(desk)


def test_no_byte_ends_the_desk_or_costs_text(desk: PtyTerminal) -> None:
    type_bytes(desk, b"2a")
    desk.wait_until(lambda: b"New source" in desk.raw)
    # A stray byte, a letter in two reads, a paste of another encoding, letters that do not exist.
    type_bytes(desk, b"\xff", b"on\xd0", b"\x96e")
    type_bytes(desk, b"\x1b[200~caf\xe9 \xd0", b"\x9f end\x1b[201~", b"\x1b[99999999999u", b"z")
    assert desk.is_alive
    shown = desk.raw.decode("utf-8", "replace")
    for words in ("onЖe", "caf\ufffd П end"):
        assert words in shown


@pytest.mark.parametrize(
    ("env", "word"),
    [
        ({"TERM": "dumb"}, "TERM is dumb"),
        ({"TERM": ""}, "TERM is not set"),
        ({"TERM": "no-such-terminal"}, "no-such-terminal"),
        ({"PYTHONIOENCODING": "latin-1"}, "iso8859-1"),
        ({"LANG": "ru_RU.KOI8-R"}, "KOI8-R"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "ascii"),
    ],
)
def test_a_terminal_that_cannot_show_the_desk_gets_a_sentence(
    tmp_path: Path, env: dict[str, str], word: str
) -> None:
    env = {"LEADBOARD_DB": str(tmp_path / "t.db"), **env}
    with PtyTerminal(COMMAND, env=env, cwd=ROOT) as terminal:
        assert terminal.process.wait(10) == 2
        terminal.wait_quiet()
        assert b"\x1b" not in terminal.raw
        assert "The screen needs a terminal" in terminal.raw.decode()
        assert word.encode() in terminal.raw
    assert not (tmp_path / "t.db").exists()

"""What strangers wrote stays text on a real terminal: nothing of it is obeyed, nothing breaks."""

import os
import re
import sqlite3
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from models import open_database
from tests.support.processes import IS_SOAK, ROOT
from tests.support.terminal import Terminal, known_to_pyte
from tests.support.waiting import until

SETTLED = 0.03
"""Seconds without output after which the next key may come."""
LINK = "[@click=app.quit]x[/]"
HOSTILE = (
    LINK,
    "[/",
    "[b",
    "a[/b]c",
    "[/x]\\",
    "$x[$y]",
    "\x1b]52;c;aGVsbG8=\x1b\\clip",
    "\x1b]0;pwned\x07title",
    "\x1b]8;;https://x.example\x1b\\link",
    "\x1b[2Jcleared",
    "\x1b[38;5;213mpink",
    "\x1b[1;1Hmoved",
    "\x1b[?1049lleft",
    "\x1bPq#0\x1b\\sixel",
    "\x9b31mred",
    "\x9d0;pwned\x9cc1",
    "abc\u202edef",
    "ze\u200bro\u2028line\ufeff",
    "👨\u200d👩\u200d👧\u200d👦 family",
    "Ы" * 10_000,
    "tab\there",
    "new\nline\r\nhere",
    "nul\0here",
    "del\x7fbell\x07back\x08",
)
STEPS: tuple[tuple[str, ...], ...] = (
    ("f2",), *[("down",) * 4] * (len(HOSTILE) // 4),
    ("home", "e"), ("down", "tab", "escape"), ("end", "e"), ("enter",), ("escape",),
    ("a",), ("[/", "tab", "[b", "enter"), ("escape",), ("d",), ("escape",),
    ("space",), ("space",), ("plus",), ("?",), ("escape",),
    ("/",), ("[/", "enter"), ("escape",), ("escape",),
    ("f3",), *[("right", "down") * 2] * (len(HOSTILE) // 2),
    ("7", "enter"), ("=",), ("delete",), ("?",), ("escape",),
    ("a",), ("[/b]", "enter"), ("escape",), ("e",), ("enter",), ("escape",), ("d",), ("escape",),
    *[("f4", "down", "c")] * 4, ("pagedown",), ("pageup",),
    ("enter",), ("pagedown",), ("escape",), ("o",), ("r",), ("m",), ("[",), ("escape",),
    ("]",), ("down",), ("]",), ("enter",), ("escape",), ("[",), ("[",),
    ("/",), ("[@cl", "enter"), ("escape",), ("escape",), ("?",), ("escape",),
    ("f5", "["), ("down",), ("down", "down"), ("enter",), ("[",), ("right", "enter"),
    ("a[/b]c", "ctrl+s"), ("?",), ("escape",),
    ("f2", ":"), ("oper",), ("escape",), ("f4", "u"), ("u",), ("U",), ("1",), ("3",), ("f5",),
)  # fmt: skip
"""Keys pressed one group after another: every pane, dialog, list and field there is."""

SEQUENCE = re.compile(
    "\x1b\\[[\\d;]*m|\x1b\\[\\d*;\\d*H|\x1b\\[\\?\\d+[hl]|\x1b\\[\\?\\d+\\$p|\x1b\\[[<>]\\d*u"
    "|\x1b\\]22;[a-z-]*\x07|\x1b\\[2[23];0t|\x1b\\]0;(?:\\(\\d+\\) )?Leadboard\x07"
)
"""All that the program itself tells a terminal: colours, places, modes and the mouse pointer."""


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A database where everything that has a name or a text has a hostile one, even its file."""
    path = tmp_path / "\x1b]0;pwned\x07[@click=app.quit]x[b.db"
    open_database(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for number, text in enumerate(HOSTILE, 1):
            _insert(connection, number, text)
        connection.execute("UPDATE lead SET external_id = CAST(x'ff9b33316d' AS TEXT) WHERE id = 3")
    return path


def _insert(connection: sqlite3.Connection, number: int, text: str) -> None:
    """Insert an operator, a source, a lead, an appeal and an event that are all called `text`."""
    has_operator, is_closed = number % 4 != 0, number % 3 == 0
    moment = "2026-01-01T10:00:00.000000Z"
    for sql, values in (
        (
            "INSERT INTO operator VALUES (?, ?, TRUE, 5, ?, ?, ?)",
            (text, has_operator and not is_closed, text, text),
        ),
        ("INSERT INTO source (id, name) VALUES (?, ?)", (text,)),
        ("INSERT INTO lead VALUES (?, ?)", (text,)),
        ("INSERT INTO event VALUES (?, ?, ?, ?, ?, FALSE, NULL, NULL)", (moment, text, text, text)),
        (
            "INSERT INTO appeal (id, lead_id, source_id, operator_id, closed_at, timestamp,"
            " message) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(number, number, number if has_operator else None),
                *(moment if is_closed else None, moment, text),
            ),
        ),
    ):
        connection.execute(sql, (number, *values))
    connection.executemany(
        "INSERT INTO operator_source VALUES (?, ?, ?)",
        [pair for each in range(1, number) for pair in ((each, number, 10), (number, each, 10))],
    )


@contextmanager
def desk(path: Path, size: tuple[int, int] = (120, 40)) -> Iterator[Terminal]:
    """Start the program on a terminal and wait until it has painted its data."""
    command = [sys.executable, "-m", "leadboard.cli"]
    env = {"LEADBOARD_DB": str(path), "HOME": str(path.parent)}
    with Terminal(command, size=size, cwd=ROOT, env=env) as terminal:
        terminal.wait_for("Operators")
        terminal.wait_quiet(0.3)
        yield terminal
        assert terminal.is_alive, terminal.screen_text()


def press(terminal: Terminal, *steps: Sequence[str]) -> None:
    """Press groups of keys, each after what the one before it painted."""
    for step in steps:
        terminal.press(*("+" if key == "plus" else key for key in step))
        terminal.wait_quiet(SETTLED)
        assert terminal.is_alive, f"{step} ended it:\n{terminal.screen_text()}"


def obeyed(raw: bytes) -> list[str]:
    """Return whatever in the output a terminal might obey that is not the program's own."""
    text = raw.decode("utf-8", "replace")
    rest = SEQUENCE.sub("", text)
    # An escape sequence of theirs that looks like the program's own is known by what follows it.
    theirs = [each for each in re.findall("\x1b[^\x1b]+", "".join(HOSTILE)) if each in text]
    return theirs + sorted({letter for letter in rest if is_odd(letter)})


def is_odd(letter: str) -> bool:
    return letter not in "\r\n" and unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("size", [(120, 40), (80, 24)] if IS_SOAK else [(120, 40)], ids=str)
def test_walking_over_hostile_text_obeys_none_of_it(hostile: Path, size: tuple[int, int]) -> None:
    with desk(hostile, size) as terminal:
        press(terminal, *STEPS)
        assert obeyed(terminal.raw) == []


def test_hostile_text_can_be_read_as_text(hostile: Path) -> None:
    with desk(hostile) as terminal:
        screen = terminal.screen_text()
        assert LINK in screen
        assert "␛[2Jcleared" in screen
        press(terminal, ["f2", *["down"] * 20])
        assert "tab here" in terminal.screen_text()


@pytest.mark.parametrize("pane", ["f2", "f3", "f4", "f5"])
def test_clicking_hostile_text_runs_nothing(hostile: Path, pane: str) -> None:
    with desk(hostile) as terminal:
        press(terminal, [pane, "home"])
        for link in places(terminal, "[@cl"):
            terminal.click(link[0] + 1, link[1])
            terminal.wait_quiet(SETTLED)
            press(terminal, ["escape"])
        press(terminal, ["f2"])
        assert obeyed(terminal.raw) == []


def test_clicking_a_hostile_notice_or_dialog_runs_nothing(hostile: Path) -> None:
    with desk(hostile) as terminal:
        for step in (["f2", "home", "space"], ["e"], ["escape", "d"], ["escape", "f3", "e"]):
            press(terminal, step)
            assert places(terminal, "[@cl")
            for column, row in places(terminal, "[@cl"):
                terminal.click(column + 1, row)
            terminal.wait_quiet(SETTLED)


def places(terminal: Terminal, text: str) -> list[tuple[int, int]]:
    """Return column and row of every place where the screen shows a text."""
    return [
        (match.start(), row)
        for row, line in enumerate(terminal.lines())
        for match in re.finditer(re.escape(text), line)
    ]


def test_pasting_hostile_text_obeys_none_of_it(hostile: Path) -> None:
    with desk(hostile) as terminal:
        for text in (each for each in HOSTILE if "\x1b" not in each):
            press(terminal, ["f2", "a"])
            paste(terminal, text)
            press(terminal, ["enter"], ["escape"], ["f5"])
            for key in ("tab", "tab", "ctrl+s"):
                paste(terminal, text)
                press(terminal, [key])
            press(terminal, ["escape"])
        assert set(obeyed(terminal.raw)) <= {"\a"}  # a full field beeps


def paste(terminal: Terminal, text: str) -> None:
    terminal.paste(text)
    terminal.wait_quiet(SETTLED)


def test_closing_leaves_no_process_behind() -> None:
    child = "import subprocess; subprocess.run(['sleep', '99'])"
    with Terminal([sys.executable, "-c", f"print('up', flush=True); {child}"]) as terminal:
        terminal.wait_for("up")
        pid = terminal.process.pid
    # A process that has ended stays in its group until it is reaped.
    until(lambda: not is_there(pid))


def is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_screen_survives_sequences_that_pyte_does_not_know() -> None:
    odd = "\x1b[>1u\x1b[?2026$p\x1b[4:3mA\x1b[?1mB\x1b[<uC\x1bPq#0\x1b\\D"
    for cut in range(len(odd)):
        first, rest = known_to_pyte(odd[:cut].encode())
        second, unfinished = known_to_pyte(rest + odd[cut:].encode())
        assert (first + second, unfinished) == (b"ABCD", b"")

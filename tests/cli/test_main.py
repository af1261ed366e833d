"""The console command: its options, its sentences and its exit codes."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

from leadboard.cli import screen
from leadboard.cli.main import cli, main
from leadboard.common.settings import DEFAULTS, Settings
from leadboard.common.settings_file import path
from models import open_database
from tests.support.machine import NEEDS_FULL
from tests.support.processes import ROOT
from tui.keys import Keymap


def run(*arguments: str, text: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "leadboard.cli", *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def run_here(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["leadboard", *arguments])
    with pytest.raises(SystemExit) as leaving:
        main()
    return leaving.value.code


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--nope"], "No such option"),
        (["zzzz"], "No such command"),
        (["feed", "--nope"], "No such option"),
        (["feed", "/no/such/file"], "does not exist"),
        (["feed", "/"], "is a directory"),
        ([], "needs a terminal"),
        (["demo"], "needs a terminal"),
        (["--db", "", "feed"], "cannot be opened"),
        (["--db", "/", "feed"], "cannot be opened"),
        (["--db", "/proc/nowhere/a.db", "feed"], "no database at /proc/nowhere/a.db"),
        (["--db", "/proc/nowhere/a.db", "serve"], "Cannot create"),
        (["--db", __file__, "feed"], "not a Leadboard database"),
        (["--db", "mysql://host/name", "feed"], "cannot open mysql"),
        (["--db", "postgres://u:secret@[host/name", "feed"], "cannot be read"),
    ],
)
def test_a_mistake_gets_one_sentence(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    done = run(*arguments, XDG_DATA_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("leadboard: ")
    assert done.stderr.endswith(".\n")
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr


@pytest.mark.parametrize(
    "arguments", [["--db", "{}", "paths"], ["--db", "{}", "feed"], ["feed", "{}"], ["{}"]]
)
def test_no_password_is_ever_shown(arguments: list[str], tmp_path: Path) -> None:
    address = "postgresql://anna:hunter2@host/name?password=hunter2"
    done = run(*(each.format(address) for each in arguments), XDG_STATE_HOME=str(tmp_path))
    assert done.returncode == (0 if "paths" in arguments else 2)
    assert "hunter2" not in done.stdout + done.stderr


def test_words_of_strangers_cannot_steer_the_terminal() -> None:
    done = run("feed", "\x1b[2J\u202e")
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["feed", "-"], ["paths"]])
def test_textual_stays_out(arguments: list[str], tmp_path: Path) -> None:
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: sys.stderr.write(str('textual' in sys.modules)))\n"
        "from leadboard.cli.main import main\n"
        "main()\n"
    )
    open_database(tmp_path / "a.db").close()
    done = subprocess.run(
        [sys.executable, "-c", program, "--db", str(tmp_path / "a.db"), *arguments],
        input="",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stderr) == (0, "False")


def test_version_is_one_line() -> None:
    done = run("--version")
    assert done.stdout.startswith("leadboard ")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize("command", ["", "feed", "demo", "paths", "keys", "config"])
def test_every_command_explains_itself(command: str) -> None:
    arguments = [command, "--help"] if command else ["-h"]
    with (
        pytest.raises(click.exceptions.Exit) as leaving,
        cli.make_context("leadboard", arguments) as context,
    ):
        cli.invoke(context)
    assert leaving.value.exit_code == 0


def test_paths_name_the_database_and_the_log(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    for done in (
        run("--db", str(database), "paths", XDG_STATE_HOME=str(tmp_path)),
        run("paths", LEADBOARD_DB=str(database), XDG_STATE_HOME=str(tmp_path)),
        run("paths", LEADBOARD_DB=f"sqlite:///{database}", XDG_STATE_HOME=str(tmp_path)),
    ):
        names = dict(each.split(": ", 1) for each in done.stdout.splitlines())
        assert names["database"] == str(database)
        assert names["log"].startswith(str(tmp_path))
        assert names["settings"] == str(path())
    assert not database.exists()


def test_keys_are_an_aligned_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = ModuleType("tui.keytable")
    table = [("anywhere", "q", "quit"), ("Grid", "del", "unlink")]
    fake.__dict__["key_table"] = lambda _: table
    monkeypatch.setitem(sys.modules, "tui.keytable", fake)
    assert run_here(monkeypatch, "keys") == 0
    assert capsys.readouterr().out == "anywhere  q    quit\nGrid      del  unlink\n"


class FakeApp:
    """Stands in for the screen and remembers how it was started."""

    started: tuple[str, str | None, Settings] | None = None
    return_code = 7
    goes_to = None

    def __init__(self, *, actor: str, title: str | None, settings: Settings, is_demo: bool) -> None:
        assert not is_demo
        FakeApp.started = (actor, title, settings)

    def run(self) -> None:
        """Leave at once."""


def test_bare_command_opens_the_screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = ModuleType("tui.app")
    fake.__dict__["LeadboardApp"] = FakeApp
    monkeypatch.setitem(sys.modules, "tui.app", fake)
    monkeypatch.setattr(screen, "require_terminal", lambda: None)
    database = tmp_path / "sales.db"
    assert run_here(monkeypatch, "--db", str(database), "--as", " Anna ") == 7
    assert FakeApp.started == ("Anna", "sales.db", DEFAULTS)
    assert database.exists()


def test_an_actor_must_have_a_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = ModuleType("tui.app")
    fake.__dict__["LeadboardApp"] = FakeApp
    monkeypatch.setitem(sys.modules, "tui.app", fake)
    monkeypatch.setattr(screen, "require_terminal", lambda: None)
    assert run_here(monkeypatch, "--db", str(tmp_path / "a.db"), "--as", " ") == 2
    assert capsys.readouterr().err == "leadboard: The name is empty.\n"


def broken(error: BaseException) -> ModuleType:
    """Return a key table that fails."""

    def key_table(_: Keymap) -> None:
        raise error

    fake = ModuleType("tui.keytable")
    fake.__dict__["key_table"] = key_table
    return fake


def test_a_surprise_is_logged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    error = KeyError("postgresql://anna:hunter2@host/name")
    monkeypatch.setitem(sys.modules, "tui.keytable", broken(error))
    assert run_here(monkeypatch, "keys") == 2
    told = capsys.readouterr().err
    log = next(tmp_path.rglob("leadboard.log"))
    assert told.count("\n") == 1
    assert "Traceback" not in told
    assert str(log) in told
    assert "KeyError" in log.read_text()
    assert "hunter2" not in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (BrokenPipeError(), 0)])
def test_leaving_early_is_quiet(
    error: BaseException,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("leadboard.cli.main.drop_output", lambda: None)
    monkeypatch.setitem(sys.modules, "tui.keytable", broken(error))
    assert run_here(monkeypatch, "keys") == code
    assert capfd.readouterr() == ("", "")


@NEEDS_FULL
def test_a_full_disk_under_the_output_is_told_once() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "leadboard.cli", "--version"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)

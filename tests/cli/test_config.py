"""The settings at the command line: what is shown of them, and what goes before them."""

import tomllib
from pathlib import Path

import pytest

import models
from leadboard.cli import screen
from leadboard.common import settings
from leadboard.common.settings_file import path
from leadboard.database.urls import default_path
from tests.cli.test_main import FakeApp, run, run_here
from tests.support import rows

FILE = """\
theme = "nord"
[waiting]
red = "1h30m"
[waiting.sources."Ёлка 1"]
amber = "1m"
[keys]
"appeals.close" = "X, f8"
"desk.help" = "comma"
"desk.undo" = "f9"
"""


@pytest.fixture
def file() -> Path:
    path().parent.mkdir(parents=True)
    path().write_text(FILE, encoding="utf-8")
    return path()


def config(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines of `leadboard config`, which finds no fault."""
    assert run_here(monkeypatch, "config") == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out.splitlines()


def test_only_the_path_is_printed_on_request() -> None:
    done = run("config", "--path")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{path()}\n", "")


def test_every_setting_is_shown_with_where_it_comes_from(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = config(monkeypatch, capsys)
    assert lines[0] == f"# {file}"
    for line in (
        'theme = "nord"  # file',
        "bell = true  # default",
        'amber = "5m"  # default',
        'red = "1h30m"  # file',
        '[waiting.sources."Ёлка 1"]',
        'amber = "1m"  # file',
        'red = "1h30m"  # default',
        '"appeals.close" = "X, f8"  # file: Close',
        '"appeals.move" = "m"  # default: Move',
        '"desk.help" = "comma"  # file: Help',
    ):
        assert line in lines


def test_without_a_file_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert config(monkeypatch, capsys)[0] == f"# {path()} (there is no such file yet)"


@pytest.mark.parametrize("text", ["", FILE])
def test_what_is_shown_is_a_file_that_means_the_same(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path().parent.mkdir(parents=True)
    path().write_text(text, encoding="utf-8")
    first, before = config(monkeypatch, capsys), settings.read()
    path().write_text("\n".join(first), encoding="utf-8")
    after = settings.read()
    assert (after.theme, after.bell, after.waiting) == (before.theme, before.bell, before.waiting)
    assert after.sources == before.sources
    assert after.given >= before.given
    second = config(monkeypatch, capsys)
    assert tomllib.loads("\n".join(second)) == tomllib.loads("\n".join(first))


def test_each_mistake_is_a_sentence_on_standard_error() -> None:
    path().parent.mkdir(parents=True)
    path().write_text("""bel = 1\ntheme = "no such"\nkeys."desk.quti" = "x"\n""")
    done = run("config")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "leadboard: settings.toml: bel is no setting.",
        'leadboard: settings.toml: keys."desk.quti" is no setting: leadboard config lists them.',
        'leadboard: settings.toml: theme names no theme: "no such" is not known here.',
    ]
    assert tomllib.loads(done.stdout)["keys"]["desk.quit"] == "q"


def test_no_password_of_the_database_is_shown() -> None:
    path().parent.mkdir(parents=True)
    path().write_text('database = "postgresql://anna:hunter2@host/name"')
    for arguments in (["config"], ["paths"]):
        done = run(*arguments)
        assert "host/name" in done.stdout
        assert "hunter2" not in done.stdout + done.stderr


# What goes before what.


def test_the_database_is_that_of_the_option_the_environment_the_settings(tmp_path: Path) -> None:
    def database(*options: str, **environment: str) -> str:
        return run(*options, "paths", **environment).stdout.splitlines()[0]

    assert database() == f"database: {default_path()}"
    path().parent.mkdir(parents=True)
    path().write_text('database = "~/settings.db"')
    home = str(tmp_path)
    assert database(HOME=home) == f"database: {tmp_path}/settings.db"
    env = str(tmp_path / "env.db")
    assert database(LEADBOARD_DB=env) == f"database: {env}"
    option = str(tmp_path / "option.db")
    assert database("--db", option, LEADBOARD_DB=env) == f"database: {option}"


def test_acts_are_recorded_under_the_name_of_the_option_or_of_the_settings(tmp_path: Path) -> None:
    path().parent.mkdir(parents=True)
    path().write_text('actor = "Anna"')
    team = tmp_path / "team.csv"
    models.open_database(tmp_path / "t.db").close()
    for options, name in (([], "Вера"), (["--as", "Boris"], "Egor")):
        team.write_text(f"name,max_load\n{name},5\n", encoding="utf-8")
        at = ["--db", str(tmp_path / "t.db"), *options]
        done = run(*at, "import", "operators", str(team), "--yes")
        assert (done.returncode, done.stderr) == (0, "")
    opened = models.open_database(tmp_path / "t.db")
    assert rows("SELECT actor FROM event ORDER BY id") == [("Anna",), ("Boris",)]
    opened.close()


def test_a_command_says_what_is_wrong_with_the_settings_it_needs(tmp_path: Path) -> None:
    path().parent.mkdir(parents=True)
    path().write_text("database = \n")
    done = run("paths")
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("leadboard: settings.toml cannot be read, so the defaults hold: ")
    # This one asks nothing of the settings.
    assert run("--db", str(tmp_path / "a.db"), "paths").stderr == ""


def test_the_screen_gets_the_settings(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tui.app.LeadboardApp", FakeApp)
    monkeypatch.setattr(screen, "require_terminal", lambda: None)
    database = tmp_path / "ours.db"
    file.write_text(f'theme = "nord"\nactor = "Anna"\ndatabase = "{database}"\nbel = 1\n')
    assert run_here(monkeypatch) == 7
    assert FakeApp.started == ("Anna", "ours.db", settings.read())
    assert settings.read().theme == "nord"
    assert database.exists()


def test_keys_are_listed_as_they_are_mapped(file: Path) -> None:
    done = run("keys")
    assert (done.returncode, done.stderr) == (0, "")
    listed = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    assert [rest.split()[:2] for place, rest in listed if rest.endswith("  Close")] == [["X", "f8"]]
    file.write_text('keys."appeals.close" = "pgdn"')
    done = run("keys")
    assert done.stderr == (
        'leadboard: settings.toml: keys."appeals.close" cannot be pgdn, '
        "which is the key of list.page-down.\n"
    )
    assert "c " in next(line for line in done.stdout.splitlines() if line.endswith("  Close"))

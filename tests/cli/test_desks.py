"""One's own desk and the demo: on a real terminal one goes from each to the other."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
import pytest

from leadboard.cli import demo, screen
from leadboard.cli.context import Choice
from leadboard.cli.desks import open_desks
from leadboard.cli.screen import Left
from leadboard.common.elsewhere import Elsewhere
from leadboard.common.errors import Trouble
from leadboard.common.settings import Settings
from tests.support.processes import ROOT
from tests.support.terminal import Terminal

PROGRAM = [sys.executable, "-m", "leadboard.cli"]
OWN = "own.db"


@contextmanager
def running(folder: Path, *arguments: str, own: str = OWN) -> Iterator[Terminal]:
    """Run the program on a terminal, with everything of its own in a folder."""
    env = {
        "LEADBOARD_DB": str(folder / own),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "TMPDIR": str(folder),
        "ESCDELAY": "20",
    }
    with Terminal([*PROGRAM, *arguments], env=env, cwd=ROOT) as terminal:
        yield terminal


def sources(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM source")]


def test_from_the_demo_to_ones_own_database_and_round_again(tmp_path: Path) -> None:
    with running(tmp_path, "demo") as terminal:
        terminal.wait_for("DEMO: nothing of it is kept")
        terminal.wait_for("f7 tour")
        assert len(list(tmp_path.glob("leadboard-*"))) == 1
        terminal.type("O")
        terminal.wait_for("Add a source")
        assert OWN in terminal.screen_text()
        assert not list(tmp_path.glob("leadboard-*"))
        terminal.type("d")
        terminal.wait_for("f7 tour")
        assert OWN not in terminal.screen_text()
        terminal.type("O")
        terminal.wait_for("Add a source")
        terminal.type("stg_main\r")
        terminal.wait_for("✓ s  Add a source")
        terminal.type("q")
        assert terminal.wait_exit() == 0
    assert sources(tmp_path / OWN) == ["tg_main"]
    assert not list(tmp_path.glob("leadboard-*"))


def test_a_database_that_cannot_be_opened_is_a_sentence_on_a_terminal_in_order(
    tmp_path: Path,
) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sirs,\n" * 200)
    with running(tmp_path, "demo", own="letter.txt") as terminal:
        terminal.wait_for("f7 tour")
        terminal.type("O")
        assert terminal.wait_exit() == 2
        raw = terminal.raw
    # The screen of the shell and its cursor are back before the sentence.
    assert raw.count(b"\x1b[?1049l") == raw.count(b"\x1b[?1049h") == 1
    assert raw.rindex(b"\x1b[?25h") > raw.rindex(b"\x1b[?25l")
    sentence = raw[raw.rindex(b"\x1b[?1049l") :].decode()
    assert "The file is not a Leadboard database" in sentence
    assert "Traceback" not in sentence
    assert not list(tmp_path.glob("leadboard-*"))


def test_each_desk_has_the_settings_as_they_are_when_it_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A theme that is chosen in the demo holds on one's own desk."""
    themes = iter(["leadboard-light", "nord"])
    monkeypatch.setattr("leadboard.common.settings.read", lambda: Settings(theme=next(themes)))
    monkeypatch.setattr(screen, "require_terminal", lambda: None)
    seen = []

    def run(actor: str, settings: Settings) -> Left:
        seen.append((actor, settings.theme))
        return Left(0, Elsewhere.OWN)

    def show(actor: str, *, settings: Settings) -> Left:
        seen.append((actor, settings.theme))
        return Left(4)

    monkeypatch.setattr(demo, "run", run)
    monkeypatch.setattr(screen, "show", show)
    choice = Choice(str(tmp_path / OWN), "anna", is_for_screen=True)
    with click.Context(click.Command("leadboard")):
        assert open_desks(choice, Elsewhere.DEMO) == 4
    assert seen == [("anna", "leadboard-light"), ("anna", "nord")]
    assert (tmp_path / OWN).exists()


@pytest.mark.parametrize("is_stuck", [True, False])
def test_clients_that_would_go_on_writing_keep_the_next_database_shut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_stuck: bool
) -> None:
    monkeypatch.setattr(demo, "PAST_APPEALS", 5)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(screen, "show", lambda *_, **__: Left(0, Elsewhere.OWN))
    monkeypatch.setattr("threading.Thread.is_alive", lambda _: is_stuck)
    if is_stuck:
        with pytest.raises(Trouble, match="start Leadboard again"):
            demo.run("anna", Settings())
    else:
        assert demo.run("anna", Settings()) == Left(0, Elsewhere.OWN)
    assert not list(tmp_path.iterdir())

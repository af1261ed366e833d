"""The man page: all commands, as their helps have them, in roff that its readers take."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from distribution.manual import page
from leadboard.cli.main import cli
from tests.support.processes import ROOT

DAY = "2026-11-23"


def commands(
    command: click.Command, path: str = "leadboard"
) -> Iterator[tuple[str, click.Command]]:
    """Yield every command of the program with the words that name it."""
    yield path, command
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from commands(each, f"{path} {name}")


def shown(source: Path) -> str:
    """Return the page as a reader sees it, without the breaks of its lines."""
    done = subprocess.run(
        ["man", "--warnings", "-l", str(source)],
        capture_output=True,
        text=True,
        env={
            "PATH": "/usr/bin:/bin",
            "MANWIDTH": "200",
            "LC_ALL": "C.UTF-8",
            "MANOPT": "--nh --nj",
        },
        check=True,
    )
    assert done.stderr == ""
    return " ".join(done.stdout.split())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return the file of the page."""
    path = tmp_path / "leadboard.1"
    path.write_text(page("1.2.3", DAY), encoding="utf-8")
    return path


def test_the_source_begins_no_line_of_text_with_an_instruction_and_fills_every_gap() -> None:
    text = page("1.2.3", DAY)
    instructions = {line.split()[0] for line in text.splitlines() if line.startswith((".", "'"))}
    known = {".TH", ".SH", ".SS", ".PP", ".TP", ".RS", ".RE", ".EX", ".EE"}
    assert instructions == known | {".B", ".BI", ".BR", ".I"}
    assert not re.search("@[a-z]+@", text)


@pytest.mark.skipif(not shutil.which("man"), reason="there is no man here")
def test_a_reader_finds_every_command_with_its_help_options_and_examples(source: Path) -> None:
    text = shown(source)
    assert "Leadboard 1.2.3" in text
    assert DAY in text
    assert "-h, --help Show this message and exit." in text
    for path, command in commands(cli):
        assert path in text
        for paragraph in (command.help or "").replace("\b", "").split("\n\n"):
            told = " ".join(paragraph.split())
            assert told.replace("'", "’") in text.replace("'", "’"), f"{path}: {told}"
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, path
                assert all(name in text for name in option.opts)


@pytest.mark.skipif(not shutil.which("mandoc"), reason="there is no mandoc here")
def test_the_other_reader_has_nothing_against_it(source: Path) -> None:
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_in_the_language_in_force() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "distribution.manual", "1.2.3"],
        capture_output=True,
        cwd=ROOT,
        env={"LEADBOARD_LANG": "ru", "SOURCE_DATE_EPOCH": "0"},
        check=True,
    )
    first, title, *_ = done.stdout.decode().splitlines()
    assert "UTF-8" in first
    assert title.startswith('.TH LEADBOARD 1 "1970-01-01" "Leadboard 1.2.3" "Команды')

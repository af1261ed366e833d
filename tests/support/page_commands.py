"""Which commands of the pages are run by a test, and why the others are only looked at."""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from click import ClickException

from tests.support.command_words import require_complete
from tests.support.processes import ROOT

RUN = {"leadboard", "curl", "cd", "chmod", "echo", "export", "mkdir"}
"""Programs that are run, if nothing below speaks against it."""

ENDLESS = {
    (): "opens the screen, as tests/tui does",
    ("demo",): "opens the screen, as tests/cli/test_demo.py does",
    ("serve",): "serves until it is stopped, as tests/api does",
    ("follow",): "follows until it is stopped, as tests/cli/test_follow.py does",
    ("deliver",): "delivers until it is stopped, as tests/cli/test_deliver.py does",
}
"""Commands of Leadboard that do not end, unless they are told to do it `--once`."""

ELSEWHERE = {
    "a receiver, which tests/hooks/test_docs.py has": re.compile(r"^leadboard hook test"),
    "an answer, which it asks for on a terminal": re.compile(
        r"^leadboard import (?!.*--(yes|dry-run))"
    ),
    "a folder that root made": re.compile(r"/srv/|/var/|/etc/|/usr/"),
    "the form, which tests/examples/test_web_form.py runs": re.compile(r":8080/"),
    "the bots of tests/examples": re.compile(r"BOT_TOKEN|LEADBOARD_URL|LEADBOARD_DB=desk.db"),
    "a container engine": re.compile(r"examples/compose|^docker "),
}
"""Lines that need what a test does not have there."""

LOOKED_AT = {
    "cp": "copies into a folder of root's",
    "docker": "needs a container engine",
    "examples/shell/intake.sh": "is run by tests/examples/test_shell.py",
    "examples/shell/notify.sh": "is run by tests/examples/test_shell.py",
    "install": "needs root",
    "ln": "links a page of the manual in a home folder",
    "litestream": "is run by tests/database/test_litestream.py",
    "make": "is looked up in the Makefile",
    "pip": "is looked up in pyproject.toml",
    "pipx": "is looked up in pyproject.toml",
    "python": "is looked up",
    "systemctl": "needs systemd, and root",
    "uv": "is looked up in pyproject.toml",
    "uvicorn": "is run by tests/examples/test_web_form.py",
}
"""Programs that are not run, each with the reason."""


def why_not_run(line: str, commands: Sequence[Sequence[str]]) -> str | None:
    """Return why a line is only looked at, None for one that is run."""
    for reason, pattern in ELSEWHERE.items():
        if pattern.search(line):
            return f"needs {reason}"
    for program, *words in commands:
        if program not in RUN:
            return LOOKED_AT[program]
        if program == "leadboard" and "--once" not in words and tuple(words[:1]) in ENDLESS:
            return ENDLESS[tuple(words[:1])]
    return None


def complaint_of(program: str, words: Sequence[str]) -> str | None:
    """Return what is wrong with a command, as far as looking at it tells."""
    if program == "leadboard":
        try:
            require_complete(words)
        except ClickException as error:
            return error.format_message()
        return None
    if program not in RUN | LOOKED_AT.keys():
        return f"nobody accounts for {program}"
    missing = [each for each in _needed(program, words) if not each]
    return f"{program} {' '.join(words)} needs what is not there" if missing else None


def _needed(program: str, words: Sequence[str]) -> list[object]:
    """Return for each thing that a command names whether it is there."""
    if program == "make":
        text = (ROOT / "Makefile").read_text()
        return [re.search(rf"^{word}:", text, re.MULTILINE) for word in words]
    if program in {"pip", "pipx", "uv"}:
        return [extra in _extras() for word in words for extra in _extras_in(word)]
    if program == "python" and words[0] == "-m":
        return [(ROOT / (words[1].replace(".", "/") + ".py")).exists()]
    paths = (program, *words) if program.startswith("examples/") else words
    return [(ROOT / each).exists() for each in paths if Path(each).parts[:1] == ("examples",)]


def _extras_in(word: str) -> list[str]:
    found = re.search(r"\[([\w,]+)\]", word)
    return found[1].split(",") if found else []


def _extras() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return set(project["project"]["optional-dependencies"])

"""Completion in the shells themselves, set up as the help of the command says."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from leadboard.cli.completion import completion
from tests.support.processes import ROOT
from tests.support.terminal import Terminal

PROMPT = "ready>"
BASH_COMPLETION = Path("/usr/share/bash-completion/bash_completion")
SHELLS = {
    "bash": (".bashrc", f". {BASH_COMPLETION}\nPS1='{PROMPT} '\n"),
    "zsh": (".zshrc", f"FPATHS\nautoload -Uz compinit\ncompinit\nPROMPT='{PROMPT} '\n"),
    "fish": (".config/fish/config.fish", f"function fish_prompt; echo '{PROMPT} '; end\n"),
}
"""The file that each reads when it starts, and what stands in it."""


def help_text() -> str:
    """Return the help of the command as one line."""
    return " ".join(click.Context(completion).get_help().split())


def set_up(shell: str, home: Path) -> Iterator[Path]:
    """Do what the help says for a shell; yield each file that was made."""
    name, text = SHELLS[shell]
    (in_zshrc,) = re.findall(r'"(fpath=[^"]+)"', help_text())
    started = home / name
    started.parent.mkdir(parents=True, exist_ok=True)
    started.write_text(text.replace("FPATHS", in_zshrc))
    yield started
    (line,) = re.findall(rf"leadboard completion {shell} > (\S+)", help_text())
    script = home / line.removeprefix("~/")
    script.parent.mkdir(parents=True, exist_ok=True)
    with script.open("w") as file:
        subprocess.run([home / "bin" / "leadboard", "completion", shell], stdout=file, check=True)
    yield script


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return the home folder of somebody who has the command, and nothing else."""
    program = tmp_path / "bin" / "leadboard"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nexport PYTHONPATH="{ROOT}"\nexec "{sys.executable}" -m leadboard.cli "$@"\n'
    )
    program.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_commands_and_their_words(shell: str, home: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    if shell == "bash" and not BASH_COMPLETION.exists():
        pytest.skip("there is no bash-completion here")
    assert all(each.stat().st_size for each in set_up(shell, home))
    path = f"{home / 'bin'}:{os.environ['PATH']}"
    command = [shell, "-i"]
    with Terminal(command, env={"HOME": str(home), "PATH": path}, cwd=home) as terminal:
        terminal.wait_for(PROMPT)
        terminal.press(*"leadboard expo", "tab")
        terminal.wait_for(f"{PROMPT} leadboard export")
        terminal.press(*"wei", "tab")
        terminal.wait_for(f"{PROMPT} leadboard export weights")

"""The page on running the door: the unit that it shows, and the series that it names."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.door import running
from tests.support.processes import ROOT

PAGE = (ROOT / "docs/operations.md").read_text()
UNIT = ROOT / "examples/systemd/leadboard.service"


def test_it_shows_the_unit_as_it_is() -> None:
    assert f"```ini\n{UNIT.read_text()}```" in PAGE


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text()
    assert "ExecStart=/usr/local/bin/leadboard " in text
    copied = tmp_path / UNIT.name
    # A program that is there, as it is looked for.
    copied.write_text(text.replace("/usr/local/bin/leadboard", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(copied)], capture_output=True, text=True, check=False
    )
    told = [each for each in done.stderr.splitlines() if UNIT.name in each]
    assert (done.returncode, told) == (0, []), done.stderr


def test_the_command_of_the_unit_has_options_that_exist() -> None:
    command = re.search(r"ExecStart=\S+ (.*)", UNIT.read_text().replace("\\\n", " "))
    assert command
    given = set(re.findall(r"--[a-z-]+", command[1]))
    told = "".join(
        subprocess.run(
            [sys.executable, "-m", "leadboard.cli", *before, "--help"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        ).stdout
        for before in ([], ["serve"])
    )
    assert given == {"--as", "--host", "--port", "--token-file", "--log"}
    assert given <= set(re.findall(r"--[a-z-]+", told))


def test_every_series_that_it_names_is_there(tmp_path: Path) -> None:
    with running(str(tmp_path / "t.db")) as door, door.client() as client:
        client.get("/healthz")
        text = client.get("/metrics").text
    named = set(re.findall(r"\bleadboard_[a-z_]+[a-z]\b", PAGE)) - {"leadboard_process_"}
    assert len(named) > 8
    assert {each for each in named if each not in text} == set()

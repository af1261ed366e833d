"""The units for systemd: it understands them, and they shut in what they run."""

import re
from pathlib import Path

import pytest

from tests.support.processes import ROOT, leadboard
from tests.support.systemd import HAS_SYSTEMD, complaints

FOLDER = ROOT / "examples" / "systemd"
DOOR = (FOLDER / "leadboard.service").read_text(encoding="utf-8")
UNITS = sorted(set(FOLDER.glob("*.service")) - {FOLDER / "leadboard.service"})
every_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)


def test_there_is_a_unit_for_each_program_that_runs_for_ever() -> None:
    assert [path.stem for path in UNITS] == [
        "leadboard-deliver",
        "leadboard-telegram-clients",
        "leadboard-telegram-operators",
    ]


@every_unit
def test_it_is_as_shut_in_as_the_door_and_started_again(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    walls = re.search(
        r"^NoNewPrivileges=.*?^SystemCallFilter=~.*?$", DOOR, re.DOTALL | re.MULTILINE
    )
    assert walls
    assert walls[0] in text
    for line in ("DynamicUser=yes", "Restart=on-failure", "UMask=0077", "StateDirectoryMode=0700"):
        assert f"\n{line}\n" in text
    # Secrets are in a file of root's, and in no unit.
    assert re.search(r"^EnvironmentFile=/etc/leadboard/[\w-]+\.env$", text, re.MULTILINE)
    assert not re.search(r"^Environment=.*TOKEN", text, re.MULTILINE)


@every_unit
def test_a_bots_program_and_settings_are_those_that_there_are(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    if found := re.search(r"^ExecStart=\S+/python /opt/leadboard/(\S+)$", text, re.MULTILINE):
        program = ROOT / "examples" / found[1]
        code = program.read_text() + (program.parent / "bot_api.py").read_text()
        named = set(re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", code))
        optional = {"BOT_API", "STATE_DIRECTORY"}
        assert named - optional == set(re.findall(r"\b(?:BOT|LEADBOARD)_[A-Z]+\b", text))


def test_the_command_of_deliver_is_there() -> None:
    text = (FOLDER / "leadboard-deliver.service").read_text(encoding="utf-8")
    found = re.search(r"^ExecStart=/usr/local/bin/leadboard (.*)$", text, re.MULTILINE)
    assert found
    done = leadboard(":memory:", *found[1].split(), "--help")
    assert (done.returncode, "hooks" in done.stdout) == (0, True), done.stderr


@every_unit
@pytest.mark.skipif(not HAS_SYSTEMD, reason="needs systemd-analyze")
def test_systemd_understands_it(unit: Path, tmp_path: Path) -> None:
    assert complaints(unit.read_text(encoding="utf-8"), unit.name, tmp_path) == []

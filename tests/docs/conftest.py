"""A scratch folder with what the pages' commands name: a database, files, a shell and a door."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import allocator
from leadboard import desk
from leadboard.database.backup import backup
from leadboard.desk.seals import end_seals
from tests.support import ACTOR, add_team, opened
from tests.support.hooks import add_secret_hook
from tests.support.processes import ROOT, leadboard

SOURCES = {
    "tg_main": {"Anna": 70},
    "site": {"Anna": 1, "Vera": 1},
    "vk": {"Vera": 1},
    "phone": {},
}
HELD_BY_ANNA = (1, 2, 3, 12, 13, 14, 15)
KEYS = {1: ("tg_77", "m1"), 3: ("tg_7", "7:55")}
PROGRAMS = {"leadboard": f'exec {sys.executable} -m leadboard.cli "$@"'}
if CURL := shutil.which("curl"):
    PROGRAMS["curl"] = f'exec {CURL} -sS --fail-with-body "$@"'
FILES = {"team.csv": "operators", "old.csv": "appeals", "decisions.jsonl": "decisions"}


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a database that has all that the pages name, and files made of it."""
    folder = tmp_path_factory.mktemp("sample")
    database = folder / "leadboard.db"
    with opened(database):
        add_team({"Anna": 12, "Boris": 10, "Vera": 8}, SOURCES)
        for number in range(1, 21):
            lead, key = KEYS.get(number, (f"tg_{number}", None))
            source = 1 if number in HELD_BY_ANNA else 1 + number % 4
            allocator.submit(lead, source, "Хочу купить курс", key)
        # Now, so that Anna has all that came before.
        desk.set_weight(2, 1, 30, actor=ACTOR)
        desk.close([5], actor=ACTOR)
        add_secret_hook("https://crm.example/appeals")
        end_seals([1], actor=ACTOR)
        backup(database, folder / "monday.db", force=False)
    for name, table in FILES.items():
        assert leadboard(database, "export", table, folder / name).returncode == 0
    return folder


@pytest.fixture
def scratch(sample: Path, tmp_path: Path) -> Path:
    """Return a copy of the sample, with the programs that a shell finds there."""
    folder = tmp_path / "scratch"
    shutil.copytree(sample, folder)
    (folder / "bin").mkdir()
    for name, script in PROGRAMS.items():
        program = folder / "bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    return folder


@pytest.fixture
def shell(scratch: Path) -> Mapping[str, str]:
    """Return the environment of a shell there."""
    return {
        **os.environ,
        "HOME": str(scratch),
        "PATH": f"{scratch / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "LEADBOARD_DB": str(scratch / "leadboard.db"),
    }

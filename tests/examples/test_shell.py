"""The shell scripts, run by a real bash with a real jq."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import models
from leadboard import desk
from tests.support import ACTOR, add_team, arrive, rows
from tests.support.processes import ROOT
from tests.support.waiting import until

pytestmark = [
    pytest.mark.skipif(not shutil.which("jq"), reason="needs jq: apt-get install jq"),
    pytest.mark.skipif(not shutil.which("bash"), reason="needs bash"),
]
SHELL = ROOT / "examples" / "shell"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Return an environment with a database, and with `leadboard` as this one."""
    models.open_database(tmp_path / "t.db")
    add_team({"Анна | \\t": 9}, {"tg": {"Анна | \\t": 1}})
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "leadboard").write_text(f'#!/bin/sh\nexec {sys.executable} -m leadboard.cli "$@"\n')
    (programs / "leadboard").chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    found = {"PATH": path, "PYTHONPATH": str(ROOT), "LEADBOARD_DB": str(tmp_path / "t.db")}
    return {**os.environ, **found}


@contextmanager
def notifying(folder: Path, env: dict[str, str], command: str) -> Iterator[None]:
    """Run the script with a command of the shell for as long as the block lasts, then kill it."""
    script = [str(SHELL / "notify.sh"), str(folder / "place"), "sh", "-c", command, "sh"]
    process = subprocess.Popen(script, env=env, cwd=folder, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_whoever_gets_an_appeal_is_told_also_past_a_restart(
    tmp_path: Path, env: dict[str, str]
) -> None:
    arrive(1)
    place, told = tmp_path / "place", tmp_path / "told"
    told.touch()
    tell = 'printf "%s: %s\\n" "$1" "$2" >> told'
    with notifying(tmp_path, env, tell):
        until(place.exists)
        assert place.read_text() == "1\n"
        arrive(1)
        until(lambda: place.read_text() == "2\n")
    arrive(1)
    desk.change_operator(1, max_load=0, contact="tg:900", actor=ACTOR)
    [waiting] = arrive(1)
    with notifying(tmp_path, env, f"{tell}; false"):
        # It is not kept before the command has succeeded.
        until(lambda: len(told.read_text().splitlines()) == 2)
    assert place.read_text() == "2\n"
    with notifying(tmp_path, env, tell):
        desk.assign([waiting], 1, force=True, actor=ACTOR)
        until(lambda: len(told.read_text().splitlines()) == 4)
    name = "Анна | \\t: appeal"
    assert told.read_text().splitlines() == [
        f": {name} 2 of lead 0",
        f"tg:900: {name} 3 of lead 0",
        f"tg:900: {name} 3 of lead 0",
        f"tg:900: {name} 4 of lead 0",
    ]


def test_files_become_appeals_once_and_what_is_refused_is_set_aside(
    tmp_path: Path, env: dict[str, str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    files = {"1.txt": 'tg_1\nПривет\n"$(id)"\n', "2.txt": "\nNobody\n", "3.txt": "tg_3"}
    for _ in range(2):
        for name, text in files.items():
            (folder / name).write_text(text)
        done = subprocess.run(
            [str(SHELL / "intake.sh"), "tg", str(folder)],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr.endswith("2.txt: The lead's id is empty.\n")
    assert sorted(path.name for path in (folder / "done").iterdir()) == ["1.txt", "3.txt"]
    assert [path.name for path in (folder / "refused").iterdir()] == ["2.txt"]
    found = rows("SELECT external_id, key, message FROM appeal JOIN lead ON lead.id = lead_id")
    assert found == [("tg_1", "1.txt", 'Привет\n"$(id)"\n'), ("tg_3", "3.txt", "")]


def test_a_database_out_of_reach_leaves_the_files(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "1.txt").write_text("tg_1\nПривет")
    lost = {**env, "LEADBOARD_DB": "postgresql://127.0.0.1:9/none"}
    script = [str(SHELL / "intake.sh"), "tg", str(tmp_path)]
    done = subprocess.run(script, env=lost, capture_output=True, check=False)
    assert done.returncode != 0
    assert (tmp_path / "1.txt").exists()

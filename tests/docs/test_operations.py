"""docs/operations.md: the unit and the series that it shows, and dispatchers who come by SSH."""

import getpass
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.door import running
from tests.support.fences import fences
from tests.support.ports import free_port
from tests.support.processes import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
UNIT = ROOT / "examples/systemd/leadboard.service"
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin")


def test_it_shows_the_unit_as_it_is() -> None:
    assert f"```ini\n{UNIT.read_text()}```" in PAGE


def test_every_series_that_it_names_is_there(tmp_path: Path) -> None:
    with running(str(tmp_path / "t.db")) as door, door.client() as client:
        client.get("/healthz")
        text = client.get("/metrics").text
    named = set(re.findall(r"\bleadboard_[a-z_]+[a-z]\b", PAGE)) - {"leadboard_process_"}
    assert len(named) > 8
    assert {each for each in named if each not in text} == set()


# --- SSH --------------------------------------------------------------------------------------


@contextmanager
def ssh_server(folder: Path, settings: str, key_options: str = "") -> Iterator[list[str]]:
    """Run a server of SSH for this account; yield the beginning of a command that logs in."""
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    (folder / "keys").write_text(f"{key_options} {(folder / 'user.pub').read_text()}".strip())
    port = free_port()
    (folder / "settings").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\n"
        f"StrictModes no\nUsePAM no\nAuthorizedKeysFile {folder}/keys\n{settings}"
    )
    assert SSHD is not None
    process = subprocess.Popen(
        [SSHD, "-D", "-e", "-f", str(folder / "settings")], stderr=subprocess.DEVNULL
    )
    quiet = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")
    options = [part for option in (*quiet, "SendEnv=LEADBOARD_DB") for part in ("-o", option)]
    try:
        yield [
            *("ssh", "-F", "none", "-i", str(folder / "user"), "-p", str(port), *options),
            *("-o", "ConnectionAttempts=20", f"{getpass.getuser()}@127.0.0.1"),
        ]
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """Return a program that tells how it was called, in the place of Leadboard."""
    program = tmp_path / "leadboard"
    program.write_text('#!/bin/sh\nfor each; do echo "[$each]"; done\necho "db=$LEADBOARD_DB"\n')
    program.chmod(0o755)
    return program


def logged_in(command: list[str]) -> list[str]:
    """Return what a login prints that asks for another program, and another database."""
    env = {**os.environ, "LEADBOARD_DB": "/somebody/elses.db"}
    done = subprocess.run(
        [*command, "cat /etc/passwd"], capture_output=True, text=True, timeout=60, env=env
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


needs_ssh = pytest.mark.skipif(
    not (SSHD and shutil.which("ssh") and Path("/run/sshd").exists()),
    reason="needs a server and a client of SSH: apt-get install openssh-server",
)


@needs_ssh
def test_an_account_gets_the_screen_under_its_own_name(tmp_path: Path, told: Path) -> None:
    [shown] = fences("sshd")
    me = getpass.getuser()
    settings = shown.text.replace("Group desk", f"User {me}")
    settings = settings.replace("/usr/local/bin/leadboard", str(told))
    with ssh_server(tmp_path, f"AcceptEnv LEADBOARD_*\n{settings}") as command:
        printed = logged_in(command)
    assert printed == ["[--as]", f"[{me}]", "db=/srv/desk/sales.db", ""]


@needs_ssh
def test_a_token_of_the_server_stays_as_it_is_written(tmp_path: Path, told: Path) -> None:
    assert "under the name `%u`" in " ".join(PAGE.split())
    with ssh_server(tmp_path, f"ForceCommand {told} --as %u\n") as command:
        assert logged_in(command)[:2] == ["[--as]", "[%u]"]


@needs_ssh
def test_a_key_names_its_dispatcher(tmp_path: Path, told: Path) -> None:
    [options] = re.findall(r"^(restrict,.*Anna\") ssh-ed25519", PAGE, re.MULTILINE)
    options = options.replace("/usr/local/bin/leadboard", str(told))
    with ssh_server(tmp_path, "", options) as command:
        assert logged_in(command)[:2] == ["[--as]", "[Anna]"]

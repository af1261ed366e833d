"""Every block of code on the pages for people is run, or read by what would run it."""

import configparser
import doctest
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path

import pytest
import yaml

from leadboard.common import settings
from tests.support.door import running
from tests.support.fences import SESSION, SHELL, Fence, commands_of, fences, lines_of, pages
from tests.support.page_commands import complaint_of, why_not_run
from tests.support.server import Server
from tests.support.systemd import HAS_SYSTEMD, commands, complaints
from tui.app import LeadboardApp

READ = {"conf", "ini", "json", "pycon", "python", "sql", "sshd", "toml", "yaml"}
"""Languages other than those of a shell, each with a test; `text` is nobody's."""

SERVER = "postgresql://anna@db.example/sales"
DOOR = "localhost:8000/"
DOOR_URL, TOKEN = "http://localhost:8000", "TOKEN"
"""The door that a program of the pages talks to, and what it shows there."""
PLACES = {"48213": "3", "48000": "3"}
"""Lines of the ledger that the pages name, and which the sample has instead."""

CLOCK = re.compile(r'"\d{4}-\d\d-\d\dT[\d:.]+Z"|(?<="waited":)\d+|(?<="held":)\d+')
"""Moments, and the lengths of time between them."""

RECEIVER = "HTTPServer(("
"""In a program that tests/hooks/test_docs.py runs, since it serves until it is stopped."""


def blocks(*languages: str) -> pytest.MarkDecorator:
    """Run a test once for each block in these languages."""
    return pytest.mark.parametrize("fence", fences(*languages), ids=str)


def test_every_block_has_a_language_that_is_read() -> None:
    known = READ | {SHELL, SESSION, "text"}
    assert [str(each) for each in fences() if each.language not in known] == []


# --- the shell --------------------------------------------------------------------------------


@blocks(SHELL, SESSION)
def test_commands_are_ones_that_there_are(fence: Fence) -> None:
    lines = [line for line, _ in lines_of(fence)]
    done = subprocess.run(
        ["bash", "-n"], input="\n".join(lines), capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    for line in lines:
        for program, *words in commands_of(line):
            assert complaint_of(program, words) is None, line


def test_options_in_sentences_are_ones_that_there_are() -> None:
    for page in pages():
        prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for span in re.findall(r"`leadboard ([a-z][^`]*)`", prose):
            # Words in capitals stand for others, and an ellipsis for anything.
            [words, *_] = commands_of(re.sub(r"\S*(…|[A-Z]{2})\S*", "", span))
            told = complaint_of("leadboard", words)
            is_a_part = told is not None and re.search("Missing|requires", told)
            assert told is None or is_a_part, (page.name, span)


def runnable(fence: Fence) -> list[tuple[str, list[str]]]:
    """Return the lines of a block that are run, each with what it prints."""
    lines = lines_of(fence)
    return [each for each in lines if why_not_run(each[0], commands_of(each[0])) is None]


def is_run(fence: Fence) -> bool:
    return any(commands_of(line) for line, _ in runnable(fence))


RUN = [each for each in fences(SHELL, SESSION) if is_run(each)]


@pytest.mark.parametrize("fence", RUN, ids=str)
def test_commands_do_what_they_say(
    fence: Fence, scratch: Path, shell: Mapping[str, str], request: pytest.FixtureRequest
) -> None:
    lines = runnable(fence)
    script = "\n".join(f"echo '{MARK}'\n{line}" for line, _ in lines)
    for written, here in PLACES.items():
        script = script.replace(written, here)
    if SERVER in script:
        script = script.replace(SERVER, f"'{request.getfixturevalue('empty_database')}'")
    for name in WRITTEN.findall(script):
        (scratch / name).unlink(missing_ok=True)
    is_tour = fence.language == SESSION and "curl" in script
    place = str(scratch / ("fresh.db" if is_tour else "leadboard.db"))
    with running(place) if DOOR in script else nullcontext() as door:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script.replace(DOOR, door.url if door else DOOR)],
            cwd=scratch,
            env=shell,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr + done.stdout
    if fence.language == SESSION:
        form = exact if is_tour else rough
        outputs = [each.strip().splitlines() for each in done.stdout.split(MARK)[1:]]
        for (line, printed), output in zip(lines, outputs, strict=True):
            assert list(map(form, output)) == list(map(form, printed)), line


WRITTEN = re.compile(r"leadboard (?:export|backup) (?:\S+ )*?(\S+\.(?:csv|db|jsonl))(?!.*--force)")
"""A file that must not be there yet."""
MARK = "--- the next command ---"


def exact(line: str) -> str:
    """Return a line of output without the time of day."""
    return CLOCK.sub("…", line)


def rough(line: str) -> object:
    """Return the form of a line: the names of a JSON object, else the words around numbers."""
    if line.startswith("{"):
        return list(json.loads(line))
    return re.sub(r"(?<=whsec_)\S+|\d+", "…", line)


@pytest.fixture
def empty_database(server: Server) -> Iterator[str]:
    """Return the address of an empty database on a server."""
    with server.fresh("template1") as name:
        yield server.url(name)


# --- programs ---------------------------------------------------------------------------------


@blocks("python")
def test_a_program_runs(fence: Fence, scratch: Path) -> None:
    compile(fence.text, str(fence), "exec")
    if RECEIVER in fence.text:
        pytest.skip("tests/hooks/test_docs.py runs it.")
    place = str(scratch / "leadboard.db")
    opened = running(place, env={"LEADBOARD_TOKEN": TOKEN})
    with opened if DOOR_URL in fence.text else nullcontext() as door:
        text = fence.text.replace(DOOR_URL, door.url.rstrip("/") if door else DOOR_URL)
        done = subprocess.run(
            [sys.executable, "-c", text, "decisions.jsonl"],
            cwd=scratch,
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert "README" not in fence.page or done.stdout.splitlines()[0] in ("Anna", "Boris")


@blocks("pycon")
def test_a_session_of_python_prints_what_it_shows(fence: Fence) -> None:
    shown = doctest.DocTestParser().get_doctest(fence.text, {}, str(fence), None, None)
    assert doctest.DocTestRunner().run(shown).attempted > 3
    told: list[str] = []
    runner = doctest.DocTestRunner()
    runner.run(shown, out=told.append)
    assert told == []


# --- files ------------------------------------------------------------------------------------


@blocks("toml")
def test_settings_are_without_faults(
    fence: Fence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(fence.text, encoding="utf-8")
    monkeypatch.setenv("LEADBOARD_CONFIG", str(file))
    found = settings.read()
    assert len(found.given) > 5
    assert not LeadboardApp(settings=found).faults


@blocks("json")
def test_json_is_json(fence: Fence) -> None:
    assert json.loads(fence.text.replace("{…}", "{}"))


@blocks("yaml")
def test_yaml_is_yaml(fence: Fence) -> None:
    assert isinstance(yaml.safe_load(fence.text), dict)


@blocks("conf")
def test_a_setting_of_postgresql_is_one(fence: Fence) -> None:
    for line in fence.text.splitlines():
        assert re.fullmatch(r"[a-z_]+ = \S.*", line)


@blocks("ini")
def test_a_unit_is_understood(fence: Fence, tmp_path: Path) -> None:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(fence.text)
    assert set(parser.sections()) <= {"Unit", "Service", "Timer", "Install"}
    for program, words in commands(fence.text):
        assert (Path(program).name, complaint_of("leadboard", words)) == ("leadboard", None)
    if not HAS_SYSTEMD:
        pytest.skip("needs systemd-analyze")
    for each in fences("ini"):  # a timer is for a service of its page
        if each.page == fence.page:
            (tmp_path / named(each)).write_text(each.text)
    assert complaints(fence.text, named(fence), tmp_path) == []


def named(unit: Fence) -> str:
    """Return the name of the file that a unit is for."""
    found = re.search(r"/etc/systemd/system/([\w.-]+)`", unit.before)
    return found[1] if found else "leadboard.service"


@blocks("sshd")
def test_the_server_of_ssh_takes_its_settings(fence: Fence, tmp_path: Path) -> None:
    program = shutil.which("sshd", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("needs sshd: apt-get install openssh-server")
    key, settings = tmp_path / "key", tmp_path / "settings"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    settings.write_text(f"HostKey {key}\n{fence.text}")
    done = subprocess.run([program, "-t", "-f", settings], capture_output=True, text=True)
    assert "privilege separation" in done.stderr or (done.returncode, done.stderr) == (0, "")

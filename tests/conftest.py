"""Fixtures that every test may use; nothing of the user's own folders is touched."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

import models
from tests.support.server import Server, running_server

ENGINES = ("sqlite", "postgresql")
SERIALIZABLE = "postgresql, serializable"
"""As the engines that scale out always are."""

MEMORY, ROOM = Path("/dev/shm"), 4 * 1024**3

# Whatever the locale is: the words of the tests are the English ones.
os.environ["LEADBOARD_LANG"] = "en"
# What the tests start need not compile our modules each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    # Real files that wait for no disk: no test here lets the power fail.
    tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked so once on each engine."""

    def is_marked(name: str) -> bool:
        return metafunc.definition.get_closest_marker(name) is not None

    is_shared = is_marked("every_engine") and not is_marked("sqlite")
    if "target" in metafunc.fixturenames and is_shared:
        engines = (*ENGINES, SERIALIZABLE) if is_marked("race") else ENGINES
        metafunc.parametrize("target", engines, indirect=True)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep settings, data and logs of a test in its own folder."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("LEADBOARD_CONFIG", raising=False)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Return a running PostgreSQL, one for all tests of a process."""
    with running_server() as started:
        yield started


@pytest.fixture
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the path or URL of a database of one's own."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield str(tmp_path / "t.db")
        return
    server: Server = request.getfixturevalue("server")
    level = "serializable" if request.param == SERIALIZABLE else "read committed"
    yield server.url(server.swept(), default_transaction_isolation=level.replace(" ", "\\ "))


@pytest.fixture
def db(target: str) -> Iterator[Database]:
    """Return a fresh open database."""
    opened = models.open_database(target)
    yield opened
    opened.close()

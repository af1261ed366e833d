"""Fixtures that every test may use; nothing of the user's own folders is touched."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

import models


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep settings, data and logs of a test in its own folder."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """Return a fresh open database file."""
    opened = models.open_database(tmp_path / "t.db")
    yield opened
    opened.close()

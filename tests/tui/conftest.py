"""What tests of the screen start from: a short day, and a list that is longer than the screen."""

from pathlib import Path

import pytest

import allocator
import models
from tests.support import add_team
from tests.support.lists import feed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Anna with one place and Boris with two; four appeals, so that one waits."""
    path = tmp_path / "day.db"
    opened = models.open_database(path)
    team = add_team({"Anna": 1, "Boris": 2}, {"tg": {"Anna": 50, "Boris": 50}})
    for number in range(1, 5):
        allocator.submit(f"lead_{number}", team.tg, f"message {number}")
    opened.close()
    return path


@pytest.fixture
def long_list(tmp_path: Path) -> Path:
    """Thirty appeals of one source, of Anna and Boris; Vera has as much room and serves none."""
    path = tmp_path / "selection.db"
    opened = models.open_database(path)
    add_team({"Anna": 1000, "Boris": 1000, "Vera": 1000}, {"vk": {"Anna": 10, "Boris": 10}})
    feed(1, 30)
    opened.close()
    return path

"""What tests of the screen start from: a short day, and a list that is longer than the screen."""

from pathlib import Path

import pytest

import allocator
import models
from leadboard import desk as acts
from tests.support.lists import feed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Anna with one place and Boris with two; four appeals, so that one waits."""
    path = tmp_path / "day.db"
    opened = models.open_database(path)
    acts.add_source("tg", actor="t")
    acts.add_operator("Anna", 1, actor="t")
    acts.add_operator("Boris", 2, actor="t")
    acts.set_weight(1, 1, 50, actor="t")
    acts.set_weight(2, 1, 50, actor="t")
    for number in range(1, 5):
        allocator.submit(f"lead_{number}", 1, f"message {number}")
    opened.close()
    return path


@pytest.fixture
def long_list(tmp_path: Path) -> Path:
    """Thirty appeals of one source, of Anna and Boris; Vera has as much room and serves none."""
    path = tmp_path / "selection.db"
    opened = models.open_database(path)
    acts.add_source("vk", actor="t")
    for name in ("Anna", "Boris", "Vera"):
        acts.add_operator(name, 1000, actor="t")
    for operator in (1, 2):
        acts.set_weight(operator, 1, 10, actor="t")
    feed(1, 30)
    opened.close()
    return path

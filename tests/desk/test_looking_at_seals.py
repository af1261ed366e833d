"""Looking at the seals, while somebody else is writing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from leadboard.common.errors import TooBusy
from leadboard.database import transactions
from leadboard.desk.seals import prepare_seals
from tests.support import add_operator, add_source, number, opened


def test_seals_are_shown_beside_a_writer_once_the_next_ones_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "PATIENCE", 0.2)
    path = tmp_path / "book.db"
    with opened(path), closing(sqlite3.connect(path, isolation_level=None)) as other:
        add_operator("Vera", 90)
        add_source("bot", (1, 70))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TooBusy):
            prepare_seals()
        other.rollback()
        prepare_seals()
        other.execute("BEGIN IMMEDIATE")
        prepare_seals()
        assert number("SELECT count(*) FROM seal") == 1

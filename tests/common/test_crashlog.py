"""The log of unexpected errors: what is in it, and how large it becomes."""

import stat
from pathlib import Path

import pytest

from leadboard.common import crashlog
from leadboard.common.crashlog import log_folder, surprise
from tests.support.machine import NEEDS_FULL


def logs() -> list[Path]:
    return sorted(log_folder().glob("leadboard.log*"))


def test_it_is_rotated_and_the_last_error_is_in_the_first_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crashlog, "MOST", 1_000)
    monkeypatch.setattr(crashlog, "KEPT", 2)
    for number in range(12):
        assert "leadboard.log" in surprise(ValueError(f"{number} " + "x" * 300))
    assert [each.name for each in logs()] == ["leadboard.log", "leadboard.log.1", "leadboard.log.2"]
    assert all(each.stat().st_size <= 1_000 for each in logs())
    assert all(stat.S_IMODE(each.stat().st_mode) == 0o600 for each in logs())
    assert "ValueError: 11 " in logs()[0].read_text()


def test_half_a_letter_and_a_password_come_out_harmless() -> None:
    surprise(KeyError("\ud800 postgresql://anna:hunter2@host/name"))
    text = logs()[0].read_text("utf-8")
    assert "\\ud800" in text
    assert "hunter2" not in text


@NEEDS_FULL
def test_a_log_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    log_folder().parent.mkdir(parents=True, exist_ok=True)
    log_folder().write_text("a file where the folder should be")
    assert surprise(ValueError("x")).endswith("cannot be written.")
    log_folder().unlink()
    log_folder().mkdir(parents=True)
    (log_folder() / "leadboard.log").symlink_to("/dev/full")
    assert surprise(ValueError("x")).endswith("cannot be written.")

"""Hooks in need, on the screen: in the header and on the sheet of alarms."""

from pathlib import Path

import pytest

import models
from leadboard.database.fields import now, stamp
from tests.support import rows
from tests.support.hooks import add_hook
from tests.support.screen import SMALL, open_desk


@pytest.fixture
def troubled(file: Path) -> Path:
    """A desk with one source in need, and a hook that has given up two events."""
    opened = models.open_database(file)
    add_hook()
    for seq in (1, 2):
        rows(
            "INSERT INTO held_event (hook_id, seq, appeal_id, body, attempts, first_at, due_at, "
            "failure, is_unreachable, dead_at) VALUES (1, ?, 1, '', 9, ?, ?, 'x', FALSE, ?)",
            *(seq, *[stamp(now())] * 3),
        )
    opened.close()
    return file


async def test_events_that_were_given_up_are_in_the_header(troubled: Path) -> None:
    async with open_desk(troubled, (200, 40)) as desk:
        assert "▲ tg: nobody available" in desk.lines()[0]
        assert "▲ hook 1: 2 events could not be delivered" in desk.lines()[0]


async def test_without_alarms_the_whole_sentence_fits_the_smallest_screen(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "t.db", SMALL) as desk:
        await desk.press("exclamation_mark")
        assert "No alarms: nothing is in need." in desk.text


async def test_the_sheet_says_the_way_out_and_enter_leads_nowhere_else(troubled: Path) -> None:
    async with open_desk(troubled, (120, 40)) as desk:
        await desk.press("exclamation_mark")
        assert "▲ hook 1  2 events could not be delivered   leadboard hook failed 1" in desk.text
        await desk.press("end", "enter")
        assert "Hooks are seen to on the command line: leadboard hook failed 1" in desk.text
        await desk.press("home", "enter")
        assert "command line" not in desk.text

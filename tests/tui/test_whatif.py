"""The replay of the past under a draft: what the sheet says, how it stops, and that it fits."""

import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest

import allocator
from leadboard import desk as acts
from leadboard.common.errors import Trouble
from leadboard.database.fields import as_if_at, now
from leadboard.foresight.draft import TeamDraft
from leadboard.queries import past
from tests.support import add_team, opened, rows
from tests.support.screen import LARGE, SMALL, USUAL, Desk, open_desk
from tui.dialogs.rehearsal import Rehearsal


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """Anna alone serves tg, with one place: of twelve appeals, one an hour, all but one wait."""
    path = tmp_path / "day.db"
    with opened(path):
        team = add_team({"Anna": 1, "Boris": 12}, {"tg": {"Anna": 10}})
        start = now() - timedelta(hours=13)
        for number in range(1, 13):
            with as_if_at(start + timedelta(hours=number)):
                allocator.submit(f"lead_{number}", team.tg, f"message {number}")
            if number > 2:
                with as_if_at(start + timedelta(hours=number, minutes=30)):
                    acts.close([number - 2], actor="t")
    return path


async def draft_boris(desk: Desk) -> None:
    await desk.press("f3", "w", "down", "1", "0", "enter", "r")
    await desk.until(lambda: "Last day" in desk.text)


async def outcome(desk: Desk) -> dict[str, str]:
    """Return the lines of the sheet by what they begin with, once all repeats are done."""
    await desk.until(lambda: str(desk.app.screen.query_one("#progress").render()) == "Last day")
    await desk.settle()
    text = str(desk.app.screen.query_one("#outcome").render())
    lines = [line.split("  ") for line in text.splitlines() if "  " in line]
    return {line[0].strip(): " ".join(filter(None, map(str.strip, line[1:]))) for line in lines}


async def test_what_was_stands_beside_what_would_have_been(day: Path) -> None:
    async with open_desk(day) as desk:
        await draft_boris(desk)
        found = await outcome(desk)
        assert "12 appeals since" in desk.text
        assert found["had to wait"] == "11 0 ±0"
        assert found["median wait"] == "1 h 30 m –"
        assert found["still waiting"] == "1 0"
        # Anna keeps the first, which alone was drawn at once.
        anna, boris = found["Anna"], found["Boris"]
        assert anna.startswith("11→")
        assert boris.startswith("0→")
        assert "at once" in anna or "→" in anna
        assert rows("SELECT count(*) FROM operator_source") == [(1,)]


@pytest.mark.parametrize("size", [LARGE, USUAL, SMALL], ids=str)
async def test_the_sheet_fits_and_applies(day: Path, size: tuple[int, int]) -> None:
    async with open_desk(day, size) as desk:
        await draft_boris(desk)
        await outcome(desk)
        assert all(len(line) <= size[0] for line in desk.lines())
        assert "esc back · ctrl+s apply" in desk.text
        await desk.press("ctrl+s")
        await desk.until(lambda: rows("SELECT count(*) FROM operator_source") == [(2,)])
        assert "DRAFT" not in desk.text


async def test_a_wide_sheet_tells_long_names_apart(tmp_path: Path) -> None:
    path = tmp_path / "long.db"
    with opened(path):
        add_team({"Operator number 01": 9, "Operator number 02": 9}, {"tg": {}})
        acts.set_weight(1, 1, 5, actor="t")
        acts.set_weight(2, 1, 5, actor="t")
        for number in range(1, 13):
            allocator.submit(f"lead_{number}", 1, "hi")
    async with open_desk(path, LARGE) as desk:
        await draft_boris(desk)
        found = await outcome(desk)
        assert {"Operator number 01", "Operator number 02"} <= found.keys()


async def test_days_are_named_as_in_the_heading(tmp_path: Path) -> None:
    path = tmp_path / "days.db"
    with opened(path):
        with as_if_at(now() - timedelta(days=4)):
            team = add_team({"Anna": 2, "Boris": 12}, {"tg": {"Anna": 10}})
        for days in (3, 2):
            with as_if_at(now() - timedelta(days=days)):
                allocator.submit(f"lead_{days}", team.tg, "hi")
    async with open_desk(path) as desk:
        await draft_boris(desk)
        await desk.press("2")
        await desk.until(lambda: "Last week" in desk.text and "2 appeals since" in desk.text)
        full = f"{now() - timedelta(days=2):%d %b}"
        assert re.search(r"since \d\d [A-Z][a-z]+ ", desk.text)
        await desk.until(lambda: f"{full}→" in desk.text)


async def test_other_windows_are_replayed_by_their_keys(day: Path) -> None:
    async with open_desk(day) as desk:
        await draft_boris(desk)
        for key, words in {"2": "Last week", "3": "Last 1,000 appeals", "1": "Last day"}.items():
            await desk.press(key)
            await desk.until(lambda words=words: words in desk.text)  # type: ignore[misc]
        await outcome(desk)


async def test_escape_stops_the_replay_and_then_leaves(
    day: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, goes_on = threading.Event(), threading.Event()
    usual = past.past_of

    def slow(window: past.TimeWindow, progress: past.Progress, most: int = past.MOST) -> object:
        held.set()
        goes_on.wait(20)
        progress(1, 100)
        return usual(window, progress, most)

    monkeypatch.setattr("tui.dialogs.rehearsal.past_of", slow)
    async with open_desk(day) as desk:
        await desk.pilot.press("f3", "w", "plus", "r")
        await desk.until(held.is_set)
        assert "reading" in desk.text
        # Keys do not wait for it: the sheet answers while the thread is held.
        await desk.pilot.press("escape")
        await desk.until(lambda: "Last day · stopped" in desk.text)
        await desk.pilot.press("escape")
        await desk.until(lambda: "What if" not in desk.line_with("DRAFT"))
        goes_on.set()
        await desk.settle()
        assert "DRAFT" in desk.text


async def test_trouble_is_said_on_the_sheet(day: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> object:
        raise Trouble("The disk is gone.")

    monkeypatch.setattr("tui.dialogs.rehearsal.past_of", fail)
    async with open_desk(day) as desk:
        await draft_boris(desk)
        await desk.until(lambda: "The disk is gone." in desk.text)
        await desk.press("escape")
        assert "DRAFT" in desk.text


def test_a_rehearsal_waits_while_somebody_types(day: Path) -> None:
    typing = threading.Event()
    typing.set()
    reports: list[object] = []
    rehearsal = Rehearsal(past.DAY, TeamDraft(), reports.append, typing.is_set)

    def run() -> None:
        with opened(day):
            rehearsal.run()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(0.3)
    assert thread.is_alive()
    assert reports == []
    typing.clear()
    thread.join(20)
    assert not thread.is_alive()
    assert len(reports) >= 20

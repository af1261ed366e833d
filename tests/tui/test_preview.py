"""The preview: from 160 columns on it tells of the appeal under the cursor, and costs no key."""

from collections.abc import Sequence
from pathlib import Path

import pytest

import allocator
import models
from leadboard import desk as acts
from leadboard.common.errors import Trouble
from tests.support import Team, add_team
from tests.support.processes import IS_SOAK
from tests.support.screen import Desk, open_desk
from tui.dialogs import details_text
from tui.panes import preview
from tui.panes.preview import PAUSE

VAST, LARGE, NARROWER = (160, 44), (160, 30), (159, 44)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "preview.db"
    fill(path)
    return path


def fill(target: str | Path) -> None:
    """Anna has six appeals of three leads, lead_2 the newest; a seventh waits."""
    opened = models.open_database(target)
    team = add_team({"Anna": 6}, {"tg": {"Anna": 50}})
    for number in range(6):
        allocator.submit(f"lead_{number % 3}", team.tg, f"message {number}\nsecond line")
    allocator.submit("lead_9", team.tg, "it waits")
    opened.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list of appeals that the preview reads."""
    found: list[int] = []

    def look_up(appeal_id: int) -> details_text.Found:
        found.append(appeal_id)
        return details_text.look_up(appeal_id)

    monkeypatch.setattr(preview, "look_up", look_up)
    return found


def seen(desk: Desk) -> str:
    """Return what the preview shows, empty while it is not shown."""
    widget = desk.app.desk_screen.query_one("#preview")
    if not widget.display or not widget.region:
        return ""
    area = widget.content_region
    # By the lines on its sides: a wide character takes two cells, and one place in the text.
    return "\n".join(line.split("│")[-2].strip() for line in desk.frames()[area.y : area.bottom])


async def shows(desk: Desk, *parts: str) -> None:
    await desk.until(lambda: all(part in seen(desk) for part in parts))


async def test_it_tells_of_the_appeal_under_the_cursor_and_follows_it(file: Path) -> None:
    async with open_desk(file, VAST) as desk:
        await shows(desk, "Appeal #7", "From      lead_9 via tg", "it waits", "Ways to place it")
        await desk.press("f4", "down")
        await shows(desk, "Appeal #6", "message 5\nsecond line", "Why: ticket", "Operator  Anna")
        await desk.press("end")
        await shows(desk, "Appeal #1", "message 0")


async def test_its_ways_have_no_digits_since_no_digit_applies_them(file: Path) -> None:
    async with open_desk(file, VAST) as desk:
        await shows(desk, "·  Raise Anna's limit 6 → 7")
        await desk.press("f4", "enter")
        assert "1  Raise Anna's limit 6 → 7" in desk.text


async def test_of_a_lead_it_tells_of_the_newest_appeal(file: Path) -> None:
    async with open_desk(file, VAST) as desk:
        await desk.press("f4", "left_square_bracket", "down")
        await shows(desk, "Appeal #6", "From      lead_2")
        await desk.press("enter", "down")
        await shows(desk, "Appeal #3", "From      lead_2")
        await desk.press("escape", "right_square_bracket", "right_square_bracket")
        await shows(desk, "Appeal #7", "it waits")


async def test_it_follows_what_others_do(file: Path) -> None:
    async with open_desk(file, VAST) as desk:
        await shows(desk, "Appeal #7", "Operator  none, waiting")
        await desk.told(acts.step_limit, Team().anna, 1, actor="t")
        await shows(desk, "Appeal #7", "Operator  Anna")
        await desk.told(allocator.submit, "lead_7", Team().tg, "new")
        await shows(desk, "Appeal #8", "From      lead_7")


async def test_it_is_empty_beside_an_empty_list(file: Path) -> None:
    async with open_desk(file, VAST) as desk:
        await shows(desk, "Appeal #7")
        await desk.press("f4", "slash", *"lead_2", "enter")
        await shows(desk, "Appeal #6")
        await desk.press("slash", *"x", "enter")
        await desk.until(lambda: seen(desk).strip() == "")
        await desk.press("escape")
        await shows(desk, "Appeal #7")


async def test_below_160_columns_nothing_is_shown_or_read(file: Path, asked: list[int]) -> None:
    async with open_desk(file, NARROWER) as desk:
        await desk.press("f4", "down", "down")
        await desk.pilot.pause(PAUSE * 3)
        assert "Appeal #" not in desk.text
        assert asked == []
        await desk.pilot.resize_terminal(*VAST)
        await shows(desk, "Appeal #5")
        assert asked == [5]
        await desk.pilot.resize_terminal(*NARROWER)
        await desk.press("down")
        await desk.pilot.pause(PAUSE * 3)
        assert "Appeal #" not in desk.text
        assert asked == [5]
        await desk.pilot.resize_terminal(*VAST)
        await shows(desk, "Appeal #4")


async def test_while_one_pane_is_enlarged_it_is_not_shown(file: Path) -> None:
    async with open_desk(file, VAST) as desk:
        await shows(desk, "Appeal #7")
        await desk.press("f4", "f", "down")
        await desk.pilot.pause(PAUSE * 3)
        assert "Appeal #" not in desk.text
        await desk.press("f")
        await shows(desk, "Appeal #6")


async def test_keys_only_begin_the_pause_anew_and_one_reading_follows(
    file: Path, asked: list[int]
) -> None:
    async with open_desk(file, VAST) as desk:
        await shows(desk, "Appeal #7")
        asked.clear()
        await desk.press("f4")
        desk.burst(*["down"] * 5)
        await shows(desk, "Appeal #2")
        assert asked in ([2], [7, 2])


async def test_it_is_no_stop_of_the_tab_key(file: Path) -> None:
    async with open_desk(file, VAST) as desk:
        stops: list[object] = []
        for _ in range(6):
            await desk.press("tab")
            stops.append(desk.app.focused and desk.app.focused.id)
        assert "preview" not in stops
        assert {"operators", "weights", "all", "lead"} <= set(stops)


LONG: Sequence[str] = ["x" * 10_000, "word " * 2_000, "\n" * 9_999, "界" * 9_000, "[/b]\x1b[2J"]


@pytest.mark.parametrize("message", LONG, ids=["one word", "words", "lines", "wide", "markup"])
@pytest.mark.parametrize("size", [VAST, LARGE, (300, 18), (160, 10)] if IS_SOAK else [VAST])
async def test_whatever_is_too_long_is_cut_at_the_bottom(
    file: Path, message: str, size: tuple[int, int]
) -> None:
    async with open_desk(file, size) as desk:
        await desk.told(allocator.submit, "lead_8", Team().tg, message)
        await desk.press("f4")
        await shows(desk, "Appeal #8", "lead_8 via tg")
        assert "\x1b" not in desk.text
        assert desk.lines()[-1].rstrip().endswith("Quit")


async def test_where_nothing_can_be_read_it_is_empty_rather_than_wrong(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(file, VAST) as desk:
        await desk.press("f4")
        await shows(desk, "Appeal #7")

        def failing(_: int) -> None:
            raise Trouble("The database is gone.")

        monkeypatch.setattr(preview, "look_up", failing)
        await desk.press("down")
        await desk.until(lambda: seen(desk).strip() == "")


@pytest.mark.every_engine
async def test_on_every_engine_it_follows_the_cursor(target: str) -> None:
    fill(target)
    async with open_desk(target, VAST) as desk:
        await shows(desk, "Appeal #7")
        await desk.press("f4")
        desk.burst("down", "down")
        await shows(desk, "Appeal #5")
        await desk.press("left_square_bracket")
        await shows(desk, "Appeal #7")

"""What is on show is saved: whole, privately, without formulas, or not at all."""

import csv
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import allocator
from leadboard import desk as acts
from leadboard.common.errors import Trouble
from tests.support import Team
from tests.support.lists import feed
from tests.support.screen import Desk, open_desk


async def test_what_is_on_show_is_saved_privately_and_without_formulas(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_downloads_path", lambda: tmp_path)
    async with open_desk(file) as desk:
        team = Team()
        await desk.elsewhere(allocator.submit, "=1+1", team.tg, "@SUM(A1)")
        await desk.press("3")
        await desk.until(lambda: "@SUM(A1)" in desk.text)
        desk.app.desk_screen.export_rows()
        desk.app.desk_screen.export_picture()
        await desk.settle()
    [table] = tmp_path.glob("leadboard-appeals-*.csv")
    assert "'=1+1" in table.read_text()
    assert "'@SUM(A1)" in table.read_text()
    assert table.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob("leadboard-screen-*.svg"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "downloads"
    monkeypatch.setattr("platformdirs.user_downloads_path", lambda: place)
    return place


async def saved(desk: Desk, folder: Path) -> list[list[str]]:
    """Save what has the focus, and return the cells of the file that is there then."""
    before = set(folder.glob("*")) if folder.exists() else set()
    desk.app.desk_screen.export_rows()
    await desk.settle()
    assert "saved as" in desk.text
    [new] = set(folder.glob("*")) - before
    assert new.stat().st_mode & 0o777 == 0o600
    with new.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


async def test_a_list_is_saved_with_all_its_rows_in_the_order_on_show(
    long_list: Path, folder: Path
) -> None:
    async with open_desk(long_list) as desk:
        team = Team()
        await desk.elsewhere(feed, 31, 1_234)
        await desk.told(allocator.submit, "=cmd", team.vk, "x" * 9_000)
        await desk.press("f4")
        head, *lines = await saved(desk, folder)
        assert head[:4] == ["id", "timestamp", "external_id", "source"]
        assert [int(line[0]) for line in lines] == list(range(1_235, 0, -1))
        assert lines[0][2] == "'=cmd"
        assert len(lines[0][7]) == 9_000
        await desk.press("s", "slash", *"lead_2", "enter")
        await desk.settle()
        _, *found = await saved(desk, folder)
        expected = [each for each in range(1, 1_235) if str(each).startswith("2")]
        assert [int(line[0]) for line in found] == expected
        await desk.press("escape", "left_square_bracket")
        head, *leads = await saved(desk, folder)
        assert head == ["id", "external_id", "appeals", "open", "newest", "message"]
        assert len(leads) == 1_235
        assert leads[0][5] == "x" * 9_000


async def test_of_the_grid_the_weights_are_saved_and_of_the_team_the_team(
    long_list: Path, folder: Path
) -> None:
    async with open_desk(long_list) as desk:
        team = Team()
        await desk.elsewhere(acts.add_source, "tg", actor="t")
        await desk.elsewhere(acts.set_weight, team.vera, Team().tg, 77, actor="t")
        await desk.until(lambda: "77" in desk.text)
        await desk.press("f3")
        assert await saved(desk, folder) == [
            ["operator", "vk", "tg"],
            ["Anna", "10", ""],
            ["Boris", "10", ""],
            ["Vera", "", "77"],
        ]
        await desk.press("slash", *"ver", "enter")
        assert [line[0] for line in await saved(desk, folder)] == ["operator", "Vera"]
        await desk.press("f2")
        assert [line[1] for line in await saved(desk, folder)] == ["name", "Vera"]
        await desk.press("escape")
        head, *people = await saved(desk, folder)
        assert head == ["id", "name", "is_active", "max_load", "note", "contact", "load"]
        assert [line[1] for line in people] == ["Anna", "Boris", "Vera"]


async def test_nothing_is_offered_where_nothing_is_to_save(long_list: Path, folder: Path) -> None:
    async with open_desk(long_list) as desk:
        screen = desk.app.desk_screen

        def offers() -> bool:
            return any(each.title == "Save as CSV" for each in desk.app.get_system_commands(screen))

        await desk.press("f4")
        assert offers()
        for keys in (("right_square_bracket",), ("n",)):
            await desk.press(*keys)
            assert not offers()
            screen.export_rows()
            await desk.settle()
            assert "There is nothing here to save." in desk.text
        assert not folder.exists()


async def test_a_file_that_cannot_be_whole_is_not_there(
    long_list: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> Iterator[object]:
        yield (1, "tg_1", 1, 1, None, "")
        raise Trouble("The database is gone.")

    monkeypatch.setattr("leadboard.transfer.list_export._leads", failing)
    async with open_desk(long_list) as desk:
        await desk.press("f4", "left_square_bracket")
        desk.app.desk_screen.export_rows()
        await desk.settle()
        assert "Nothing was saved: The database is gone." in desk.text
        assert list(folder.glob("*")) == []


async def test_leaving_while_a_list_is_saved_leaves_nothing_half_written(
    long_list: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def endless(*_: object) -> Iterator[object]:
        while True:
            yield (1, "tg_1", 1, 1, None, "")
            begun.set()
            time.sleep(0.001)

    monkeypatch.setattr("leadboard.transfer.list_export._leads", endless)
    async with open_desk(long_list) as desk:
        await desk.press("f4", "left_square_bracket")
        await desk.until(lambda: "  1/1  " in desk.text)  # each lead with its appeals
        desk.app.desk_screen.export_rows()
        await desk.until(begun.is_set)
        await desk.until(lambda: "rows so far" in desk.text)
        assert len(list(folder.glob("*.csv"))) == 0
    assert list(folder.glob(".*")) + list(folder.glob("*")) == []

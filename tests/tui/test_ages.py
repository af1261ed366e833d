"""How long appeals wait, are open and took: in the lists, the header and the details."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

import models
from allocator import submit
from leadboard import desk as acts
from leadboard.database.fields import as_if_at, now
from leadboard.queries.appeals import AppealRow
from leadboard.queries.times import Times
from tests.support import add_team, counted_statements
from tests.support.screen import LARGE, SMALL, USUAL, Desk, open_desk
from tui.dialogs import details
from tui.panes import appeals as pane_of_lists
from tui.panes import appeals_pane
from tui.panes.appeal_columns import (
    AGE,
    AGE_IN_WORDS,
    NARROW,
    SHORTEST,
    Columns,
    age_of,
)
from tui.screen import header

LATER = timedelta(minutes=10)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Four appeals: Anna has one for two hours, one was closed, two wait, one of them reopened."""
    path, start = tmp_path / "ages.db", now() - timedelta(minutes=125.5)
    opened = models.open_database(path)
    team = add_team({"Anna": 9}, {"tg": {}})
    with as_if_at(start):
        for name in ("held", "done", "again", "waits"):
            submit(f"{name}", team.tg, f"message of {name}")
        acts.assign([1], team.anna, actor="t")
    with as_if_at(start + timedelta(minutes=40)):
        acts.close([2, 3], actor="t")
    with as_if_at(start + timedelta(minutes=111)):
        acts.reopen([3], actor="t")
    opened.close()
    return path


def ages(desk: Desk) -> dict[str, str]:
    """Return what each line says between its source and its message."""
    names = ("held", "done", "again", "waits")
    lines = {name: desk.line_with(f"  {name} ") for name in names}
    return {
        name: " ".join(
            line.partition(f" {name} ")[2].partition(" tg ")[2].partition("message")[0].split()
        )
        for name, line in lines.items()
    }


async def test_a_list_says_how_long_its_appeals_wait_are_open_and_took(file: Path) -> None:
    async with open_desk(file, LARGE) as desk:
        await desk.press("f4")
        assert ages(desk) == {
            "held": "Anna open 2 h",
            "done": "nobody took 40 m",
            "again": "waits 14 m",
            "waits": "waits 2 h",
        }


async def test_without_room_for_the_words_the_figure_stays(file: Path) -> None:
    async with open_desk(file, LARGE) as desk:
        name = "Анна Петрова-Водкина"
        await desk.told(acts.change_source, 1, name="tg tg tg tg tg", actor="t")
        await desk.told(acts.change_operator, 1, name=name, actor="t")
        await desk.told(submit, "a lead with a long id", 1, "")
        await desk.press("f4")
        assert "Анна Петрова…    2 h  message o…" in desk.line_with("  held ")
        assert "waiting          2 h  message o…" in desk.line_with("  waits ")


async def test_eighty_columns_have_ages_and_forty_only_where_all_of_them_wait(file: Path) -> None:
    async with open_desk(file, USUAL) as desk:
        await desk.press("f4")
        assert ages(desk)["again"] == "waits 14 m"
    async with open_desk(file, SMALL) as desk:
        await desk.press("f4")
        assert "  waits  waiting   mess" in desk.text
        await desk.press("right_square_bracket")
        assert "!!   2 h  waits  mess" in desk.text
        assert "!   14 m  again  mess" in desk.text


async def test_those_who_wait_stand_oldest_first_and_the_border_says_so(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4")
        assert "━ newest first ━┛" in desk.text
        await desk.press("right_square_bracket")
        await desk.until(lambda: "━ oldest first ━┛" in desk.text and "  again " in desk.text)
        lines = desk.lines()
        places = [
            next(at for at, line in enumerate(lines) if f"  {name} " in line)
            for name in ("again", "waits")
        ]
        assert places == sorted(places)
        await desk.press("s")
        assert "━ newest first ━┛" in desk.text


# Ticking.


def let_time_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pane_of_lists, header, details):
        monkeypatch.setattr(module, "now", lambda: now() + LATER)


async def test_ages_go_on_without_reading_anything(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (appeals_pane, header):
        monkeypatch.setattr(module, "TICK", 0.05)
    async with open_desk(file) as desk:
        await desk.press("f4")
        assert "waiting 2, oldest 2 h" in desk.lines()[0]
        with counted_statements() as statements:
            let_time_pass(monkeypatch)
            await desk.until(lambda: ages(desk)["again"] == "waits 24 m")
        assert not [each for each in statements if "appeal" in each]
        assert ages(desk)["done"] == "nobody took 40 m"


async def test_only_lines_whose_age_reads_differently_are_painted(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4")
        shown = desk.app.desk_screen.query_one("#all", pane_of_lists.Appeals)
        painted: list[int] = []
        monkeypatch.setattr(shown, "refresh_row", painted.append)
        shown.tick()
        assert painted == []
        let_time_pass(monkeypatch)
        shown.tick()
        assert [shown.rows[place].external_id for place in painted] == ["again"]


async def test_a_filter_by_age_finds_more_as_time_goes_on(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "slash")
        await desk.type("older:130m")
        await desk.until(lambda: "No matches" in desk.text)
        # Where the database is asked, not where an age is painted.
        monkeypatch.setattr("leadboard.queries.filters.now", lambda: now() + LATER)
        desk.app.desk_screen.query_one(appeals_pane.AppealsPane).tick()
        await desk.until(lambda: "message of held" in desk.text)


# The header.


@pytest.mark.parametrize("size", [LARGE, USUAL, SMALL])
async def test_the_header_says_how_long_the_oldest_waits(
    file: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(file, size) as desk:
        assert "waiting 2, oldest 2 h" in desk.lines()[0]
        monkeypatch.setattr(header, "now", lambda: now() + timedelta(days=3))
        desk.app.desk_screen.query_one(header.Header).tick()
        await desk.until(lambda: "waiting 2, oldest 3 d" in desk.lines()[0])
        await desk.told(acts.close, [3, 4], actor="t")
        assert "waiting 0 " in f"{desk.lines()[0]} "
        assert "oldest" not in desk.text


# Details.


@pytest.mark.parametrize("size", [LARGE, USUAL, SMALL])
async def test_details_tell_every_time_and_the_whole_history(
    file: Path, size: tuple[int, int]
) -> None:
    async with open_desk(file, size) as desk:
        await desk.press("f4", "end", "enter")
        text = whole_sheet(desk)
        for said in (
            "From      held via tg",
            "Operator  Anna",
            "Received        ",
            "First assigned  ",
            "waited 0 s",
            "Assigned now    ",
            "to Anna, held 2 h 5 m",
            "received, waiting",
            "assigned to Anna by t (assign)",
        ):
            assert said in text


async def test_details_of_what_was_closed_and_of_what_waits_again(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("f4", "down", "enter")
        text = whole_sheet(desk)
        assert "none, waiting 14 m" in text
        assert "Reopened        " in text
        assert "First assigned" not in text
        assert "reopened by t (reopen), waiting" in text
        await desk.press("escape", "down", "enter")
        text = whole_sheet(desk)
        assert "nobody, closed" in text
        assert "Closed          " in text


async def test_lengths_in_details_go_on(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(details, "TICK", 0.05)
    async with open_desk(file) as desk:
        await desk.press("f4", "end", "enter")
        assert "held 2 h 5 m" in desk.text
        let_time_pass(monkeypatch)
        await desk.until(lambda: "held 2 h 15 m" in desk.text)


def whole_sheet(desk: Desk) -> str:
    """Return all of the text in an open dialog, in view or not."""
    return str(desk.app.screen.query_one("#details").render())


# Widths, and what is not known.


def row(closed_at: datetime | None = None) -> AppealRow:
    start = closed_at or now() - timedelta(minutes=5)
    times = Times(start, closed_at=closed_at)
    return AppealRow(1, start, 1, "l", 1, "tg", 1, "Anna", "", None, closed_at, False, times)


def test_what_is_not_known_has_no_figure() -> None:
    assert age_of(row(), now()) == "open"
    assert age_of(row(), now(), is_worded=False) == ""
    # Imported without the moment of its closing.
    assert age_of(row(closed_at=now() - timedelta(minutes=5)), now()) == ""


@pytest.mark.parametrize("needed", [Columns(), Columns(8, 4, 6), Columns(18, 14, 16)])
def test_columns_leave_room_for_the_message(needed: Columns) -> None:
    for width in range(20, 200):
        columns = needed.within(width)
        assert columns.age in (AGE, AGE_IN_WORDS) if width >= NARROW else columns.age == 0
        assert width - columns.used >= (SHORTEST if width >= NARROW else -6)

"""Any row that can be in the tables can be shown."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from peewee import Database
from textual.geometry import Size

from leadboard.database.fields import NoMoment, UtcField, now, stamp
from leadboard.entities import OperatorRow, SourceRow
from leadboard.queries import board as board_queries
from leadboard.queries import odds
from leadboard.queries.board import Board
from tests.support import add_team, rows
from tests.support.screen import LARGE, SIDE, SMALL, USUAL, open_desk
from tui.screen.header import Header
from tui.widgets.moments import short, shown

ENDS = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
BEYOND = 2**63 - 1


@pytest.fixture(params=["Pacific/Kiritimati", "America/Adak", "UTC"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the test into a time zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("moment", ENDS)
def test_the_ends_of_the_calendar_have_a_date_in_every_zone(moment: datetime) -> None:
    assert str(moment.year) in shown(moment, "%Y")
    assert len(short(moment)) == 8


@pytest.mark.parametrize("text", ["", "never", "2026-13-45", "0000-00-00T00:00:00Z", "10:42"])
def test_text_that_is_no_moment_is_shown_and_kept_as_it_is(text: str) -> None:
    moment = UtcField().python_value(text)
    assert isinstance(moment, NoMoment)
    assert (shown(moment, "%d.%m"), stamp(moment), moment.isoformat()) == (text, text, text)


def test_a_moment_without_a_zone_is_utc() -> None:
    assert UtcField().python_value("2026-11-23 10:42:07") == datetime(
        2026, 11, 23, 10, 42, 7, tzinfo=UTC
    )


def odd_rows() -> None:
    """Fill a database with what another program may have stored."""
    add_team({"Skin": 5, "RTL": 5}, {"tab": {"Skin": 1}})
    rows("UPDATE operator SET name = ? WHERE name = 'Skin'", "👍🏽 Skin")
    rows("UPDATE operator SET name = ? WHERE name = 'RTL'", "\u202eRTL " + "\u0301" * 40)
    rows("UPDATE source SET name = ?", "🇷🇺 tab\there")
    rows("UPDATE operator SET load = ? WHERE name = 'Skin'", BEYOND)
    rows("INSERT INTO lead (id, external_id) VALUES (?, 'far')", BEYOND)
    moments = [*map(stamp, ENDS), "never", "2026-11-23"]
    for place, moment in enumerate(moments):
        rows(
            "INSERT INTO appeal (id, lead_id, source_id, timestamp, message, closed_at)"
            " VALUES (?, ?, 1, ?, ?, ?)",
            *(BEYOND - place, BEYOND, moment, "\x1b[2J\ud7ff 👨‍👩‍👧", moment),
        )
    rows("INSERT INTO event (at, actor, act, note, forced) VALUES ('x', 'y', 'z', '', FALSE)")


@pytest.mark.parametrize("size", [LARGE, USUAL, SMALL])
async def test_the_oddest_rows_are_shown_in_every_pane_and_sheet(
    db: Database, tmp_path: Path, size: tuple[int, int]
) -> None:
    odd_rows()
    db.close()
    async with open_desk(tmp_path / "t.db", size) as desk:
        await desk.press("3")
        assert "31.12.99" in desk.text
        await desk.press("down", "down", "enter")
        assert "far via" in desk.text
        await desk.press("escape", "right_square_bracket", "right_square_bracket", "H", "escape")
        await desk.press("2", "1")
        assert "Unexpected error" not in desk.text
        for line in desk.lines():
            if "Skin" in line and size != SMALL:
                assert len(SIDE.findall(line)) >= 2


@pytest.mark.parametrize(
    ("load", "limit", "end"), [(10**15 - 1, 9, "999 999 999 999 999/9 "), (BEYOND, BEYOND, "… ")]
)
async def test_numbers_of_any_length_are_cut_with_an_ellipsis(
    db: Database, tmp_path: Path, load: int, limit: int, end: str
) -> None:
    add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    rows("PRAGMA ignore_check_constraints = ON")
    rows("UPDATE operator SET load = ?, max_load = ?", load, limit)
    db.close()
    async with open_desk(tmp_path / "t.db", LARGE) as desk:
        line = desk.line_with("● An")
        assert SIDE.split(line)[1].endswith(end)


def test_the_pace_counts_the_last_minute_only(db: Database) -> None:
    add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    rows("INSERT INTO lead (external_id) VALUES ('far')")
    for moment in (now(), now().replace(year=2038), ENDS[1], ENDS[0]):
        rows(
            "INSERT INTO appeal (lead_id, source_id, timestamp, message) VALUES (1, 1, ?, '')",
            stamp(moment),
        )
    board = board_queries.board()
    assert board.per_minute == 1
    assert sum(board.minutes.values()) == 1


# The header.


def board_of(names: list[str], waiting: int) -> Board:
    """Return a board whose sources nobody serves, with one operator off."""
    return Board(
        operators=[OperatorRow(1, "Anna", True, 9, 4), OperatorRow(2, "Boris", False, 5, 3)],
        sources=[SourceRow(place, name, waiting) for place, name in enumerate(names, 1)],
    )


class Sized(Header):
    """A header of a width."""

    width = 0

    @property
    def size(self) -> Size:
        """Return the width as a size."""
        return Size(self.width, 1)


def line_of(board: Board, width: int) -> str:
    header = Sized("team.db")
    header.width = width
    header.set_reactive(Header.board, board)
    header.set_reactive(Header.clock, "10:42")
    header.watch_board(board)
    return header.render().plain


def test_the_gravest_alarm_comes_first_and_the_rest_is_counted() -> None:
    operators = [OperatorRow(number, "x", number < 3, 5, 0) for number in (1, 2, 3)]
    shown_board = Board(
        operators=operators,
        sources=[SourceRow(1, "one", 0), SourceRow(2, "off", 2), SourceRow(3, "none", 9)],
        weights={1: {1: 1, 3: 1}, 2: {3: 5, 1: 0}},
    )
    found = sorted(odds.alarms(shown_board).values(), key=lambda alarm: alarm.order)
    assert [alarm.sentence for alarm in found] == [
        "none: 9 waiting, nobody serves it",
        "off: 2 waiting, nobody serves it",
        "one: only x available",
    ]
    assert "none: 9 waiting, nobody serves it +" in line_of(shown_board, 120)
    assert "only x available" in line_of(shown_board, 200)


@pytest.mark.parametrize("width", [120, 110])
def test_a_long_name_in_an_alarm_drops_no_figure(width: int) -> None:
    line = line_of(board_of(["Очень длинное имя источника " * 3] * 6, 2), width)
    for words in ("waiting 12", "nobody serves it +5", "load 4/9 +3 off", "1/2 active", "10:42"):
        assert words in line


@pytest.mark.parametrize("width", range(20, 200, 7))
def test_the_line_is_never_wider_than_the_screen(width: int) -> None:
    assert len(line_of(board_of(["tg", "vk"], 2), width)) <= max(width, 22)

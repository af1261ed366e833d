"""How many keys each job of a dispatcher takes: with real keys, and never more than now."""

from collections.abc import Sequence
from pathlib import Path

import pytest

import models
from leadboard import desk as acts
from leadboard.database.connection import database
from tests.support import Team, add_team, number, rows
from tests.support.lists import feed
from tests.support.screen import Desk, open_desk
from tui.panes.known_lead import PAUSE

LIMITS = {
    "an appeal by hand": 2,
    "an appeal by hand of another source": 6,
    "a known lead to who had them last": 2,
    "twenty waiting appeals to one operator": 6,
    "twenty waiting appeals to one operator, over the limit": 7,
    "the oldest waiting appeal to the best operator": 2,
    "all open appeals of an operator": 1,
    "back to where those were asked for": 1,
    "all appeals of a lead": 1,
    "all that waits for a source, from its column": 1,
    "all that waits for a source, from below the operators": 1,
    "all that waits for the source of the worst alarm": 2,
    "all that waits, from anywhere": 2,
    "why an appeal went where it went": 1,
    "three appeals closed": 4,
    "the last act undone": 1,
    "and done again": 1,
    "a colleague's act undone": 4,
    "the column of the worst alarm": 2,
    "a weight typed": 1,
    "a column halved": 5,
    "a row halved": 5,
    "a column equalised": 1,
    "a row of weights copied to the next": 3,
    "a limit raised": 1,
    "three operators switched off": 4,
    "an operator sent home": 2,
    "one of 200 operators in the grid": 7,
    "one of forty columns by its name": 4,
    "the last of forty columns": 1,
    "the middle of forty columns by pages": 3,
}
"""The keys of each job, without those of what is typed into the form and of digits of weights."""

WAITING = "SELECT count(*) FROM appeal WHERE operator_id IS NULL AND closed_at IS NULL"
WEIGHTS = "SELECT weight FROM operator_source WHERE source_id = ? ORDER BY operator_id"


class Job:
    """Presses keys, and fails once they are more than the job may take."""

    def __init__(self, desk: Desk, name: str, text: str = "") -> None:
        self.desk = desk
        self.left = LIMITS[name] + len(text)

    async def press(self, *keys: str) -> None:
        """Press keys, those of a text included."""
        self.left -= len(keys)
        assert self.left >= 0, "the job takes more keys than it did"
        await self.desk.press(*keys)


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """Anna has four appeals of tg and five places, Vera has many; twenty appeals of vk wait."""
    path = tmp_path / "day.db"
    opened = models.open_database(path)
    team = add_team({"Anna": 9, "Boris": 9, "Vera": 40}, {"tg": {"Anna": 60}, "vk": {}})
    feed(1, 20, team.vk)
    feed(21, 24, team.tg)
    acts.set_weight(team.boris, team.tg, 40, actor="setup")
    opened.close()
    return path


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Two hundred operators and forty sources; one weight."""
    path = tmp_path / "house.db"
    opened = models.open_database(path)
    with database.atomic("IMMEDIATE"):
        for place in range(1, 201):
            acts.add_operator(f"P{place:03} Petrova", 9, actor="setup")
        for place in range(1, 41):
            name = "avito" if place == 33 else f"bot_{place}"
            acts.add_source(name, actor="setup")
        acts.set_weight(1, 1, 50, actor="setup")
    opened.close()
    return path


# --- appeals by hand ----------------------------------------------------------------------------


async def form_with(desk: Desk, source: str) -> None:
    """Go to the form and choose a source, as an appeal before would have."""
    await desk.press("n", *source, "enter")


def newest() -> tuple[object, ...]:
    """Return lead, source, operator and message of the newest appeal."""
    return rows(
        "SELECT l.external_id, s.name, o.name, a.message FROM appeal a JOIN lead l "
        "ON l.id = a.lead_id JOIN source s ON s.id = a.source_id "
        "LEFT JOIN operator o ON o.id = a.operator_id ORDER BY a.id DESC LIMIT 1"
    )[0]


async def test_an_appeal_by_hand(day: Path) -> None:
    async with open_desk(day) as desk:
        await form_with(desk, "vk")
        job = Job(desk, "an appeal by hand", "ph_1Hi")
        await job.press(*"ph_1", "tab", *"Hi", "enter")
        assert newest() == ("ph_1", "vk", None, "Hi")
        assert "ph_1 waits" in desk.text


async def test_an_appeal_by_hand_of_another_source(day: Path) -> None:
    async with open_desk(day) as desk:
        await form_with(desk, "tg")
        job = Job(desk, "an appeal by hand of another source", "ph_1Hi")
        await job.press("shift+tab", *"vk", "enter", *"ph_1", "tab", *"Hi", "enter")
        assert newest() == ("ph_1", "vk", None, "Hi")


async def test_a_known_lead_goes_to_who_had_them_last(day: Path) -> None:
    async with open_desk(day) as desk:
        await form_with(desk, "tg")
        job = Job(desk, "a known lead to who had them last", "lead_24Hi")
        await job.press(*"lead_24", "tab", *"Hi")
        await desk.pilot.pause(PAUSE * 1.5)
        await desk.until(lambda: "gives it to Anna" in " ".join(desk.text.split()))
        await job.press("ctrl+g")
        assert newest() == ("lead_24", "tg", "Anna", "Hi")


# --- what waits ----------------------------------------------------------------------------------


async def test_twenty_waiting_appeals_go_to_one_operator(day: Path) -> None:
    async with open_desk(day) as desk:
        await desk.press("3", "right_square_bracket")
        await Job(desk, "twenty waiting appeals to one operator").press("*", "m", *"ver", "enter")
        assert number("SELECT load FROM operator WHERE name = 'Vera'") == 20
        assert number(WAITING) == 0


async def test_twenty_waiting_appeals_go_to_one_operator_over_the_limit(day: Path) -> None:
    async with open_desk(day) as desk:
        await desk.press("3", "right_square_bracket")
        job = Job(desk, "twenty waiting appeals to one operator, over the limit")
        await job.press("*", "m", *"bor", "enter")
        assert "y all 20 over the limit" in " ".join(desk.text.split())
        await job.press("y")
        assert number("SELECT load FROM operator WHERE name = 'Boris'") == 20


async def test_the_oldest_waiting_appeal_is_given_by_triage(day: Path) -> None:
    async with open_desk(day) as desk:
        await Job(desk, "the oldest waiting appeal to the best operator").press("t", "1")
        assert number("SELECT count(*) FROM appeal WHERE id = 1 AND operator_id IS NOT NULL") == 1
        assert number(WAITING) == 19


@pytest.mark.parametrize(
    ("job", "start", "keys"),
    [
        ("all that waits for a source, from its column", ("f2", "tab", "right"), ("W",)),
        (
            "all that waits for a source, from below the operators",
            ("f2", "tab", "right", "end", "down"),
            ("enter",),
        ),
        ("all that waits for the source of the worst alarm", ("f2",), ("!", "w")),
    ],
)
async def test_all_that_waits_for_a_source(
    day: Path, job: str, start: Sequence[str], keys: Sequence[str]
) -> None:
    async with open_desk(day) as desk:
        await desk.press(*start)
        await Job(desk, job).press(*keys)
        assert "waiting of vk" in desk.text
        assert desk.text.count("message ") == 20 + 1  # and the head of the column


async def test_all_that_waits_from_anywhere(day: Path) -> None:
    async with open_desk(day) as desk:
        await Job(desk, "all that waits, from anywhere").press("3", "right_square_bracket")
        assert "20 waiting, nobody" in desk.text


# --- appeals -------------------------------------------------------------------------------------


async def test_all_open_appeals_of_an_operator_and_back(day: Path) -> None:
    async with open_desk(day) as desk:
        await Job(desk, "all open appeals of an operator").press("enter")
        assert "open of Anna" in desk.text
        assert [f"lead_{each}" in desk.text for each in (20, 21, 24)] == [False, True, True]
        await Job(desk, "back to where those were asked for").press("escape")
        assert desk.line_with("1 Operators").startswith("┏")


async def test_all_appeals_of_a_lead(day: Path) -> None:
    async with open_desk(day) as desk:
        await desk.press("3")
        await Job(desk, "all appeals of a lead").press("L")
        assert "only lead_24" in desk.text
        assert "lead_23" not in desk.text


async def test_why_an_appeal_went_where_it_went(day: Path) -> None:
    async with open_desk(day) as desk:
        await desk.press("3")
        await Job(desk, "why an appeal went where it went").press("enter")
        assert "Why: ticket" in desk.text
        assert "100%" in desk.line_with("→ Anna")


async def test_three_appeals_are_closed(day: Path) -> None:
    async with open_desk(day) as desk:
        await desk.press("3")
        await Job(desk, "three appeals closed").press("space", "space", "space", "c")
        assert rows("SELECT id FROM appeal WHERE closed_at IS NOT NULL") == [(22,), (23,), (24,)]


# --- acts taken back ----------------------------------------------------------------------------


async def test_the_last_act_is_undone_and_done_again(day: Path) -> None:
    limit = "SELECT max_load FROM operator WHERE name = 'Anna'"
    async with open_desk(day) as desk:
        await Job(desk, "a limit raised").press("plus")
        assert number(limit) == 10
        await Job(desk, "the last act undone").press("u")
        assert number(limit) == 9
        await Job(desk, "and done again").press("U")
        assert number(limit) == 10


async def test_a_colleagues_act_is_undone(day: Path) -> None:
    async with open_desk(day) as desk:
        await desk.press("plus")
        await desk.told(acts.step_limit, Team().boris, 1, actor="kira")
        job = Job(desk, "a colleague's act undone")
        await job.press("H", "m", "u")
        assert "Undo kira's act" in desk.text
        await job.press("y")
        assert rows("SELECT max_load FROM operator WHERE id < 3") == [(10,), (9,)]


# --- weights -------------------------------------------------------------------------------------


async def test_the_column_of_the_worst_alarm(day: Path) -> None:
    async with open_desk(day) as desk:
        await Job(desk, "the column of the worst alarm").press("!", "enter")
        await Job(desk, "a weight typed", "70").press(*"70", "enter")
        team = Team()
        assert rows(WEIGHTS, team.vk) == [(70,)]


@pytest.mark.parametrize(
    ("job", "keys", "weights"),
    [
        ("a column halved", ("*", *"0.5", "enter"), [30, 20]),
        ("a row halved", ("S", *"0.5", "enter"), [30, 40]),
        ("a column equalised", ("=",), [50, 50]),
        ("a row of weights copied to the next", ("y", "down", "p"), [60, 60]),
    ],
)
async def test_weights(day: Path, job: str, keys: Sequence[str], weights: list[int]) -> None:
    async with open_desk(day) as desk:
        await desk.press("2")
        await Job(desk, job).press(*keys)
        assert rows(WEIGHTS, Team().tg) == [(each,) for each in weights]


# --- operators -----------------------------------------------------------------------------------


async def test_three_operators_are_switched_off_at_once(day: Path) -> None:
    async with open_desk(day) as desk:
        await Job(desk, "three operators switched off").press("x", "x", "x", "space")
        assert rows("SELECT is_active FROM operator") == [(0,)] * 3
        await Job(desk, "the last act undone").press("u")
        assert rows("SELECT is_active FROM operator") == [(1,)] * 3


async def test_an_operator_is_sent_home(day: Path) -> None:
    async with open_desk(day) as desk:
        await Job(desk, "an operator sent home").press("R", "enter")
        assert rows("SELECT is_active, load FROM operator LIMIT 2") == [(0, 0), (1, 4)]


# --- a large house -------------------------------------------------------------------------------


async def test_one_of_200_operators_in_the_grid(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("2")
        job = Job(desk, "one of 200 operators in the grid")
        await job.press("slash", *"p137", "enter", "escape")
        assert "[  ·]" in desk.line_with("P137")
        assert "P136" in desk.text  # all are shown again
        await desk.press(*"70", "enter")
        assert rows("SELECT operator_id FROM operator_source WHERE weight = 70") == [(137,)]


async def test_one_of_forty_columns_by_its_name(house: Path) -> None:
    async with open_desk(house) as desk:
        job = Job(desk, "one of forty columns by its name")
        await job.press("colon", *"av")
        await desk.until(lambda: "Source avito" in desk.text)
        await job.press("enter")
        await typed_into(desk, 33)


async def test_the_last_of_forty_columns(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("2")
        await Job(desk, "the last of forty columns").press("$")
        await typed_into(desk, 40)


async def test_the_middle_of_forty_columns_by_pages(house: Path) -> None:
    async with open_desk(house) as desk:
        await desk.press("2")
        job = Job(desk, "the middle of forty columns by pages")
        while "bot_20 " not in desk.text:
            await job.press("ctrl+right")


async def typed_into(desk: Desk, source_id: int) -> None:
    """Type a weight, and see that it went to a source."""
    await desk.press(*"70", "enter")
    assert rows("SELECT source_id FROM operator_source WHERE weight = 70") == [(source_id,)]

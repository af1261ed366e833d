"""What a forecast is made from, by known days and against the ledger read line by line."""

import random
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.allocation.ledger import settle
from leadboard.allocation.lifecycle import NothingToDo
from leadboard.database.fields import as_if_at, moment_of
from leadboard.foresight.floor import faded
from leadboard.foresight.staffing import Staffing
from leadboard.queries import floor_readings as module
from leadboard.queries.floor_readings import FloorReading, floor_reading, places_needed
from tests.support import ACTOR, Team, add_team, rows

pytestmark = pytest.mark.every_engine

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HOUR = 60.0


def at(minutes: float) -> AbstractContextManager[None]:
    """Let what follows be done so many minutes after the start."""
    return as_if_at(START + timedelta(minutes=minutes))


@pytest.fixture
def team(db: Database) -> Team:
    """Anna serves the bot, Boris the site, and both the shop."""
    with at(-300):
        team = add_team(
            {"Anna": 90, "Boris": 80},
            {"bot": {"Anna": 3}, "site": {"Boris": 0}, "shop": {"Anna": 1, "Boris": 2}},
        )
        # So that the ledger begins before the hour that is counted.
        desk.close([submit("first", team.bot, "").id], actor=ACTOR)
        return team


def read(minutes: float) -> FloorReading:
    settle()
    with at(minutes):
        found = floor_reading()
    assert found is not None
    return found


def test_the_team_is_read_as_it_is(team: Team) -> None:
    with at(0):
        submit("tg_1", team.bot, "")
        submit("tg_2", team.site, "")
        desk.toggle_active([team.boris], actor=ACTOR)
    floor = read(1).floor
    anna, boris = floor.operators[team.anna], floor.operators[team.boris]
    assert (anna.limit, anna.load, anna.is_active) == (90, 1, True)
    assert (boris.limit, boris.load, boris.is_active) == (80, 0, False)
    assert floor.sources[team.shop].weights == {team.anna: 1, team.boris: 2}
    assert floor.sources[team.site].weights == {team.boris: 0}
    assert floor.sources[team.site].waiting == 1
    assert floor.held == {(team.anna, team.bot): 1}


def test_arrivals_of_the_last_hour_are_counted_by_source(team: Team) -> None:
    for minute in (-61, -59, -30, -1):
        with at(minute):
            submit(f"tg_{minute}", team.bot, "")
    with at(-10):
        submit("site", team.site, "")  # which waits, and came all the same
    reading = read(0)
    assert reading.counted.minutes == HOUR
    assert reading.counted.arrivals == {team.bot: 3, team.site: 1}
    expected = faded([(59, 1), (30, 1), (1, 1)], HOUR)
    assert reading.floor.sources[team.bot].arrivals.count == pytest.approx(expected.count, rel=0.02)


def test_closings_are_counted_against_the_minutes_for_which_appeals_were_held(team: Team) -> None:
    with at(-100):
        old, older = (submit(f"tg_{each}", team.bot, "").id for each in range(2))
    with at(-40):
        desk.close([old], actor=ACTOR)  # held for 20 minutes of the hour
        new = submit("tg_9", team.bot, "").id
    with at(-10):
        desk.close([new], actor=ACTOR)  # held for 30
    counted = read(0).counted
    assert counted.closings[team.bot] == 2
    # The other one is held all the time; moments are those of whole minutes.
    assert counted.held[team.bot] == pytest.approx(20 + 30 + 60, abs=1.5)
    assert older


def test_a_closing_that_is_undone_is_none(team: Team) -> None:
    with at(-30):
        appeal = submit("tg_1", team.bot, "").id
    with at(-20):
        desk.close([appeal], actor=ACTOR)
        desk.undo(actor=ACTOR)
    counted = read(0).counted
    assert counted.closings[team.bot] == 0
    assert counted.held[team.bot] == pytest.approx(30, abs=1.5)


def test_what_lies_with_people_who_have_gone_home_is_not_counted(team: Team) -> None:
    with at(-200):
        submit("tg_1", team.bot, "")
        desk.toggle_active([team.anna], actor=ACTOR)
    assert read(0).counted.held[team.bot] == 0
    with at(0):
        desk.toggle_active([team.anna], actor=ACTOR)
    assert read(1).counted.held[team.bot] == pytest.approx(60)


@pytest.mark.parametrize("seed", range(3))
def test_a_random_day_is_counted_as_the_ledger_tells_it(team: Team, seed: int) -> None:
    rng = random.Random(seed)
    open_ones: list[int] = []
    for step in range(80):
        with at(-120 + step * 1.5):
            _happen(rng, team, open_ones)
    counted = read(0).counted
    held, closed = _model(-60.0, 0.0)
    for source in (team.bot, team.site, team.shop):
        assert counted.closings[source] == closed.get(source, 0)
        assert counted.held[source] == pytest.approx(held.get(source, 0.0), abs=12)


def _happen(rng: random.Random, team: Team, open_ones: list[int]) -> None:
    match rng.randrange(4):
        case 0 if open_ones:
            desk.close([open_ones.pop(rng.randrange(len(open_ones)))], actor=ACTOR)
        case 1 if open_ones:
            someone = rng.choice((team.anna, team.boris))
            with suppress(NothingToDo):  # they have it already
                desk.assign([rng.choice(open_ones)], someone, actor=ACTOR)
        case _:
            source = rng.choice((team.bot, team.shop))
            open_ones.append(submit(f"tg_{rng.random()}", source, "").id)


def _model(start: float, end: float) -> tuple[dict[int, float], dict[int, int]]:
    """Return the minutes held and the closings by source, from all lines of each appeal."""
    held: dict[int, float] = {}
    closed: dict[int, int] = {}
    lines = rows(
        "SELECT appeal_id, source_id, at, appeal_step.operator_id, appeal_step.closed_at"
        " FROM appeal_step JOIN appeal ON appeal.id = appeal_id ORDER BY appeal_id, place"
    )
    following = [*lines[1:], (None, None, None, None, None)]
    for (key, source, moment, operator, closed_at), (next_key, _, until, *_) in zip(
        lines, following, strict=True
    ):
        assert isinstance(source, int)
        begun, ended = _minute(moment), _minute(until) if next_key == key else end
        if closed_at is not None and start <= begun:
            closed[source] = closed.get(source, 0) + 1
        if operator is not None and closed_at is None:
            span = max(0.0, min(ended, end) - max(begun, start))
            held[source] = held.get(source, 0.0) + span
    return held, closed


def _minute(moment: object) -> float:
    return (moment_of(str(moment)) - START).total_seconds() / 60


def test_a_ledger_that_is_younger_is_counted_from_its_birth(db: Database) -> None:
    with at(-20):
        team = add_team({"Anna": 90}, {"bot": {"Anna": 1}})
        submit("tg_1", team.bot, "")
    with at(-1):
        submit("tg_2", team.bot, "")
    counted = read(0).counted
    assert counted.arrivals[team.bot] == 2
    assert counted.minutes == pytest.approx(20)


def test_where_much_happens_a_shorter_time_is_counted(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute in (-50, -40, -30, -9, -8, -7):
        with at(minute):
            submit(f"tg_{minute}", team.bot, "")
    monkeypatch.setattr(module, "LINES", 5)
    reading = read(0)
    assert (reading.counted.minutes, reading.counted.arrivals[team.bot]) == (10, 3)
    monkeypatch.setattr(module, "LINES", 0)
    with at(0):
        assert floor_reading() is None
        assert places_needed(team.bot) is None


def test_a_floor_with_too_much_open_is_not_read(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at(-1):
        submit("tg_1", team.bot, "")
    monkeypatch.setattr(module, "MOST_OPEN", 0)
    with at(0):
        assert floor_reading() is None


def test_the_places_that_a_source_needs_follow_from_the_last_hour(team: Team) -> None:
    for minute in range(-60, 0, 5):
        with at(minute):
            appeal = submit(f"tg_{minute}", team.bot, "").id
        with at(minute + 4):
            desk.close([appeal], actor=ACTOR)
    settle()
    with at(0):
        needed = places_needed(team.bot)
        assert isinstance(needed, Staffing)
        assert needed.hourly == 12
        assert needed.minutes == pytest.approx(4, abs=0.1)
        assert needed.sentence == "places needed: 4 (12 an hour, 4 min each)"
        assert places_needed(team.site) is None
        assert places_needed(999) is None

"""Hooks in need: what is an alarm, and that the screen notices."""

from datetime import timedelta

import pytest
from peewee import Database

from leadboard.database.fields import as_if_at, now, stamp
from leadboard.hooks import registry
from leadboard.queries import board as board_queries
from leadboard.queries.hook_alarms import HookAlarm, hook_alarms
from leadboard.queries.odds import every_alarm
from tests.support import ACTOR, add_team, elsewhere, rows
from tests.support.hooks import add_hook

pytestmark = pytest.mark.every_engine

HOLD = (
    "INSERT INTO held_event (hook_id, seq, appeal_id, body, attempts, first_at, due_at, failure, "
    "is_unreachable, dead_at) "
    "VALUES (1, {seq}, {seq}, '', 3, '{at}', '{at}', 'x', TRUE, {dead})"
)


def hold(target: str, seq: int, *, is_dead: bool = False) -> None:
    """Hold an event as another program does."""
    at = stamp(now())
    dead = f"'{at}'" if is_dead else "NULL"
    elsewhere(target, HOLD.format(seq=seq, at=at, dead=dead))


def test_a_hook_that_does_its_work_is_no_alarm(db: Database, target: str) -> None:
    assert hook_alarms() == ()
    add_hook()
    hold(target, 1)
    assert hook_alarms() == ()


def test_events_given_up_are_an_alarm_with_the_way_out(db: Database, target: str) -> None:
    hook_id = add_hook()
    hold(target, 1, is_dead=True)
    hold(target, 2)
    [alarm] = hook_alarms()
    assert (alarm.what, alarm.is_grave) == ("1 event could not be delivered", True)
    assert alarm.way_out == f"leadboard hook failed {hook_id}"
    hold(target, 3, is_dead=True)
    assert [each.what for each in hook_alarms()] == ["2 events could not be delivered"]


def test_a_hook_that_went_off_by_itself_is_an_alarm_and_one_by_hand_is_none(db: Database) -> None:
    hook_id = add_hook()
    registry.switch_off(hook_id, actor=ACTOR)
    assert hook_alarms() == ()
    rows("UPDATE hook SET off_because = 'the receiver answered 410'")
    assert hook_alarms() == (HookAlarm(hook_id, "off: the receiver answered 410"),)


def test_nothing_delivered_for_hours_is_an_alarm(db: Database, target: str) -> None:
    add_hook()
    hold(target, 1)
    with as_if_at(now() + timedelta(hours=3, minutes=1)):
        [alarm] = hook_alarms()
    assert (alarm.what, alarm.is_grave) == ("nothing delivered for 3 h", False)


@pytest.mark.parametrize("is_dead", [False, True])
def test_the_screen_notices_and_shows_them_beside_those_of_sources(
    db: Database, target: str, is_dead: bool
) -> None:
    add_team({}, {"tg": {}})
    add_hook()
    before = board_queries.data_version()
    hold(target, 1, is_dead=is_dead)
    assert board_queries.data_version() != before
    found = every_alarm(board_queries.board())
    assert [alarm.name for alarm in found] == ["hook 1"] * is_dead


def test_the_screen_notices_that_one_of_those_held_was_given_up(db: Database, target: str) -> None:
    add_hook()
    hold(target, 1)
    before = board_queries.data_version()
    elsewhere(target, "UPDATE held_event SET dead_at = due_at")
    assert board_queries.data_version() != before


@pytest.mark.parametrize("width", [0, 12, 30, 48])
def test_an_alarm_is_cut_to_what_fits(width: int) -> None:
    alarm = HookAlarm(1, "12 events could not be delivered")
    assert alarm.within(width) in {"hook 1: 12 events could not be delivered", "hook 1 fails"}
    assert len(alarm.within(width)) <= max(width, 12)

"""Lists of appeals: pages that join without a gap, and what a line says of its appeal."""

from datetime import timedelta

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.database.fields import as_if_at, now
from leadboard.queries import appeals, leads
from leadboard.queries.terms import AppealFilter, parse
from tests.support import ACTOR, add_team, elsewhere

pytestmark = pytest.mark.every_engine


def test_pages_follow_each_other_without_a_gap(db: Database) -> None:
    team = add_team({"Anna": 90}, {"tg": {"Anna": 1}})
    for number in range(25):
        submit(f"lead_{number}", team.tg, "")
    seen: list[int] = []
    before = None
    while page := appeals.newest_appeals(10, before):
        seen += [row.id for row in page]
        before = page[-1].id
    assert seen == list(range(25, 0, -1))
    assert [row.id for row in appeals.appeals_after(3, 10)] == [13, 12, 11]
    assert [row.id for row in leads.newest_leads(2, 20)] == [19, 18]
    assert [row.external_id for row in leads.leads_after(2, 0)] == ["lead_1", "lead_0"]


def test_a_row_carries_an_excerpt_on_one_line(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    submit("tg_1", team.tg, "two\nlines" + "x" * 9_000)
    [row] = appeals.newest_appeals(1)
    assert row.message.startswith("two lines")
    assert len(row.message) == appeals.EXCERPT


def test_a_line_of_the_list_says_how_its_appeal_stands(db: Database, target: str) -> None:
    team = add_team({"Anna": 1}, {"tg": {"Anna": 1}})
    elsewhere(target, "UPDATE source SET name = 't\x1bg'")
    submit("held", team.tg, "first")
    submit("closed", team.tg, "second")
    desk.close([2], actor=ACTOR)
    desk.submit("withdrawn", team.tg, "third", actor=ACTOR)
    desk.undo(actor=ACTOR)
    submit("waiting", team.tg, "[@click=app.quit]x[/]")
    shown = [
        (each.external_id, each.operator, each.is_closed, each.withdrawn)
        for each in appeals.newest_appeals(9)
    ]
    assert shown == [
        ("waiting", None, False, False),
        ("withdrawn", None, True, True),
        ("closed", None, True, False),
        ("held", "Anna", False, False),
    ]
    newest = appeals.newest_appeals(1)[0]
    assert (newest.source, newest.message) == ("t␛g", "[@click=app.quit]x[/]")
    assert newest.timestamp.utcoffset() is not None


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_pages_of_any_size_hold_the_same_as_one(db: Database, size: int) -> None:
    team = add_team({"Anna": 90}, {"tg": {"Anna": 1}})
    for number in range(11):
        submit(f"lead_{number % 5}", team.tg, "")
    whole = appeals.newest_appeals(99)
    down, up = list(appeals.newest_appeals(size)), appeals.appeals_after(size, 0)[::-1]
    while page := appeals.newest_appeals(size, down[-1].id):
        down += page
    while page := appeals.appeals_after(size, up[-1].id):
        up += page[::-1]
    assert down == up[::-1] == whole
    assert appeals.appeals_after(size, 11) == appeals.newest_appeals(size, 1) == []


def test_a_page_does_not_shift_when_appeals_arrive_meanwhile(db: Database) -> None:
    team = add_team({"Anna": 90}, {"tg": {"Anna": 1}})
    for number in range(4):
        submit(f"lead_{number}", team.tg, "")
    first = appeals.newest_appeals(2)
    submit("late", team.tg, "")
    assert [each.id for each in appeals.newest_appeals(2, first[-1].id)] == [2, 1]
    assert [each.id for each in appeals.appeals_after(2, first[0].id)] == [5]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (AppealFilter(), [5, 4, 3, 2, 1]),
        (AppealFilter(is_waiting=True), [4, 2]),
        (AppealFilter(is_closed=True), [5, 3]),
        (AppealFilter(lead_id=1), [5, 1]),
        (AppealFilter(lead_id=1, is_closed=True), [5]),
        (AppealFilter(operator_id=1), [1]),
        (AppealFilter(operator_id=9), []),
        (AppealFilter(source_id=2), [5, 2]),
        (AppealFilter(source_id=2, is_waiting=True), [2]),
        (AppealFilter(source_id=1, is_open=True), [4, 1]),
        (AppealFilter(source_id=1, sources=("v",)), []),
        (AppealFilter(source_id=1, sources=("t",)), [4, 3, 1]),
    ],
)
def test_a_list_holds_what_is_wanted_and_nothing_else(
    db: Database, wanted: AppealFilter, ids: list[int]
) -> None:
    add_team({"Anna": 1}, {"tg": {"Anna": 1}, "vk": {}})
    for lead, source in (("a", 1), ("b", 2), ("c", 1), ("d", 1), ("a", 2)):
        submit(lead, source, "")
    desk.close([3, 5], actor=ACTOR)
    assert [each.id for each in appeals.newest_appeals(9, wanted=wanted)] == ids
    assert [each.id for each in appeals.appeals_after(9, 0, wanted)] == ids


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("older:15m", [3, 2, 1]),
        ("older:2h", [2, 1]),
        ("older:2h waiting", [1]),
        ("older:15m src:vk", [3]),
        ("older:15m op:anna", [2]),
        ("older:15m first", [1]),
        ("older:2h closed", [2]),
        ("older:1h since:2000-01-01", [2, 1]),
        ("older:9000000d", []),
        ("older:0s", [4, 3, 2, 1]),
    ],
)
def test_an_age_leaves_out_what_came_later(db: Database, text: str, found: list[int]) -> None:
    team = add_team({"Anna": 9}, {"tg": {}, "vk": {}})
    messages = ((180, team.tg, "first"), (150, team.tg, ""), (30, team.vk, ""), (5, team.vk, ""))
    for minutes, source, message in messages:
        with as_if_at(now() - timedelta(minutes=minutes)):
            submit(f"lead_{minutes}", source, message)
    desk.assign([2], team.anna, actor=ACTOR)
    desk.close([2], actor=ACTOR)
    wanted = parse(text, now())
    assert [row.id for row in appeals.newest_appeals(9, None, wanted)] == found
    assert [row.id for row in appeals.appeals_after(9, 0, wanted)] == found
    assert appeals.count_appeals(9, wanted) == (len(found), True)


def test_an_age_goes_on_while_a_list_is_shown(db: Database) -> None:
    team = add_team({}, {"tg": {}})
    submit("a", team.tg, "")
    wanted = parse("older:15m", now())
    assert appeals.newest_appeals(9, None, wanted) == []
    with as_if_at(now() + timedelta(minutes=16)):
        assert [row.id for row in appeals.newest_appeals(9, None, wanted)] == [1]

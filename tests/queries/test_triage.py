"""Triage: the oldest waiting appeal, and who is best for it."""

from datetime import timedelta

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.database.fields import as_if_at, now
from leadboard.queries import board as board_queries
from leadboard.queries.triage import best_for, next_case
from tests.support import ACTOR, add_team

pytestmark = pytest.mark.every_engine


def test_the_oldest_that_waits_comes_first_and_the_next_after_an_id(db: Database) -> None:
    team = add_team({"Anna": 1}, {"tg": {"Anna": 1}, "vk": {}})
    assert next_case() is None
    for lead, source in (("held", team.tg), ("a", team.vk), ("b", team.tg)):
        submit(lead, source, "two\nlines")
    case = next_case()
    assert case is not None
    assert (case.appeal.external_id, case.appeal.message) == ("a", "two\nlines")
    after = next_case(case.appeal.id)
    assert after is not None
    assert after.appeal.external_id == "b"
    assert next_case(after.appeal.id) is None


def test_the_best_have_room_then_knew_the_lead_then_weigh_most(db: Database) -> None:
    names = ("Off", "Full", "Free", "More", "Knows", "Weighs")
    team = add_team(
        dict(zip(names, (9, 0, 2, 5, 3, 0), strict=True)), {"tg": {"Weighs": 7}, "vk": {}}
    )
    ids = {name: place for place, name in enumerate(names, 1)}
    with as_if_at(now() - timedelta(hours=2, minutes=5)):
        submit("lead", team.vk, "")
        desk.assign([1], ids["Knows"], actor=ACTOR)
        desk.close([1], actor=ACTOR)
    desk.change_operator(ids["Off"], is_active=False, actor=ACTOR)
    submit("lead", team.tg, "")
    case = next_case()
    assert case is not None
    best = best_for(board_queries.board(), case, 9, now())
    assert [each.operator.name for each in best] == ["Knows", "More", "Free", "Weighs", "Full"]
    assert [each.why for each in best] == [
        "3 free, had this lead 2 h ago, not linked",
        "5 free, not linked",
        "2 free, not linked",
        "full, weight 7",
        "full, not linked",
    ]
    assert [each.is_over for each in best] == [False, False, False, True, True]
    assert len(best_for(board_queries.board(), case, 2, now())) == 2

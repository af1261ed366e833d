"""Tables of the team, the sources and the weights: planned, and taken over in one act."""

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.common.errors import Refused
from tests.support import ACTOR, add_team, assert_loads_equal_counts, dump, holders, rows
from tests.support.tables import plan, refused, take

pytestmark = pytest.mark.every_engine


def test_a_plan_says_what_will_change(db: Database) -> None:
    add_team({"Анна": 10, "Борис": 3, "Глеб": 1}, {"tg_main": {"Анна": 50, "Глеб": 9}, "vk": {}})
    found = plan("operators", "id,name,is_active,max_load\n1,,,12\n2,Боря,нет,\n,Вера,да,5\n")
    assert found.words == [
        "Анна: limit 10 → 12",
        "Борис is now Боря, on → off",
        "+ operator Вера, limit 5",
    ]
    assert found.told() == "operators: 2 changed, 1 added"
    found = plan("weights", "operator,tg_main,vk\nАнна,70,0\nГлеб,,\n")
    assert found.words == [
        "Анна · tg_main: 50 → 70",
        "Анна · vk: none → 0",
        "Глеб · tg_main: 9 → none",
    ]
    assert plan("sources", "id,name\n2,ВК\n,site\n").words == ["vk is now ВК", "+ source site"]


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("operators", "id,name,is_active,max_load\n1,Аня,,12\n2,,no,\n,Вера,,5\n,Глеб,no,0\n"),
        ("sources", "id,name\n1,ВК\n,a\n,b\n"),
        ("weights", "operator,s,t\nАнна,,7\nБорис,0,\n"),
    ],
)
def test_an_import_is_one_act_that_one_undo_takes_back(db: Database, what: str, text: str) -> None:
    add_team({"Анна": 1, "Борис": 3}, {"s": {"Анна": 1}, "t": {}})
    before, events = dump("operator", "source", "operator_source"), rows("SELECT id FROM event")
    take(what, text)
    after = dump("operator", "source", "operator_source")
    assert after != before
    assert len(rows("SELECT id FROM event")) == len(events) + 1
    desk.undo(actor=ACTOR)
    assert dump("operator", "source", "operator_source") == before
    desk.redo(actor=ACTOR)
    assert dump("operator", "source", "operator_source") == after


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("operators", "name,max_load\nАнна,2\n"),
        ("operators", "name,is_active\nБорис,yes\n"),
        ("weights", "operator,s\nВера,5\n"),
    ],
)
def test_an_import_that_makes_room_hands_out_what_waits(db: Database, what: str, text: str) -> None:
    team = add_team({"Анна": 0, "Борис": 2, "Вера": 2}, {"s": {"Анна": 1, "Борис": 1}})
    desk.change_operator(team["Борис"], is_active=False, actor=ACTOR)
    for number in range(3):
        submit(f"lead{number}", team.s, "")
    assert holders() == [None] * 3
    take(what, text)
    assert [bool(each) for each in holders()] == [True, True, False]
    assert_loads_equal_counts()
    desk.undo(actor=ACTOR)
    assert holders() == [None] * 3


def test_many_weights_are_one_act(db: Database) -> None:
    team = add_team({"Анна": 1, "Борис": 1}, {"s": {"Анна": 5}, "t": {"Борис": 1}})
    done = desk.set_weights(
        [
            (team["Анна"], team.s, None),
            (team["Анна"], team.t, 0),
            (team["Борис"], team.s, 9),
            (team["Борис"], team.t, 1),
        ],
        actor=ACTOR,
    )
    assert done.note == "3 weights set"
    assert desk.set_weights([(team["Борис"], team.t, 1)], actor=ACTOR).event_id is None
    assert (
        desk.set_weights([(team["Борис"], team.t, 3)], actor=ACTOR).note
        == "Борис · t: weight 1 → 3"
    )
    assert desk.set_weights([], actor=ACTOR).event_id is None
    for bad in ((1, 1, -1), (9, 1, 1), (1, 9, 1), (1, 1, True), (9, 1, None)):
        before = dump()
        with pytest.raises(Refused):
            desk.set_weights([(team["Анна"], team.s, 3), bad], actor=ACTOR)
        assert dump() == before


def test_a_head_is_known_in_any_case_where_only_one_source_reads_so(db: Database) -> None:
    add_team({"Anna": 1}, {"site": {}, "vk": {}})
    assert "2 weights" in take("weights", "OPERATOR, Site ,\u200bVK\nAnna,1,2\n")
    assert "vk: weight 2 → 3" in take(
        "weights", '[{"Operator": "Anna", "weights": {"VK": 3}}]', "json"
    )
    desk.add_source("SITE", actor=ACTOR)
    assert "site: weight 1 → 4" in take("weights", "operator,site\nAnna,4\n")
    assert "SITE: weight none → 5" in take("weights", "operator,SITE\nAnna,5\n")
    assert "no source Site" in refused("weights", "operator,Site\nAnna,6\n")
    assert "no such column" in refused("weights", '[{"operator": "Anna", "weight": {}}]', "json")


def test_a_head_with_marks_that_nobody_sees_is_the_same_head(db: Database) -> None:
    assert "1 added" in take("operators", "\u202aname\u202c,max\u00a0load\u200b\nAnna,5\n")
    assert "not UTF-8" in refused("operators", "name,max_load\nAnna,5\n".encode("utf-16-le"))

"""Leads: completed from their beginning, and listed with their own appeals."""

import pytest
from peewee import Database

from allocator import submit
from leadboard import desk
from leadboard.queries import leads
from tests.support import ACTOR, add_team

pytestmark = pytest.mark.every_engine


@pytest.mark.parametrize(("typed", "known"), [("tg_1", "tg_123"), ("tg_2", None), ("", "50%")])
def test_a_lead_is_completed_from_its_beginning(
    db: Database, typed: str, known: str | None
) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    submit("tg_123", team.tg, "")
    submit("50%", team.tg, "")
    assert leads.lead_starting(typed) == known


def test_a_lead_typed_exactly_is_found(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    submit("a_b", team.tg, "")
    submit("axb", team.tg, "")
    assert leads.lead_starting("a_") == "a_b"
    assert leads.lead_starting("ax") == "axb"
    assert leads.lead_starting("%") is None


def test_of_several_leads_the_first_by_its_letters_completes(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    for lead in ("tg_2", "tg_10", "Анна", "[/", "\U0001f600"):
        submit(lead, team.tg, "")
    typed = ("tg_", "tg_2", "TG", "аН", "[", "\U0001f600", "tg_10x")
    assert [leads.lead_starting(each) for each in typed] == [
        "tg_10",
        "tg_2",
        "tg_10",
        "Анна",
        "[/",
        "\U0001f600",
        None,
    ]


def test_a_lead_is_completed_in_other_cases_where_none_starts_as_typed(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    for lead in ("AbC-1", "ABD-2", "йОд"):
        submit(lead, team.tg, "")
    typed = ("abc", "aBd-", "ab", "abx", "ЙО", "и\u0306о", "Straße")
    assert [leads.lead_starting(each) for each in typed] == [
        *("AbC-1", "ABD-2", "ABD-2", None, "йОд", "йОд", None)
    ]


def test_a_line_of_a_lead_counts_its_own_appeals_only(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    for lead, message in (("a", "first"), ("b", "only"), ("a", "second\n"), ("a", "third")):
        submit(lead, team.tg, message)
    desk.close([3, 4], actor=ACTOR)
    shown = [
        (each.external_id, each.appeals, each.open, each.message) for each in leads.newest_leads(9)
    ]
    assert shown == [("b", 1, 1, "only"), ("a", 3, 1, "third")]


def past(external_id: str) -> tuple[int, bool, int, int | None] | None:
    found = leads.past_of(external_id)
    return found if found is None else (found.appeals, found.is_all, found.open, found.operator_id)


def test_the_past_of_a_lead_counts_what_they_wrote_and_names_who_had_it_last(db: Database) -> None:
    team = add_team({"Anna": 9, "Boris": 9}, {"tg": {"Anna": 1}, "vk": {"Boris": 1}, "site": {}})
    assert past("lead_1") is None
    first = submit("lead_1", team.tg, "")
    second = submit("lead_1", team.vk, "")
    submit("lead_10", team.tg, "")
    assert past("lead_1") == (2, True, 2, team.boris)
    desk.close([first.id], actor=ACTOR)
    submit("lead_1", team.site, "")
    assert past("lead_1") == (3, True, 2, team.boris)
    found = leads.past_of("lead_1")
    assert found is not None
    assert found.at == second.timestamp


def test_the_past_of_a_lead_whom_nobody_had_yet_has_no_operator(db: Database) -> None:
    team = add_team({"Anna": 9}, {"site": {}})
    placed = submit("lead_1", team.site, "")
    assert leads.past_of("lead_1") == leads.LeadPast(1, True, 1, None, placed.timestamp)


def test_what_was_withdrawn_is_no_past(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    desk.submit("lead_1", team.tg, "", actor=ACTOR)
    desk.undo(actor=ACTOR)
    assert past("lead_1") is None


def test_of_a_lead_who_writes_all_the_time_only_the_newest_are_counted(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leads, "MOST_COUNTED", 2)
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    for _ in range(3):
        submit("lead_1", team.tg, "")
    assert past("lead_1") == (2, False, 2, team.anna)


def test_the_first_leads_that_start_so_come_in_the_order_of_their_letters(db: Database) -> None:
    team = add_team({"Anna": 9}, {"tg": {"Anna": 1}})
    for lead in ("tg_2", "tg_10", "TG_3", "vk_1", "Анна"):
        submit(lead, team.tg, "")
    names = {
        typed: [name for _, name in leads.leads_starting(typed, 2)]
        for typed in ("tg", "tg_2", "Tg", "аНН", "x", "")
    }
    assert names == {
        "tg": ["tg_10", "tg_2"],
        "tg_2": ["tg_2"],
        "Tg": ["TG_3", "tg_10"],
        "аНН": ["Анна"],
        "x": [],
        "": ["TG_3", "tg_10"],
    }
    [(key, name)] = leads.leads_starting("vk", 9)
    assert leads.newest_leads(1, key + 1)[0].external_id == name

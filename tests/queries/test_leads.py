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

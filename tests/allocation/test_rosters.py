"""The current roster of a source, as the database decides it and as the lottery's rule does."""

import itertools

import pytest
from peewee import Database

from leadboard.allocation.lottery import left_out
from leadboard.allocation.rosters import STANDING, candidates_of
from tests.support import add_team, rows

pytestmark = pytest.mark.every_engine


def test_the_database_leaves_out_whom_the_rule_leaves_out(db: Database) -> None:
    cases = list(itertools.product([True, False], [0, 1, 2], [0, 1, 2], [0, 5]))
    names = [f"operator {number}" for number in range(len(cases))]
    team = add_team(dict.fromkeys(names, 1), {"tg": dict.fromkeys(names, 1)})
    for key, (is_active, load, limit, weight) in enumerate(cases, 1):
        rows(
            "UPDATE operator SET is_active = ?, load = ?, max_load = ? WHERE id = ?",
            *(is_active, load, limit, key),
        )
        rows("UPDATE operator_source SET weight = ? WHERE operator_id = ?", weight, key)
    found = [
        (each.operator_id, each.weight, each.reason) for each in candidates_of(team.tg).entries
    ]
    assert found == [
        (key, weight, left_out(is_active, load, limit, weight))
        for key, weight, is_active, load, limit in STANDING.rows(source_id=team.tg)
    ]
    assert {reason for *_, reason in found} == {None, "inactive", "full", "zero weight"}

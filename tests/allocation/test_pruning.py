"""Pruning the ledger: what is old goes, what undo still needs stays, and it is said."""

from datetime import timedelta

import pytest
from peewee import Database

from leadboard import desk
from leadboard.allocation import audit, pruning
from leadboard.allocation.verification import verify
from leadboard.database.fields import as_if_at, now
from tests.support import ACTOR, Team, add_team, arrive, holders, number, rows
from tests.support.acts import refused

pytestmark = pytest.mark.every_engine

NOW = now()
LAST_YEAR = NOW - timedelta(days=365)
BETWEEN = NOW - timedelta(days=100)


@pytest.fixture
def floor(db: Database) -> Team:
    """Last year Anna closed appeals 1 and 2 and got 3; now she closes 3 as well, and 4 arrives."""
    with as_if_at(LAST_YEAR):
        team = add_team({"Anna": 5}, {"tg": {"Anna": 1}})
        arrive(team.tg, 3)
        desk.close([1, 2], actor=ACTOR)
    desk.close([3], actor=ACTOR)
    arrive(team.tg)
    return team


def prune() -> int:
    return pruning.prune(pruning.edge_of(BETWEEN), BETWEEN, ACTOR, lambda _done, _lines: None)


def lines() -> list[tuple[object, ...]]:
    return rows("SELECT seq, appeal_id, kind FROM change ORDER BY seq")


def test_what_is_old_goes_but_for_what_undo_needs(floor: Team) -> None:
    assert pruning.count_ahead(pruning.edge_of(BETWEEN)) == 5
    assert prune() == 4
    assert lines() == [(3, 3, "received"), (6, 3, "closed"), (7, 4, "received")]
    assert number("SELECT pruned FROM ledger_bounds") == 5
    desk.undo(actor=ACTOR)
    assert holders([3]) == [floor.anna]
    assert number("SELECT count(*) FROM appeal WHERE closed_at IS NULL") == 2


def test_nothing_is_wrong_afterwards_and_nothing_more_to_prune(floor: Team) -> None:
    prune()
    assert audit.check() == []
    assert verify().findings == []
    assert (verify().pruned, verify().draws) == (5, 2)
    before = lines()
    assert prune() == 0
    assert lines() == before


def test_what_an_appeal_was_before_its_lines_went_cannot_be_brought_back(floor: Team) -> None:
    prune()
    desk.reopen([1, 2], actor=ACTOR)
    with refused("The ledger does not tell what appeal #1 was before"):
        desk.undo(actor=ACTOR)
    desk.close([1, 2], actor=ACTOR)
    desk.undo(actor=ACTOR)
    assert holders([1, 2]) == [floor.anna, floor.anna]
    assert audit.check() == []


def test_a_pruning_is_recorded_and_cannot_be_undone(floor: Team) -> None:
    prune()
    event_id, actor, act = rows("SELECT id, actor, act FROM event ORDER BY id DESC LIMIT 1")[0]
    assert (actor, act) == (ACTOR, "prune")
    with refused("A pruning cannot be undone."):
        desk.undo(int(str(event_id)), actor=ACTOR)


def test_the_newest_line_always_stays_so_that_places_go_on(db: Database) -> None:
    with as_if_at(LAST_YEAR):
        team = add_team({"Anna": 5}, {"tg": {"Anna": 1}})
        arrive(team.tg, 2)
        desk.close([1, 2], actor=ACTOR)
    assert prune() == 2
    arrive(team.tg)
    pruning.edge_of(BETWEEN)
    assert [seq for seq, *_ in lines()] == [2, 4, 5]


def test_many_lines_are_pruned_in_batches(floor: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "BATCH", 2)
    assert prune() == 4
    assert [seq for seq, *_ in lines()] == [3, 6, 7]
